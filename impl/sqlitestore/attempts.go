package sqlitestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/session"
)

// Why an attempt failed, in the column failure. It is empty for one that did not.
const (
	failureUntrusted = "untrusted"
	failureRawData   = "raw_data" // detail is the message
	failureExchange  = "exchange" // detail is the cause
)

// attempt is a [session.Attempt] as it is stored: all of it can be compared.
type attempt struct {
	kind, proof, nonce, userID string
	failure, detail            string
	errCode                    int
}

func storedAttempt(a session.Attempt) attempt {
	stored := attempt{kind: string(a.Kind), proof: string(a.Proof[:]), nonce: string(a.Nonce), userID: a.UserID}
	var malformed *session.RawDataError
	var failed *session.ExchangeError
	switch {
	case a.Err == nil:
		return stored
	case errors.As(a.Err, &malformed):
		stored.failure, stored.detail = failureRawData, malformed.Error()
	case errors.As(a.Err, &failed):
		stored.failure, stored.detail, stored.errCode = failureExchange, string(failed.Cause), failed.ErrCode
	default:
		stored.failure = failureUntrusted
	}
	stored.nonce = "" // of use to a login that succeeded only
	return stored
}

func (a attempt) attempt() (session.Attempt, error) {
	out := session.Attempt{Kind: session.Kind(a.kind), UserID: a.userID}
	copy(out.Proof[:], a.proof)
	switch a.failure {
	case "":
		out.Nonce = []byte(a.nonce)
	case failureUntrusted:
		out.Err = session.ErrUntrusted
	case failureRawData:
		out.Err = &session.RawDataError{Err: errors.New(a.detail)}
	case failureExchange:
		out.Err = &session.ExchangeError{Cause: session.Cause(a.detail), ErrCode: a.errCode}
	default:
		return out, fmt.Errorf("a stored login attempt has the unknown failure %q", a.failure)
	}
	return out, nil
}

// Claim fills [session.Store]. It writes nothing to the file.
func (s *Sessions) Claim(ctx context.Context, codeID string, a session.Attempt, hold time.Duration) (session.Attempt, error) {
	if a.Kind == session.Token {
		return s.db.logins.claim(codeID, storedAttempt(a), s.db.after(0), s.db.after(hold)).attempt()
	}
	for {
		standing, removals, found, err := s.look(ctx, codeID)
		if err != nil {
			return session.Attempt{}, err
		}
		if !found {
			standing, found = s.db.logins.put(codeID, storedAttempt(a), s.db.after(0), s.db.after(hold), removals)
		}
		if found {
			return standing.attempt()
		}
	}
}

// look returns the outcome of the login with a code, or the claim on it. If there is
// neither, removals is for [logins.put]. A claim may outlast its outcome, see settled.
func (s *Sessions) look(ctx context.Context, codeID string) (standing attempt, removals uint64, found bool, err error) {
	err = s.db.read(ctx, "look up a code", func(c *conn) error {
		standing, removals, found, err = s.standing(c, codeID)
		return err
	})
	return standing, removals, found, err
}

// standing is look on a connection. It gets the claim first: once that is removed, the
// outcome is in the file.
func (s *Sessions) standing(c *conn, codeID string) (standing attempt, removals uint64, found bool, err error) {
	inMemory, removals, isInMemory := s.db.logins.get(codeID, s.db.after(0))
	standing, found, err = s.attempt(c, codeID)
	if err == nil && !found && isInMemory {
		standing, found = inMemory, true
	}
	return standing, removals, found, err
}

var errClaimRunOut = errors.New("the claim has run out")

// Settle fills [session.Store].
func (s *Sessions) Settle(ctx context.Context, codeID string, from, to session.Attempt, hold time.Duration) error {
	var err error
	if from.Kind == session.Token {
		err = s.mayEnd(codeID, from, to)
	} else {
		err = s.db.write(ctx, "settle a login", func(c *conn) error { return s.settle(c, codeID, from, to, hold) })
	}
	return s.settled(codeID, from, to, hold, err)
}

