// Package sessiontest holds what every [session.Store], [session.Buckets] and
// [session.Notes] must do.
package sessiontest

import (
	"context"
	"crypto/rand"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"onestroke/impl/session"
)

// Run checks the store that open returns. It uses users and codes of its own
// and may run on a store that others use.
func Run(t *testing.T, open func(*testing.T) session.Store) {
	for name, holds := range map[string]func(*testing.T, session.Store){
		"a session comes back as it was opened":           opened,
		"an unknown session is expired":                   unknown,
		"opening twice is opening once":                   openedTwice,
		"the newest profile holds":                        profiles,
		"a profile is replaced only as it was":            profileReplaced,
		"one code session a user":                         oneCode,
		"one code session a user under concurrent logins": oneCodeOfMany,
		"the oldest token beyond the limit ends":          oldestToken,
		"opening drops what has expired":                  expired,
		"a clock that is off ends no session":             skewed,
		"renewing needs the session as it was":            renewed,
		"one of many renewals is done":                    renewedOnce,
		"an ended session stays ended":                    ended,
		"ending the others keeps one":                     endedOthers,
		"the profile goes with the last session":          nothingLeft,
		"the profile goes with the last that expires":     nothingLeftInTime,
		"one of many claims stands":                       claimed,
		"a claim stands for logins of both kinds":         claimedByBothKinds,
		"only the claimant settles":                       settled,
		"a login that is complete is settled":             completed,
		"every outcome of a login comes back":             outcomes,
		"a code that is forgotten can be claimed":         forgotten,
	} {
		t.Run(name, func(t *testing.T) { holds(t, open(t)) })
	}
}

var (
	start   = time.Now().Truncate(time.Second).UTC()
	profile = session.Profile{
		Nickname: "小画家 🎨", AvatarURL: "https://example.com/a?b=1&c=<2>", Gender: 2,
		Language: "zh_CN", Country: "CN", Province: "Guangdong", City: "Guangzhou",
	}
)

func opened(t *testing.T, s session.Store) {
	for i, kind := range []session.Kind{session.Token, session.Code, session.Token, session.Code} {
		want := newSession(kind, newUser())
		want.User.Profile, want.Label = profile, "小程序 1.2 %d\x00\""
		switch i {
		case 1:
			want.Sealed = strings.Repeat("\xff", session.MaxSealed)
		case 2, 3:
			want.Sealed = ""
		}
		if got := mustOpen(t, s, want); got != want {
			t.Errorf("opened %+v, want %+v", got, want)
		}
		if got, err := s.Find(t.Context(), want.User.ID, want.ID); err != nil || got != want {
			t.Errorf("found %+v, %v, want %+v", got, err, want)
		}
		if got, err := s.List(t.Context(), want.User.ID); err != nil || !reflect.DeepEqual(got, []session.Session{want}) {
			t.Errorf("listed %+v, %v, want %+v", got, err, want)
		}
	}
}

func unknown(t *testing.T, s session.Store) {
	x := newSession(session.Token, newUser())
	x.User.Profile = profile
	mustOpen(t, s, x)
	for name, where := range map[string][2]string{
		"unknown session":       {x.User.ID, newID()},
		"another user's":        {newUser(), x.ID},
		"no session":            {x.User.ID, ""},
		"the profile":           {x.User.ID, "p"},
		"neither user, session": {"", ""},
	} {
		if got, err := s.Find(t.Context(), where[0], where[1]); !errors.Is(err, session.ErrExpired) {
			t.Errorf("%s: found %+v, %v, want ErrExpired", name, got, err)
		}
	}
	if got, err := s.List(t.Context(), newUser()); err != nil || len(got) != 0 {
		t.Errorf("another user has sessions %+v, %v", got, err)
	}
}

func openedTwice(t *testing.T, s session.Store) {
	for _, kind := range []session.Kind{session.Token, session.Code} {
		x := newSession(kind, newUser())
		mustOpen(t, s, x)
		mustOpen(t, s, x)
		hasSessions(t, s, x.User.ID, x.ID)
	}
}

