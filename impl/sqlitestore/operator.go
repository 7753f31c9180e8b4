package sqlitestore

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/operator"
)

// Suspension fills [operator.Store].
func (d *Drawings) Suspension(ctx context.Context, user string) (s operator.Suspension, err error) {
	err = d.db.read(ctx, "read a suspension", func(c *conn) error {
		_, err := c.first(`SELECT content FROM suspensions WHERE user_id = ?1`, func(row *sqlite3.Stmt) (err error) {
			s, err = scanJSON[operator.Suspension](row)
			return err
		}, user)
		return err
	})
	return s, err
}

// PutSuspension fills [operator.Store].
func (d *Drawings) PutSuspension(ctx context.Context, s operator.Suspension) error {
	return d.putJSON(ctx, "suspend a user", `INSERT OR REPLACE INTO suspensions (user_id, content) VALUES (?1, ?2)`, s.User, s)
}

// RemoveSuspension fills [operator.Store].
func (d *Drawings) RemoveSuspension(ctx context.Context, user string) error {
	return d.db.write(ctx, "end a suspension", func(c *conn) error {
		_, err := c.change(`DELETE FROM suspensions WHERE user_id = ?1`, user)
		return err
	})
}

// Suspensions fills [operator.Store].
func (d *Drawings) Suspensions(ctx context.Context, after string, limit int) ([]operator.Suspension, error) {
	return readJSON[operator.Suspension](ctx, d, "read suspensions",
		`SELECT content FROM suspensions WHERE user_id > ?1 ORDER BY user_id LIMIT ?2`, after, limit)
}

// PutEntry fills [operator.Store].
func (d *Drawings) PutEntry(ctx context.Context, e operator.Entry) error {
	return d.putJSON(ctx, "write the trail", `INSERT OR REPLACE INTO trail (id, content) VALUES (?1, ?2)`, e.ID, e)
}

// Entries fills [operator.Store].
func (d *Drawings) Entries(ctx context.Context, before string, limit int) ([]operator.Entry, error) {
	if before == "" {
		before = "\U0010ffff" // behind every ID
	}
	return readJSON[operator.Entry](ctx, d, "read the trail", `SELECT content FROM trail WHERE id < ?1 ORDER BY id DESC LIMIT ?2`, before, limit)
}

// putJSON may use the reserve.
func (d *Drawings) putJSON(ctx context.Context, doing, sql, id string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return d.db.write(ctx, doing, func(c *conn) error {
		_, err := c.change(sql, id, string(text))
		return err
	})
}

func readJSON[T any](ctx context.Context, d *Drawings, doing, sql string, args ...any) (all []T, err error) {
	err = d.db.read(ctx, doing, func(c *conn) error {
		return c.each(sql, func(s *sqlite3.Stmt) error {
			value, err := scanJSON[T](s)
			all = append(all, value)
			return err
		}, args...)
	})
	return all, err
}

func scanJSON[T any](s *sqlite3.Stmt) (value T, err error) {
	if err := json.Unmarshal(s.ColumnRawText(0), &value); err != nil {
		return value, fmt.Errorf("read what is stored: %w", err)
	}
	return value, nil
}
