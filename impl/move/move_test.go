package move_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"onestroke/impl/gallery"
	"onestroke/impl/move"
	"onestroke/impl/operator"
	"onestroke/impl/rediscache"
	"onestroke/impl/session"
	"onestroke/impl/sqlitestore"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m) }

// slow is a target that does what it is asked and, every second time, is too late with
// its answer.
type slow struct {
	*rediscache.Store
	asked map[string]int
}

func (s slow) late(call string) error {
	if s.asked[call]++; s.asked[call]%2 == 1 {
		return fmt.Errorf("%s: %w", call, session.ErrUnavailable)
	}
	return nil
}

func (s slow) Open(ctx context.Context, x session.Session) (opened session.Session, err error) {
	if opened, err = s.Store.Open(ctx, x); err == nil {
		err = s.late("open")
	}
	return opened, err
}

func (s slow) Claim(ctx context.Context, codeID string, a session.Attempt, life time.Duration) (stored session.Attempt, err error) {
	if stored, err = s.Store.Claim(ctx, codeID, a, life); err == nil {
		err = s.late("claim")
	}
	return stored, err
}

func (s slow) Find(ctx context.Context, userID, id string) (found session.Session, err error) {
	if found, err = s.Store.Find(ctx, userID, id); err == nil {
		err = s.late("find")
	}
	return found, err
}

func (s slow) Attempt(ctx context.Context, codeID string) (found session.Attempt, err error) {
	if found, err = s.Store.Attempt(ctx, codeID); err == nil {
		err = s.late("attempt")
	}
	return found, err
}

func TestASlowTargetOfSessionsIsAskedAgain(t *testing.T) {
	db, err := sqlitestore.Open(t.TempDir(), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	from, now := db.Sessions(), time.Now().Truncate(time.Second).UTC()
	const users = 3
	for n := range users {
		id := fmt.Sprint(n)
		x := session.Session{ID: session.Credential{Kind: session.Code, Secret: id}.ID(), Kind: session.Code, User: session.User{ID: session.UserID(id)}, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour)}
		claim := session.Attempt{Kind: session.Code, Nonce: []byte(id)}
		if _, err := from.Claim(t.Context(), id, claim, time.Minute); err != nil {
			t.Fatal(err)
		}
		done := claim
		done.UserID = x.User.ID
		if _, err := from.Complete(t.Context(), x, id, claim, done, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	to := slow{rediscache.New(stores.DialRedis(t, stores.LocalRedis(t).URL)), map[string]int{}}
	n, err := move.Sessions(t.Context(), from, to)
	if err != nil || n != (move.SessionCounts{Sessions: users, Attempts: users}) {
		t.Errorf("%+v, %v", n, err)
	}
	for _, call := range []string{"open", "claim", "find", "attempt"} {
		if to.asked[call] != 2*users {
			t.Errorf("%s: %d times", call, to.asked[call])
		}
	}
}

// slowOperators is as slow as slow.
type slowOperators struct {
	operator.Store
	asked map[string]int
}

func (s slowOperators) late(call string, err error) error {
	if s.asked[call]++; err == nil && s.asked[call]%2 == 1 {
		return fmt.Errorf("%s: %w", call, gallery.ErrUnavailable)
	}
	return err
}

func (s slowOperators) PutSuspension(ctx context.Context, x operator.Suspension) error {
	return s.late("put suspension", s.Store.PutSuspension(ctx, x))
}

func (s slowOperators) Suspension(ctx context.Context, user string) (operator.Suspension, error) {
	found, err := s.Store.Suspension(ctx, user)
	return found, s.late("suspension", err)
}

func (s slowOperators) PutEntry(ctx context.Context, e operator.Entry) error {
	return s.late("put entry", s.Store.PutEntry(ctx, e))
}

func (s slowOperators) Entries(ctx context.Context, before string, limit int) ([]operator.Entry, error) {
	found, err := s.Store.Entries(ctx, before, limit)
	return found, s.late("entries", err)
}

func TestASlowTargetOfWhatOperatorsDidIsAskedAgain(t *testing.T) {
	var stored [2]*sqlitestore.Drawings
	for i := range stored {
		db, err := sqlitestore.Open(t.TempDir(), sqlitestore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		stored[i] = db.Drawings()
	}
	const each = 3
	for n := range each {
		id := fmt.Sprint(n)
		if err := stored[0].PutSuspension(t.Context(), operator.Suspension{User: id}); err != nil {
			t.Fatal(err)
		}
		if err := stored[0].PutEntry(t.Context(), operator.Entry{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	to := slowOperators{stored[1], map[string]int{}}
	n, err := move.Operators(t.Context(), stored[0], to)
	if err != nil || n != (move.OperatorCounts{Suspensions: each, Entries: each}) {
		t.Errorf("%+v, %v", n, err)
	}
	for _, call := range []string{"put suspension", "suspension", "put entry", "entries"} {
		if to.asked[call] < 2 {
			t.Errorf("%s: %d times", call, to.asked[call])
		}
	}
}
