// Demo saves drawings in a running service: those of Quick, Draw! files, or a few
// of its own. A drawing that is already there is not created again.
//
//	go run ./clients/demo                  # its own drawings
//	go run ./clients/demo -data folder     # every *.ndjson file in folder
//	go run ./clients/demo -svg demo.svg    # its own drawings as a picture; needs no service
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	onestroke "github.com/onestroke/onestroke/clients/go"
)

// drawing is one to save.
type drawing struct {
	id      uuid.UUID // the same in each run
	source  string    // where it comes from, for messages
	content onestroke.DrawingContent
}

// drawings are read one at a time, as a folder may have more than fits into
// memory. The sequence can be read several times. An error ends it.
type drawings iter.Seq2[drawing, error]

// parallel is how many drawings are sent at the same time: a mini program can have
// this many requests open.
const parallel = 10

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	url := flags.String("url", "http://127.0.0.1:5757", "`URL` of the service, which must simulate WeChat")
	user := flags.String("user", "小明", "`name` of the user whose drawings they become")
	data := flags.String("data", "", "`folder` of Quick, Draw! files in raw form, *.ndjson; without it, the demo's own drawings")
	svg := flags.String("svg", "", "write a picture of the demo's own drawings to this `file`, and save nothing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s: unknown argument, see -help", flags.Arg(0))
	}
	if *svg != "" {
		return os.WriteFile(*svg, picture(ownContents()), 0o644)
	}

	source := own()
	if *data != "" {
		files, err := filesIn(*data)
		if err != nil {
			return err
		}
		source = quickDraw(files)
	}
	total, err := count(source)
	if err != nil {
		return err // before anything is saved
	}
	g, err := openGallery(ctx, *url, *user)
	if err != nil {
		return err
	}

	began := time.Now()
	screen := io.Discard
	if isTerminal(stderr) {
		screen = stderr
	}
	bar := newBar(screen, total)
	created, err := save(ctx, g, source, func() { _ = bar.Add(1) })
	fmt.Fprintln(screen) // ends the line of the bar
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted after %d were created: run it again for the rest", created)
	}
	if err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Fprintf(stdout, "%d drawings: %d created, %d already there (%.1f s, %.0f per second)\n",
		total, created, total-created, took.Seconds(), float64(total)/took.Seconds())
	fmt.Fprintf(stdout, "Open %s and enter the name %s to see them.\n", *url, *user)
	return nil
}

// filesIn returns the *.ndjson files of a folder.
func filesIn(folder string) (files []string, err error) {
	entries, err := os.ReadDir(folder)
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".ndjson" {
			files = append(files, filepath.Join(folder, entry.Name()))
		}
	}
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: has no *.ndjson file", folder)
	}
	return files, err
}

func count(source drawings) (n int, err error) {
	for _, err := range source {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// save adds to g each drawing that is not there yet, and calls done after each
// drawing of source.
func save(ctx context.Context, g *gallery, source drawings, done func()) (created int, err error) {
	var creations atomic.Int64
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for d, readErr := range source {
		if working.Err() != nil {
			break
		}
		group.Go(func() error {
			if readErr != nil {
				return readErr
			}
			isNew, err := g.add(working, d)
			if isNew {
				creations.Add(1)
			}
			if err == nil {
				done()
			}
			return err
		})
	}
	err = group.Wait()
	return int(creations.Load()), cmp.Or(err, ctx.Err())
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func newBar(w io.Writer, total int) *progressbar.ProgressBar {
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("saving"),
		progressbar.OptionShowCount(),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetWidth(32),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}),
	)
	_ = bar.RenderBlank()
	return bar
}
