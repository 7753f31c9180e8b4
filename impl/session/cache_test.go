package session_test

import (
	"fmt"
	"testing"
	"time"

	"onestroke/impl/session"
)

// alone returns a service that has its store for itself.
func (h *fixture) alone() *session.Service {
	o := h.options()
	o.Alone = true
	return session.New(h.wechat, h.store(), o)
}

func TestAReplicaAsksTheStoreOnceASecondAndOneThatIsAloneWhenItRenews(t *testing.T) {
	for name, c := range map[string]struct {
		service func(*fixture) *session.Service
		reads   uint64 // in half an hour
	}{
		"one of several": {(*fixture).service, 1800},
		"alone":          {(*fixture).alone, 3},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			s := c.service(h)
			token, _ := h.logIn(s, session.Login{Code: "anna:1"})
			h.opens(s, token, userID("anna"))
			before, renewals := s.CacheMisses(), h.writes.count()
			for range 1800 {
				h.pass(time.Second)
				h.opens(s, token, userID("anna"))
			}
			if reads := s.CacheMisses() - before; reads != c.reads {
				t.Errorf("%d reads, want %d", reads, c.reads)
			}
			if renewed := h.writes.count() - renewals; renewed != 3 {
				t.Errorf("renewed %d times, want once in ten minutes", renewed)
			}
			x, err := s.Resolve(t.Context(), token)
			if err != nil || h.clock().Sub(x.LastUsedAt) > 10*time.Minute {
				t.Errorf("used last at %v, %v, now it is %v", x.LastUsedAt, err, h.clock())
			}
		})
	}
}

func TestASessionThatExpiresIsNotCachedForLonger(t *testing.T) {
	h := newFixture(t)
	o := h.options()
	o.Alone, o.IdleTTL = true, 10*time.Second
	s := session.New(h.wechat, h.store(), o)
	token, _ := h.logIn(s, session.Login{Code: "anna:1"})
	h.opens(s, token, userID("anna"))
	h.pass(10 * time.Second)
	h.opensNothing(s, token)
}

// What a login ends, and what it says of the user, holds at once.
func TestALoginIsSeenAtOnceByAReplicaThatIsAlone(t *testing.T) {
	h := newFixture(t)
	s := h.alone()
	code, _ := h.logInWithCode(s, session.Login{Code: "anna:1", RawData: "{}"})
	oldest, _ := h.logIn(s, session.Login{Code: "anna:2"})
	h.opens(s, code, userID("anna"))
	h.opens(s, oldest, userID("anna"))

	newer, _ := h.logInWithCode(s, session.Login{Code: "anna:3", RawData: "{}"})
	h.opensNothing(s, code)
	h.opens(s, newer, userID("anna"))
	h.opens(s, oldest, userID("anna"))
	for i := range session.MaxTokens {
		h.pass(time.Second)
		h.logIn(s, session.Login{Code: fmt.Sprint("anna:more", i)})
	}
	h.opensNothing(s, oldest)
}

func TestAChangedProfileIsSeenAtOnceByAReplicaThatIsAlone(t *testing.T) {
	h := newFixture(t)
	s := h.alone()
	token, _ := h.logIn(s, session.Login{Code: "anna:1"})
	nickname := func() string {
		x, err := s.Resolve(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return x.User.Profile.Nickname
	}
	if got := nickname(); got != "anna" {
		t.Fatalf("nickname %q, want anna", got)
	}
	if err := s.Forget(t.Context(), userID("anna"), true, false); err != nil {
		t.Fatal(err)
	}
	if got := nickname(); got != "" {
		t.Errorf("nickname %q after it was forgotten", got)
	}
	h.logIn(s, session.Login{Code: "anna:2"})
	if got := nickname(); got != "anna" {
		t.Errorf("nickname %q after a login with it", got)
	}
}

// The store may have done what it did not confirm.
func TestAFailedLogOutClearsTheCache(t *testing.T) {
	h := newFixture(t)
	s := h.alone()
	token, x := h.logIn(s, session.Login{Code: "anna:1"})
	h.opens(s, token, userID("anna"))
	h.proxy.Down()
	if err := s.End(t.Context(), x.User.ID, x.ID); err == nil {
		t.Fatal("ended without a store")
	}
	if _, err := s.Resolve(t.Context(), token); err == nil {
		t.Error("answered from the cache")
	}
	h.proxy.Up(t)
	until(t, "Redis is back", func() bool { _, err := s.Resolve(t.Context(), token); return err == nil })
}
