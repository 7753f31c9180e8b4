// Bench prints the cost of a request, in CPU time of the service's process, compared
// with the reference program in the same run. On a shared machine, wall time and
// absolute figures vary: use the ratios. The measured program has its own core.
//
//	go run ./tests/bench [-data folder of Quick Draw files] [-rounds 7] [-rows expression]
//	go run ./tests/bench -sessions 1000000 -drawings 10000    # the long form
//	go run ./tests/bench -pocketbase [-stored 20000]          # only beside PocketBase
//	go run ./tests/bench -soak 10m                            # only the service, kept busy
//
// Redis and MongoDB are those of REDIS_URL and MONGODB_URI, or a redis-server
// and a local MongoDB. It needs Linux: CPU time is read from /proc.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

// settings are the flags.
type settings struct {
	data                                    string
	rounds, sessions, drawings, connections int
	rows, profiles                          string
	pocketBase                              bool
	stored                                  int
	soak                                    time.Duration
}

func main() {
	var o settings
	flag.StringVar(&o.data, "data", "", "folder of Quick Draw files; drawings of its own without")
	flag.IntVar(&o.rounds, "rounds", 7, "how often each row is measured on either side, alternating")
	flag.IntVar(&o.sessions, "sessions", 100_000, "sessions asked for in random order")
	flag.IntVar(&o.drawings, "drawings", 500, "drawings of the user who has many")
	flag.IntVar(&o.connections, "connections", 10_000, "connections that are open at once")
	flag.StringVar(&o.rows, "rows", "", "only the rows whose operation matches this expression, such as PutDrawing")
	flag.StringVar(&o.profiles, "profiles", "", "write a CPU and an allocation profile of each row to this folder, and print nothing")
	flag.BoolVar(&o.pocketBase, "pocketbase", false, "only compare the default store with PocketBase")
	flag.IntVar(&o.stored, "stored", manyStored, "drawings in the default store where it has many, of users who have 100 each")
	flag.DurationVar(&o.soak, "soak", 0, "only keep the service busy for so long, and print what it takes")
	flag.Parse()
	if err := run(o); err != nil {
		log.Fatal("bench: ", err)
	}
}

func run(o settings) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if o.pocketBase || o.soak > 0 {
		b, err := begin(ctx, o)
		if err != nil {
			return err
		}
		defer b.close()
		if o.soak > 0 {
			return b.soak(o.soak)
		}
		return b.comparePocketBase(o.rounds, o.stored)
	}
	b, err := prepare(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	only, err := regexp.Compile(o.rows)
	if err != nil {
		return err
	}
	if o.profiles != "" {
		return b.writeProfiles(o.profiles, only)
	}
	compare := func() error { return b.compare(o.rounds, only) }
	compareBusy := func() error { return b.compareBusy(o.rounds, only) }
	if o.rows != "" {
		return errors.Join(b.withoutWritten(compare), compareBusy())
	}
	return errors.Join( // all of them, whatever fails
		b.weight(),
		b.withoutWritten(compare),
		validation(ctx),
		b.withoutWritten(compareBusy),
		b.growth(o.rounds, o.drawings, o.stored),
		b.comparePocketBase(o.rounds, min(o.stored, manyStored)), // filling PocketBase with more takes long
		b.footprint(o.connections),
		cores(ctx, o.rounds),
		allocations(ctx, o.data),
	)
}
