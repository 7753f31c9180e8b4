package move

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"onestroke/impl/sqlitestore"
)

// Target is a store that a part of the file moves to. It has a mark of the move that
// wrote to it, and of the services that use it.
type Target interface {
	// Moved returns the ID of that move, "" if there is none, and whether a service has
	// used the target since, or ever if there is none.
	Moved(ctx context.Context) (id string, used bool, err error)
	// SetMoved marks the target with the ID of a move. It may be repeated. If a service
	// has used the target, it changes nothing, and reports false.
	SetMoved(ctx context.Context, id string) (marked bool, err error)
	// IsEmpty reports whether nothing is stored of any user.
	IsEmpty(ctx context.Context) (bool, error)
	// Clear removes all that is stored of users.
	Clear(ctx context.Context) error
}

// Part is a part of the file, with the target that it moves to.
type Part struct {
	Name     string // [sqlitestore.SessionsPart] or [sqlitestore.DrawingsPart]
	Target   Target
	Shown    string // what may be shown of the target
	Variable string // names the target
	Mark     string // what the mark is there
}

// Begin returns what the file notes of the move of each part. One that has ended is
// not to be moved again: the part belongs to the target, which may have newer data.
//
// The others begin, if all of them may: no service has used their target, and it is
// empty, or only an interrupted move of this file wrote to it. What that wrote is
// removed, because it may have been deleted from the file meanwhile. Otherwise nothing
// is written, but for the marks of a move that finds out late that it may not begin.
func Begin(ctx context.Context, db *sqlitestore.DB, parts []Part) ([]sqlitestore.Move, error) {
	moves := make([]sqlitestore.Move, len(parts))
	for i, p := range parts {
		var err error
		if moves[i], err = decide(ctx, db, p); err != nil {
			return nil, err
		}
	}
	// All are marked before one is made empty.
	var interrupted []Part
	for i, p := range parts {
		if moves[i].Ended() {
			continue
		}
		if moves[i].ID != "" {
			interrupted = append(interrupted, p)
		}
		if err := mark(ctx, db, p, &moves[i]); err != nil {
			return nil, err
		}
	}
	for _, p := range interrupted {
		if err := again(ctx, func() error { return p.Target.Clear(ctx) }); err != nil {
			return nil, fmt.Errorf("begin the move of the %s to %s: %w", p.Name, p.Shown, err)
		}
	}
	return moves, nil
}

// decide returns the earlier move of a part, which ended or is to be done anew, or one
// without an ID, which is to begin. It only reads.
func decide(ctx context.Context, db *sqlitestore.DB, p Part) (sqlitestore.Move, error) {
	noted, err := db.Move(ctx, p.Name)
	if err != nil {
		return noted, err
	}
	var (
		id          string
		used, empty bool
	)
	err = again(ctx, func() (err error) {
		if id, used, err = p.Target.Moved(ctx); err == nil {
			empty, err = p.Target.IsEmpty(ctx)
		}
		return err
	})
	own := noted.ID != "" && noted.ID == id
	switch {
	case err != nil:
		return noted, fmt.Errorf("find out what is in %s: %w", p.Shown, err)
	case noted.Ended() && !own:
		return noted, fmt.Errorf("the %s were moved to %s on %s, and %s knows nothing of that: nothing was copied, because the file is older. "+
			"Leave %s out to move only what belongs to the file, or run onestroke --back-to-file to move the older %s again",
			p.Name, noted.Target, Date(noted), p.Shown, p.Variable, p.Name)
	case noted.Ended(), own && !used:
		return noted, nil
	case empty && used:
		return noted, fmt.Errorf("a service has used %s and may still run: nothing was copied, because that service would change the copy. "+
			"If none runs there, remove %s; otherwise stop it first, or move the %s to another database", p.Shown, p.Mark, p.Name)
	case empty:
		return sqlitestore.Move{Part: p.Name, Target: p.Shown}, nil
	case own:
		return noted, fmt.Errorf("a service has used %s after the move to it began: nothing was copied, because that would replace what is newer there. "+
			"Leave %s out to keep what is there, or move the %s to an empty database", p.Shown, p.Variable, p.Name)
	default:
		return noted, fmt.Errorf("%s is not empty: nothing was copied, because that would replace what is there. "+
			"Leave %s out to keep what is there, or move the %s to an empty database", p.Shown, p.Variable, p.Name)
	}
}

// mark marks the target, unless a service has used it since [decide] looked. The file
// notes the move first: what is marked is never without its note.
func mark(ctx context.Context, db *sqlitestore.DB, p Part, m *sqlitestore.Move) error {
	var (
		marked bool
		err    error
	)
	if m.ID == "" {
		m.ID = rand.Text()
		err = db.NoteMoves(ctx, *m)
	}
	if err == nil {
		err = again(ctx, func() (err error) {
			marked, err = p.Target.SetMoved(ctx, m.ID)
			return err
		})
	}
	switch {
	case err != nil:
		return fmt.Errorf("begin the move of the %s to %s: %w", p.Name, p.Shown, err)
	case !marked:
		return fmt.Errorf("a service has used %s since the move began: nothing was copied, because that service would change the copy. "+
			"Stop it, and run the move again", p.Shown)
	default:
		return nil
	}
}

// End notes in the file that its parts, which were copied and compared, belong to their
// targets. If a service or another move has used one of these meanwhile, the parts stay
// with the file: nobody knows what was replaced there.
func End(ctx context.Context, db *sqlitestore.DB, parts []Part, moves []sqlitestore.Move) error {
	for i, p := range parts {
		if moves[i].Ended() {
			continue
		}
		if err := unused(ctx, p, moves[i]); err != nil {
			return err
		}
	}
	now := time.Now()
	for i, m := range moves {
		moves[i].EndedAt = cmp.Or(m.EndedAt, now)
	}
	return db.NoteMoves(ctx, moves...)
}

func unused(ctx context.Context, p Part, m sqlitestore.Move) error {
	var (
		id   string
		used bool
	)
	err := again(ctx, func() (err error) {
		id, used, err = p.Target.Moved(ctx)
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("find out whether %s was used: %w", p.Shown, err)
	case id != m.ID:
		return fmt.Errorf("another move wrote to %s while the %s were copied: they stay with the file. Move them to an empty database", p.Shown, p.Name)
	case used:
		return fmt.Errorf("a service has used %s while the %s were copied: they stay with the file. Stop that service, and move them to an empty database", p.Shown, p.Name)
	default:
		return nil
	}
}

// Date is when a move ended.
func Date(m sqlitestore.Move) string { return m.EndedAt.Format("2006-01-02 15:04 MST") }
