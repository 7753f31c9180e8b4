// Command mongodb speaks MongoDB's protocol, for tests on a machine that has no
// MongoDB.
//
//	mongodb [-attached] [-address 127.0.0.1:0] -data FOLDER
//
// It is FerretDB over SQLite: no transactions, no partial or TTL indexes, no
// validators, no retryable writes, and only a query by _id is fast.
//
// FerretDB finds, compares and writes in three steps, MongoDB in one. Here writes
// take turns, so that clients see one step.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/FerretDB/FerretDB/ferretdb"

	"onestroke/tests/servers/program"
)

func main() {
	address := flag.String("address", "127.0.0.1:0", "host and port to listen on")
	data := flag.String("data", "", "folder of the data; it is made where it is missing")
	program.Main(func() (program.Server, error) { return start(*address, *data) })
}

func start(address, data string) (program.Server, error) {
	if data == "" {
		return program.Server{}, errors.New("start MongoDB: -data is missing")
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return program.Server{}, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return program.Server{}, fmt.Errorf("start MongoDB: %w", err)
	}
	database, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: sqliteURL(data),
		Logger:    slog.New(slog.DiscardHandler), // clients get the errors
	})
	if err != nil {
		return program.Server{}, fmt.Errorf("start FerretDB in %s: %w", data, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- database.Run(ctx) }()
	uri, err := url.Parse(database.MongoDBURI())
	if err != nil {
		cancel()
		return program.Server{}, errors.Join(err, <-ended)
	}
	go (&turns{server: uri.Host}).serve(listener)
	return program.Server{
		URL: "mongodb://" + listener.Addr().String() + "/",
		Close: func() error {
			cancel()
			return errors.Join(listener.Close(), <-ended)
		},
	}, nil
}

// sqliteURL keeps SQLite's temporary files in memory, and does not wait for the
// disk: a test's data need not outlive the machine.
func sqliteURL(data string) string {
	absolute, err := filepath.Abs(data)
	if err != nil {
		absolute = data
	}
	location := url.URL{
		Scheme:   "file",
		Path:     filepath.ToSlash(absolute) + "/",
		RawQuery: url.Values{"_pragma": {"temp_store(memory)", "synchronous(off)"}}.Encode(),
	}
	return location.String()
}