// Complete fills [session.Store], in one transaction.
func (s *Sessions) Complete(ctx context.Context, x session.Session, codeID string, from, to session.Attempt, hold time.Duration) (session.Session, error) {
	opened, err := write(ctx, s.db, "complete a login", func(c *conn) (session.Session, error) {
		var err error
		if from.Kind == session.Token {
			err = s.mayEnd(codeID, from, to)
		} else {
			err = s.settle(c, codeID, from, to, hold)
		}
		if err != nil {
			return x, err
		}
		return s.open(c, x)
	})
	return opened, s.settled(codeID, from, to, hold, err)
}

// mayEnd reports whether a login with a token can end so.
func (s *Sessions) mayEnd(codeID string, from, to session.Attempt) error {
	standing, _, found := s.db.logins.get(codeID, s.db.after(0))
	return s.compare(standing, found, from, to)
}

// compare fails unless the claim from stands, or its outcome does: the answer to the
// first call may have been lost.
func (s *Sessions) compare(standing attempt, found bool, from, to session.Attempt) error {
	if found && (standing == storedAttempt(from) || standing == storedAttempt(to)) {
		return nil
	}
	return &unavailableError{s.db.unavailable, "settle a login", errClaimRunOut}
}

// settle stores the outcome of a claim. All outcomes in the file are stored here, and the
// writer does one write at a time, so one that is stored and has not expired is never
// replaced.
func (s *Sessions) settle(c *conn, codeID string, from, to session.Attempt, hold time.Duration) error {
	standing, _, found, err := s.standing(c, codeID)
	if err != nil {
		return err
	}
	if err := s.compare(standing, found, from, to); err != nil || standing == storedAttempt(to) {
		return err
	}
	return s.putAttempt(c, codeID, to, hold)
}

// settled ends a claim after a write that ended with err. After an error it stays until
// its time is over: the outcome may be stored yet.
func (s *Sessions) settled(codeID string, from, to session.Attempt, hold time.Duration, err error) error {
	switch {
	case err != nil:
		return err
	case from.Kind != session.Token:
		s.db.logins.remove(codeID, storedAttempt(from)) // the outcome is on disk
	case !s.db.logins.end(codeID, storedAttempt(from), storedAttempt(to), s.db.after(0), s.db.after(hold)):
		return &unavailableError{s.db.unavailable, "settle a login", errClaimRunOut}
	}
	return nil
}

// Attempt fills [session.Store].
func (s *Sessions) Attempt(ctx context.Context, codeID string) (session.Attempt, error) {
	standing, _, found, err := s.look(ctx, codeID)
	if err != nil || !found {
		return session.Attempt{}, err
	}
	return standing.attempt()
}

// Forget fills [session.Store].
func (s *Sessions) Forget(ctx context.Context, codeID string) error {
	return s.db.write(ctx, "forget a code", func(c *conn) error {
		s.db.logins.forget(codeID)
		_, err := c.change(deleteAttempt, codeID)
		return err
	})
}

const deleteAttempt = `DELETE FROM attempts WHERE code_id = ?1`

// attempt finds one that has not expired.
func (s *Sessions) attempt(c *conn, codeID string) (a attempt, found bool, err error) {
	found, err = c.first(`SELECT kind, proof, nonce, user_id, failure, detail, err_code FROM attempts WHERE code_id = ?1 AND remove_at > ?2`,
		func(s *sqlite3.Stmt) error {
			a = scanAttempt(s)
			return nil
		}, codeID, s.db.after(0))
	return a, found, err
}

func scanAttempt(s *sqlite3.Stmt) attempt {
	return attempt{
		kind: s.ColumnText(0), proof: string(s.ColumnRawBlob(1)), nonce: string(s.ColumnRawBlob(2)), userID: s.ColumnText(3),
		failure: s.ColumnText(4), detail: s.ColumnText(5), errCode: s.ColumnInt(6),
	}
}

func (s *Sessions) putAttempt(c *conn, codeID string, a session.Attempt, hold time.Duration) error {
	stored := storedAttempt(a)
	_, err := c.change(`INSERT OR REPLACE INTO attempts (code_id, kind, proof, nonce, user_id, failure, detail, err_code, remove_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
		codeID, stored.kind, []byte(stored.proof), bytes.Clone([]byte(stored.nonce)), stored.userID,
		stored.failure, stored.detail, stored.errCode, s.db.after(hold))
	return err
}
