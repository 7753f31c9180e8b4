//go:build unix

package sqlitestore_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"onestroke/impl/sqlitestore"
)

// The umask does not make a file readable or writable to others.
func TestTheFilesAreOfTheirUserOnly(t *testing.T) {
	for _, umask := range []int{0o000, 0o022, 0o077} {
		t.Run(fmt.Sprintf("umask %03o", umask), func(t *testing.T) {
			before := syscall.Umask(umask)
			defer syscall.Umask(before)
			dir := filepath.Join(t.TempDir(), "data")
			for _, state := range []string{"new", "there already"} {
				db, err := sqlitestore.Open(dir, sqlitestore.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if state == "new" {
					err = writeOne(db, 1)
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, file := range []string{"onestroke.db", "onestroke.db-wal", "onestroke.db-shm", "onestroke.lock"} {
					info, err := os.Stat(filepath.Join(dir, file))
					if err != nil {
						t.Fatal(err)
					}
					if mode := info.Mode().Perm(); mode != 0o600 {
						t.Errorf("%s: %s has mode %o", state, file, mode)
					}
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestAPipeInPlaceOfTheDatabaseIsRefused(t *testing.T) {
	refusesAFolder(t, func(t *testing.T, dir string) {
		if err := syscall.Mkfifo(filepath.Join(dir, "onestroke.db"), 0o600); err != nil {
			t.Fatal(err)
		}
	}, "onestroke.db is not a regular file", "DATA_DIR")
}

// As a user who may not write there, in a process of its own.
func TestAFolderThatCannotBeWrittenIsRefused(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere another user may be unable to reach the folder for temporary files, as on macOS")
	}
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"an empty folder": func(t *testing.T, dir string) { chmod(t, dir, 0o555) },
		"a parent": func(t *testing.T, dir string) {
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
			chmod(t, filepath.Dir(dir), 0o555)
		},
		"a folder with a database": func(t *testing.T, dir string) {
			fill(t, dir)
			for file := range contents(t, dir) {
				chmod(t, filepath.Join(dir, file), 0o444)
			}
			chmod(t, dir, 0o555)
		},
		"a database": func(t *testing.T, dir string) {
			fill(t, dir)
			chmod(t, filepath.Join(dir, "onestroke.lock"), 0o666)
			chmod(t, filepath.Join(dir, "onestroke.db"), 0o444)
		},
		"a folder that cannot be read": func(t *testing.T, dir string) { chmod(t, dir, 0o000) },
	} {
		t.Run(name, func(t *testing.T) {
			root, err := os.MkdirTemp("", "onestroke-sqlite-") // nobody can reach t.TempDir() of root
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(root) })
			dir := filepath.Join(root, "parent", "data")
			if err := os.MkdirAll(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			chmod(t, root, 0o777)
			chmod(t, filepath.Dir(dir), 0o777)
			chmod(t, dir, 0o777)
			spoil(t, dir)
			t.Cleanup(func() {
				_ = os.Chmod(filepath.Dir(dir), 0o777)
				_ = os.Chmod(dir, 0o777)
			})
			program := copyOfThisProgram(t, root)
			child := startHelper(t, "open", dir, func(c *exec.Cmd) {
				c.Path, c.Dir = program, "/"
				if os.Getuid() == 0 {
					c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
				}
			})
			child.stdin.Close()
			if err := child.Wait(); err == nil {
				t.Fatal("it was opened")
			}
			refusedInOneLine(t, errors.New(strings.TrimSpace(child.stderr.String())), "permission denied", "DATA_DIR")
		})
	}
}

func copyOfThisProgram(t *testing.T, dir string) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "program")
	write(t, path, text)
	chmod(t, path, 0o755)
	return path
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
