package account_test

import (
	"context"
	"errors"
	"testing"

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

func TestWhatIsStoredWhileAnAccountIsDeletedIsDeletedToo(t *testing.T) {
	db, err := sqlitestore.Open(t.TempDir(), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	drawings, profiles := gallery.New(db.Drawings(), gallery.Options{}), profile.New(db.Drawings(), nil)
	sessions := lateSessions{db.Sessions(), func() error {
		_, _, err := drawings.Put(t.Context(), user, drawingtest.ID(1), drawingtest.Content("late", 1, 2), gallery.IfAbsent())
		return errors.Join(err, profiles.SetNickname(t.Context(), user, "late"))
	}}
	accounts := account.Service{Sessions: session.New(nil, sessions, session.Options{}), Drawings: drawings, Profiles: profiles}
	if err := accounts.Delete(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	if exists, err := accounts.Exists(t.Context(), user); exists || err != nil {
		t.Errorf("something is left of the account: %v, %v", exists, err)
	}
}
