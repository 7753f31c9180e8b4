package session

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"onestroke/impl/text"
)

const (
	// codeLife is how long a login code is valid at WeChat, and so how long its
	// outcome is stored: a client that did not receive the answer gets it again.
	codeLife = 5 * time.Minute
	// troubleLife is how long a failure is stored that a retry may cure: long
	// enough for the logins that waited for it.
	troubleLife = 2 * time.Second
	// pollMin and pollMax are how often a replica looks whether another one has
	// finished exchanging a code.
	pollMin, pollMax = 25 * time.Millisecond, 200 * time.Millisecond
)

// LogIn opens a [Token] session and returns its token.
//
// The same login again within the code's 5 minutes returns the same session and
// token, on any replica, unless the store has forgotten it; another login with the
// same code is an [*ExchangeError] with [CauseUsedCode], as is one whose session has
// ended since. Errors are those of [Exchanger], and [ErrUnavailable].
//
// It continues if ctx is cancelled, because the code is used up by then.
func (s *Service) LogIn(ctx context.Context, l Login) (token string, opened Session, err error) {
	c, opened, err := s.logIn(ctx, Token, l)
	return c.Secret, opened, err
}

// entry is the result of a login.
type entry struct {
	credential Credential
	session    Session
}

func (s *Service) logIn(ctx context.Context, kind Kind, l Login) (Credential, Session, error) {
	if l.Code == "" {
		return Credential{}, Session{}, &ExchangeError{Cause: CauseMissingCode}
	}
	p := proof(kind, l)
	// Of several equal logins, the first one here does the work for all, and among
	// replicas the first that claims the code. It runs in its caller's goroutine, so
	// that a server that shuts down waits for it.
	e, err, _ := s.logins.Do(string(p[:]), func() (any, error) {
		return s.attempt(context.WithoutCancel(ctx), Attempt{Kind: kind, Proof: p}, l)
	})
	if err != nil {
		return Credential{}, Session{}, err
	}
	return e.(entry).credential, e.(entry).session, nil
}

// claimLife is how long a claim is valid: for one exchange and the two store calls
// that record its outcome.
func (s *Service) claimLife() time.Duration { return s.options.ExchangeTimeout + 2*storeTimeout }

// poll calls done until it returns true or an error, for longer than a claim is
// valid.
func (s *Service) poll(done func() (bool, error)) error {
	end := time.After(s.claimLife() + storeTimeout)
	for wait := pollMin; ; wait = min(2*wait, pollMax) {
		if ended, err := done(); ended || err != nil {
			return err
		}
		select {
		case <-time.After(wait):
		case <-end:
			return &ExchangeError{Cause: CauseUnreachable, Err: errors.New("the login with this code has no outcome in time")}
		}
	}
}

// attempt exchanges the code, or waits for the replica that does.
func (s *Service) attempt(ctx context.Context, claim Attempt, l Login) (entry, error) {
	codeID := Credential{Code, l.Code}.ID()
	claim.Nonce = make([]byte, secretSize)
	rand.Read(claim.Nonce)
	var stored Attempt
	isMine := func() bool { return bytes.Equal(stored.Nonce, claim.Nonce) }
	err := s.poll(func() (bool, error) {
		var err error
		stored, err = s.store.Claim(ctx, codeID, claim, s.claimLife())
		return stored.Proof != claim.Proof || !stored.Pending() || isMine(), err
	})
	switch {
	case err != nil:
		return entry{}, err
	case stored.Proof != claim.Proof:
		return entry{}, &ExchangeError{Cause: CauseUsedCode}
	case !stored.Pending():
		return s.outcome(ctx, stored, l)
	default:
		return s.exchange(ctx, codeID, claim, l)
	}
}

