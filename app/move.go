package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"onestroke/impl/config"
	"onestroke/impl/mongostore"
	"onestroke/impl/move"
	"onestroke/impl/rediscache"
	"onestroke/impl/sqlitestore"
)

// Backup writes all that is in DATA_DIR at one moment to a new file, also while
// the service runs.
func Backup(ctx context.Context, environ []string, file string, stdout io.Writer) error {
	c, err := config.Read(environ)
	if err != nil {
		return err
	}
	if !usesSQLite(c) {
		return errors.New("nothing is in DATA_DIR: back up Redis and MongoDB, which REDIS_URL and MONGODB_URI name, with their own tools")
	}
	if err := sqlitestore.Backup(ctx, c.DataDir, file); err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s holds all that was in %s (%d bytes); it was opened and read\n", file, c.DataDir, info.Size())
	return err
}

// Move copies all that is in DATA_DIR, and was not moved before, to the stores that
// REDIS_URL and MONGODB_URI name, and compares. After an interruption it begins anew.
func Move(ctx context.Context, environ []string, stdout io.Writer) error {
	c, err := config.Read(environ)
	if err != nil {
		return err
	}
	if c.RedisURL == "" && c.MongoDBURI == "" {
		return &config.Error{Variable: "REDIS_URL, MONGODB_URI", Problem: "say where to move to: set one or both"}
	}
	redis.SetLogger(redisLog{slog.New(slog.DiscardHandler)})
	open, db, err := openFile(c)
	if err != nil {
		return err
	}
	return errors.Join(advised(ctx, moveAll(ctx, open, db, stdout)), open.close())
}

// advised says what to do about the error of a move. A move that was interrupted after its
// end has none.
func advised(ctx context.Context, err error) error {
	const again = "run it again: what it copied is replaced then"
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.New("interrupted; " + again)
	case unavailable(err):
		return fmt.Errorf("%w; %s", err, again)
	default:
		return err
	}
}

// openFile opens the database in DATA_DIR, which must exist.
func openFile(c config.Config) (*opener, *sqlitestore.DB, error) {
	if _, err := sqlitestore.Existing(c.DataDir); err != nil {
		return nil, nil, err
	}
	open := &opener{Config: c}
	db, err := open.sqlite()
	return open, db, err
}

// movable is a part of the file that can move.
type movable struct {
	move.Part
	copy func() error
}

func moveAll(ctx context.Context, open *opener, db *sqlitestore.DB, stdout io.Writer) error {
	var parts []movable
	if open.RedisURL != "" {
		store, shown, err := open.redis()
		if err != nil {
			return err
		}
		if err := store.CanRead(ctx); err != nil { // an address that nobody answers at is not asked again and again
			return fmt.Errorf("move the sessions to %s: %w", shown, err)
		}
		parts = append(parts, movable{
			move.Part{Name: sqlitestore.SessionsPart, Target: store, Shown: "Redis at " + shown, Variable: "REDIS_URL", Mark: "the key " + rediscache.MoveKey},
			func() error { return moveSessions(ctx, db, store, shown, stdout) },
		})
	}
	if open.MongoDBURI != "" {
		store, shown, err := open.mongoDB()
		if err != nil {
			return err
		}
		if err := store.CanRead(ctx); err != nil {
			return fmt.Errorf("move the drawings to %s: %w", shown, err)
		}
		parts = append(parts, movable{
			move.Part{Name: sqlitestore.DrawingsPart, Target: store, Shown: "MongoDB at " + shown, Variable: "MONGODB_URI", Mark: "the collection " + mongostore.MovesCollection},
			func() error { return moveDrawings(ctx, db, store, shown, stdout) },
		})
	}
	var all []move.Part
	for _, p := range parts {
		all = append(all, p.Part)
	}
	moves, err := move.Begin(ctx, db, all)
	if err != nil {
		return err
	}
	for i, m := range moves {
		if m.Ended() {
			fmt.Fprintf(stdout, "the %s were moved to %s on %s and belong to it since: nothing of them was copied\n", m.Part, m.Target, move.Date(m))
			continue
		}
		if err := parts[i].copy(); err != nil {
			return err
		}
	}
	if err := move.End(ctx, db, all, moves); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "Next: start the service with the same REDIS_URL and MONGODB_URI. The file in %s still has what it had when it was moved.\n", open.DataDir)
	return err
}

