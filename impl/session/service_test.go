package session_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"onestroke/impl/session"
)

func TestNewCodeLoginEndsThePreviousOne(t *testing.T) {
	h := newFixture(t)
	s := h.service()
	token, _ := h.logIn(s, session.Login{Code: "anna:0"})
	credentials := make([]session.Credential, 50)
	atOnce(func(i int) {
		credentials[i], _ = h.logInWithCode(s, session.Login{Code: fmt.Sprint("anna:", i+1), RawData: "{}"})
	})
	living := 0
	for _, c := range credentials {
		if _, err := h.service().Resolve(t.Context(), c); err == nil {
			living++
		} else if !errors.Is(err, session.ErrExpired) {
			t.Error(err)
		}
	}
	if living != 1 {
		t.Errorf("%d code sessions, want 1", living)
	}
	h.opens(s, token, userID("anna"))
}

func TestOnlyTheCredentialOpensTheSession(t *testing.T) {
	h := newFixture(t)
	s := h.service()
	anna, x := h.logIn(s, session.Login{Code: "anna:1"})
	bert, _ := h.logIn(s, session.Login{Code: "bert:1"})
	code, y := h.logInWithCode(s, session.Login{Code: "anna:2"})
	h.opens(s, anna, userID("anna"))
	h.opens(s, bert, userID("bert"))
	h.opens(s, code, userID("anna"))
	userA, userB := decode(t, anna.Secret)[:16], decode(t, bert.Secret)[:16]
	secretA := decode(t, anna.Secret)[16:]
	for name, c := range map[string]session.Credential{
		"nothing":                       {},
		"openid as code":                {Kind: session.Code, Secret: openID("anna")},
		"user ID as code":               {Kind: session.Code, Secret: userID("anna")},
		"session ID as code":            {Kind: session.Code, Secret: y.ID},
		"code of a token login":         {Kind: session.Code, Secret: "anna:1"},
		"token as code":                 {Kind: session.Code, Secret: anna.Secret},
		"no code":                       {Kind: session.Code},
		"code as token":                 {Kind: session.Token, Secret: code.Secret},
		"session ID as token":           {Kind: session.Token, Secret: x.ID},
		"another user's ID in token":    {Kind: session.Token, Secret: encode(userB, secretA)},
		"an unknown user's ID in token": {Kind: session.Token, Secret: encode(make([]byte, 16), secretA)},
		"another secret":                {Kind: session.Token, Secret: encode(userA, make([]byte, 32))},
		"a shorter token":               {Kind: session.Token, Secret: anna.Secret[:len(anna.Secret)-1]},
		"a longer token":                {Kind: session.Token, Secret: anna.Secret + "A"},
		"no prefix":                     {Kind: session.Token, Secret: strings.TrimPrefix(anna.Secret, session.TokenPrefix)},
		"not base64url":                 {Kind: session.Token, Secret: session.TokenPrefix + strings.Repeat("+", 64)},
		"token with line breaks":        {Kind: session.Token, Secret: anna.Secret[:40] + "\n\n" + anna.Secret[42:]},
		"a kind that does not exist":    {Kind: "cookie", Secret: anna.Secret},
		"token in upper case":           {Kind: session.Token, Secret: strings.ToUpper(anna.Secret)},
		"code in another letter case":   {Kind: session.Code, Secret: strings.ToUpper(code.Secret)},
	} {
		t.Run(name, func(t *testing.T) { h.opensNothing(s, c) })
	}
}

func TestMalformedTokenCostsNoCallToRedis(t *testing.T) {
	h := newFixture(t)
	s := h.service()
	h.proxy.Down()
	c := session.Credential{Kind: session.Token, Secret: session.TokenPrefix + "short"}
	h.opensNothing(s, c)
	if err := s.LogOut(t.Context(), c); err != nil {
		t.Error(err)
	}
}

