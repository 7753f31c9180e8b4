package sqlitestore

import (
	"context"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// The parts of the file that can move to a server.
const (
	SessionsPart = "sessions" // with login attempts
	DrawingsPart = "drawings" // with profiles, checks and what operators did
)

// Move is what the file notes of the move of a part.
type Move struct {
	Part    string
	ID      string    // random; the target has it, too
	Target  string    // what may be shown of it
	EndedAt time.Time // when all was copied and compared; zero for as long as the part belongs to the file
}

// Ended reports that the part belongs to the target.
func (m Move) Ended() bool { return !m.EndedAt.IsZero() }

// Move returns what is noted of a part; the zero value if nothing is.
func (db *DB) Move(ctx context.Context, part string) (m Move, err error) {
	err = db.whole().read(ctx, "read what was moved", func(c *conn) error {
		_, err := c.first(`SELECT part, id, target, ended_at FROM moves WHERE part = ?1`, func(s *sqlite3.Stmt) error {
			m = Move{Part: s.ColumnText(0), ID: s.ColumnText(1), Target: s.ColumnText(2)}
			if at := s.ColumnInt64(3); at != 0 {
				m.EndedAt = time.Unix(at, 0).UTC()
			}
			return nil
		}, part)
		return err
	})
	return m, err
}

// NoteMoves notes moves, each in place of what is noted of its part, in one step.
func (db *DB) NoteMoves(ctx context.Context, moves ...Move) error {
	return db.whole().write(ctx, "note what was moved", func(c *conn) error {
		for _, m := range moves {
			var endedAt int64
			if m.Ended() {
				endedAt = m.EndedAt.Unix()
			}
			_, err := c.change(`INSERT OR REPLACE INTO moves (part, id, target, ended_at) VALUES (?1, ?2, ?3, ?4)`, m.Part, m.ID, m.Target, endedAt)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
