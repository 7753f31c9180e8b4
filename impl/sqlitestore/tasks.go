package sqlitestore

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/moderation"
)

const taskColumns = `kind, owner, id, turn, due, version, trace, asked, fetched, reports`

// Task fills [moderation.Store].
func (d *Drawings) Task(ctx context.Context, t moderation.Thing) (moderation.Task, error) {
	return firstTask(d.tasks(ctx, `WHERE owner = ?1 AND kind = ?2 AND id = ?3`, t.Owner, string(t.Kind), t.ID))
}

// TaskOf fills [moderation.Store].
func (d *Drawings) TaskOf(ctx context.Context, trace string) (moderation.Task, error) {
	return firstTask(d.tasks(ctx, `WHERE trace = ?1 AND trace <> '' LIMIT 1`, trace))
}

// DueTasks fills [moderation.Store].
func (d *Drawings) DueTasks(ctx context.Context, at time.Time, limit int) ([]moderation.Task, error) {
	return d.tasks(ctx, `WHERE due > 0 AND due <= ?1 ORDER BY due LIMIT ?2`, at.UnixMilli(), limit)
}

// AwayTasks fills [moderation.Store].
func (d *Drawings) AwayTasks(ctx context.Context, owners []string, at time.Time) ([]moderation.Task, error) {
	list, err := json.Marshal(owners)
	if err != nil {
		return nil, fmt.Errorf("encode owners: %w", err)
	}
	return d.tasks(ctx, `WHERE owner IN (SELECT value FROM json_each(?1)) AND due <= ?2`, string(list), at.UnixMilli())
}

// Tasks fills [moderation.Store].
func (d *Drawings) Tasks(ctx context.Context, after moderation.Thing, limit int) ([]moderation.Task, error) {
	return d.tasks(ctx, `WHERE (owner, kind, id) > (?1, ?2, ?3) ORDER BY owner, kind, id LIMIT ?4`,
		after.Owner, string(after.Kind), after.ID, limit)
}

// SwapTask fills [moderation.Store].
func (d *Drawings) SwapTask(ctx context.Context, from, to moderation.Task) (bool, error) {
	var reports any // no reports are NULL
	if len(to.Reports) > 0 {
		text, err := json.Marshal(to.Reports)
		if err != nil {
			return false, fmt.Errorf("encode reports: %w", err)
		}
		reports = string(text)
	}
	return write(ctx, d.db, "write a check", func(c *conn) (bool, error) {
		stored, err := c.first(`SELECT 1 FROM tasks WHERE owner = ?1 AND kind = ?2 AND id = ?3 AND (turn = ?4 OR ?4 = '')`, ignore,
			from.Owner, string(from.Kind), from.ID, from.Turn)
		if err != nil || stored != (from.Turn != "") {
			return false, err
		}
		if to.Turn == "" {
			_, err = c.change(`DELETE FROM tasks WHERE owner = ?1 AND kind = ?2 AND id = ?3`, from.Owner, string(from.Kind), from.ID)
			return err == nil, err
		}
		fetched := 0
		if to.Fetched {
			fetched = 1
		}
		_, err = c.change(`INSERT OR REPLACE INTO tasks (`+taskColumns+`) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`,
			string(from.Kind), from.Owner, from.ID, to.Turn, to.Due, to.Version, to.Trace, to.Asked, fetched, reports)
		return err == nil, err
	})
}

func (d *Drawings) tasks(ctx context.Context, condition string, args ...any) (all []moderation.Task, err error) {
	err = d.db.read(ctx, "read checks", func(c *conn) error {
		return c.each(`SELECT `+taskColumns+` FROM tasks `+condition, func(s *sqlite3.Stmt) error {
			t := moderation.Task{
				Thing: moderation.Thing{Kind: moderation.Kind(s.ColumnText(0)), Owner: s.ColumnText(1), ID: s.ColumnText(2)},
				Turn:  s.ColumnText(3), Due: s.ColumnInt64(4), Version: s.ColumnText(5), Trace: s.ColumnText(6),
				Asked: s.ColumnInt(7), Fetched: s.ColumnBool(8),
			}
			if s.ColumnType(9) != sqlite3.NULL {
				if err := json.Unmarshal(s.ColumnRawText(9), &t.Reports); err != nil {
					return fmt.Errorf("read stored reports: %w", err)
				}
			}
			all = append(all, t)
			return nil
		}, args...)
	})
	return all, err
}

func firstTask(all []moderation.Task, err error) (moderation.Task, error) {
	if err != nil || len(all) == 0 {
		return moderation.Task{}, err
	}
	return all[0], nil
}
