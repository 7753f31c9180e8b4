package session

import (
	"context"
	"time"
)

// MaxTokens is how many Token sessions a user may have: opening one more ends
// the oldest.
const MaxTokens = 100

// Store keeps sessions and login attempts for all replicas of the service.
//
// Sessions are named by user and [Session.ID], attempts by the ID that a code
// has as a credential ([Credential.ID]), so that a store never sees what opens
// a session. What has expired may be returned or not: the caller looks.
//
// Every method returns an error that is [ErrUnavailable] when the store cannot
// be reached; it then may or may not have done what it was asked to.
type Store interface {
	// Open keeps a new session and the user's profile, unless that is empty. In
	// the same atomic step it ends the user's Code session if s is one, and the
	// user's oldest Token sessions beyond [MaxTokens]. It returns s with the
	// profile that now holds. s.LastUsedAt is taken as the present.
	Open(ctx context.Context, s Session) (Session, error)
	// Find returns one session of a user, or [ErrExpired].
	Find(ctx context.Context, userID, id string) (Session, error)
	// Renew replaces a session by what it becomes with use, if it still is from;
	// done tells whether it was. to.LastUsedAt is taken as the present.
	Renew(ctx context.Context, from, to Session) (done bool, err error)
	// List returns the user's sessions in any order.
	List(ctx context.Context, userID string) ([]Session, error)
	// End ends a session of the user; ended is false where there was none.
	End(ctx context.Context, userID, id string) (ended bool, err error)
	// EndOthers ends all sessions of the user but keep, which may be empty, and
	// returns the IDs of those it ended.
	EndOthers(ctx context.Context, userID, keep string) ([]string, error)

	// Claim makes a the only attempt to log in with a code, for as long as hold,
	// unless there is one already. It returns the attempt that stands.
	Claim(ctx context.Context, codeID string, a Attempt, hold time.Duration) (Attempt, error)
	// Settle replaces the pending attempt from by its outcome to. An attempt that
	// no longer is from has lost its claim, which is an [ErrUnavailable].
	Settle(ctx context.Context, codeID string, from, to Attempt, hold time.Duration) error
	// Complete is Open, and then Settle where that succeeds, in as few exchanges
	// with the store as keep this order. After an error either may have been done.
	Complete(ctx context.Context, s Session, codeID string, from, to Attempt, hold time.Duration) (Session, error)
	// Attempt returns the attempt on a code, the zero Attempt where there is none.
	Attempt(ctx context.Context, codeID string) (Attempt, error)
	// Forget removes the attempt on a code. That there is none is no error.
	Forget(ctx context.Context, codeID string) error
}

// Attempt is what is remembered of a login code, so that it is exchanged once.
// It is pending until it has a UserID or an Err.
type Attempt struct {
	// Kind of session the login opens.
	Kind Kind
	// Proof is a fingerprint of all that the client presented: who presents the
	// same again is the same client and gets the same answer. It need not be long:
	// a token depends on all that was presented, and a code opens its session alone.
	Proof [8]byte
	// Nonce is random and unique to the attempt. A Token is derived from it and
	// from what the client presented, so it outlasts the claim of a Token login.
	Nonce []byte
	// UserID is who logged in.
	UserID string
	// Err is why nobody did: ErrUntrusted, *RawDataError or *ExchangeError, the
	// last without what is for the log only.
	Err error
}

// Pending tells that the exchange has not come to an end, as far as is known.
func (a Attempt) Pending() bool { return a.UserID == "" && a.Err == nil }
