package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/gallery"
)

// ErrDiskFull is the cause of an unavailable database that has no room to write.
// Reads go on, and writes do as soon as there is room.
var ErrDiskFull = errors.New("the disk is full")

// errUnavailable is an unavailable database to those that use neither store of it.
var errUnavailable = errors.New("database unavailable")

// unavailableError is the [part]'s own error for an unavailable database, with its cause.
type unavailableError struct {
	unavailable error
	doing       string
	cause       error
}

func (e *unavailableError) Error() string {
	if e.Is(ErrDiskFull) {
		return fmt.Sprintf("%s: database unavailable: %v: %v", e.doing, ErrDiskFull, e.cause)
	}
	return fmt.Sprintf("%s: database unavailable: %v", e.doing, e.cause)
}

func (e *unavailableError) Unwrap() error { return e.cause }

func (e *unavailableError) Is(target error) bool {
	switch target {
	case e.unavailable:
		return true
	case gallery.ErrFull:
		return e.unavailable == gallery.ErrUnavailable && e.Is(ErrDiskFull)
	case ErrDiskFull:
		return errors.Is(e.cause, sqlite3.FULL) || errors.Is(e.cause, syscall.ENOSPC) || errors.Is(e.cause, syscall.EDQUOT)
	default:
		return false
	}
}

// passing are the results of SQLite that say nothing about the data: the disk, or
// another program that has locked the file, is in the way.
var passing = []sqlite3.ErrorCode{
	sqlite3.BUSY, sqlite3.LOCKED, sqlite3.FULL, sqlite3.IOERR, sqlite3.CANTOPEN,
	sqlite3.READONLY, sqlite3.PERM, sqlite3.PROTOCOL, sqlite3.NOMEM,
}

// failure says what a failed call means to its caller. What is not of the
// database, such as [gallery.ErrChanged], is returned as it is.
func (p part) failure(ctx context.Context, doing string, err error) error {
	isPassing := slices.ContainsFunc(passing, func(code sqlite3.ErrorCode) bool { return errors.Is(err, code) })
	isInterrupted := errors.Is(err, sqlite3.INTERRUPT) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
	switch {
	case err == nil:
		return nil
	case isInterrupted && errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%s: %w", doing, context.Canceled)
	case isInterrupted, isPassing, errors.As(err, new(refusedError)):
		return &unavailableError{p.unavailable, doing, err}
	case isSQLite(err):
		return fmt.Errorf("%s: %w", doing, err)
	default:
		return err
	}
}

// isSQLite reports whether an error is a result of SQLite.
func isSQLite(err error) bool { return errors.As(err, new(sqlite3.ExtendedErrorCode)) }

// roomForAnything is more than any write needs.
const roomForAnything = 1 << 20

// withRoom adds to an I/O error that there is no room, if so: the driver does not
// always say which error of the operating system it was.
func withRoom(dir string, err error) error {
	if !errors.Is(err, sqlite3.IOERR) {
		return err
	}
	file, probeErr := os.CreateTemp(dir, "onestroke.room-*")
	if probeErr == nil {
		_, probeErr = file.Write(make([]byte, roomForAnything))
		probeErr = errors.Join(probeErr, file.Close(), os.Remove(file.Name()))
	}
	if errors.Is(probeErr, syscall.ENOSPC) || errors.Is(probeErr, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", sqlite3.FULL, err)
	}
	return err
}
