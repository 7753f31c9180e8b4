package sqlitestore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onestroke/impl/session"
	"onestroke/impl/sqlitestore"
)

// attemptBy is an attempt that differs from those with another nonce.
func attemptBy(nonce string) session.Attempt {
	a := newAttempt()
	a.Nonce = []byte(nonce)
	return a
}

// tokenBy is attemptBy for a login that gives a token.
func tokenBy(nonce string) session.Attempt {
	a := attemptBy(nonce)
	a.Kind = session.Token
	return a
}

func claim(t *testing.T, db *sqlitestore.DB, a, want session.Attempt) {
	t.Helper()
	if got, err := db.Sessions().Claim(t.Context(), "code", a, time.Minute); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("claimed %+v, %v, want %+v", got, err, want)
	}
}

func TestALoginUnderWayEndsWithTheProcess(t *testing.T) {
	dir := t.TempDir()
	db, err := sqlitestore.Open(dir, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	before, after := attemptBy("before"), attemptBy("after")
	claim(t, db, before, before)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir)
	claim(t, db, after, after)
	done := before
	done.UserID = session.UserID("somebody")
	if err := db.Sessions().Settle(t.Context(), "code", before, done, time.Minute); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("settled a claim of the process before: %v", err)
	}
}

// WeChat accepts no code twice, so nothing is lost but that the same login gives the same
// token for some minutes. The session is in the file.
func TestALoginWithATokenEndsInMemory(t *testing.T) {
	dir := t.TempDir()
	db, err := sqlitestore.Open(dir, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, again := tokenBy("a"), tokenBy("again")
	done := outcome(a)
	claim(t, db, a, a)
	db.Exec(t, `CREATE TRIGGER refuse BEFORE INSERT ON attempts BEGIN SELECT RAISE(ABORT, 'no attempt is stored'); END`)
	x := newSession(done.UserID)
	if _, err := db.Sessions().Complete(t.Context(), x, "code", a, done, time.Minute); err != nil {
		t.Fatal(err)
	}
	claim(t, db, again, done)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir)
	claim(t, db, again, again)
	if got, err := db.Sessions().Find(t.Context(), x.User.ID, x.ID); err != nil || got != x {
		t.Errorf("found %+v, %v, want %+v", got, err, x)
	}
}

func TestATokenWhoseSessionCannotBeStoredIsNoOutcome(t *testing.T) {
	db := open(t, t.TempDir())
	a := tokenBy("a")
	claim(t, db, a, a)
	db.Exec(t, `CREATE TRIGGER refuse BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'refused'); END`)
	done := outcome(a)
	if _, err := db.Sessions().Complete(t.Context(), newSession(done.UserID), "code", a, done, time.Minute); err == nil {
		t.Fatal("completed")
	}
	claim(t, db, tokenBy("b"), a)
}

// The disk may take longer than somebody waits. What is then tried comes after the login.
func TestTheOutcomeOfALoginThatIsStoredLateStands(t *testing.T) {
	for _, a := range []session.Attempt{attemptBy("a"), tokenBy("a")} {
		db := open(t, t.TempDir())
		done, used := outcome(a), a
		used.Err = &session.ExchangeError{Cause: session.CauseUsedCode}
		claim(t, db, a, a)

		begun, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error)
		waits, giveUp := context.WithCancel(t.Context())
		go func() {
			ended <- db.Sessions().CompleteThen(waits, newSession(done.UserID), "code", a, done, func() {
				close(begun)
				<-goOn
			})
		}()
		<-begun
		giveUp()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("completed: %v", err)
		}
		settled := make(chan error)
		go func() { settled <- db.Sessions().Settle(t.Context(), "code", a, used, time.Minute) }()
		for db.Waiting() == 0 {
			runtime.Gosched()
		}
		close(goOn)
		if err := <-settled; !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: the outcome was replaced: %v", a.Kind, err)
		}
		claim(t, db, tokenBy("b"), done)
	}
}

// A claim costs no wait for the disk, and does not wait for the writes of others.
func TestAClaimIsNoWrite(t *testing.T) {
	db := open(t, t.TempDir())
	release := db.Hold(t)
	defer release()
	a := attemptBy("a")
	claim(t, db, a, a)
	if got, err := db.Sessions().Attempt(t.Context(), "code"); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("attempt %+v, %v, want %+v", got, err, a)
	}
}

