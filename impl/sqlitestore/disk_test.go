package sqlitestore_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/operator"
	"onestroke/impl/profile"
	"onestroke/impl/session"
	"onestroke/impl/sqlitestore"
	"onestroke/tests/disk"
)

// A full file: nothing half-written, deletions go on, and so does everything when
// there is room.
func TestAFileThatMayNotGrow(t *testing.T) {
	db := open(t, t.TempDir())
	db.LimitPages(t, 60)
	fillsUpAndRecovers(t, db, func() { db.LimitPages(t, 1_000_000) })
	r := record(0, 9)
	db.LimitPages(t, 1) // which is the size that it has
	if err := db.Drawings().Delete(t.Context(), owner, r.ID, gallery.IfPresent()); err != nil {
		t.Error("delete where nothing may grow:", err)
	}
}

// A full disk: as above, as far as there is room for the log.
func TestADiskThatIsFull(t *testing.T) {
	dir := t.TempDir()
	disk.Small(t, dir, 72<<20)
	data, ballast := filepath.Join(dir, "data"), filepath.Join(dir, "ballast")
	write(t, ballast, make([]byte, 6<<20))
	db, err := sqlitestore.Open(data, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fillsUpAndRecovers(t, db, func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func fillsUpAndRecovers(t *testing.T, db *sqlitestore.DB, makeRoom func()) {
	d, written := db.Drawings(), 0
	for {
		err := d.Insert(t.Context(), owner, record(written, 2_000))
		if err == nil {
			written++
			continue
		}
		if !errors.Is(err, gallery.ErrUnavailable) || !errors.Is(err, sqlitestore.ErrDiskFull) {
			t.Fatalf("drawing %d: %v", written, err)
		}
		break
	}
	if written == 0 {
		t.Fatal("it was full from the start")
	}
	for range 3 { // it stays so, for sessions too as soon as they need a page
		if err := d.Insert(t.Context(), owner, record(written, 2_000)); !errors.Is(err, sqlitestore.ErrDiskFull) {
			t.Errorf("one more: %v", err)
		}
	}
	if _, err := db.Sessions().Open(t.Context(), numbered(1)); err != nil && !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("a session: %v", err)
	}
	holds := func() {
		t.Helper()
		n := 0
		for r, err := range d.All(t.Context(), owner) {
			if err != nil || !reflect.DeepEqual(r, record(n, 2_000)) {
				t.Fatalf("drawing %d: %+v, %v", n, r.Summary, err)
			}
			n++
		}
		if n != written {
			t.Errorf("%d drawings, want %d", n, written)
		}
		// Damage would be found before that there is no room.
		if err := sqlitestore.Check(t.Context(), filepath.Dir(db.Path())); err != nil && !errors.Is(err, sqlite3.FULL) {
			t.Error(err)
		}
	}
	holds()
	makeRoom()
	if err := d.Insert(t.Context(), owner, record(written, 2_000)); err != nil {
		t.Fatal("with room again:", err)
	}
	written++
	holds()
}

// What a user takes back goes as well where only the reserve is left: of a profile with an
// avatar, the avatar alone.
func TestAFullDiskKeepsNoPartOfAProfile(t *testing.T) {
	dir := t.TempDir()
	disk.Small(t, dir, 72<<20)
	db := open(t, filepath.Join(dir, "data"))
	profiles := profile.New(db.Drawings(), nil)
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(what, err)
		}
	}
	must("a nickname:", profiles.SetNickname(t.Context(), owner, "anna"))
	must("an avatar:", profiles.SetAvatar(t.Context(), owner, make([]byte, 10_000)))
	write(t, filepath.Join(dir, "ballast"), make([]byte, 10<<20))
	if err := profiles.SetAvatar(t.Context(), owner, make([]byte, 20_000)); !errors.Is(err, sqlitestore.ErrDiskFull) {
		t.Fatal("a larger avatar:", err)
	}
	must("no avatar:", profiles.RemoveAvatar(t.Context(), owner))
	if got, err := profiles.Profile(t.Context(), owner); err != nil || got.Avatar != nil || got.Nickname != "anna" {
		t.Errorf("the profile is %+v, %v", got, err)
	}
	must("no nickname:", profiles.SetNickname(t.Context(), owner, ""))
}

// Operators decide also where only the reserve is left: what is bad must not stay visible
// until there is room.
func TestOperatorsDecideOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	disk.Small(t, dir, 72<<20)
	db := open(t, filepath.Join(dir, "data"))
	d := db.Drawings()
	checks := moderation.New(moderation.Options{Store: d})
	drawings, profiles := gallery.New(d, gallery.Options{Checks: checks}), profile.New(d, checks)
	operators := operator.New(operator.Options{Store: d, Checks: checks, Exists: drawings.Has})
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(what, err)
		}
	}
	drawn, _, err := drawings.Put(t.Context(), owner, drawingtest.ID(1), drawingtest.Content("bad", 1, 3), gallery.IfAbsent())
	must("a drawing:", err)
	_, _, err = drawings.Share(t.Context(), owner, drawn.ID)
	must("a share:", err)
	must("a nickname:", profiles.SetNickname(t.Context(), owner, "bad"))
	must("an avatar:", profiles.SetAvatar(t.Context(), owner, make([]byte, 10_000)))
	shown, _, err := checks.Shown(t.Context(), owner, moderation.Thing{}, 10)
	if err != nil || len(shown) != 3 {
		t.Fatalf("%+v, %v", shown, err)
	}
	write(t, filepath.Join(dir, "ballast"), make([]byte, 10<<20))
	if err := d.Insert(t.Context(), owner, record(2, 3)); !errors.Is(err, sqlitestore.ErrDiskFull) {
		t.Fatal("a drawing, when only the reserve is left:", err)
	}
	if err := profiles.SetNickname(t.Context(), owner, "worse"); !errors.Is(err, sqlitestore.ErrDiskFull) {
		t.Fatal("a nickname, when only the reserve is left:", err)
	}
	for _, action := range []operator.Action{operator.Refuse, operator.Approve, operator.TakeDown} {
		for _, w := range shown {
			decision := operator.Decision{Action: action, Version: w.Content.Version, Reason: moderation.Abuse, By: "anna"}
			must(string(action)+" "+string(w.Kind)+":", operators.Decide(t.Context(), w.Thing, decision))
		}
	}
	must("suspend:", operators.Suspend(t.Context(), owner, "anna", "bad"))
	must("lift:", operators.Lift(t.Context(), owner, "anna", "good again"))
	if left, _, err := checks.Shown(t.Context(), owner, moderation.Thing{}, 10); err != nil || len(left) != 0 {
		t.Errorf("others still see %+v, %v", left, err)
	}
	if trail, _, err := operators.Trail(t.Context(), "", 100); err != nil || len(trail) != 11 || trail[0].Outcome != operator.Done {
		t.Errorf("the trail is %+v, %v", trail, err)
	}
}
