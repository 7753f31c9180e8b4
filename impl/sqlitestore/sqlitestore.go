// Package sqlitestore stores sessions, login attempts and drawings in one SQLite
// file, for a service that runs on one machine.
//
// What a method reports as written is on disk. All writes go through one
// connection, which commits those that wait at the same time together; reads use
// connections of their own and never wait for a write. What is of no use to the
// next process is in memory only: rate limit buckets, quota tallies and the logins
// under way.
package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/telemetry"
)

// DB is an open database. The service uses it as [Sessions] and as [Drawings].
type DB struct {
	path    string
	now     func() time.Time
	lock    *flock.Flock
	writer  *writer
	readers chan *conn // those not in use
	open    int        // read connections
	closing context.CancelFunc
	sweeper sync.WaitGroup

	buckets *buckets
	tallies *tallies
	logins  *logins
}

// Options of [Open]. Zero values take the defaults.
type Options struct {
	Now func() time.Time // decides what has expired; time.Now
	// CacheBytes bounds the pages of the file that all read connections together hold
	// in memory; 8 MB for each.
	CacheBytes int64
}

const (
	// patience bounds how long a read or a write may wait for its turn and for the
	// disk, if its context does not.
	patience   = 5 * time.Second
	maxReaders = 4 // connections
	// minCache and maxCache are what one of them may hold, in bytes. The pages of 20,000
	// drawings take 28 MB, the inner pages of the trees of a million 20 MB.
	minCache, maxCache = 8 << 20, 128 << 20
)

// Open opens the database in a folder, or creates both. Its error says what is
// wrong and what to do about it; the files are then as they were before. One
// process at a time can open a folder.
func Open(dir string, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	path, lock, err := claim(dir)
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, now: o.Now, lock: lock, readers: make(chan *conn, maxReaders), buckets: newBuckets(), tallies: newTallies(), logins: newLogins()}
	if err := db.connect(o.CacheBytes); err != nil {
		return nil, errors.Join(err, db.disconnect())
	}
	ctx, cancel := context.WithCancel(context.Background())
	db.closing = cancel
	db.sweeper.Go(func() { db.sweepUntil(ctx) })
	return db, nil
}

// connect opens all connections, the writer's first: it brings the file into the
// form that this version reads.
func (db *DB) connect(cacheBytes int64) error {
	c, err := connect(db.path, sqlite3.OPEN_READWRITE)
	if err != nil {
		return unusable(db.path, err)
	}
	if err := prepare(c); err != nil {
		closed := c.Close() // first: it may remove files that unusable would name
		return errors.Join(unusable(db.path, err), closed)
	}
	db.writer = newWriter(c, filepath.Dir(db.path))
	for range readerCount() {
		c, err := connect(db.path, sqlite3.OPEN_READONLY)
		if err != nil {
			return unusable(db.path, err)
		}
		if err := c.setCache(min(max(cacheBytes/int64(readerCount()), minCache), maxCache)); err != nil {
			return errors.Join(unusable(db.path, err), c.Close())
		}
		db.readers <- c
		db.open++
	}
	return nil
}

// Pool is the state of the connections that read, and how many writes wait for the one that writes.
func (db *DB) Pool() telemetry.Pool {
	idle := len(db.readers)
	return telemetry.Pool{Idle: idle, InUse: readerCount() - idle, Waiting: len(db.writer.queue)}
}

// readerCount is how many connections read.
func readerCount() int { return min(max(2, runtime.GOMAXPROCS(0)), maxReaders) }

// Path is where the database file is.
func (db *DB) Path() string { return db.path }

// Close waits for the writes and reads that have begun, and closes the database.
// Those that come later are refused as unavailable. Call it once.
func (db *DB) Close() error {
	db.closing()
	db.sweeper.Wait()
	return db.disconnect()
}

// disconnect closes the connections that there are, and the writer's last: it
// moves what is in the log to the database file.
func (db *DB) disconnect() (err error) {
	for ; db.open > 0; db.open-- {
		c := <-db.readers
		err = errors.Join(err, c.Close())
	}
	if db.writer != nil {
		err = errors.Join(err, db.writer.close())
	}
	return errors.Join(err, db.lock.Unlock())
}

// CanRead fails if the database cannot be read.
func (db *DB) CanRead(ctx context.Context) error {
	return db.whole().read(ctx, "try to read", func(c *conn) error {
		return c.each(`PRAGMA user_version`, func(*sqlite3.Stmt) error { return nil })
	})
}

// CanWrite fails if writes are refused, or if there is no room for drawings.
func (db *DB) CanWrite(ctx context.Context) error {
	_, err := write(ctx, db.whole(), "try to write", func(c *conn) (int, error) {
		if err := db.hasRoom(c); err != nil {
			return 0, err
		}
		return c.change(fmt.Sprintf(`PRAGMA user_version = %d`, len(migrations)))
	})
	return err
}

// Check reads all of the database in a folder, also while a service uses it, and
// reports the first damage that it finds, what else is in the way of [Open], or that
// there is no room for drawings.
func Check(ctx context.Context, dir string) error {
	db, err := Open(dir, Options{})
	if errors.Is(err, ErrInUse) {
		return checkFile(ctx, dir)
	}
	if err != nil {
		return err
	}
	return errors.Join(checkFile(ctx, dir), db.Close())
}

func checkFile(ctx context.Context, dir string) error {
	path, err := databasePath(dir)
	if err != nil {
		return err
	}
	c, err := connect(path, sqlite3.OPEN_READONLY)
	if err != nil {
		return unusable(path, err)
	}
	c.SetInterrupt(ctx)
	err = integrity(c)
	if err == nil {
		err = hasRoom(c, path)
	}
	if err := errors.Join(err, c.Close()); err != nil {
		return unusable(path, err)
	}
	return nil
}

// part is the database as one of its stores uses it. unavailable is the error that
// the callers of that store know.
type part struct {
	*DB
	unavailable error
}

func (db *DB) whole() part { return part{db, errUnavailable} }

// read runs a function on a read connection. All that it reads is of one moment
// only if it is one statement.
func (p part) read(ctx context.Context, doing string, do func(*conn) error) error {
	c, err := p.reader(ctx)
	if err != nil {
		return p.failure(ctx, doing, err)
	}
	defer func() { p.readers <- c }()
	defer c.SetInterrupt(c.SetInterrupt(ctx))
	return p.failure(ctx, doing, do(c))
}

// reader takes a read connection. If all are in use, it waits for one.
func (db *DB) reader(ctx context.Context) (*conn, error) {
	select {
	case c := <-db.readers:
		return c, nil
	default:
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case c := <-db.readers:
		return c, nil
	case <-waiting.Done():
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, errNoReader
	}
}

// write runs a function that has no result in a transaction.
func (p part) write(ctx context.Context, doing string, do func(*conn) error) error {
	_, err := write(ctx, p, doing, func(c *conn) (struct{}, error) { return struct{}{}, do(c) })
	return err
}

// write runs a function in a transaction and returns what it returns, once that
// is on disk. The function may run more than once. After an error it may have been
// done all the same.
func write[T any](ctx context.Context, p part, doing string, do func(*conn) (T, error)) (T, error) {
	var result T
	err := p.writer.write(ctx, func(c *conn) (err error) {
		result, err = do(c)
		return err
	})
	if err != nil { // the function may still be running: its result must not be read
		var none T
		return none, p.failure(ctx, doing, err)
	}
	return result, nil
}