func moveSessions(ctx context.Context, db *sqlitestore.DB, store *rediscache.Store, shown string, stdout io.Writer) error {
	n, err := move.Sessions(ctx, db.Sessions(), store)
	if err != nil {
		return fmt.Errorf("move the sessions to %s: %w", shown, err)
	}
	_, err = fmt.Fprintf(stdout, "%d sessions and %d login attempts are in Redis at %s, each the same as in the file\n", n.Sessions, n.Attempts, shown)
	return err
}

func moveDrawings(ctx context.Context, db *sqlitestore.DB, store *mongostore.Store, shown string, stdout io.Writer) error {
	if err := store.Prepare(ctx); err != nil {
		return fmt.Errorf("move the drawings to %s: %w", shown, err)
	}
	total, err := db.Drawings().Total(ctx)
	if err != nil {
		return err
	}
	bar := newBar(stdout, 2*total) // each is copied and compared
	n, err := move.Drawings(ctx, db.Drawings(), store, func(drawings int) { _ = bar.Add(drawings) })
	_ = bar.Exit() // on an error, too, the next line begins a line
	if err != nil {
		return fmt.Errorf("move the drawings to %s: %w", shown, err)
	}
	profiles, err := move.Profiles(ctx, db.Drawings(), store)
	if err != nil {
		return fmt.Errorf("move the profiles to %s: %w", shown, err)
	}
	checks, err := move.Checks(ctx, db.Drawings(), store)
	if err != nil {
		return fmt.Errorf("move the checks to %s: %w", shown, err)
	}
	operators, err := move.Operators(ctx, db.Drawings(), store)
	if err != nil {
		return fmt.Errorf("move what operators did to %s: %w", shown, err)
	}
	_, err = fmt.Fprintf(stdout, "%d profiles, %d checks, %d suspensions, %d actions of operators and %d drawings of %d users are in MongoDB at %s, each the same as in the file\n",
		profiles, checks, operators.Suspensions, operators.Entries, n.Drawings, n.Owners, shown)
	return err
}

// BackToFile gives the parts that were moved back to the file in DATA_DIR, as it was
// when they were moved. It changes nothing in Redis or MongoDB.
func BackToFile(ctx context.Context, environ []string, stdout io.Writer) error {
	c, err := config.Read(environ)
	if err != nil {
		return err
	}
	open, db, err := openFile(c)
	if err != nil {
		return err
	}
	return errors.Join(backToFile(ctx, db, stdout), open.close())
}

func backToFile(ctx context.Context, db *sqlitestore.DB, stdout io.Writer) error {
	var moves []sqlitestore.Move
	for _, part := range []string{sqlitestore.SessionsPart, sqlitestore.DrawingsPart} {
		m, err := db.Move(ctx, part)
		if err != nil {
			return err
		}
		if m.Ended() {
			moves = append(moves, m)
		}
	}
	if len(moves) == 0 {
		return fmt.Errorf("nothing of %s was moved", db.Path())
	}
	back := slices.Clone(moves)
	for i := range back {
		back[i].EndedAt = time.Time{}
	}
	if err := db.NoteMoves(ctx, back...); err != nil {
		return err
	}
	for _, m := range moves {
		fmt.Fprintf(stdout, "the %s belong to %s again, as they were on %s: what changed since is only in %s\n", m.Part, db.Path(), move.Date(m), m.Target)
	}
	return nil
}

// refuseMoved fails if the configuration has the file hold a part that was moved to a
// server: what is written to the file then would be missing there.
func refuseMoved(ctx context.Context, c config.Config, db *sqlitestore.DB) error {
	for _, p := range []struct{ part, variable, value string }{
		{sqlitestore.SessionsPart, "REDIS_URL", c.RedisURL},
		{sqlitestore.DrawingsPart, "MONGODB_URI", c.MongoDBURI},
	} {
		m, err := db.Move(ctx, p.part)
		if err != nil {
			return err
		}
		if p.value == "" && m.Ended() {
			return &config.Error{Variable: p.variable, Problem: fmt.Sprintf("is needed: the %s in %s were moved to %s on %s; to go on with the file, as it was then, run onestroke --back-to-file",
				p.part, db.Path(), m.Target, move.Date(m))}
		}
	}
	return nil
}

// newBar shows progress to a person. A file or a program gets none.
func newBar(w io.Writer, total int) *progressbar.ProgressBar {
	file, ok := w.(*os.File)
	return progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetVisibility(ok && term.IsTerminal(int(file.Fd()))),
		progressbar.OptionSetDescription("moving"),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(32),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
}
