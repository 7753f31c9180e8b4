package sqlitestore_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/gallery"
	"onestroke/impl/sqlitestore"
)

// names of folders that mean something to a shell, to a URI or to SQLite.
var names = []string{
	"a b", "一笔到底", "what?mode=memory", "a#b", "%41", "[ab]", "*", `back\slash`, `quo'te`, `dou"ble`, "a&b=c;d", "file:x", ":memory:", "-", "new\nline",
}

func TestTheFilesAreInTheFolderAndNowhereElse(t *testing.T) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			parent, elsewhere := t.TempDir(), t.TempDir()
			t.Chdir(elsewhere)
			t.Setenv("TMPDIR", elsewhere)
			t.Setenv("SQLITE_TMPDIR", elsewhere)
			dir := filepath.Join(parent, "made on demand", name)
			for range 2 {
				db, err := sqlitestore.Open(dir, sqlitestore.Options{})
				if err != nil {
					t.Fatal(err)
				}
				err = db.Drawings().Insert(t.Context(), owner, record(1, 20_000))
				if err != nil && !errors.Is(err, gallery.ErrChanged) { // the second time
					t.Fatal(err)
				}
				for _, file := range []string{"onestroke.db", "onestroke.db-wal", "onestroke.lock"} {
					info, err := os.Stat(filepath.Join(dir, file))
					if err != nil {
						t.Fatal(err)
					}
					if mode := info.Mode().Perm(); mode != 0o600 {
						t.Errorf("%s has mode %o", file, mode)
					}
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
			var found []string
			for _, root := range []string{parent, elsewhere} {
				err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
					if err == nil && !entry.IsDir() {
						found = append(found, path)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			want := fmt.Sprint([]string{filepath.Join(dir, "onestroke.db"), filepath.Join(dir, "onestroke.lock")})
			if fmt.Sprint(found) != want {
				t.Errorf("found %q, want %q", found, want)
			}
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the folder: %v, %v", info, err)
			}
		})
	}
}

func TestARelativeFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	open(t, "data")
	if _, err := os.Stat("data/onestroke.db"); err != nil {
		t.Error(err)
	}
}

func TestAFolderBehindASymbolicLink(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	open(t, link)
	for _, do := range []func() error{
		func() error { return sqlitestore.Check(t.Context(), link) },
		func() error { return sqlitestore.Backup(t.Context(), link, filepath.Join(link, "backup.db")) },
	} {
		if err := do(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "onestroke.db")); err != nil {
		t.Error(err)
	}
}