func TestTokenHasItsPrefixAndLength(t *testing.T) {
	h := newFixture(t)
	c, _ := h.logIn(h.service(), session.Login{Code: "anna:1"})
	if raw := decode(t, c.Secret); len(raw) != 48 || len(c.Secret) != 74 {
		t.Errorf("a token of %d characters and %d bytes", len(c.Secret), len(raw))
	}
}

func TestUseMovesTheExpiryUpToTheAbsoluteLimit(t *testing.T) {
	for _, kind := range []session.Kind{session.Token, session.Code} {
		t.Run(string(kind), func(t *testing.T) {
			h := newFixture(t)
			s := h.service()
			logIn := h.logIn
			if kind == session.Code {
				logIn = h.logInWithCode
			}
			c, x := logIn(s, session.Login{Code: "anna:1"})
			start := h.clock()
			if want := start.Add(2 * time.Hour); !x.ExpiresAt.Equal(want) {
				t.Errorf("expires %v, want %v", x.ExpiresAt, want)
			}
			last := start.Add(30 * 24 * time.Hour)
			for h.clock().Before(last.Add(-100 * time.Minute)) {
				h.pass(100 * time.Minute)
				x, err := s.Resolve(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				want := h.clock().Add(2 * time.Hour)
				if want.After(last) {
					want = last
				}
				if !x.ExpiresAt.Equal(want) || !x.LastUsedAt.Equal(h.clock()) || !x.CreatedAt.Equal(start) {
					t.Fatalf("at %v: %+v, want expiry %v", h.clock(), x, want)
				}
			}
			h.pass(last.Sub(h.clock()) - time.Second)
			h.opens(s, c, userID("anna"))
			h.pass(time.Second)
			h.opensNothing(s, c)
			if keys := h.redis.Keys(t.Context(), "*").Val(); len(keys) != 0 {
				t.Errorf("left behind: %v", keys)
			}
		})
	}
}

func TestUnusedSessionExpires(t *testing.T) {
	h := newFixture(t)
	s := h.service()
	short, _ := h.logIn(s, session.Login{Code: "anna:1"})
	h.pass(time.Hour)
	long, x := h.logIn(s, session.Login{Code: "anna:2"})
	h.pass(time.Hour)
	h.opensNothing(s, short)
	h.opens(s, long, userID("anna"))
	if all, err := s.Sessions(t.Context(), userID("anna")); err != nil || len(all) != 1 || all[0].ID != x.ID {
		t.Errorf("%+v, %v, want the living one", all, err)
	}
}

// A session is renewed when its times are ten minutes old, or earlier if it does not
// last for long: it never ends much earlier than it should.
func TestASessionIsRenewedOnlyAsOftenAsItsLifeNeeds(t *testing.T) {
	for idle, want := range map[time.Duration]int{
		2 * time.Minute: 180,
		time.Hour:       6,
		2 * time.Hour:   3,
		480 * time.Hour: 3,
	} {
		t.Run(idle.String(), func(t *testing.T) {
			h := newFixture(t)
			o := h.options()
			o.IdleTTL = idle
			replicas := make([]*session.Service, 3)
			for i := range replicas {
				replicas[i] = session.New(h.wechat, h.store(), o)
			}
			c, _ := h.logIn(replicas[0], session.Login{Code: "anna:1"})
			before := h.writes.count()
			for range 30 * 60 {
				h.pass(time.Second)
				for _, s := range replicas {
					h.opens(s, c, userID("anna"))
				}
			}
			if renewals := h.writes.count() - before; renewals != want {
				t.Errorf("%d renewals in half an hour, want %d", renewals, want)
			}
			h.pass(idle - min(idle/12, 10*time.Minute) - time.Second)
			h.opens(replicas[0], c, userID("anna"))
		})
	}
}

func TestFailingRenewalDoesNotFailTheRequest(t *testing.T) {
	h := newFixture(t)
	s := session.New(h.wechat, readOnly{h.store()}, h.options())
	c, _ := h.logIn(h.service(), session.Login{Code: "anna:1"})
	h.pass(time.Hour)
	h.opens(s, c, userID("anna"))
}

func TestRedisAwayIsNeitherExpiryNorLoss(t *testing.T) {
	h := newFixture(t)
	s := h.service()
	token, x := h.logIn(s, session.Login{Code: "anna:1"})
	code, _ := h.logInWithCode(s, session.Login{Code: "bert:1"})
	h.pass(time.Second) // until neither is cached
	calls := h.wechat.called()
	h.proxy.Down()
	for name, call := range map[string]func() error{
		"token": func() error { _, err := s.Resolve(t.Context(), token); return err },
		"code":  func() error { _, err := s.Resolve(t.Context(), code); return err },
		"unknown": func() error {
			_, err := s.Resolve(t.Context(), session.Credential{Kind: session.Code, Secret: "x"})
			return err
		},
		"login":    func() error { _, _, err := s.LogIn(t.Context(), session.Login{Code: "anna:2"}); return err },
		"log-out":  func() error { return s.LogOut(t.Context(), token) },
		"by code":  func() error { return s.LogOut(t.Context(), code) },
		"sessions": func() error { _, err := s.Sessions(t.Context(), x.User.ID); return err },
		"end all":  func() error { return s.EndAll(t.Context(), x.User.ID) },
	} {
		err := call()
		if !errors.Is(err, session.ErrUnavailable) || errors.Is(err, session.ErrExpired) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
		for _, secret := range []string{token.Secret, code.Secret, "anna:2"} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error quotes a credential", name)
			}
		}
	}
	if h.wechat.called() != calls {
		t.Error("a code was burnt with nowhere to keep its session")
	}
	h.proxy.Up(t)
	until(t, "Redis is back", func() bool { _, err := s.Resolve(t.Context(), token); return err == nil })
	h.opens(s, code, userID("bert"))
	h.logIn(s, session.Login{Code: "anna:2"})
}

