package sqlitestore

import (
	"context"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Note fills [session.Notes].
func (s *Sessions) Note(ctx context.Context, name string) (value string, err error) {
	err = s.db.read(ctx, "read a note", func(c *conn) error {
		value, err = s.note(c, name)
		return err
	})
	return value, err
}

// SwapNote fills [session.Notes].
func (s *Sessions) SwapNote(ctx context.Context, name, from, to string, hold time.Duration) (bool, error) {
	return write(ctx, s.db, "write a note", func(c *conn) (bool, error) {
		stored, err := s.note(c, name)
		if err != nil || stored != from {
			return false, err
		}
		if to == "" {
			_, err = c.change(deleteNote, name)
			return err == nil, err
		}
		_, err = c.change(`INSERT OR REPLACE INTO notes (name, value, remove_at) VALUES (?1, ?2, ?3)`, name, []byte(to), s.db.after(hold))
		return err == nil, err
	})
}

const deleteNote = `DELETE FROM notes WHERE name = ?1`

// note finds one that has not expired.
func (s *Sessions) note(c *conn, name string) (value string, err error) {
	_, err = c.first(`SELECT value FROM notes WHERE name = ?1 AND remove_at > ?2`, func(row *sqlite3.Stmt) error {
		value = string(row.ColumnRawBlob(0))
		return nil
	}, name, s.db.after(0))
	return value, err
}
