package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/ncruces/go-sqlite3"
)

// Backup writes all that is in the database of a folder at one moment to a new
// file, also while a service uses it. It replaces no file, and chooses no name in a
// folder. The file appears only when it is complete,
// was opened and read, and is on disk. It is a database itself: to restore it,
// stop the service and put it in the folder as onestroke.db, without the
// onestroke.db-wal of another.
func Backup(ctx context.Context, dir, file string) error {
	path, err := Existing(dir)
	if err != nil {
		return err
	}
	if err := examine(path, os.O_RDONLY); err != nil {
		return err
	}
	flags, release, err := access(path)
	if err != nil {
		return err
	}
	defer release()
	if strings.HasSuffix(file, string(filepath.Separator)) {
		return fmt.Errorf("make the backup: %w", folderError(file))
	}
	file = filepath.Clean(file) // "backups/." is a name in the folder above
	if file, err = pathIn(filepath.Dir(file), filepath.Base(file)); err == nil {
		err = refuseExisting(file)
	}
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	partial, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".partial-*") // for this user only
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	err = errors.Join(copyTo(ctx, path, flags, partial.Name()), partial.Sync(), partial.Close())
	if err == nil {
		err = publish(partial.Name(), file)
	}
	if err != nil {
		_ = os.Remove(partial.Name() + "-journal") // if SQLite left it
		return errors.Join(fmt.Errorf("make the backup %s: %w", file, withRoom(filepath.Dir(file), err)), os.Remove(partial.Name()))
	}
	return nil
}

// Existing returns the path of the database in a folder, and an error if there is
// none: [Open] would create it.
func Existing(dir string) (path string, err error) {
	path, err = databasePath(dir)
	if err == nil {
		_, err = os.Stat(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no database %s: set DATA_DIR to the folder of the service", filepath.Join(dir, databaseFile))
	}
	if err != nil {
		return "", fmt.Errorf("find the data folder (DATA_DIR): %w", err)
	}
	return path, nil
}

// access returns how to open the database: to read, where a service uses it, and
// otherwise to write, with other processes kept out. Only who may write removes the
// files that SQLite adds: those of another user, such as root, would be in the way
// of the next service.
func access(path string) (flags sqlite3.OpenFlag, release func(), err error) {
	lock := flock.New(filepath.Join(filepath.Dir(path), lockFile), flock.SetFlag(os.O_RDONLY))
	locked, err := lock.TryLock()
	switch {
	case errors.Is(err, fs.ErrNotExist): // no service has used the folder
		return sqlite3.OPEN_READWRITE, func() {}, nil
	case err != nil:
		return 0, nil, fmt.Errorf("find out whether a service uses %s: %w", path, err)
	case !locked:
		return sqlite3.OPEN_READONLY, func() {}, nil
	default:
		return sqlite3.OPEN_READWRITE, func() { _ = lock.Unlock() }, nil
	}
}

// copyTo writes the database to an empty file, and reads it there.
func copyTo(ctx context.Context, path string, flags sqlite3.OpenFlag, to string) (err error) {
	c, err := connect(path, flags)
	if err != nil {
		return unusable(path, err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	c.SetInterrupt(ctx)
	if _, err := c.change(`VACUUM INTO ?1`, to); err != nil {
		return err
	}
	copied, err := connect(to, sqlite3.OPEN_READONLY)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, copied.Close()) }()
	copied.SetInterrupt(ctx)
	if err := integrity(copied); err != nil {
		return err
	}
	version, err := schemaVersion(copied)
	if err == nil && (version < 1 || version > len(migrations)) {
		err = fmt.Errorf("it has schema %d, which this version does not know", version)
	}
	return err
}

// publish gives a complete file its name, and makes that last.
func publish(partial, file string) error {
	if err := refuseExisting(file); err != nil {
		return err
	}
	if err := os.Rename(partial, file); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func refuseExisting(file string) error {
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return folderError(file)
	default:
		return fmt.Errorf("%s exists already: a backup replaces no file", file)
	}
}

// folderError says that a folder is named where a file must be.
type folderError string

func (e folderError) Error() string {
	return fmt.Sprintf("%s is a folder: name a new file in it, such as %s", string(e), filepath.Join(string(e), databaseFile))
}