func profiles(t *testing.T, s session.Store) {
	first := newSession(session.Token, newUser())
	if got := mustOpen(t, s, first); got.User.Profile != (session.Profile{}) {
		t.Errorf("profile %+v, want none", got.User.Profile)
	}
	second := newSession(session.Token, first.User.ID)
	second.User.Profile = profile
	mustOpen(t, s, second)
	third := newSession(session.Token, first.User.ID)
	if got := mustOpen(t, s, third); got.User.Profile != profile {
		t.Errorf("a login without profile: %+v, want the one there was", got.User.Profile)
	}
	if got, err := s.Find(t.Context(), first.User.ID, first.ID); err != nil || got.User.Profile != profile {
		t.Errorf("an older session: %+v, %v, want the newest profile", got.User.Profile, err)
	}
}

func profileReplaced(t *testing.T, s session.Store) {
	x := newSession(session.Token, newUser())
	x.User.Profile = profile
	without := profile
	without.Nickname, without.AvatarURL = "", ""
	set := func(from, to session.Profile, want bool) {
		t.Helper()
		if done, err := s.SetProfile(t.Context(), x.User.ID, from, to); err != nil || done != want {
			t.Errorf("replaced %+v by %+v: %v, %v, want %v", from, to, done, err, want)
		}
	}
	has := func(want session.Profile) {
		t.Helper()
		if got, err := s.Find(t.Context(), x.User.ID, x.ID); err != nil || got.User.Profile != want {
			t.Errorf("the profile is %+v, %v, want %+v", got.User.Profile, err, want)
		}
	}
	set(profile, without, false) // there is no session
	mustOpen(t, s, x)
	set(without, session.Profile{}, false)
	set(session.Profile{}, without, false)
	has(profile)
	set(profile, without, true)
	has(without)
	set(profile, profile, false)
	set(without, session.Profile{}, true)
	has(session.Profile{})
	set(without, profile, false)
	has(session.Profile{})
}

func oneCode(t *testing.T, s session.Store) {
	token := newSession(session.Token, newUser())
	first, second := newSession(session.Code, token.User.ID), newSession(session.Code, token.User.ID)
	for _, x := range []session.Session{token, first, second} {
		mustOpen(t, s, x)
	}
	hasSessions(t, s, token.User.ID, token.ID, second.ID)
}

func oneCodeOfMany(t *testing.T, s session.Store) {
	user := newUser()
	atOnce(func() {
		if _, err := open(t.Context(), s, newSession(session.Code, user)); err != nil {
			t.Error(err)
		}
	})
	if left, err := s.List(t.Context(), user); err != nil || len(left) != 1 {
		t.Errorf("%d sessions, %v, want one", len(left), err)
	}
}

func oldestToken(t *testing.T, s session.Store) {
	user := newUser()
	code := newSession(session.Code, user)
	mustOpen(t, s, code)
	want := []string{code.ID}
	for i := range session.MaxTokens + 3 {
		x := newSession(session.Token, user)
		x.CreatedAt = start.Add(time.Duration(i) * time.Second)
		mustOpen(t, s, x)
		if i >= 3 {
			want = append(want, x.ID)
		}
	}
	hasSessions(t, s, user, want...)
}

func expired(t *testing.T, s session.Store) {
	x := newSession(session.Token, newUser())
	mustOpen(t, s, x)
	old := newSession(session.Token, x.User.ID)
	old.CreatedAt, old.LastUsedAt, old.ExpiresAt = start.Add(-3*time.Hour), start.Add(-3*time.Hour), start.Add(-time.Hour)
	mustOpen(t, s, old)
	next := newSession(session.Token, x.User.ID)
	mustOpen(t, s, next)
	hasSessions(t, s, x.User.ID, x.ID, next.ID)
}

// A replica whose clock is off by hours opens a session like any other.
func skewed(t *testing.T, s session.Store) {
	for _, by := range []time.Duration{-30 * time.Hour, 30 * time.Hour} {
		x := newSession(session.Token, newUser())
		x.User.Profile = profile
		mustOpen(t, s, x)
		other := newSession(session.Token, x.User.ID)
		other.CreatedAt, other.LastUsedAt, other.ExpiresAt = start.Add(by), start.Add(by), start.Add(by+2*time.Hour)
		if got := mustOpen(t, s, other); got.User.Profile != profile {
			t.Errorf("a clock that is off by %s ends the profile", by)
		}
		hasSessions(t, s, x.User.ID, x.ID, other.ID)
	}
}

