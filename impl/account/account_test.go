package account_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"onestroke/impl/account"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/gallery"
	"onestroke/impl/profile"
	"onestroke/impl/session"
	"onestroke/impl/sqlitestore"
)

const user = "user"

// lateSessions calls a function just before the sessions of a user end.
type lateSessions struct {
	session.Store
	before func() error
}

func (s lateSessions) EndOthers(ctx context.Context, userID, keep string) error {
	return errors.Join(s.before(), s.Store.EndOthers(ctx, userID, keep))
}

// fixture is a service whose sessions end after a call of before.
func fixture(t *testing.T, alone bool, before func(*account.Service) error) *account.Service {
	db, err := sqlitestore.Open(t.TempDir(), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	accounts := &account.Service{Drawings: gallery.New(db.Drawings(), gallery.Options{}), Profiles: profile.New(db.Drawings(), nil)}
	sessions := lateSessions{db.Sessions(), func() error { return before(accounts) }}
	accounts.Sessions = session.New(nil, sessions, session.Options{Alone: alone})
	return accounts
}

// store stores something of the user.
func store(ctx context.Context, accounts *account.Service) error {
	_, _, err := accounts.Drawings.Put(ctx, user, drawingtest.ID(1), drawingtest.Content("late", 1, 2), gallery.IfAbsent())
	return errors.Join(err, accounts.Profiles.SetNickname(ctx, user, "late"))
}

func expectNothing(t *testing.T, accounts *account.Service) {
	t.Helper()
	if exists, err := accounts.Exists(t.Context(), user); exists || err != nil {
		t.Errorf("something is left of the account: %v, %v", exists, err)
	}
}

func TestWhatIsStoredWhileAnAccountIsDeletedIsDeletedToo(t *testing.T) {
	accounts := fixture(t, true, func(accounts *account.Service) error { return store(t.Context(), accounts) })
	if err := accounts.Delete(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	expectNothing(t, accounts)
}

// The client leaves when the data is deleted, and the sessions are not.
func TestAnAccountIsDeletedWholeAlsoIfTheClientLeaves(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	accounts := fixture(t, true, func(accounts *account.Service) error {
		leave()
		return store(t.Context(), accounts)
	})
	if err := accounts.Delete(ctx, user); err != nil {
		t.Error(err)
	}
	expectNothing(t, accounts)
}

// A request is let in, and its session ends before it has stored anything.
func TestTheDeletionOfAnAccountWaitsForWhatIsBeingStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		accounts := fixture(t, true, func(*account.Service) error { return nil })
		end := accounts.BeginWrite(user)
		accounts.BeginWrite("another user") // does not end
		deleted := make(chan error)
		for range 2 { // at once
			go func() { deleted <- accounts.Delete(t.Context(), user) }()
		}
		synctest.Wait()
		if err := store(t.Context(), accounts); err != nil {
			t.Fatal(err)
		}
		end()
		for range 2 {
			if err := <-deleted; err != nil {
				t.Fatal(err)
			}
		}
		expectNothing(t, accounts)
	})
}

// Another replica lets the user in for a second after the session has ended. The client
// does not wait for the answer.
func TestTheDeletionOfAnAccountWaitsForOtherReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, hangUp := context.WithCancel(t.Context())
		accounts := fixture(t, false, func(accounts *account.Service) error {
			time.AfterFunc(1900*time.Millisecond, func() {
				if err := store(t.Context(), accounts); err != nil {
					t.Error(err)
				}
			})
			time.AfterFunc(time.Second, hangUp)
			return nil
		})
		if err := accounts.DeleteEverywhere(ctx, user); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second) // of the bubble: what was let in is stored by then
		expectNothing(t, accounts)
	})
}

// WeChat, which says that a user has closed the account, does not wait for the other
// replicas.
func TestWhatAnotherReplicaStoresIsDeletedAlsoIfNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		accounts := fixture(t, false, func(accounts *account.Service) error {
			time.AfterFunc(1900*time.Millisecond, func() {
				if err := store(t.Context(), accounts); err != nil {
					t.Error(err)
				}
			})
			return nil
		})
		if err := accounts.Delete(t.Context(), user); err != nil {
			t.Fatal(err)
		}
		if err := accounts.DeleteLate(t.Context(), user); err != nil {
			t.Fatal(err)
		}
		expectNothing(t, accounts)
	})
}
