package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
)

// Backup writes all that is in the database of a folder at one moment to a new
// file, also while a service uses it. The file appears only when it is complete,
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
	if file, err = pathIn(filepath.Dir(file), filepath.Base(file)); err != nil {
		return err
	}
	if err := refuseExisting(file); err != nil {
		return err
	}
	partial, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".partial-*") // for this user only
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	err = errors.Join(copyTo(ctx, path, partial.Name()), partial.Sync(), partial.Close())
	if err == nil {
		err = publish(partial.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("make the backup: %w", err), os.Remove(partial.Name()))
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
	return path, err
}

// copyTo writes the database to an empty file, and reads it there.
func copyTo(ctx context.Context, path, to string) (err error) {
	c, err := connect(path, sqlite3.OPEN_READONLY)
	if err != nil {
		return err
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
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists already: a backup replaces no file", file)
	}
	return nil
}
