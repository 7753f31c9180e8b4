package session

import (
	"context"
	"time"
)

// MaxTokens is how many Token sessions a user may have: opening one more ends
// the oldest.
const MaxTokens = 100

// Store stores sessions and login attempts for all replicas of the service.
//
// Sessions are named by user and [Session.ID], attempts by the ID that a code
// has as a credential ([Credential.ID]), so that a store never sees what opens
// a session. A store may still return what has expired: the caller checks.
//
// The context of a call may have no deadline: it must end within a few seconds all the
// same.
// Every method returns an error that is [ErrUnavailable] if the store cannot be
// reached, and context.Canceled if the caller gave up; it may or may not have done
// what it was asked to. Any other error is a bug or a wrong configuration.
type Store interface {
	// Find returns one session of a user, or [ErrExpired].
	Find(ctx context.Context, userID, id string) (Session, error)
	// Renew replaces a session by what it becomes with use, if it still equals from;
	// done reports whether it did. to.LastUsedAt is taken as the present.
	Renew(ctx context.Context, from, to Session) (done bool, err error)
	// List returns the user's sessions in any order.
	List(ctx context.Context, userID string) ([]Session, error)
	// End ends a session of the user. It is not an error if there is none.
	End(ctx context.Context, userID, id string) error
	// EndOthers ends all sessions of the user but keep, which may be empty.
	EndOthers(ctx context.Context, userID, keep string) error

	// SetProfile replaces the profile of a user who has one and still has from, in one
	// atomic step, and reports whether it did. The zero value removes it.
	SetProfile(ctx context.Context, userID string, from, to Profile) (done bool, err error)

	// Claim stores a as the only attempt to log in with a code, for as long as hold,
	// unless there is one already. It returns the attempt that is stored then.
	Claim(ctx context.Context, codeID string, a Attempt, hold time.Duration) (Attempt, error)
	// Settle replaces the pending attempt from by its outcome to. If the stored
	// attempt no longer equals from, the claim has run out: an [ErrUnavailable].
	Settle(ctx context.Context, codeID string, from, to Attempt, hold time.Duration) error
	// Complete stores a new session and the user's profile, unless that is empty. In
	// the same atomic step it ends the user's Code session if s is one, and the
	// user's oldest Token sessions beyond [MaxTokens]. Then it does what Settle does.
	// It returns s with the profile that is now stored. What has expired may be removed:
	// the store's own clock decides, as that of a replica may be wrong. s itself lasts
	// from now on, for as long as from s.LastUsedAt to s.ExpiresAt. After an error the
	// session may have been stored, and the attempt may have been settled.
	Complete(ctx context.Context, s Session, codeID string, from, to Attempt, hold time.Duration) (Session, error)
	// Attempt returns the attempt with a code, the zero Attempt if there is none.
	Attempt(ctx context.Context, codeID string) (Attempt, error)
	// Forget removes the attempt with a code. It is not an error if there is none.
	Forget(ctx context.Context, codeID string) error
}

// Attempt is what is remembered of a login code, so that it is exchanged once.
// It is pending until it has a UserID or an Err.
type Attempt struct {
	// Kind of session the login opens.
	Kind Kind
	// Proof is a fingerprint of all that the client presented: a client that
	// presents the same again gets the same answer. It can be short: a token depends
	// on all that was presented, and a code alone opens its session.
	Proof [8]byte
	// Nonce is random and unique to the attempt. A Token is derived from it and
	// from what the client presented, so it is stored longer than the claim of a Token
	// login.
	Nonce []byte
	// UserID is who logged in.
	UserID string
	// Err is why nobody did: ErrUntrusted, *RawDataError or *ExchangeError, the
	// last without what is for the log only.
	Err error
}

// Pending reports that the exchange has not ended, as far as is known.
func (a Attempt) Pending() bool { return a.UserID == "" && a.Err == nil }

// Notes stores small values for all replicas of the service, each for a time. The
// errors are those of [Store].
type Notes interface {
	// Note returns the value under a name, "" if there is none.
	Note(ctx context.Context, name string) (string, error)
	// SwapNote replaces the value under a name by to for as long as hold, if it
	// still is from, in one atomic step, and reports whether it did. "" is no value:
	// as to, it removes the value.
	SwapNote(ctx context.Context, name, from, to string, hold time.Duration) (bool, error)
}
