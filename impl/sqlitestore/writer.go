package sqlitestore

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"
)

// writer owns the one connection that writes. Writes wait in a queue; those that
// wait at the same time share a transaction, and so one wait for the disk.
type writer struct {
	conn   *conn
	dir    string
	queue  chan *pending
	closed chan struct{} // closed as soon as no more writes are taken
	done   chan struct{} // closed when the last one has ended
	err    error         // of closing the connection; to be read after done
}

const (
	maxQueue = 1024 // writes that may wait; more are refused
	maxBatch = 64   // writes that share a transaction; the largest drawings take 640 KB
)

// refusedError says why a read or a write was not waited for.
type refusedError string

func (e refusedError) Error() string { return string(e) }

const (
	errQueueFull = refusedError("too many writes are waiting")
	errNoReader  = refusedError("no read connection is free")
	errTimeout   = refusedError("the disk takes too long")
	errClosed    = refusedError("the database is closed")
)

// pending is a write that somebody waits for.
type pending struct {
	do    func(*conn) error
	state atomic.Int32 // of waiting, begun and abandoned
	ended chan error   // takes its error without waiting
}

const (
	waiting int32 = iota
	begun
	abandoned
)

func newWriter(c *conn, dir string) *writer {
	w := &writer{conn: c, dir: dir, queue: make(chan *pending, maxQueue), closed: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

// write runs do in a transaction and returns its error once the transaction is on
// disk. If the context ends before do has begun, do is not run. If it ends later,
// write returns at once, and nobody knows yet whether do succeeds.
func (w *writer) write(ctx context.Context, do func(*conn) error) error {
	p := &pending{do: do, ended: make(chan error, 1)}
	select {
	case <-w.closed:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	default:
	}
	select {
	case w.queue <- p:
	default:
		return errQueueFull
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	var err error
	select {
	case err := <-p.ended:
		return err
	case <-w.done:
		err = errClosed
	case <-ctx.Done():
		err = ctx.Err()
	case <-timeout.C:
		err = errTimeout
	}
	select {
	case err := <-p.ended: // at the same moment
		return err
	default:
		p.state.CompareAndSwap(waiting, abandoned)
		return err
	}
}

// close takes no more writes, ends those that wait, and closes the connection.
func (w *writer) close() error {
	close(w.closed)
	<-w.done
	return w.err
}

func (w *writer) run() {
	defer close(w.done)
	defer func() { w.err = w.conn.Close() }()
	for {
		select {
		case p := <-w.queue:
			w.commit(w.batch(p))
			continue
		default:
		}
		select {
		case p := <-w.queue:
			w.commit(w.batch(p))
		case <-w.closed:
			return
		}
	}
}

// batch takes the writes that wait, the first of which is given.
func (w *writer) batch(first *pending) []*pending {
	runtime.Gosched() // first, those run that are about to write
	batch := begin(nil, first)
	for len(batch) < maxBatch {
		select {
		case p := <-w.queue:
			batch = begin(batch, p)
		default:
			return batch
		}
	}
	return batch
}

func begin(batch []*pending, p *pending) []*pending {
	if !p.state.CompareAndSwap(waiting, begun) {
		return batch
	}
	return append(batch, p)
}

// commit runs a batch and tells everyone how it ended. If the transaction as a
// whole fails, nothing of it is stored, and each write is tried alone: one that fails
// leaves the others as they are, and a deletion can succeed where a disk has no room
// for an insertion.
func (w *writer) commit(batch []*pending) {
	errs, err := w.transact(batch)
	err = withRoom(w.dir, err)
	if err != nil && len(batch) > 1 {
		for i := range batch {
			w.commit(batch[i : i+1])
		}
		return
	}
	for i, p := range batch {
		if err != nil {
			p.ended <- err
		} else {
			p.ended <- errs[i]
		}
	}
}

// transact does a batch in one transaction. It returns the error of each write. If the
// transaction is undone, it returns why in err: SQLite failed, or a write failed after it
// had changed something. That is rare, and a savepoint for each write would cost all of
// them a tenth.
func (w *writer) transact(batch []*pending) (errs []error, err error) {
	if len(batch) == 0 {
		return nil, nil
	}
	w.conn.stored = w.conn.stored[:0]
	if _, err := w.conn.change(`BEGIN IMMEDIATE`); err != nil {
		return nil, err
	}
	defer func() {
		if !w.conn.GetAutocommit() { // the transaction is still open
			_, rollbackErr := w.conn.change(`ROLLBACK`)
			err = errors.Join(err, rollbackErr)
		}
	}()
	errs = make([]error, len(batch))
	for i, p := range batch {
		before, stored := w.conn.TotalChanges(), len(w.conn.stored)
		if errs[i] = p.do(w.conn); errs[i] == nil {
			continue
		}
		if isSQLite(errs[i]) || w.conn.TotalChanges() != before {
			return nil, errs[i]
		}
		w.conn.stored = w.conn.stored[:stored]
	}
	if _, err := w.conn.change(`COMMIT`); err != nil {
		return nil, err
	}
	for _, tell := range w.conn.stored {
		tell()
	}
	return errs, nil
}
