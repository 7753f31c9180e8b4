package sqlitestore_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"onestroke/impl/gallery"
	"onestroke/impl/session"
	"onestroke/impl/sqlitestore"
)

// The test binary runs itself again as a helper: a process that can be killed.
const (
	helperVariable = "ONESTROKE_SQLITE_HELPER"
	dirVariable    = "ONESTROKE_SQLITE_DIR"
)

var helpers = map[string]func(dir string) error{
	"open":  openAndClose,
	"write": writeUntilKilled,
}

// openAndClose opens the database once standard input has been closed.
func openAndClose(dir string) error {
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	db, err := sqlitestore.Open(dir, sqlitestore.Options{})
	if err != nil {
		return err
	}
	return db.Close()
}

// writeUntilKilled writes drawings and sessions, many at a time, from the number on
// that it reads, and says each number once its writes have been answered.
func writeUntilKilled(dir string) error {
	var first int
	if _, err := fmt.Scan(&first); err != nil {
		return err
	}
	db, err := sqlitestore.Open(dir, sqlitestore.Options{})
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	failed := make(chan error, 8)
	for writer := range 8 {
		all.Go(func() {
			for n := first + writer; ; n += 8 {
				if err := writeOne(db, n); err != nil {
					failed <- err
					return
				}
				if _, err := fmt.Println(n); err != nil {
					return
				}
			}
		})
	}
	return <-failed
}

func writeOne(db *sqlitestore.DB, n int) error {
	ctx, r := context.Background(), record(n, 200)
	if err := db.Drawings().Insert(ctx, owner, r); err != nil {
		return err
	}
	if n%3 == 0 {
		if err := db.Drawings().Replace(ctx, owner, r.ETag, replaced(r)); err != nil {
			return err
		}
	}
	if n%5 == 0 {
		if err := db.Drawings().Delete(ctx, owner, r.ID, gallery.IfPresent()); err != nil {
			return err
		}
	}
	_, err := db.Sessions().Open(ctx, numbered(n))
	return err
}

func replaced(r gallery.Record) gallery.Record {
	r.Revision, r.ETag, r.PreviousETag, r.Title, r.Actions = 2, r.ETag+" replaced", r.ETag, "replaced", nil
	return r
}

func numbered(n int) session.Session {
	at := time.Unix(1_700_000_000, 0).UTC()
	return session.Session{
		ID: fmt.Sprint("session ", n), Kind: session.Token, User: session.User{ID: fmt.Sprint("user ", n)},
		CreatedAt: at, LastUsedAt: at, ExpiresAt: at.Add(time.Hour),
	}
}

func TestEveryAnsweredWriteIsThereAfterAKill(t *testing.T) {
	dir := t.TempDir()
	answered, first := []int{}, 0
	for range 20 {
		child := startHelper(t, "write", dir)
		fmt.Fprintln(child.stdin, first)
		lines := bufio.NewScanner(child.stdout)
		highest, left := first, 10+rand.IntN(90)
		for lines.Scan() { // what was said before the kill is still in the pipe
			if left--; left == 0 {
				_ = child.Process.Kill()
			}
			var n int
			if _, err := fmt.Sscan(lines.Text(), &n); err != nil {
				t.Fatalf("the helper says %q", lines.Text())
			}
			answered, highest = append(answered, n), max(highest, n)
		}
		if err := child.Wait(); left > 0 || err == nil {
			t.Fatalf("the helper ended before it was killed: %v, %s", err, child.stderr)
		}
		first = highest + 1_000 // beyond what was written and not answered
	}

	began := time.Now()
	db := open(t, dir)
	t.Logf("opened after %v, %d answered", time.Since(began), len(answered))
	if err := sqlitestore.Check(t.Context(), filepath.Dir(db.Path())); err != nil {
		t.Fatal(err)
	}
	for _, n := range answered {
		want := record(n, 200)
		if n%3 == 0 {
			want = replaced(want)
		}
		got, err := db.Drawings().Get(t.Context(), owner, want.ID)
		switch {
		case n%5 == 0 && !errors.Is(err, gallery.ErrNotFound):
			t.Errorf("drawing %d was deleted: %v", n, err)
		case n%5 != 0 && (err != nil || !reflect.DeepEqual(got, want)):
			t.Errorf("drawing %d: %+v, %v", n, got.Summary, err)
		}
		x := numbered(n)
		if got, err := db.Sessions().Find(t.Context(), x.User.ID, x.ID); err != nil || got != x {
			t.Errorf("session %d: %+v, %v", n, got, err)
		}
	}
}

func TestAFirstStartMayBeKilledAtAnyMoment(t *testing.T) {
	killed := 0
	for range 40 {
		dir := t.TempDir()
		child := startHelper(t, "open", dir)
		time.AfterFunc(time.Duration(rand.IntN(8_000))*time.Microsecond, func() { _ = child.Process.Kill() })
		child.stdin.Close()
		if err := child.Wait(); err != nil {
			killed++
		}
		db, err := sqlitestore.Open(dir, sqlitestore.Options{})
		if err != nil {
			t.Fatalf("after a kill: %v, %s", err, child.stderr)
		}
		if err := errors.Join(writeOne(db, 1), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if killed == 0 {
		t.Error("no helper was killed in time")
	}
}

// SQLite gives the file its size before it writes the first page. A kill between the two
// leaves zeros, and the journal that takes them back
// (https://sqlite.org/fileformat2.html#the_rollback_journal).
func TestAFirstStartMayBeKilledBeforeTheFirstPage(t *testing.T) {
	journal := make([]byte, 512)
	copy(journal, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
	binary.BigEndian.PutUint32(journal[20:], 512)  // the size of a sector
	binary.BigEndian.PutUint32(journal[24:], 8192) // the size of a page
	dir := t.TempDir()
	file := filepath.Join(dir, "onestroke.db")
	for name, content := range map[string][]byte{file: make([]byte, 8192), file + "-journal": journal} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sqlitestore.Open(dir, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writeOne(db, 1), db.Close()); err != nil {
		t.Fatal(err)
	}
}

type helper struct {
	*exec.Cmd
	stdin  io.WriteCloser
	stdout io.Reader
	stderr *strings.Builder
}

// startHelper starts one that is killed at the end of the test.
func startHelper(t *testing.T, do, dir string, change ...func(*exec.Cmd)) *helper {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := &helper{Cmd: exec.Command(program), stderr: &strings.Builder{}}
	h.Env = append(os.Environ(), helperVariable+"="+do, dirVariable+"="+dir)
	h.Stderr = h.stderr
	if h.stdin, err = h.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if h.stdout, err = h.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	for _, change := range change {
		change(h.Cmd)
	}
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Process.Kill() })
	return h
}
