package sqlitestore

import (
	"context"
	"iter"
	"time"

	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/session"
)

// What is in this file reads everything, to copy it to another store. A batch is
// one read. What is there throughout is seen exactly once.
const everythingBatch = 500

// Owners yields everybody who has a drawing, in order. [Drawings.All] yields the
// drawings of each, with their shares. An error ends it.
func (d *Drawings) Owners(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		owner, found := "", true
		for {
			err := d.db.read(ctx, "read owners", func(c *conn) (err error) {
				found, err = c.first(`SELECT owner FROM drawings WHERE owner > ?1 ORDER BY owner LIMIT 1`, func(s *sqlite3.Stmt) error {
					owner = s.ColumnText(0)
					return nil
				}, owner)
				return err
			})
			if err == nil && !found || !yield(owner, err) || err != nil {
				return
			}
		}
	}
}

// Total returns how many drawings there are.
func (d *Drawings) Total(ctx context.Context) (n int, err error) {
	err = d.db.read(ctx, "count all drawings", func(c *conn) error {
		_, err := c.first(`SELECT count(*) FROM contents`, func(s *sqlite3.Stmt) error {
			n = s.ColumnInt(0)
			return nil
		})
		return err
	})
	return n, err
}

// All yields every session that has not expired, by user and ID. Opened in another
// store, it lives on there. An error ends it.
func (s *Sessions) All(ctx context.Context) iter.Seq2[session.Session, error] {
	return batches(func(after session.Session) (batch []session.Session, err error) {
		err = s.db.read(ctx, "read all sessions", func(c *conn) error {
			return c.each(`SELECT `+sessionColumns+` FROM sessions LEFT JOIN profiles USING (user_id)
				WHERE (sessions.user_id, id) > (?1, ?2) AND remove_at > ?3 ORDER BY sessions.user_id, id LIMIT ?4`,
				func(row *sqlite3.Stmt) error {
					batch = append(batch, scanSession(row))
					return nil
				}, after.User.ID, after.ID, s.db.after(0), everythingBatch)
		})
		return batch, err
	})
}

// StoredAttempt is an attempt with the ID of its code.
type StoredAttempt struct {
	session.Attempt
	CodeID string
	Left   time.Duration // until it is forgotten
}

// Attempts yields every attempt that has not expired, by the ID of its code. An
// error ends it.
func (s *Sessions) Attempts(ctx context.Context) iter.Seq2[StoredAttempt, error] {
	return batches(func(after StoredAttempt) (batch []StoredAttempt, err error) {
		err = s.db.read(ctx, "read all login attempts", func(c *conn) error {
			now := s.db.after(0)
			return c.each(`SELECT kind, proof, nonce, user_id, failure, detail, err_code, code_id, remove_at FROM attempts
				WHERE code_id > ?1 AND remove_at > ?2 ORDER BY code_id LIMIT ?3`,
				func(row *sqlite3.Stmt) error {
					a, err := scanAttempt(row).attempt()
					batch = append(batch, StoredAttempt{
						Attempt: a, CodeID: row.ColumnText(7),
						Left: time.Duration(row.ColumnInt64(8)-now) * time.Millisecond,
					})
					return err
				}, after.CodeID, now, everythingBatch)
		})
		return batch, err
	})
}

// batches yields what read returns, batch by batch, each of what follows the last
// of the one before; at first, what follows the zero value.
func batches[T any](read func(after T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var last T
		for {
			batch, err := read(last)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, last = range batch {
				if !yield(last, nil) {
					return
				}
			}
			if len(batch) == 0 {
				return
			}
		}
	}
}
