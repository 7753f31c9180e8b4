package session_test

import (
	"strings"
	"testing"
	"time"

	"onestroke/impl/seal"
	"onestroke/impl/session"
)

// The openid of a user without a session is stored as one of a session is, and as rarely.
func TestTheOpenIDOfAPresentUserIsStored(t *testing.T) {
	h := newFixture(t)
	key, err := seal.New("secret")
	if err != nil {
		t.Fatal(err)
	}
	var returned int
	options := h.options()
	options.Seal, options.Notes, options.Returned = key, h.store(), func(string) { returned++ }
	here, there := session.New(h.wechat, h.store(), options), session.New(h.wechat, h.store(), options)
	anna := userID("anna")
	is := func(want string, writes, returns int) {
		t.Helper()
		if got, err := there.OpenID(t.Context(), anna); err != nil || got != want {
			t.Errorf("the openid is %q, %v, want %q", got, err, want)
		}
		if n := h.writes.count(); n != writes || returned != returns {
			t.Errorf("written %d times, %d returns, want %d and %d", n, returned, writes, returns)
		}
	}
	present := func() {
		for _, s := range []*session.Service{here, there, here} {
			s.Present(t.Context(), openID("anna"))
		}
	}
	is("", 0, 0)
	present()
	is(openID("anna"), 1, 1)
	if strings.Contains(h.dump(), openID("anna")) {
		t.Error("the openid is stored as it is")
	}
	h.pass(11 * time.Minute)
	present()
	is(openID("anna"), 2, 1)
	h.pass(absence)
	present()
	is(openID("anna"), 3, 2)

	// It ends after as long as a session that is not used, and with the account.
	h.pass(idle + time.Second)
	is("", 3, 2)
	present()
	is(openID("anna"), 4, 3)
	if err := here.EndAll(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	if got, err := there.OpenID(t.Context(), anna); err != nil || got != "" || strings.Contains(h.dump(), anna) {
		t.Errorf("after the account was deleted, the openid is %q, %v", got, err)
	}
	here.Present(t.Context(), openID("anna"))
	if got, err := there.OpenID(t.Context(), anna); err != nil || got != openID("anna") {
		t.Errorf("of the next request, the openid is %q, %v", got, err)
	}
}

// A request does not fail with the store, and a later one stores the openid.
func TestAPresentUserNeedsNoStore(t *testing.T) {
	h := newFixture(t)
	key, err := seal.New("secret")
	if err != nil {
		t.Fatal(err)
	}
	options := h.options()
	options.Seal, options.Notes = key, h.store()
	s := session.New(h.wechat, h.store(), options)
	h.proxy.Down()
	s.Present(t.Context(), openID("anna"))
	h.proxy.Up(t)
	h.pass(time.Second)
	s.Present(t.Context(), openID("anna"))
	if got, err := s.OpenID(t.Context(), userID("anna")); err != nil || got != openID("anna") {
		t.Errorf("the openid is %q, %v", got, err)
	}
}

const absence = 31 * time.Minute
