package sqlitestore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/gallery"
	"onestroke/impl/sqlitestore"
)

func TestABackupIsOfOneMomentAndCanBeOpened(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	const before = 100
	for n := range before {
		if err := db.Drawings().Insert(t.Context(), owner, record(n, 200)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	last := before - 1 // that was answered
	writing.Go(func() {
		for n := before; ; n++ {
			if err := db.Drawings().Insert(ctx, owner, record(n, 200)); err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				return
			}
			last = n
		}
	})
	restored := t.TempDir()
	file := filepath.Join(restored, "onestroke.db")
	if err := sqlitestore.Backup(t.Context(), dir, file); err != nil {
		t.Fatal(err)
	}
	stop()
	writing.Wait()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}

	copied := open(t, restored)
	n := 0
	for r, err := range copied.Drawings().All(t.Context(), owner) {
		if err != nil {
			t.Fatal(err)
		}
		if want := record(n, 200); !reflect.DeepEqual(r, want) { // none is left out before another
			t.Fatalf("drawing %d is %+v", n, r.Summary)
		}
		n++
	}
	if n < before || n > last+2 {
		t.Errorf("%d drawings, want %d to %d", n, before, last+2)
	}
	if err := errors.Join(sqlitestore.Check(t.Context(), filepath.Dir(copied.Path())), writeOne(copied, 1_000_000)); err != nil {
		t.Error(err)
	}
}

func TestABackupOfAServiceThatWasKilled(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir)
	inLog(t, filepath.Join(dir, "onestroke.db"), `UPDATE drawings SET properties = '{"title":"in the log"}'`)
	restored := t.TempDir()
	if err := sqlitestore.Backup(t.Context(), dir, filepath.Join(restored, "onestroke.db")); err != nil {
		t.Fatal(err)
	}
	list, err := open(t, restored).Drawings().List(t.Context(), owner, gallery.Position{}, 1, false)
	if err != nil || len(list) != 1 || list[0].Title != "in the log" {
		t.Errorf("listed %+v, %v", list, err)
	}
}

func TestABackupIsRefused(t *testing.T) {
	dir, damaged, empty := t.TempDir(), t.TempDir(), t.TempDir()
	fill(t, dir)
	write(t, filepath.Join(damaged, "onestroke.db"), []byte("no database"))
	there := filepath.Join(t.TempDir(), "there")
	write(t, there, []byte("an older backup"))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx       context.Context
		dir, file string
		want      string
	}{
		"over a file":            {t.Context(), dir, there, "exists already"},
		"over a folder":          {t.Context(), dir, filepath.Dir(there), "is a folder"},
		"over a folder with /":   {t.Context(), dir, filepath.Dir(there) + "/", "is a folder"},
		"over a folder with /.":  {t.Context(), dir, filepath.Dir(there) + "/.", "is a folder"},
		"into a file":            {t.Context(), dir, filepath.Join(there, "file"), "not a directory"},
		"under a long name":      {t.Context(), dir, filepath.Join(t.TempDir(), strings.Repeat("n", 300)), "file name too long"},
		"into no folder":         {t.Context(), dir, filepath.Join(t.TempDir(), "none", "file"), "no such file"},
		"of no database":         {t.Context(), empty, filepath.Join(t.TempDir(), "file"), "there is no database"},
		"of a damaged one":       {t.Context(), damaged, filepath.Join(t.TempDir(), "file"), "is damaged"},
		"that is given up early": {canceled, dir, filepath.Join(t.TempDir(), "file"), "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			before := contents(t, filepath.Dir(c.file))
			err := sqlitestore.Backup(c.ctx, c.dir, c.file)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if after := contents(t, filepath.Dir(c.file)); !reflect.DeepEqual(after, before) {
				t.Errorf("it leaves %d files, before there were %d", len(after), len(before))
			}
		})
	}
	if left := contents(t, empty); len(left) != 0 {
		t.Errorf("the folder without a database has %d files", len(left))
	}
}

func TestABackupWithNamesOfAnyKind(t *testing.T) {
	for _, name := range names {
		dir, to := filepath.Join(t.TempDir(), name), t.TempDir()
		fill(t, dir)
		if err := sqlitestore.Backup(t.Context(), dir, filepath.Join(to, name)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if files := contents(t, to); len(files) != 1 || files[name] == "" {
			t.Errorf("%q: %d files", name, len(files))
		}
	}
}

// A backup by another user, such as root, leaves nothing that the service cannot write.
func TestABackupLeavesNoFileBehind(t *testing.T) {
	dir := t.TempDir()
	db, err := sqlitestore.Open(dir, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	if err := sqlitestore.Backup(t.Context(), dir, filepath.Join(t.TempDir(), "backup.db")); err != nil {
		t.Fatal(err)
	}
	if after := files(t, dir); after != before {
		t.Errorf("before %s, after %s", before, after)
	}
}

// While a backup reads, the log cannot be begun anew, and grows with what is written.
func TestTheLogIsShortAgainAfterABackup(t *testing.T) {
	const most = 2 * 4000 * 8192
	dir := t.TempDir()
	db := open(t, dir)
	path := filepath.Join(dir, "onestroke.db")
	log := func() int64 { return size(t, path+"-wal") }
	grow := `CREATE TABLE IF NOT EXISTS large (content BLOB); INSERT INTO large VALUES (zeroblob(4000000))`
	db.Exec(t, grow)
	backup, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer backup.Close()
	if err := backup.Exec(`BEGIN; SELECT count(*) FROM large`); err != nil {
		t.Fatal(err)
	}
	for range 25 {
		db.Exec(t, grow)
	}
	if log() <= most {
		t.Fatalf("the log has %d bytes while a backup reads", log())
	}
	if err := backup.Exec(`COMMIT`); err != nil {
		t.Fatal(err)
	}
	for range 3 { // one moves the log, and the next begins it anew
		db.Exec(t, `INSERT INTO large VALUES (x'')`)
	}
	if log() > most {
		t.Errorf("the log has %d bytes after the backup", log())
	}
}

func files(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(entries)
}
