// Command mongo is the embedded MongoDB as a server of its own, for a container
// where MongoDB's own image cannot be had.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"onestroke/impl/embedded"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	server, err := embedded.MongoDB("0.0.0.0:27017", "/data")
	if err != nil {
		return err
	}
	fmt.Println("Waiting for connections") // as mongod says it
	<-ctx.Done()
	return server.Close()
}
