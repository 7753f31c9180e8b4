package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/session"
)

// Open stores a session as Complete does, without a login attempt.
func (s *Sessions) Open(ctx context.Context, x session.Session) (session.Session, error) {
	return write(ctx, s.db, "open a session", func(c *conn) (session.Session, error) { return s.open(c, x) })
}

// Sweep removes what has expired, at once.
func (db *DB) Sweep(ctx context.Context) error { return db.sweep(ctx) }

// Statements returns every statement that was prepared so far.
func (db *DB) Statements(t *testing.T) []string {
	all := map[string]bool{}
	collect := func(c *conn) error {
		for sql := range c.statements {
			all[sql] = true
		}
		return nil
	}
	if err := db.writer.write(t.Context(), collect); err != nil {
		t.Fatal(err)
	}
	var readers []*conn
	for range db.open {
		c := <-db.readers
		readers = append(readers, c)
		_ = collect(c)
	}
	for _, c := range readers {
		db.readers <- c
	}
	return slices.Sorted(maps.Keys(all))
}

// Plan returns the lines of a statement's query plan.
func (db *DB) Plan(t *testing.T, sql string) (lines []string) {
	err := db.writer.write(t.Context(), func(c *conn) error {
		return c.each(`EXPLAIN QUERY PLAN `+sql, func(s *sqlite3.Stmt) error {
			lines = append(lines, s.ColumnText(3))
			return nil
		})
	})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return lines
}

// Exec runs SQL between two writes.
func (db *DB) Exec(t *testing.T, sql string) {
	t.Helper()
	if err := db.writer.write(t.Context(), func(c *conn) error { return c.Exec(sql) }); err != nil {
		t.Fatal(err)
	}
}

// ExecThen runs SQL and then fails with an error, in a write of its own.
func (db *DB) ExecThen(t *testing.T, sql string, fail error) error {
	return db.writer.write(t.Context(), func(c *conn) error { return errors.Join(c.Exec(sql), fail) })
}

// CompleteThen completes a login, and calls f before that is on disk.
func (s *Sessions) CompleteThen(ctx context.Context, x session.Session, codeID string, from, to session.Attempt, f func()) error {
	return s.db.writer.write(ctx, func(c *conn) error {
		defer f()
		if err := s.settle(c, codeID, from, to, time.Minute); err != nil {
			return err
		}
		_, err := s.open(c, x)
		return err
	})
}

// LimitPages sets how many pages the file may have. More is as if the disk were
// full.
func (db *DB) LimitPages(t *testing.T, n int) {
	t.Helper()
	db.Exec(t, fmt.Sprintf(`PRAGMA max_page_count = %d`, n))
}

// Hold lets no write begin until release is called. When it returns, the writer
// is busy and nothing waits.
func (db *DB) Hold(t *testing.T) (release func()) {
	entered, released, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_ = db.writer.write(context.WithoutCancel(t.Context()), func(*conn) error {
			close(entered)
			<-released
			return nil
		})
	}()
	<-entered
	return func() {
		close(released)
		<-done
	}
}

// Waiting is how many writes wait.
func (db *DB) Waiting() int { return len(db.writer.queue) }

// MaxQueue is how many may.
const MaxQueue = maxQueue

// Schema is the newest schema.
func Schema() int { return len(migrations) }

// AddMigration adds one to those that there are, until the test ends.
func AddMigration(t *testing.T, sql string) {
	before := migrations
	migrations = append(slices.Clip(migrations), sql)
	t.Cleanup(func() { migrations = before })
}

// CheckWhole lets the check at opening reach all of a database, however busy the machine
// is, until the test ends.
func CheckWhole(t *testing.T) {
	before := openingCheck
	openingCheck = time.Hour
	t.Cleanup(func() { openingCheck = before })
}

// Claims is how many claims are in memory.
func (db *DB) Claims() int {
	db.logins.mu.Lock()
	defer db.logins.mu.Unlock()
	return len(db.logins.underWay)
}
