// Demo draws into a running service: the drawings of Quick, Draw! files, or a
// few of its own. Run it twice and it creates nothing twice.
//
//	go run ./clients/demo                  # its own drawings
//	go run ./clients/demo -data folder     # every *.ndjson file in folder
//	go run ./clients/demo -svg demo.svg    # its own drawings as a picture; needs no service
package main

import (
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

	"onestroke/gen"
)

// drawing is one to save.
type drawing struct {
	id      uuid.UUID // the same in every run: what is there already is recognised
	source  string    // where it comes from, for people
	content gen.DrawingContent
}

// drawings are read as they are needed: a folder may hold more than fits into
// memory. They can be gone through again. An error ends them.
type drawings iter.Seq2[drawing, error]

// parallel is how many drawings are under way at a time: as many requests as a
// mini program may have open.
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
	url := flags.String("url", "http://127.0.0.1:5757", "the service, which must play WeChat too")
	user := flags.String("user", "小明", "whose drawings they will be")
	data := flags.String("data", "", "a `folder` of Quick, Draw! files in raw form, *.ndjson; without it, the demo's own drawings")
	svg := flags.String("svg", "", "only write the demo's own drawings as a picture to this `file`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s: not understood, see -help", flags.Arg(0))
	}
	if *svg != "" {
		return os.WriteFile(*svg, picture(ownContents()), 0o644)
	}

	source := own()
	if *data != "" {
		files, err := filepath.Glob(filepath.Join(*data, "*.ndjson"))
		if err != nil || len(files) == 0 {
			return fmt.Errorf("%s: no *.ndjson file there", *data)
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
	bar := newBar(stderr, total)
	created, err := save(ctx, g, source, func() { _ = bar.Add(1) })
	fmt.Fprintln(stderr) // the bar stays in view
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted, with %d created: run it again for the rest", created)
	}
	if err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Fprintf(stdout, "%d drawings: %d created, %d already there (%.1f s, %.0f a second)\n",
		total, created, total-created, took.Seconds(), float64(total)/took.Seconds())
	return nil
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

// save puts every drawing that is not there yet into g, and calls done after
// each one.
func save(ctx context.Context, g *gallery, source drawings, done func()) (created int, err error) {
	var creations atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for d, readErr := range source {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			if readErr != nil {
				return readErr
			}
			isNew, err := g.add(ctx, d)
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
	return int(creations.Load()), err
}

func newBar(w io.Writer, total int) *progressbar.ProgressBar {
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("saving"),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("drawings"),
		progressbar.OptionSetWidth(32),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}),
	)
	_ = bar.RenderBlank()
	return bar
}
