// Package program is what the server programs of this module have in common.
package program

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Server is a running server.
type Server struct {
	URL   string // what a client library dials
	Close func() error
}

// Main reads the command line, starts a server, and prints the line "waiting for
// connections at URL" when it can be dialled. The program ends on SIGINT and
// SIGTERM, and with -attached also when its standard input is closed, as it is
// when the process that started it ends in whatever way.
func Main(start func() (Server, error)) {
	attached := flag.Bool("attached", false, "end when standard input is closed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, start, *attached); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, start func() (Server, error), attached bool) error {
	server, err := start()
	if err != nil {
		return err
	}
	fmt.Println("waiting for connections at", server.URL)
	closed := make(chan struct{})
	if attached {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			close(closed)
		}()
	}
	select {
	case <-ctx.Done():
	case <-closed:
	}
	return server.Close()
}