func renewed(t *testing.T, s session.Store) {
	for _, kind := range []session.Kind{session.Token, session.Code} {
		from := newSession(kind, newUser())
		from.Label = "phone"
		mustOpen(t, s, from)
		to := later(from)
		if done, err := s.Renew(t.Context(), from, to); err != nil || !done {
			t.Errorf("renewed %v, %v", done, err)
		}
		if done, err := s.Renew(t.Context(), from, later(to)); err != nil || done {
			t.Errorf("renewed from what it no longer is: %v, %v", done, err)
		}
		if got, err := s.Find(t.Context(), to.User.ID, to.ID); err != nil || got != to {
			t.Errorf("found %+v, %v, want %+v", got, err, to)
		}
	}
}

func renewedOnce(t *testing.T, s session.Store) {
	from := newSession(session.Token, newUser())
	mustOpen(t, s, from)
	var mu sync.Mutex
	times := 0
	atOnce(func() {
		done, err := s.Renew(t.Context(), from, later(from))
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if done {
			times++
		}
	})
	if times != 1 {
		t.Errorf("renewed %d times", times)
	}
}

func ended(t *testing.T, s session.Store) {
	x := newSession(session.Token, newUser())
	other := newSession(session.Token, x.User.ID)
	other.User.Profile = profile
	mustOpen(t, s, x)
	mustOpen(t, s, other)
	for _, end := range []struct {
		user, id string
		left     []string
	}{
		{newUser(), x.ID, []string{x.ID, other.ID}},
		{x.User.ID, "p", []string{x.ID, other.ID}},
		{x.User.ID, x.ID, []string{other.ID}},
		{x.User.ID, x.ID, []string{other.ID}},
	} {
		if err := s.End(t.Context(), end.user, end.id); err != nil {
			t.Error(err)
		}
		hasSessions(t, s, x.User.ID, end.left...)
	}
	if done, err := s.Renew(t.Context(), x, later(x)); err != nil || done {
		t.Errorf("renewed an ended session: %v, %v", done, err)
	}
	if got, err := s.Find(t.Context(), other.User.ID, other.ID); err != nil || got != other {
		t.Errorf("found %+v, %v, want %+v", got, err, other)
	}
}

func endedOthers(t *testing.T, s session.Store) {
	user := newUser()
	code, first, second := newSession(session.Code, user), newSession(session.Token, user), newSession(session.Token, user)
	for _, x := range []session.Session{code, first, second} {
		mustOpen(t, s, x)
	}
	if err := s.EndOthers(t.Context(), user, first.ID); err != nil {
		t.Error(err)
	}
	hasSessions(t, s, user, first.ID)
	if err := s.EndOthers(t.Context(), user, ""); err != nil {
		t.Error(err)
	}
	hasSessions(t, s, user)
}

func nothingLeft(t *testing.T, s session.Store) {
	for name, end := range map[string]func(session.Session) error{
		"ended":     func(x session.Session) error { return s.End(t.Context(), x.User.ID, x.ID) },
		"all ended": func(x session.Session) error { return s.EndOthers(t.Context(), x.User.ID, "") },
	} {
		x := newSession(session.Token, newUser())
		x.User.Profile = profile
		mustOpen(t, s, x)
		if err := end(x); err != nil {
			t.Fatal(err)
		}
		if next := mustOpen(t, s, newSession(session.Token, x.User.ID)); next.User.Profile != (session.Profile{}) {
			t.Errorf("%s: %+v is still there", name, next.User.Profile)
		}
	}
}

