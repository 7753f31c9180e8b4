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
// neither, removals is for [logins.put].
func (s *Sessions) look(ctx context.Context, codeID string) (standing attempt, removals uint64, found bool, err error) {
	err = s.db.read(ctx, "look up a code", func(c *conn) error {
		standing, removals, found, err = s.standing(c, codeID)
		return err
	})
	return standing, removals, found, err
}

// standing is look on a connection. It looks at the memory first: once a claim is removed
// there, the outcome is in the file.
func (s *Sessions) standing(c *conn, codeID string) (standing attempt, removals uint64, found bool, err error) {
	if standing, removals, found = s.db.logins.get(codeID, s.db.after(0)); !found {
		standing, found, err = s.attempt(c, codeID)
	}
	return standing, removals, found, err
}

// Settle fills [session.Store].
func (s *Sessions) Settle(ctx context.Context, codeID string, from, to session.Attempt, hold time.Duration) error {
	return s.db.write(ctx, "settle a login", func(c *conn) error { return s.settle(c, codeID, from, to, hold) })
}

// Complete fills [session.Store], in one transaction.
func (s *Sessions) Complete(ctx context.Context, x session.Session, codeID string, from, to session.Attempt, hold time.Duration) (session.Session, error) {
	return write(ctx, s.db, "complete a login", func(c *conn) (session.Session, error) {
		if err := s.settle(c, codeID, from, to, hold); err != nil {
			return x, err
		}
		return s.open(c, x)
	})
}

// settle replaces a claim by its outcome, in the memory or in the file. All outcomes come
// from here, and the writer does one write at a time, so one that stands is never
// replaced.
func (s *Sessions) settle(c *conn, codeID string, from, to session.Attempt, hold time.Duration) error {
	standing, _, found, err := s.standing(c, codeID)
	claim, outcome := storedAttempt(from), storedAttempt(to)
	switch {
	case err != nil:
		return err
	case found && standing == outcome: // the answer to the first was lost
		return nil
	case !found || standing != claim:
		return &unavailableError{s.db.unavailable, "settle a login", errors.New("the claim has run out")}
	case to.Kind == session.Token:
		over := s.db.after(hold)
		c.whenStored(func() { s.db.logins.end(codeID, claim, outcome, over) })
		return nil
	default:
		c.whenStored(func() { s.db.logins.remove(codeID, claim) })
		return s.putAttempt(c, codeID, to, hold)
	}
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