func TestAClaimStaysWhereItsOutcomeCannotBeStored(t *testing.T) {
	db := open(t, t.TempDir())
	a, done := attemptBy("a"), attemptBy("a")
	done.UserID = session.UserID("somebody")
	claim(t, db, a, a)

	db.Exec(t, `CREATE TRIGGER refuse BEFORE INSERT ON attempts BEGIN SELECT RAISE(ABORT, 'refused'); END`)
	if err := db.Sessions().Settle(t.Context(), "code", a, done, time.Minute); err == nil {
		t.Fatal("settled")
	}
	claim(t, db, attemptBy("b"), a)
	db.Exec(t, `DROP TRIGGER refuse`)

	release := db.Hold(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Sessions().Settle(gone, "code", a, done, time.Minute); err == nil {
		t.Fatal("settled for nobody")
	}
	release()
	claim(t, db, attemptBy("b"), a)

	if err := db.Sessions().Settle(t.Context(), "code", a, done, time.Minute); err != nil {
		t.Fatal(err)
	}
	claim(t, db, attemptBy("b"), done)
}

// A failure that a retry may cure is stored for less time than a claim lasts.
func TestACodeIsFreeWhenItsOutcomeHasExpired(t *testing.T) {
	now := newClock()
	db := openAt(t, now)
	a, next := attemptBy("a"), attemptBy("next")
	failed := session.Attempt{Kind: a.Kind, Proof: a.Proof, Err: &session.ExchangeError{Cause: session.CauseBusy}}
	claim(t, db, a, a)
	if err := db.Sessions().Settle(t.Context(), "code", a, failed, 2*time.Second); err != nil {
		t.Fatal(err)
	}
	claim(t, db, next, failed)
	now.move(2 * time.Second)
	claim(t, db, next, next)
}

func TestAClaimThatIsOverIsRemoved(t *testing.T) {
	now := newClock()
	db := openAt(t, now)
	claims := func() int {
		if err := db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		return db.Claims()
	}
	for n := range 10 {
		if _, err := db.Sessions().Claim(t.Context(), fmt.Sprint("code ", n), newAttempt(), time.Duration(n+1)*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if n := claims(); n != 10 {
		t.Errorf("%d claims, want 10", n)
	}
	now.move(4 * time.Second)
	if n := claims(); n != 6 {
		t.Errorf("%d claims, want the 6 that are not over", n)
	}
}

// Earlier versions stored claims.
func TestAClaimInTheFileHolds(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "data"))
	a, done := newAttempt(), newAttempt()
	done.UserID = session.UserID("somebody")
	db.Exec(t, fmt.Sprintf(`INSERT INTO attempts (code_id, kind, proof, nonce, user_id, failure, detail, err_code, remove_at)
		VALUES ('code', 'code', x'0102000000000000', CAST('nonce' AS BLOB), '', '', '', 0, %d)`, time.Now().Add(time.Minute).UnixMilli()))
	claim(t, db, attemptBy("b"), a)
	if err := db.Sessions().Settle(t.Context(), "code", a, done, time.Minute); err != nil {
		t.Fatal(err)
	}
	claim(t, db, attemptBy("b"), done)
}

// A login that comes while another one ends finds its claim or its outcome.
func TestALoginIsSeenAllTheTime(t *testing.T) {
	db := open(t, t.TempDir())
	for round := range 200 {
		codeID := fmt.Sprint("code ", round)
		a := attemptBy("first")
		a.Kind = []session.Kind{session.Code, session.Token}[round%2]
		if _, err := db.Sessions().Claim(t.Context(), codeID, a, time.Minute); err != nil {
			t.Fatal(err)
		}
		done := a
		done.UserID = session.UserID("somebody")
		var ended atomic.Bool
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for last := false; !last; {
					last = ended.Load()
					second := attemptBy("second")
					second.Kind = a.Kind
					got, err := db.Sessions().Claim(t.Context(), codeID, second, time.Minute)
					if err != nil || string(got.Nonce) != "first" {
						t.Errorf("claimed %+v, %v", got, err)
						return
					}
				}
			})
		}
		if err := db.Sessions().Settle(t.Context(), codeID, a, done, time.Minute); err != nil {
			t.Error(err)
		}
		ended.Store(true)
		all.Wait()
	}
}