// The session that would have lasted longest was ended, and the other one has expired.
func nothingLeftInTime(t *testing.T, s session.Store) {
	longest := newSession(session.Token, newUser())
	longest.User.Profile = profile
	mustOpen(t, s, longest)
	old := newSession(session.Token, longest.User.ID)
	old.CreatedAt, old.LastUsedAt, old.ExpiresAt = start.Add(-3*time.Hour), start.Add(-3*time.Hour), start.Add(-time.Hour)
	if got := mustOpen(t, s, old); got.User.Profile != profile {
		t.Errorf("the profile is %+v, want %+v", got.User.Profile, profile)
	}
	if err := s.End(t.Context(), longest.User.ID, longest.ID); err != nil {
		t.Fatal(err)
	}
	if next := mustOpen(t, s, newSession(session.Token, longest.User.ID)); next.User.Profile != (session.Profile{}) {
		t.Errorf("%+v is still there", next.User.Profile)
	}
}

func claimed(t *testing.T, s session.Store) {
	code := newID()
	if got, err := s.Attempt(t.Context(), code); err != nil || !reflect.DeepEqual(got, session.Attempt{}) {
		t.Errorf("an unknown code: %+v, %v", got, err)
	}
	var mu sync.Mutex
	stood := map[string]int{}
	atOnce(func() {
		got, err := s.Claim(t.Context(), code, newAttempt(session.Code), time.Minute)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		stood[string(got.Nonce)]++
	})
	if len(stood) != 1 {
		t.Errorf("%d attempts stood, want one", len(stood))
	}
}

func claimedByBothKinds(t *testing.T, s session.Store) {
	for _, kinds := range [][2]session.Kind{{session.Token, session.Code}, {session.Code, session.Token}} {
		code, mine, other := newID(), newAttempt(kinds[0]), newAttempt(kinds[1])
		want := mine
		for step := range 2 {
			if got, err := s.Claim(t.Context(), code, []session.Attempt{mine, other}[step], time.Minute); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v stands, %v, want %+v", kinds[0], got, err, want)
			}
		}
		want.UserID = newUser()
		if err := s.Settle(t.Context(), code, mine, want, time.Minute); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Claim(t.Context(), code, other, time.Minute); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v stands, %v, want %+v", kinds[0], got, err, want)
		}
	}
}

func forgotten(t *testing.T, s session.Store) {
	code, before, after := newID(), newAttempt(session.Code), newAttempt(session.Code)
	if err := s.Forget(t.Context(), code); err != nil {
		t.Errorf("an unknown code: %v", err)
	}
	if _, err := s.Claim(t.Context(), code, before, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := s.Forget(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Claim(t.Context(), code, after, time.Minute); err != nil || !reflect.DeepEqual(got, after) {
		t.Errorf("%+v stands, %v, want %+v", got, err, after)
	}
}

func settled(t *testing.T, s session.Store) {
	code, mine, other := newID(), newAttempt(session.Token), newAttempt(session.Token)
	done := mine
	done.UserID = newUser()
	if err := s.Settle(t.Context(), code, mine, done, time.Minute); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("settled without a claim: %v", err)
	}
	if _, err := s.Claim(t.Context(), code, mine, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context(), code, other, done, time.Minute); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("settled another's claim: %v", err)
	}
	for range 2 { // the reply to the first may have been lost
		if err := s.Settle(t.Context(), code, mine, done, time.Minute); err != nil {
			t.Errorf("settle: %v", err)
		}
	}
	failed := mine
	failed.Err = session.ErrUntrusted
	if err := s.Settle(t.Context(), code, mine, failed, time.Minute); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("settled once more: %v", err)
	}
	if got, err := s.Claim(t.Context(), code, other, time.Minute); err != nil || !reflect.DeepEqual(got, done) {
		t.Errorf("%+v, %v stands, want %+v", got, err, done)
	}
}

