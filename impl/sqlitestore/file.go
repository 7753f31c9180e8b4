package sqlitestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
	"github.com/ncruces/go-sqlite3"
)

// The files in the folder. SQLite adds onestroke.db-wal, which holds the newest
// writes, and onestroke.db-shm, and removes them when the database is closed.
const (
	databaseFile = "onestroke.db"
	lockFile     = "onestroke.lock"
)

// applicationID marks the databases of this service in their header: "1str".
const applicationID = 0x31737472

// ErrInUse says that another process has the folder open.
var ErrInUse = errors.New("is in use by another process")

// claim makes the folder if there is none, keeps other processes out of it until
// the lock is released or the process ends, and makes sure that what is there can
// be a database of this service. Only a missing file is created.
func claim(dir string) (path string, lock *flock.Flock, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("the data folder (DATA_DIR) cannot be made: %w", err)
	}
	path, err = databasePath(dir)
	if err != nil {
		return "", nil, fmt.Errorf("find the data folder (DATA_DIR): %w", err)
	}
	dir = filepath.Dir(path)
	if err := refuseEarlierStore(dir); err != nil {
		return "", nil, err
	}
	lock = flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return "", nil, notWritable(dir, err)
	}
	if !locked {
		return "", nil, fmt.Errorf("the data folder %s %w: stop it, or set DATA_DIR to another folder", dir, ErrInUse)
	}
	if err := examine(path, os.O_RDWR|os.O_CREATE); err != nil {
		return "", nil, errors.Join(err, lock.Unlock())
	}
	return path, lock, nil
}

func databasePath(dir string) (string, error) { return pathIn(dir, databaseFile) }

// pathIn returns the absolute path of a file in a folder. A symbolic link to the
// folder is resolved, as systemd makes one with DynamicUser=: [connect] follows none.
func pathIn(dir, file string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	return filepath.Join(dir, file), err
}

// refuseEarlierStore finds the files of FerretDB, which the service used before.
func refuseEarlierStore(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return notWritable(dir, err)
	}
	earlier := ""
	for _, f := range files {
		switch {
		case f.Name() == databaseFile:
			return nil
		case filepath.Ext(f.Name()) == ".sqlite":
			earlier = f.Name()
		}
	}
	if earlier == "" {
		return nil
	}
	return fmt.Errorf("the data folder %s has drawings of an earlier version of onestroke (%s), which this version does not read: "+
		"set DATA_DIR to another folder, and export the drawings with the version that saved them", dir, earlier)
}

// examine reads the header of the database file, before SQLite does anything to
// it. https://sqlite.org/fileformat2.html#the_database_header
func examine(path string, flags int) error {
	// A pipe would be waited for, and SQLite follows no symbolic link.
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file: put the database itself in its place, or set DATA_DIR to another folder", path)
	}
	logSize := int64(0)
	if info, err := os.Stat(path + "-wal"); err == nil {
		logSize = info.Size()
	}
	file, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return notWritable(path, err)
	}
	defer file.Close()
	var header [100]byte
	n, err := io.ReadFull(file, header[:])
	_, noJournal := os.Stat(path + "-journal")
	switch {
	case n == 0 && errors.Is(err, io.EOF) && logSize == 0:
		return nil // new, or the first start was killed
	case err == nil && header == [100]byte{} && noJournal == nil:
		return nil // the first start was killed when the file had its size, and no page yet: SQLite takes that back
	case err != nil, string(header[:16]) != "SQLite format 3\x00":
		return damaged(path, errors.New("it is not a SQLite database"))
	case binary.BigEndian.Uint32(header[68:]) != applicationID:
		return withRest(path, fmt.Errorf("%s is a SQLite database, but not one of onestroke: move it away, or set DATA_DIR to another folder", path))
	default:
		return nil
	}
}

// unusable says what to do about a database that SQLite cannot open.
func unusable(path string, err error) error {
	err = withRoom(filepath.Dir(path), err)
	switch {
	case errors.Is(err, sqlite3.NOTADB), errors.Is(err, sqlite3.CORRUPT):
		return damaged(path, err)
	case errors.Is(err, sqlite3.BUSY):
		return fmt.Errorf("%s is locked by another program: close it there: %w", path, err)
	case errors.Is(err, sqlite3.FULL), errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%s cannot be written, because the disk is full: make room: %w", path, err)
	case errors.As(err, new(*newerError)):
		return withRest(path, fmt.Errorf("%s %w", path, err))
	default:
		return notWritable(path, err)
	}
}

func damaged(path string, err error) error {
	return withRest(path, fmt.Errorf("%s is damaged (%w): put a backup in its place, or move it away to start with an empty one", path, err))
}

// withRest names the files beside a database that must not stay when it is replaced:
// SQLite would take what is in them for a part of the new one.
func withRest(path string, err error) error {
	var rest []string
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if _, statErr := os.Stat(path + suffix); statErr == nil {
			rest = append(rest, path+suffix)
		}
	}
	if rest == nil {
		return err
	}
	return fmt.Errorf("%w; if you replace or move it, move %s away with it", err, strings.Join(rest, " and "))
}

func notWritable(path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) { // which repeats the path
		err = cause.Err
	}
	return fmt.Errorf("%s cannot be used (%w): give the user of the service the right to write there, or set DATA_DIR to another folder", path, err)
}