// What cannot be used is refused in one line, and is afterwards as it was.
func TestAFolderIsRefused(t *testing.T) {
	sqlitestore.CheckWhole(t)
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  []string // in the error
	}{
		"of the earlier store": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "onestroke.sqlite"), []byte("SQLite format 3\x00"))
			write(t, filepath.Join(dir, "lock"), nil)
		}, []string{"earlier version", "onestroke.sqlite", "DATA_DIR"}},
		"with a file that is no database": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "onestroke.db"), bytes.Repeat([]byte("no database "), 1_000))
		}, []string{"onestroke.db is damaged", "backup"}},
		"with a short file": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "onestroke.db"), []byte("SQLite"))
		}, []string{"onestroke.db is damaged", "backup"}},
		"with the database of another program": {func(t *testing.T, dir string) {
			sql(t, filepath.Join(dir, "onestroke.db"), `CREATE TABLE t (x); PRAGMA user_version = 1`)
		}, []string{"onestroke.db", "not one of onestroke", "DATA_DIR"}},
		"with a database of a newer version": {func(t *testing.T, dir string) {
			fill(t, dir)
			sql(t, filepath.Join(dir, "onestroke.db"), `PRAGMA user_version = 1000`)
		}, []string{"newer version", "schema 1000", "run that version"}},
		"with a negative schema version": {func(t *testing.T, dir string) {
			fill(t, dir)
			sql(t, filepath.Join(dir, "onestroke.db"), `PRAGMA user_version = -1`)
		}, []string{"onestroke.db is damaged", "schema -1", "backup"}},
		"with tables but no schema version": {func(t *testing.T, dir string) {
			fill(t, dir)
			sql(t, filepath.Join(dir, "onestroke.db"), `PRAGMA user_version = 0`)
		}, []string{"onestroke.db is damaged", "schema 0", "backup"}},
		"with a newer version's log": {func(t *testing.T, dir string) {
			fill(t, dir)
			inLog(t, filepath.Join(dir, "onestroke.db"), `PRAGMA user_version = 1000`)
		}, []string{"newer version", "schema 1000", "run that version"}},
		"with a database cut off": {func(t *testing.T, dir string) {
			fill(t, dir)
			path := filepath.Join(dir, "onestroke.db")
			if err := os.Truncate(path, size(t, path)/2); err != nil {
				t.Fatal(err)
			}
		}, []string{"onestroke.db is damaged", "backup"}},
		"with a database that was emptied beside its log": {func(t *testing.T, dir string) {
			fill(t, dir)
			path := filepath.Join(dir, "onestroke.db")
			inLog(t, path, `DELETE FROM contents`)
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		}, []string{"onestroke.db is damaged", "backup"}},
		"with a database whose pages are damaged": {func(t *testing.T, dir string) {
			fill(t, dir)
			path := filepath.Join(dir, "onestroke.db")
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			for at := int64(8192); at < size(t, path); at += 8192 {
				if _, err := file.WriteAt(bytes.Repeat([]byte{0xA5}, 100), at); err != nil {
					t.Fatal(err)
				}
			}
		}, []string{"onestroke.db is damaged", "backup"}},
		"with a file that is no database beside what a kill left": {func(t *testing.T, dir string) {
			fill(t, dir)
			inLog(t, filepath.Join(dir, "onestroke.db"), `DELETE FROM contents`)
			write(t, filepath.Join(dir, "onestroke.db-shm"), make([]byte, 32<<10))
			write(t, filepath.Join(dir, "onestroke.db"), bytes.Repeat([]byte("no database "), 1_000))
		}, []string{"onestroke.db is damaged", "onestroke.db-wal and ", "onestroke.db-shm"}},
		"with a folder in place of the database": {func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, "onestroke.db"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, []string{"onestroke.db is not a regular file", "DATA_DIR"}},
		"with a link in place of the database": {func(t *testing.T, dir string) {
			fill(t, dir)
			path := filepath.Join(dir, "onestroke.db")
			if err := errors.Join(os.Rename(path, dir+".db"), os.Symlink(dir+".db", path)); err != nil {
				t.Fatal(err)
			}
		}, []string{"onestroke.db is not a regular file", "DATA_DIR"}},
		"that is a file": {func(t *testing.T, dir string) {
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
			write(t, dir, nil)
		}, []string{"DATA_DIR"}},
	} {
		t.Run(name, func(t *testing.T) { refusesAFolder(t, c.spoil, c.want...) })
	}
}

// refusesAFolder checks that a folder is refused after spoil, and stays as it is.
func refusesAFolder(t *testing.T, spoil func(t *testing.T, dir string), want ...string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	spoil(t, dir)
	before := contents(t, dir)
	_, err := sqlitestore.Open(dir, sqlitestore.Options{})
	refusedInOneLine(t, err, want...)
	namesTheRest(t, filepath.Join(dir, "onestroke.db"), err)
	if after := contents(t, dir); !maps.Equal(before, after) {
		t.Errorf("the files have changed: %v, before %v", after, before)
	}
	if _, err := sqlitestore.Open(dir, sqlitestore.Options{}); err == nil || strings.Contains(err.Error(), "in use") {
		t.Errorf("the second time: %v", err)
	}
}

