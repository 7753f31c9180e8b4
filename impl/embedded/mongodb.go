//go:build !noembed

package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/FerretDB/FerretDB/ferretdb"
	"github.com/gofrs/flock"
)

// MongoDB starts a MongoDB on addr, a host and port, that keeps its data in dir
// and finds it there the next time. A missing dir is made, for this user only.
// One server at a time may use a dir.
//
// It is FerretDB over SQLite: no transactions, no partial or TTL indexes, no
// validators, and only a query by _id is fast.
func MongoDB(addr, dir string) (*Server, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the data directory (DATA_DIR): %w", err)
	}
	if err := free(addr); err != nil {
		return nil, err
	}
	lock, err := claim(dir)
	if err != nil {
		return nil, err
	}
	database, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: addr},
		Handler:   "sqlite",
		SQLiteURL: sqliteURL(dir),
		Logger:    slog.New(slog.DiscardHandler), // what goes wrong, the driver returns
	})
	if err != nil {
		_ = lock.Unlock()
		return nil, fmt.Errorf("start embedded MongoDB in %s: %w", dir, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- database.Run(ctx) }()
	return &Server{
		URL: database.MongoDBURI(),
		stop: func() error {
			cancel()
			err := <-done
			if unlockErr := lock.Unlock(); err == nil {
				err = unlockErr
			}
			return err
		},
	}, nil
}

// free tells whether addr can be listened on. FerretDB must not find out that it
// cannot: it would forget to close its files, and panic when they are collected.
func free(addr string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("start embedded MongoDB: %w", err)
	}
	return listener.Close()
}

// claim makes dir where it is missing and keeps other servers out of it until
// the lock is released, or the process ends in whatever way.
func claim(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory (DATA_DIR): %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))
	claimed, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("write to the data directory (DATA_DIR): %w", err)
	}
	if !claimed {
		return nil, fmt.Errorf("the data directory %s is in use by another process: stop it or set DATA_DIR", dir)
	}
	return lock, nil
}

// sqliteURL keeps SQLite's temporary files in memory: what a drawing holds is
// not to be found outside dir.
func sqliteURL(dir string) string {
	location := url.URL{
		Scheme:   "file",
		Path:     filepath.ToSlash(dir) + "/",
		RawQuery: url.Values{"_pragma": {"temp_store(memory)"}}.Encode(),
	}
	return location.String()
}