func TestLogOutIsImmediateHereAndWithinASecondElsewhere(t *testing.T) {
	h := newFixture(t)
	here, elsewhere := h.service(), h.service()
	logins := 0
	for _, end := range []func(c session.Credential, x session.Session) error{
		func(c session.Credential, _ session.Session) error { return here.LogOut(t.Context(), c) },
		func(_ session.Credential, x session.Session) error { return here.End(t.Context(), x.User.ID, x.ID) },
		func(_ session.Credential, x session.Session) error {
			return here.EndOthers(t.Context(), x.User.ID, "other")
		},
		func(_ session.Credential, x session.Session) error { return here.EndAll(t.Context(), x.User.ID) },
	} {
		for _, logIn := range []func(*session.Service, session.Login) (session.Credential, session.Session){h.logIn, h.logInWithCode} {
			logins++
			c, x := logIn(here, session.Login{Code: fmt.Sprint("anna:", logins)})
			h.opens(here, c, userID("anna"))
			h.opens(elsewhere, c, userID("anna"))
			if err := end(c, x); err != nil {
				t.Fatal(err)
			}
			h.opensNothing(here, c)
			h.pass(time.Second)
			h.opensNothing(elsewhere, c)
			if err := end(c, x); err != nil {
				t.Errorf("ending what has ended: %v", err)
			}
		}
	}
}

func TestEndingWhatEndedElsewhereIsImmediateHereToo(t *testing.T) {
	h := newFixture(t)
	here, elsewhere := h.service(), h.service()
	c, x := h.logIn(here, session.Login{Code: "anna:1"})
	h.opens(here, c, userID("anna"))
	for _, s := range []*session.Service{elsewhere, here} {
		if err := s.End(t.Context(), x.User.ID, x.ID); err != nil {
			t.Fatal(err)
		}
	}
	h.opensNothing(here, c)
}

