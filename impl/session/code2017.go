package session

import (
	"context"
	"time"
)

// Programs of 2017 have no token: the login code itself is the credential of a
// [Code] session. A code does not say whose it is, so the attempt to log in with it
// is stored as long as the session, and says so.

// LogInWithCode opens a [Code] session: from now on the code is the credential.
// The user's previous Code session ends. Otherwise it is like [Service.LogIn], but
// the same login again returns the same session for as long as that is open.
func (s *Service) LogInWithCode(ctx context.Context, l Login) (Session, error) {
	_, opened, err := s.logIn(ctx, Code, l)
	return opened, err
}

// codeAttempt returns what is stored of a successful attempt, and for how long, if
// its session expires in left.
func codeAttempt(done Attempt, left time.Duration) (Attempt, time.Duration) {
	done.Nonce = nil // it makes tokens only
	return done, max(codeLife, left)
}

// codeUser returns whose session a code would open, if there is one.
func (s *Service) codeUser(ctx context.Context, c Credential) (string, error) {
	a, err := s.store.Attempt(ctx, c.ID())
	if err != nil {
		return "", err
	}
	if a.Kind != Code || a.UserID == "" {
		return "", ErrExpired
	}
	return a.UserID, nil
}

// forgetCodes removes the attempts of sessions that are about to end: without its
// session a code is not known here.
func (s *Service) forgetCodes(ctx context.Context, sessions []Session) error {
	for _, x := range sessions {
		if x.Kind != Code {
			continue
		}
		if err := s.store.Forget(ctx, x.ID); err != nil {
			return err
		}
	}
	return nil
}
