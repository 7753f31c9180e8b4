package sqlitestore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/packing"
	"onestroke/impl/drawing/render"
	"onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
	"onestroke/impl/moderation"
	"onestroke/impl/moderation/moderationtest"
	"onestroke/impl/operator"
	"onestroke/impl/operator/operatortest"
	"onestroke/impl/profile"
	"onestroke/impl/profile/profiletest"
	"onestroke/impl/session"
	"onestroke/impl/session/sessiontest"
	"onestroke/impl/sqlitestore"
)

var (
	_ session.Store   = (*sqlitestore.Sessions)(nil)
	_ session.Buckets = (*sqlitestore.Sessions)(nil)
	_ gallery.Store   = (*sqlitestore.Drawings)(nil)
)

const owner = "owner-----------------"

func TestMain(m *testing.M) {
	if do := os.Getenv(helperVariable); do != "" {
		if err := helpers[do](os.Getenv(dirVariable)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// Every statement that the contracts and the rest make the store prepare is
// answered by an index, and none sorts.
func TestTheContractsAndTheirQueryPlans(t *testing.T) {
	var opened []*sqlitestore.DB
	open := func(t *testing.T) *sqlitestore.DB {
		db, err := sqlitestore.Open(t.TempDir(), sqlitestore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		opened = append(opened, db)
		return db
	}
	defer func() {
		for _, db := range opened {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}()
	t.Run("drawings", func(t *testing.T) {
		gallerytest.Run(t, func(t *testing.T) gallery.Store { return open(t).Drawings() })
	})
	db := open(t)
	t.Run("sessions", func(t *testing.T) {
		sessiontest.Run(t, func(*testing.T) session.Store { return db.Sessions() })
	})
	t.Run("buckets", func(t *testing.T) {
		sessiontest.RunBuckets(t, func(*testing.T) session.Buckets { return db.Sessions() })
	})
	t.Run("checks", func(t *testing.T) {
		moderationtest.Run(t, func(*testing.T) moderation.Store { return db.Drawings() })
		operatortest.Run(t, func(*testing.T) operator.Store { return db.Drawings() })
	})
	t.Run("profiles", func(t *testing.T) {
		profiletest.Run(t, func(*testing.T) profile.Store { return db.Drawings() })
	})
	t.Run("notes", func(t *testing.T) {
		sessiontest.RunNotes(t, func(*testing.T) session.Notes { return db.Sessions() })
	})
	for range db.Drawings().Owners(t.Context()) {
	}
	for range db.Drawings().Profiles(t.Context()) {
	}
	for range db.Sessions().All(t.Context()) {
	}
	for range db.Sessions().Attempts(t.Context()) {
	}
	if err := db.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}

	var statements []string
	for _, db := range opened {
		statements = append(statements, db.Statements(t)...)
	}
	slices.Sort(statements)
	statements = slices.Compact(statements)
	planned := 0
	for _, sql := range statements {
		for _, line := range db.Plan(t, sql) {
			planned++
			isSmall := line == "SCAN CONSTANT ROW" || line == "SCAN (subquery-1)" || strings.HasPrefix(line, "SCAN json_each ") // of the arguments
			if strings.HasPrefix(line, "SCAN") && !isSmall || strings.Contains(line, "TEMP B-TREE") {
				t.Errorf("%s\n\t%s", sql, line)
			}
		}
	}
	if planned < 25 {
		t.Errorf("%d lines of plans of %d statements: is any missing?", planned, len(statements))
	}
}

func TestEverythingIsThereAfterARestart(t *testing.T) {
	dir := t.TempDir()
	first, err := sqlitestore.Open(dir, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, done, r := newSession("user"), newAttempt(), record(1, 9)
	done.UserID = x.User.ID
	r.Share = gallery.Share{Token: strings.Repeat("t", 22)}
	_, openErr := first.Sessions().Open(t.Context(), x)
	logIn(t, first, "code", done, time.Hour)
	if err := errors.Join(openErr, first.Drawings().Insert(t.Context(), owner, r), first.Close()); err != nil {
		t.Fatal(err)
	}

	db := open(t, dir)
	if got, err := db.Sessions().Find(t.Context(), x.User.ID, x.ID); err != nil || got != x {
		t.Errorf("session %+v, %v, want %+v", got, err, x)
	}
	if got, err := db.Sessions().Attempt(t.Context(), "code"); err != nil || !reflect.DeepEqual(got, done) {
		t.Errorf("attempt %+v, %v, want %+v", got, err, done)
	}
	if got, err := db.Drawings().Get(t.Context(), owner, r.ID); err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("drawing %+v, %v, want %+v", got, err, r)
	}
	if gotOwner, id, err := db.Drawings().FindShare(t.Context(), r.Share.Token); err != nil || gotOwner != owner || id != r.ID {
		t.Errorf("the share leads to %v of %q, %v", id, gotOwner, err)
	}
}

func TestWhatHasExpiredIsRemoved(t *testing.T) {
	now := newClock()
	db := openAt(t, now)
	const many = 250 // more than a batch
	for n := range many {
		x := newSession(fmt.Sprint("user ", n))
		x.User.Profile.Nickname = "gone with the session"
		if _, err := db.Sessions().Open(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		done := newAttempt()
		done.UserID = x.User.ID
		logIn(t, db, fmt.Sprint("code ", n), done, time.Hour)
	}
	lasting := newSession("user 0")
	lasting.ID, lasting.ExpiresAt = "lasting", lasting.LastUsedAt.Add(24*time.Hour)
	if _, err := db.Sessions().Open(t.Context(), lasting); err != nil {
		t.Fatal(err)
	}
	stored := func() (sessions, attempts int) {
		for _, err := range db.Sessions().All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			sessions++
		}
		for a, err := range db.Sessions().Attempts(t.Context()) {
			if err != nil || a.Left <= 0 || a.Left > time.Hour {
				t.Fatal(a.Left, err)
			}
			attempts++
		}
		return sessions, attempts
	}
	now.move(59 * time.Minute)
	if err := db.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, a := stored(); s != many+1 || a != many {
		t.Errorf("%d sessions and %d attempts, want %d and %d", s, a, many+1, many)
	}
	now.move(2 * time.Hour)
	if got, err := db.Sessions().Attempt(t.Context(), "code 1"); err != nil || !reflect.DeepEqual(got, session.Attempt{}) {
		t.Errorf("an expired attempt: %+v, %v", got, err)
	}
	if err := db.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	now.move(-2 * time.Hour) // so that nothing hides what is still there
	if s, a := stored(); s != 1 || a != 0 {
		t.Errorf("%d sessions and %d attempts, want one and none", s, a)
	}
	for user, want := range map[string]string{"user 0": "gone with the session", "user 1": ""} {
		x := newSession(user)
		x.ID = "another"
		if got, err := db.Sessions().Open(t.Context(), x); err != nil || got.User.Profile.Nickname != want {
			t.Errorf("%s: profile %+v, %v", user, got.User.Profile, err)
		}
	}
}

func TestAProfileEndsWithTheLastSession(t *testing.T) {
	now := newClock()
	db := openAt(t, now)
	x := newSession("user")
	x.User.Profile.Nickname = "gone with the session"
	if _, err := db.Sessions().Open(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	now.move(2 * time.Hour)
	next := newSession("user")
	next.ID, next.ExpiresAt = "next", next.LastUsedAt.Add(24*time.Hour)
	if got, err := db.Sessions().Open(t.Context(), next); err != nil || got != next {
		t.Errorf("opened %+v, %v, want %+v", got, err, next)
	}
	if got, err := db.Sessions().Find(t.Context(), "user", next.ID); err != nil || got != next {
		t.Errorf("found %+v, %v, want %+v", got, err, next)
	}
}

func TestAClockThatGoesBackwardsDoesNoHarm(t *testing.T) {
	now := newClock()
	dir := t.TempDir()
	db, err := sqlitestore.Open(dir, sqlitestore.Options{Now: now.get})
	if err != nil {
		t.Fatal(err)
	}
	x, r := newSession("user"), record(1, 9)
	x.CreatedAt = now.get().UTC().Truncate(time.Second)
	x.LastUsedAt, x.ExpiresAt = x.CreatedAt, x.CreatedAt.Add(2*time.Hour)
	if _, err := db.Sessions().Open(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	done := newAttempt()
	done.UserID = session.UserID("somebody")
	logIn(t, db, "code", done, time.Minute)
	rate := session.Rate{Name: "test", PerMinute: 60}
	if taken, _, err := db.Sessions().Take(t.Context(), "subject", rate, 60); err != nil || taken != 60 {
		t.Fatal(taken, err)
	}
	if err := db.Drawings().Insert(t.Context(), owner, r); err != nil {
		t.Fatal(err)
	}

	now.move(-24 * time.Hour)
	for range 2 { // in the process that wrote, and in the next
		if err := db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := db.Sessions().Find(t.Context(), x.User.ID, x.ID); err != nil || got != x {
			t.Errorf("session %+v, %v", got, err)
		}
		earlier := record(2, 9)
		earlier.CreatedAt = r.CreatedAt.Add(-24 * time.Hour)
		if err := db.Drawings().Insert(t.Context(), owner, earlier); err != nil {
			t.Fatal(err)
		}
		list, err := db.Drawings().List(t.Context(), owner, gallery.Position{}, 10, false)
		if err != nil || len(list) != 2 || list[0].ID != r.ID || list[1].ID != earlier.ID {
			t.Errorf("listed %+v, %v", list, err)
		}
		if err := errors.Join(db.Drawings().Delete(t.Context(), owner, earlier.ID, gallery.IfPresent()), db.Close()); err != nil {
			t.Fatal(err)
		}
		if db, err = sqlitestore.Open(dir, sqlitestore.Options{Now: now.get}); err != nil {
			t.Fatal(err)
		}
	}
	defer db.Close()
	if got, err := db.Sessions().Attempt(t.Context(), "code"); err != nil || !reflect.DeepEqual(got, done) {
		t.Errorf("attempt %+v, %v, want %+v", got, err, done)
	}
	now.move(24*time.Hour + 2*time.Minute)
	if got, err := db.Sessions().Claim(t.Context(), "code", newAttempt(), time.Minute); err != nil || got.UserID != "" {
		t.Errorf("a claim after the last one has expired: %+v, %v", got, err)
	}
}

func TestADamagedRowNamesItsDrawing(t *testing.T) {
	for _, column := range []string{"properties", "measures"} {
		db := open(t, t.TempDir())
		r := record(1, 9)
		if err := db.Drawings().Insert(t.Context(), owner, r); err != nil {
			t.Fatal(err)
		}
		db.Exec(t, `UPDATE drawings SET `+column+` = '{'`)
		_, getErr := db.Drawings().Get(t.Context(), owner, r.ID)
		_, listErr := db.Drawings().List(t.Context(), owner, gallery.Position{}, 10, true)
		for call, err := range map[string]error{"get": getErr, "list": listErr} {
			if corrupt := (*gallery.CorruptError)(nil); !errors.As(err, &corrupt) || corrupt.ID != r.ID.String() {
				t.Errorf("%s with damaged %s: %v", call, column, err)
			}
		}
	}
}

func TestOwnersAreComplete(t *testing.T) {
	db := open(t, t.TempDir())
	want := []string{"A", "a", "a\x00b", "中文"}
	for _, owner := range want {
		for n := range 3 {
			if err := db.Drawings().Insert(t.Context(), owner, record(n, 3)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got []string
	for owner, err := range db.Drawings().Owners(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, owner)
	}
	if !slices.Equal(got, want) {
		t.Errorf("owners %q, want %q", got, want)
	}
}

func TestEverySessionIsYieldedOnce(t *testing.T) {
	db := open(t, t.TempDir())
	want := map[session.Session]bool{}
	for n := range 1_200 { // several batches
		x := newSession(fmt.Sprint("user ", n%7))
		x.ID = fmt.Sprint("session ", n)
		if n%7 == 1 {
			x.User.ID = fmt.Sprint("user ", n)
		}
		opened, err := db.Sessions().Open(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		want[opened] = true
	}
	ended := 0
	for n := range 7 { // MaxTokens has ended some
		all, err := db.Sessions().List(t.Context(), fmt.Sprint("user ", n))
		if err != nil {
			t.Fatal(err)
		}
		ended += len(all)
	}
	got := map[session.Session]bool{}
	for x, err := range db.Sessions().All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if got[x] || !want[x] {
			t.Errorf("%+v: twice, or never opened", x)
		}
		got[x] = true
	}
	if alone := 1_200 / 7; len(got) < ended+alone || len(got) > ended+alone+1 {
		t.Errorf("%d sessions, want %d or one more", len(got), ended+alone)
	}
}

func TestAWriteWaitsNoLongerThanItsContext(t *testing.T) {
	db := open(t, t.TempDir())
	d := db.Drawings()
	release := db.Hold(t)
	canceled, cancel := context.WithCancel(t.Context())
	soon, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	given := make(chan error, 1)
	go func() { given <- d.Insert(canceled, owner, record(1, 3)) }()
	if err := d.Insert(soon, owner, record(2, 3)); !errors.Is(err, gallery.ErrUnavailable) {
		t.Errorf("a write whose time is up: %v", err)
	}
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) || errors.Is(err, gallery.ErrUnavailable) {
		t.Errorf("a write that was canceled: %v", err)
	}
	release()
	list, err := d.List(t.Context(), owner, gallery.Position{}, 10, false)
	if err != nil || len(list) != 0 {
		t.Errorf("%d drawings, %v: those that gave up in time must not be there", len(list), err)
	}
}

// The writes wait together, and so share a transaction.
func TestAWriteThatFailsLeavesTheOthersAsTheyAre(t *testing.T) {
	const insert = `INSERT INTO notes (name, value, remove_at) VALUES ('%s', X'78', 9000000000000000)`
	errChanged, errUnchanged := errors.New("after a change"), errors.New("without a change")
	for name, failing := range map[string]struct {
		sql  string
		fail error
	}{
		"after a change":        {fmt.Sprintf(insert, "gone"), errChanged},
		"without a change":      {`SELECT 1`, errUnchanged},
		"an error of SQLite":    {fmt.Sprintf(insert, "gone") + `; SELECT nothing`, nil},
		"a violated constraint": {fmt.Sprintf(insert, "gone") + `; ` + fmt.Sprintf(insert, "gone"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, t.TempDir())
			release := db.Hold(t)
			var all sync.WaitGroup
			write := func(sql string, fail error, check func(error)) {
				before := db.Waiting()
				all.Go(func() { check(db.ExecThen(t, sql, fail)) })
				eventually(t, func() bool { return db.Waiting() == before+1 })
			}
			stored := func(err error) {
				if err != nil {
					t.Errorf("a write beside one that fails: %v", err)
				}
			}
			write(fmt.Sprintf(insert, "first"), nil, stored)
			write(failing.sql, failing.fail, func(err error) {
				if err == nil || failing.fail != nil && !errors.Is(err, failing.fail) {
					t.Errorf("the one that fails: %v, want %v", err, failing.fail)
				}
			})
			write(fmt.Sprintf(insert, "last"), nil, stored)
			release()
			all.Wait()
			for note, want := range map[string]string{"first": "x", "gone": "", "last": "x"} {
				if got, err := db.Sessions().Note(t.Context(), note); err != nil || got != want {
					t.Errorf("%s is %q, %v, want %q", note, got, err, want)
				}
			}
		})
	}
}

func TestTooManyWaitingWritesAreRefused(t *testing.T) {
	db := open(t, t.TempDir())
	release := db.Hold(t)
	var all sync.WaitGroup
	for range sqlitestore.MaxQueue {
		all.Go(func() {
			if err := db.Sessions().Forget(t.Context(), "code"); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, func() bool { return db.Waiting() == sqlitestore.MaxQueue })
	began := time.Now()
	if err := db.Sessions().Forget(t.Context(), "code"); !errors.Is(err, session.ErrUnavailable) || time.Since(began) > time.Second {
		t.Errorf("one more: %v after %v", err, time.Since(began))
	}
	release()
	all.Wait()
	if err := db.Sessions().Forget(t.Context(), "code"); err != nil {
		t.Errorf("with room in the queue: %v", err)
	}
}

func TestAClosedDatabaseIsUnavailable(t *testing.T) {
	db, err := sqlitestore.Open(t.TempDir(), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Drawings().Insert(t.Context(), owner, record(1, 3)); !errors.Is(err, gallery.ErrUnavailable) {
		t.Errorf("insert: %v", err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := db.Sessions().Find(soon, "user", "id"); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("find: %v", err)
	}
}

// Checks that an earlier version stored do not say whether a person decided.
func TestAnEarlierCheckCanBeReplaced(t *testing.T) {
	db := open(t, t.TempDir())
	d, r := db.Drawings(), record(1, 20)
	if err := d.Insert(t.Context(), owner, r); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE drawings SET verdict = '{"version":"earlier","state":"approved","reason":""}'`)
	stored, err := d.Get(t.Context(), owner, r.ID)
	if err != nil || stored.Check.State != moderation.Approved {
		t.Fatalf("got %+v, %v", stored.Check, err)
	}
	refused := moderation.Check{Version: r.ETag, Verdict: moderation.Verdict{State: moderation.Refused}, Person: true}
	if err := d.SwapCheck(t.Context(), owner, r.ID, stored.Check, refused); err != nil {
		t.Fatal(err)
	}
	if stored, err := d.Get(t.Context(), owner, r.ID); err != nil || stored.Check != refused {
		t.Errorf("got %+v, %v", stored.Check, err)
	}
}

// open opens the database in a folder until the test ends.
func open(t *testing.T, dir string) *sqlitestore.DB {
	t.Helper()
	db, err := sqlitestore.Open(dir, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// record makes up a drawing, always the same for the same arguments.
func record(n, points int) gallery.Record {
	c := drawingtest.Content(fmt.Sprint("drawing ", n), 2, points)
	at := time.UnixMilli(1_700_000_000_000 + int64(n)).UTC()
	return gallery.Record{
		Summary: gallery.Summary{
			ID: drawingtest.ID(n), Properties: c.Properties, Measures: c.Measure(), Revision: 1,
			ETag: fmt.Sprint("etag ", n), CreatedAt: at, UpdatedAt: at, Thumbnail: render.Thumbnail(c.Canvas, c.Strokes),
		},
		Packed: packing.Pack(c.Strokes), Actions: []byte(fmt.Sprint("any \xff byte ", n)),
	}
}

func newSession(user string) session.Session {
	now := time.Now().UTC().Truncate(time.Second)
	return session.Session{
		ID: "session of " + user, Kind: session.Token, User: session.User{ID: user}, Label: "a phone",
		CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour),
	}
}

// openAt opens a new database with a clock.
func openAt(t *testing.T, now *clock) *sqlitestore.DB {
	t.Helper()
	db, err := sqlitestore.Open(t.TempDir(), sqlitestore.Options{Now: now.get})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// logIn claims a code and settles the claim.
func logIn(t *testing.T, db *sqlitestore.DB, codeID string, done session.Attempt, hold time.Duration) {
	t.Helper()
	a := newAttempt()
	_, err := db.Sessions().Claim(t.Context(), codeID, a, time.Minute)
	if err := errors.Join(err, db.Sessions().Settle(t.Context(), codeID, a, done, hold)); err != nil {
		t.Fatal(err)
	}
}

func newAttempt() session.Attempt {
	return session.Attempt{Kind: session.Code, Proof: [8]byte{1, 2}, Nonce: []byte("nonce")}
}

// outcome is an attempt that has succeeded.
func outcome(claim session.Attempt) session.Attempt {
	claim.UserID = session.UserID("somebody")
	return claim
}

// clock is one that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now()} }

func (c *clock) get() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !holds() {
		select {
		case <-deadline:
			t.Fatal("still not so after a minute")
		case <-time.After(time.Millisecond):
		}
	}
}
