package move

import (
	"context"
	"errors"
	"fmt"

	"onestroke/impl/session"
	"onestroke/impl/sqlitestore"
)

// SessionTarget is a store of sessions that takes one that was opened elsewhere.
type SessionTarget interface {
	session.Store
	// Open stores a session and its user's profile. It may be called again.
	Open(ctx context.Context, s session.Session) (session.Session, error)
}

// SessionCounts says how many sessions and login attempts were moved and compared.
type SessionCounts struct{ Sessions, Attempts int }

// Sessions copies sessions, profiles and the outcomes of login attempts, and then
// finds each of them in the target. Limits are not copied: they start anew.
func Sessions(ctx context.Context, from *sqlitestore.Sessions, to SessionTarget) (SessionCounts, error) {
	err := copySessions(ctx, from, to)
	if err != nil {
		return SessionCounts{}, err
	}
	return compareSessions(ctx, from, to)
}

func copySessions(ctx context.Context, from *sqlitestore.Sessions, to SessionTarget) error {
	for x, err := range from.All(ctx) {
		if err != nil {
			return err
		}
		open := func() error {
			_, err := to.Open(ctx, x)
			return err
		}
		if err := again(ctx, open); err != nil {
			return err
		}
	}
	for a, err := range settledAttempts(ctx, from) {
		if err != nil {
			return err
		}
		claim := func() error {
			_, err := to.Claim(ctx, a.CodeID, a.Attempt, a.Left)
			return err
		}
		if err := again(ctx, claim); err != nil {
			return err
		}
	}
	return nil
}

func compareSessions(ctx context.Context, from *sqlitestore.Sessions, to SessionTarget) (n SessionCounts, err error) {
	for x, err := range from.All(ctx) {
		if err != nil {
			return n, err
		}
		var moved session.Session
		err := again(ctx, func() (err error) {
			moved, err = to.Find(ctx, x.User.ID, x.ID)
			return err
		})
		if err != nil && !errors.Is(err, session.ErrExpired) {
			return n, err
		}
		if err != nil || digest(moved) != digest(x) {
			return n, fmt.Errorf("session %s is not the same in the target: was the target used meanwhile?", x.ID)
		}
		n.Sessions++
	}
	for a, err := range settledAttempts(ctx, from) {
		if err != nil {
			return n, err
		}
		var moved session.Attempt
		err := again(ctx, func() (err error) {
			moved, err = to.Attempt(ctx, a.CodeID)
			return err
		})
		if err != nil {
			return n, err
		}
		if !sameAttempt(moved, a.Attempt) {
			return n, fmt.Errorf("login attempt %s is not the same in the target: was the target used meanwhile?", a.CodeID)
		}
		n.Attempts++
	}
	return n, nil
}

// settledAttempts leaves out those that are pending: nobody waits for them any more.
func settledAttempts(ctx context.Context, from *sqlitestore.Sessions) func(yield func(sqlitestore.StoredAttempt, error) bool) {
	return func(yield func(sqlitestore.StoredAttempt, error) bool) {
		for a, err := range from.Attempts(ctx) {
			if err == nil && a.Pending() {
				continue
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

func sameAttempt(a, b session.Attempt) bool {
	return a.Kind == b.Kind && a.Proof == b.Proof && string(a.Nonce) == string(b.Nonce) && a.UserID == b.UserID &&
		fmt.Sprint(a.Err) == fmt.Sprint(b.Err)
}