// outcome is the result of a settled attempt for a client that logs in again.
func (s *Service) outcome(ctx context.Context, a Attempt, l Login) (entry, error) {
	if a.Err != nil {
		return entry{}, a.Err
	}
	c, err := credential(a, l)
	if err != nil {
		return entry{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	found, err := s.find(ctx, a.UserID, c.ID())
	if errors.Is(err, ErrExpired) {
		return entry{}, &ExchangeError{Cause: CauseUsedCode}
	}
	return entry{c, found}, err
}

// exchange exchanges the code, which uses it up, opens the session and settles the
// claim, in this order: until the claim is settled nobody has the credential.
func (s *Service) exchange(ctx context.Context, codeID string, claim Attempt, l Login) (entry, error) {
	identity, err := s.identity(ctx, l)
	ctx, cancel := context.WithTimeout(ctx, 2*storeTimeout)
	defer cancel()
	if err != nil {
		failed := claim
		failed.Err = err
		// If this fails, the claim expires by itself; the client gets err either way.
		_ = s.store.Settle(ctx, codeID, claim, failed, remembered(err))
		return entry{}, err
	}
	done := claim
	done.UserID = UserID(identity.OpenID)
	c, err := credential(done, l)
	if err != nil {
		return entry{}, err
	}
	now := s.options.Now().Truncate(time.Second).UTC()
	x := s.used(Session{
		ID:        c.ID(),
		Kind:      done.Kind,
		User:      User{ID: done.UserID, Profile: identity.Profile},
		Label:     text.First(MaxLabel, l.Label),
		CreatedAt: now,
		Sealed:    s.seal(done.UserID, identity),
	}, now)
	hold := codeLife
	if done.Kind == Code {
		done, hold = codeAttempt(done, x.ExpiresAt.Sub(now))
	}
	openedAt, changes := s.options.Now(), s.cache.reading()
	opened, err := s.store.Complete(ctx, x, codeID, claim, done, hold)
	if err != nil {
		s.changed(done.UserID, err)
		s.abandon(ctx, codeID, claim)
		return entry{}, err
	}
	s.cache.opened(opened, openedAt, changes)
	s.options.Returned(done.UserID)
	return entry{c, opened}, nil
}

// abandon gives a claim up whose code is used: a client that presents it again is told
// so at once, and does not wait until the claim has run out. If the session was stored
// after all, nothing opens it unless the claim was settled as well, and then it stays so.
func (s *Service) abandon(ctx context.Context, codeID string, claim Attempt) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonTimeout)
	defer cancel()
	used := claim
	used.Err = &ExchangeError{Cause: CauseUsedCode}
	_ = s.store.Settle(ctx, codeID, claim, used, remembered(used.Err)) // if it fails, the claim runs out
}

// identity asks the exchanger, and turns its errors into those that an attempt stores.
func (s *Service) identity(ctx context.Context, l Login) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.ExchangeTimeout)
	defer cancel()
	identity, err := s.exchanger.Exchange(ctx, l)
	var failed *ExchangeError
	var malformed *RawDataError
	switch {
	case err == nil && (identity.OpenID == "" || len(identity.OpenID) > maxOpenID):
		return identity, &ExchangeError{Cause: CauseBadAnswer}
	case err == nil, errors.Is(err, ErrUntrusted), errors.As(err, &malformed), errors.As(err, &failed):
		return identity, err
	default:
		return identity, &ExchangeError{Cause: CauseUnreachable, Err: err}
	}
}

// credential is what opens the session that a settled attempt has led to.
func credential(a Attempt, l Login) (Credential, error) {
	if a.Kind == Code {
		return Credential{Code, l.Code}, nil
	}
	token, err := newToken(a.UserID, a.Nonce, a.Kind, l)
	if err != nil {
		return Credential{}, fmt.Errorf("make a token: %w", err)
	}
	return Credential{Token, token}, nil
}

// remembered is for how long the same code gets the same failure.
func remembered(err error) time.Duration {
	if failed := (*ExchangeError)(nil); errors.As(err, &failed) {
		switch failed.Cause {
		case CauseBusy, CauseUnreachable, CauseTooOften, CauseBadAnswer, CauseMisconfig:
			return troubleLife
		}
	}
	return codeLife
}
