package session_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"onestroke/impl/session"
)

// alone returns a service that has its store for itself.
func (h *fixture) alone() *session.Service { return h.aloneOn(h.store()) }

func (h *fixture) aloneOn(store session.Store) *session.Service {
	o := h.options()
	o.Alone = true
	return session.New(h.wechat, store, o)
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

// late is a store that ends sessions only after it has said that it cannot.
type late struct {
	session.Store
	end func() error
}

func (l *late) End(_ context.Context, userID, id string) error {
	l.end = func() error { return l.Store.End(context.Background(), userID, id) }
	return session.ErrUnavailable
}

// What is read after a change that failed, and before it is done all the same, may be
// a session that then has ended.
func TestASessionThatEndsLateIsGoneWithinASecond(t *testing.T) {
	h := newFixture(t)
	store := &late{Store: h.store()}
	s := h.aloneOn(store)
	token, _ := h.logIn(s, session.Login{Code: "anna:1"})
	if err := s.LogOut(t.Context(), token); !errors.Is(err, session.ErrUnavailable) {
		t.Fatal(err)
	}
	h.opens(s, token, userID("anna"))
	if err := store.end(); err != nil {
		t.Fatal(err)
	}
	h.pass(time.Second)
	h.opensNothing(s, token)

	h.pass(10 * time.Minute) // until there is no doubt any more
	token, x := h.logIn(s, session.Login{Code: "anna:2"})
	before := s.CacheMisses()
	for range 60 {
		h.pass(time.Second)
		h.opens(s, token, x.User.ID)
	}
	if reads := s.CacheMisses() - before; reads != 0 {
		t.Errorf("%d reads, want none", reads)
	}
}

// A mini program asks for its drawings as soon as it is logged in.
func TestASessionThatWasJustOpenedIsNotRead(t *testing.T) {
	h := newFixture(t)
	for _, s := range []*session.Service{h.service(), h.alone()} {
		code, x := h.logInWithCode(s, session.Login{Code: "anna:" + rand.Text()})
		token, y := h.logIn(s, session.Login{Code: "bert:" + rand.Text(), RawData: "{}"})
		for c, want := range map[session.Credential]session.Session{code: x, token: y} {
			if got, err := s.Resolve(t.Context(), c); err != nil || got != want {
				t.Errorf("opened %+v, %v, want %+v", got, err, want)
			}
		}
		if reads := s.CacheMisses(); reads != 0 {
			t.Errorf("%d reads", reads)
		}
		h.pass(time.Second)
		h.opens(s, token, y.User.ID)
	}
}

// overtaken is a store that confirms that it has opened a session only when it may.
type overtaken struct {
	session.Store
	opened, confirm chan struct{}
}

func (o *overtaken) Complete(ctx context.Context, x session.Session, codeID string, from, to session.Attempt, hold time.Duration) (session.Session, error) {
	opened, err := o.Store.Complete(ctx, x, codeID, from, to, hold)
	if o.opened != nil {
		opens := o.opened
		o.opened = nil
		close(opens)
		<-o.confirm
	}
	return opened, err
}

// A session may have ended before its login is over.
func TestASessionThatEndedDuringItsLoginIsNotCached(t *testing.T) {
	h := newFixture(t)
	opened := make(chan struct{})
	store := &overtaken{Store: h.store(), opened: opened, confirm: make(chan struct{})}
	s := h.aloneOn(store)
	var first sync.WaitGroup
	var ended session.Credential
	first.Go(func() { ended, _ = h.logInWithCode(s, session.Login{Code: "anna:1"}) })
	<-opened
	h.logInWithCode(s, session.Login{Code: "anna:2"}) // ends the session of the first
	close(store.confirm)
	first.Wait()
	h.opensNothing(s, ended)
}

// The login is stored before a log out fails, and confirmed after that: it does not say
// how the log out ends.
func TestASessionThatEndsAfterALoginThatIsConfirmedLateIsGoneWithinASecond(t *testing.T) {
	h := newFixture(t)
	opened := make(chan struct{})
	confirmsLate := &overtaken{Store: h.store(), opened: opened, confirm: make(chan struct{})}
	endsLate := &late{Store: confirmsLate}
	s := h.aloneOn(endsLate)
	var login sync.WaitGroup
	var c session.Credential
	login.Go(func() { c, _ = h.logInWithCode(s, session.Login{Code: "anna:1"}) })
	<-opened
	code := session.Credential{Kind: session.Code, Secret: "anna:1"}
	if err := s.End(t.Context(), userID("anna"), code.ID()); !errors.Is(err, session.ErrUnavailable) {
		t.Fatal(err)
	}
	close(confirmsLate.confirm)
	login.Wait()
	h.opens(s, c, userID("anna"))
	if err := endsLate.end(); err != nil {
		t.Fatal(err)
	}
	h.pass(time.Second)
	h.opensNothing(s, c)
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

// renews is a store that notes until when a renewal may take.
type renews struct {
	session.Store
	until time.Time
}

func (r *renews) Renew(ctx context.Context, from, to session.Session) (bool, error) {
	r.until, _ = ctx.Deadline()
	return r.Store.Renew(ctx, from, to)
}

// The session is valid all the same.
func TestARequestDoesNotWaitLongForARenewal(t *testing.T) {
	h := newFixture(t)
	store := &renews{Store: h.store()}
	s := session.New(h.wechat, store, h.options())
	c, x := h.logIn(s, session.Login{Code: "anna:1"})
	h.pass(time.Hour)
	h.opens(s, c, x.User.ID)
	if store.until.IsZero() || time.Until(store.until) > 2*time.Second {
		t.Errorf("it may take until %v", store.until)
	}
}