func TestReadUnderWayDoesNotOutliveALogOut(t *testing.T) {
	h := newFixture(t)
	slow := &slowFind{Store: h.store(), found: make(chan struct{}), goOn: make(chan struct{})}
	s := session.New(h.wechat, slow, h.options())
	c, _ := h.logIn(s, session.Login{Code: "anna:1"})
	h.pass(time.Second) // until it is not cached
	var read sync.WaitGroup
	read.Go(func() { h.opens(s, c, userID("anna")) })
	<-slow.found
	if err := s.LogOut(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	close(slow.goOn)
	read.Wait()
	h.opensNothing(s, c)
}

func TestNobodyEndsTheSessionOfAnotherUser(t *testing.T) {
	h := newFixture(t)
	s := h.service()
	c, x := h.logIn(s, session.Login{Code: "anna:1"})
	h.pass(time.Second)
	for range 2 { // not in the cache, then in it
		if err := s.End(t.Context(), userID("bert"), x.ID); err != nil {
			t.Fatal(err)
		}
		h.opens(s, c, userID("anna"))
	}
}

func TestSessionsAreOnesOwnNewestFirst(t *testing.T) {
	h := newFixture(t)
	s := h.service()
	h.logIn(s, session.Login{Code: "bert:1"})
	var want []string
	for i, label := range []string{"phone", "tablet", "desk"} {
		_, x := h.logIn(s, session.Login{Code: fmt.Sprint("anna:", i), Label: label})
		want = append([]string{x.ID + label}, want...)
		h.pass(time.Second)
	}
	all, err := s.Sessions(t.Context(), userID("anna"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range all {
		got = append(got, x.ID+x.Label)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestRedisHoldsNoCredential(t *testing.T) {
	h := newFixture(t)
	s := h.service()
	token, _ := h.logIn(s, session.Login{Code: "anna:first code", RawData: "raw data", Signature: "the signature"})
	code, _ := h.logInWithCode(s, session.Login{Code: "bert:second code", RawData: "raw data", Signature: "the signature"})
	h.pass(time.Hour) // they are renewed
	h.opens(s, token, userID("anna"))
	h.opens(s, code, userID("bert"))
	dump := h.dump()
	secret := decode(t, token.Secret)[16:]
	for _, word := range []string{
		token.Secret, string(secret), base64.RawURLEncoding.EncodeToString(secret), token.Secret[40:],
		"first code", "second code", openID("anna"), openID("bert"), "raw data", "the signature",
	} {
		if strings.Contains(dump, word) {
			t.Errorf("Redis holds %q:\n%q", word, dump)
		}
	}
}

// readOnly is a store that reads and does not write.
type readOnly struct{ session.Store }

func (readOnly) Renew(_ context.Context, _, _ session.Session) (bool, error) {
	return false, session.ErrUnavailable
}

// slowFind is a store whose first answer takes until goOn.
type slowFind struct {
	session.Store
	once        sync.Once
	found, goOn chan struct{}
}

func (s *slowFind) Find(ctx context.Context, userID, id string) (session.Session, error) {
	x, err := s.Store.Find(ctx, userID, id)
	s.once.Do(func() { close(s.found); <-s.goOn })
	return x, err
}

func encode(userID, secret []byte) string {
	return session.TokenPrefix + base64.RawURLEncoding.EncodeToString(append(userID[:16:16], secret...))
}

func decode(t *testing.T, token string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, session.TokenPrefix))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestAReplicaWhoseClockIsOffEndsNoSession(t *testing.T) {
	for _, by := range []time.Duration{-30 * time.Hour, 30 * time.Hour} {
		h := newFixture(t)
		right := h.service()
		o := h.options()
		o.Now = func() time.Time { return h.clock().Add(by) }
		off := session.New(h.wechat, h.store(), o)
		c, _ := h.logIn(right, session.Login{Code: "anna:1"})
		h.logIn(off, session.Login{Code: "anna:2"})
		_, _ = off.Resolve(t.Context(), c) // it may take the session for expired
		h.opens(h.service(), c, userID("anna"))
	}
}
