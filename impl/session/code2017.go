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

// codeUser returns whose session a code would open, if there is one. A program of
// 2017 sends the code alone as soon as it has one, also while its login is under
// way: such a request waits for the outcome of the login, and shares its failure.
// Requests with the same code wait together.
func (s *Service) codeUser(ctx context.Context, c Credential) (string, error) {
	outcome := s.outcomes.DoChan(c.ID(), func() (any, error) { return s.settled(context.WithoutCancel(ctx), c.ID()) })
	select {
	case r := <-outcome:
		return r.Val.(string), r.Err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// settled returns whose session a code would open, once it is no longer pending. It
// asks the store, as the login may be done by another replica.
func (s *Service) settled(ctx context.Context, codeID string) (userID string, err error) {
	var waited bool
	err = s.poll(func() (bool, error) {
		a, err := s.store.Attempt(ctx, codeID)
		switch {
		case err != nil:
			return true, err
		case a.Kind == Code && a.Pending():
			waited = true
			return false, nil
		case a.Kind == Code && a.UserID != "":
			userID = a.UserID
			return true, nil
		case a.Kind == Code && waited:
			return true, a.Err
		default:
			return true, ErrExpired
		}
	})
	return userID, err
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
