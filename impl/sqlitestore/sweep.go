package sqlitestore

import (
	"context"
	"time"

	"github.com/ncruces/go-sqlite3"
)

const (
	sweepEvery = time.Minute
	// sweepBatch bounds one transaction: a write waits for it for a few
	// milliseconds at most.
	sweepBatch = 100
)

// sweepUntil removes what has expired, now and then, until ctx is done.
func (db *DB) sweepUntil(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			// What one sweep could not remove, the next does.
			_ = db.sweep(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// sweep removes the sessions, attempts and notes that have expired, a batch at a time.
func (db *DB) sweep(ctx context.Context) error {
	db.logins.sweep(db.after(0))
	for {
		removed, err := write(ctx, db.whole(), "remove what has expired", db.sweepOnce)
		if err != nil || removed < sweepBatch {
			return err
		}
	}
}

func (db *DB) sweepOnce(c *conn) (removed int, err error) {
	now := db.after(0)
	var expired [][2]string
	err = c.each(`SELECT user_id, id FROM sessions WHERE remove_at <= ?1 ORDER BY remove_at LIMIT ?2`, func(s *sqlite3.Stmt) error {
		expired = append(expired, [2]string{s.ColumnText(0), s.ColumnText(1)})
		return nil
	}, now, sweepBatch)
	if err != nil {
		return 0, err
	}
	for _, x := range expired {
		if _, err := c.change(deleteSession, x[0], x[1]); err != nil {
			return 0, err
		}
		if err := dropProfile(c, x[0]); err != nil {
			return 0, err
		}
	}
	var codes []string
	err = c.each(`SELECT code_id FROM attempts WHERE remove_at <= ?1 ORDER BY remove_at LIMIT ?2`, func(s *sqlite3.Stmt) error {
		codes = append(codes, s.ColumnText(0))
		return nil
	}, now, sweepBatch)
	if err != nil {
		return 0, err
	}
	for _, code := range codes {
		if _, err := c.change(deleteAttempt, code); err != nil {
			return 0, err
		}
	}
	notes, err := c.change(`DELETE FROM notes WHERE name IN (SELECT name FROM notes WHERE remove_at <= ?1 ORDER BY remove_at LIMIT ?2)`,
		now, sweepBatch)
	return max(len(expired), len(codes), notes), err
}