func completed(t *testing.T, s session.Store) {
	x := newSession(session.Token, newUser())
	code, mine, other := newID(), newAttempt(x.Kind), newAttempt(x.Kind)
	done := mine
	done.UserID = x.User.ID
	if _, err := s.Claim(t.Context(), code, mine, time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Complete(t.Context(), x, code, other, done, time.Minute); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("completed a login with another's claim: %v", err)
	}
	for range 2 { // the reply to the first may have been lost
		if got, err := s.Complete(t.Context(), x, code, mine, done, time.Minute); err != nil || got != x {
			t.Errorf("completed %+v, %v, want %+v", got, err, x)
		}
	}
	hasSessions(t, s, x.User.ID, x.ID)
	if got, err := s.Attempt(t.Context(), code); err != nil || !reflect.DeepEqual(got, done) {
		t.Errorf("attempt %+v, %v, want %+v", got, err, done)
	}
	if got, err := s.Claim(t.Context(), code, other, time.Minute); err != nil || !reflect.DeepEqual(got, done) {
		t.Errorf("%+v, %v stands, want %+v", got, err, done)
	}
}

func outcomes(t *testing.T, s session.Store) {
	user := newUser()
	for name, settle := range map[string]func(*session.Attempt){
		"done":          func(a *session.Attempt) { a.UserID = user },
		"without nonce": func(a *session.Attempt) { a.UserID, a.Nonce = user, []byte{} },
		"untrusted":     func(a *session.Attempt) { a.Nonce, a.Err = nil, session.ErrUntrusted },
		"not JSON":      func(a *session.Attempt) { a.Nonce, a.Err = nil, &session.RawDataError{Err: errors.New("it's 坏的")} },
		"not exchanged": func(a *session.Attempt) {
			a.Nonce, a.Err = nil, &session.ExchangeError{Cause: session.CauseBusy, ErrCode: -1}
		},
		"without answer": func(a *session.Attempt) {
			a.Nonce, a.Err = nil, &session.ExchangeError{Cause: session.CauseUnreachable}
		},
	} {
		for _, kind := range []session.Kind{session.Token, session.Code} {
			code, mine := newID(), newAttempt(kind)
			want := mine
			settle(&want)
			if _, err := s.Claim(t.Context(), code, mine, time.Minute); err != nil {
				t.Fatal(err)
			}
			if err := s.Settle(t.Context(), code, mine, want, time.Minute); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Attempt(t.Context(), code); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, %v, want %+v", name, got, err, want)
			}
		}
	}
}

func newUser() string { return session.UserID(rand.Text()) }

func newID() string { return session.Credential{Kind: session.Code, Secret: rand.Text()}.ID() }

func newSession(kind session.Kind, userID string) session.Session {
	return session.Session{
		ID: newID(), Kind: kind, User: session.User{ID: userID}, Sealed: "\x00\xff sealed " + rand.Text(),
		CreatedAt: start, LastUsedAt: start, ExpiresAt: start.Add(2 * time.Hour),
	}
}

func later(x session.Session) session.Session {
	x.LastUsedAt = x.LastUsedAt.Add(time.Minute)
	x.ExpiresAt = x.ExpiresAt.Add(time.Minute)
	return x
}

func newAttempt(kind session.Kind) session.Attempt {
	a := session.Attempt{Kind: kind, Nonce: make([]byte, 32)}
	rand.Read(a.Proof[:])
	rand.Read(a.Nonce)
	return a
}

func mustOpen(t *testing.T, s session.Store, x session.Session) session.Session {
	t.Helper()
	got, err := open(context.WithoutCancel(t.Context()), s, x)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// open stores a session as a login does, with a code that nobody else uses.
func open(ctx context.Context, s session.Store, x session.Session) (session.Session, error) {
	code, claim := rand.Text(), newAttempt(x.Kind)
	if _, err := s.Claim(ctx, code, claim, time.Minute); err != nil {
		return session.Session{}, err
	}
	done := claim
	done.UserID = x.User.ID
	return s.Complete(ctx, x, code, claim, done, time.Minute)
}

func hasSessions(t *testing.T, s session.Store, userID string, want ...string) {
	t.Helper()
	all, err := s.List(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range all {
		got = append(got, x.ID)
	}
	if !sameIDs(got, want) {
		t.Errorf("sessions %v, want %v", got, want)
	}
}

func sameIDs(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// atOnce calls f fifty times, all at the same moment.
func atOnce(f func()) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for range 50 {
		all.Go(func() { <-begin; f() })
	}
	close(begin)
	all.Wait()
}
