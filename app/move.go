package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"onestroke/impl/config"
	"onestroke/impl/gallery"
	"onestroke/impl/move"
	"onestroke/impl/session"
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

// Move copies all that is in DATA_DIR to the stores that REDIS_URL and MONGODB_URI
// name, and compares. After an interruption, it continues where it stopped.
func Move(ctx context.Context, environ []string, stdout io.Writer) error {
	c, err := config.Read(environ)
	if err != nil {
		return err
	}
	if c.RedisURL == "" && c.MongoDBURI == "" {
		return &config.Error{Variable: "REDIS_URL, MONGODB_URI", Problem: "say where to move to: set one or both"}
	}
	if _, err := sqlitestore.Existing(c.DataDir); err != nil {
		return err
	}
	redis.SetLogger(redisLog{slog.New(slog.DiscardHandler)})
	db, err := sqlitestore.Open(c.DataDir, sqlitestore.Options{})
	if err != nil {
		return err
	}
	open := &opener{Config: c}
	open.add(db.Close)
	err = moveAll(ctx, open, db, stdout)
	switch {
	case ctx.Err() != nil:
		err = errors.New("interrupted; run it again to continue")
	case errors.Is(err, session.ErrUnavailable), errors.Is(err, gallery.ErrUnavailable):
		err = fmt.Errorf("%w; run it again to continue", err)
	}
	return errors.Join(err, open.close())
}

func moveAll(ctx context.Context, open *opener, db *sqlitestore.DB, stdout io.Writer) error {
	if open.RedisURL != "" {
		store, shown, err := open.redis()
		if err != nil {
			return err
		}
		var n move.SessionCounts
		if err = store.CanRead(ctx); err == nil { // an address that nobody answers at is not asked again and again
			n, err = move.Sessions(ctx, db.Sessions(), store)
		}
		if err != nil {
			return fmt.Errorf("move the sessions to %s: %w", shown, err)
		}
		fmt.Fprintf(stdout, "%d sessions and %d login attempts are in Redis at %s, each the same as in the file\n", n.Sessions, n.Attempts, shown)
	}
	if open.MongoDBURI != "" {
		store, shown, err := open.mongoDB()
		if err != nil {
			return err
		}
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
		fmt.Fprintf(stdout, "%d profiles, %d checks, %d suspensions, %d actions of operators and %d drawings of %d users are in MongoDB at %s, each the same as in the file\n",
			profiles, checks, operators.Suspensions, operators.Entries, n.Drawings, n.Owners, shown)
	}
	_, err := fmt.Fprintf(stdout, "Next: start the service with the same REDIS_URL and MONGODB_URI. The file in %s still has all of it.\n", open.DataDir)
	return err
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