// namesTheRest checks that an error names the files that are beside the database, and
// no others.
func namesTheRest(t *testing.T, path string, refused error) {
	t.Helper()
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		_, err := os.Stat(path + suffix)
		if named := strings.Contains(refused.Error(), path+suffix); named != (err == nil) {
			t.Errorf("%s is there: %t, and named: %t", suffix, err == nil, named)
		}
	}
}

func TestAFolderInUseIsRefused(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	_, err := sqlitestore.Open(dir, sqlitestore.Options{})
	refusedInOneLine(t, err, "in use by another process", "DATA_DIR")
	child := startHelper(t, "open", dir)
	child.stdin.Close()
	if err := child.Wait(); err == nil || !strings.Contains(child.stderr.String(), "in use by another process") {
		t.Errorf("another process: %v, %s", err, child.stderr)
	}
	if err := writeOne(db, 1); err != nil {
		t.Error("the one that was first:", err)
	}
}

func refusedInOneLine(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("it was opened")
	}
	t.Log(err)
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than a line: %v", err)
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v; want %q in it", err, text)
		}
	}
}

func TestAMigrationIsDoneWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir)
	t.Run("one that fails", func(t *testing.T) {
		sqlitestore.AddMigration(t, `CREATE TABLE added (x) STRICT; INSERT INTO nothing VALUES (1);`)
		_, err := sqlitestore.Open(dir, sqlitestore.Options{})
		refusedInOneLine(t, err, "schema", "onestroke.db")
	})
	t.Run("one that does not", func(t *testing.T) {
		sqlitestore.AddMigration(t, `CREATE TABLE added (x INTEGER) STRICT; INSERT INTO added VALUES (1);`)
		for range 2 {
			db, err := sqlitestore.Open(dir, sqlitestore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(sqlitestore.Check(t.Context(), filepath.Dir(db.Path())), db.Close()); err != nil {
				t.Fatal(err)
			}
		}
	})
	_, err := sqlitestore.Open(dir, sqlitestore.Options{})
	refusedInOneLine(t, err, "newer version", fmt.Sprint("schema ", sqlitestore.Schema()+1))
}

func TestCheckFindsDamageBeyondTheStart(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir)
	db := open(t, dir)
	if err := sqlitestore.Check(t.Context(), filepath.Dir(db.Path())); err != nil {
		t.Fatal(err)
	}
	path := db.Path()
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(bytes.Repeat([]byte{0xA5}, 100), size(t, path)-8192); err != nil {
		t.Fatal(err)
	}
	if err := sqlitestore.Check(t.Context(), filepath.Dir(db.Path())); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("checked a damaged file: %v", err)
	}
}

// fill makes a database with drawings in a folder, and closes it.
func fill(t *testing.T, dir string) {
	t.Helper()
	db, err := sqlitestore.Open(dir, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 50 {
		if err := writeOne(db, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// sql runs statements on a file, and closes it.
func sql(t *testing.T, path, statements string) {
	t.Helper()
	c, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Exec(statements), c.Close()); err != nil {
		t.Fatal(err)
	}
}

// inLog is like sql, and leaves what it has written in the log.
func inLog(t *testing.T, path, statements string) {
	t.Helper()
	c, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READWRITE)
	if err != nil {
		t.Fatal(err)
	}
	_, configErr := c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
	if err := errors.Join(configErr, c.Exec(statements), c.Close()); err != nil {
		t.Fatal(err)
	}
	header, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if version := binary.BigEndian.Uint32(header[60:]); version == 1000 {
		t.Fatal("it is in the file already")
	}
}

// contents are the sizes and digests of the files of a folder, by name, without the lock, and
// without an empty log and the index of it, which hold nothing.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return all
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() == "onestroke.lock" || f.Name() == "onestroke.db-shm" || !f.Type().IsRegular() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if f.Name() == "onestroke.db-wal" && len(text) == 0 {
			continue
		}
		all[f.Name()] = fmt.Sprintf("%d bytes, %x", len(text), sha256.Sum256(text))
	}
	return all
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
