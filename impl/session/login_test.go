package session_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"onestroke/impl/session"
)

func TestFiftySimultaneousFirstRequestsOnThreeReplicasAreOneExchange(t *testing.T) {
	h := newFixture(t)
	replicas := []*session.Service{h.service(), h.service(), h.service()}
	l := session.Login{Code: "anna:1", RawData: "{}", Signature: "s"}
	var sessions, tokens sync.Map
	atOnce(func(i int) {
		x, err := replicas[i%3].LogInWithCode(t.Context(), l)
		if err != nil || x.User.ID != userID("anna") {
			t.Errorf("%+v, %v", x, err)
		}
		sessions.Store(x, true)
	})
	if calls := h.wechat.called(); calls != 1 {
		t.Errorf("%d exchanges for a code session, want 1", calls)
	}
	l.Code = "anna:2"
	atOnce(func(i int) {
		token, x, err := replicas[i%3].LogIn(t.Context(), l)
		if err != nil || x.User.ID != userID("anna") {
			t.Errorf("%+v, %v", x, err)
		}
		sessions.Store(x, true)
		tokens.Store(token, true)
	})
	if calls := h.wechat.called(); calls != 2 {
		t.Errorf("%d exchanges for a code session and a token session, want 2", calls)
	}
	if s, k := size(&sessions), size(&tokens); s != 2 || k != 1 {
		t.Errorf("%d sessions and %d tokens, want 2 and 1", s, k)
	}
}

func TestSameLoginAgainIsTheSameSession(t *testing.T) {
	h := newFixture(t)
	l := session.Login{Code: "anna:1", RawData: "{}", Signature: "s"}
	c, first := h.logIn(h.service(), l)
	h.pass(4*time.Minute + 50*time.Second)
	again, second := h.logIn(h.service(), l)
	if c != again || first.ID != second.ID {
		t.Error("another token or session")
	}
	h.opens(h.service(), again, userID("anna"))
	if calls := h.wechat.called(); calls != 1 {
		t.Errorf("%d exchanges, want 1", calls)
	}
}

func TestSameCodeLoginAgainIsTheSameSessionAsLongAsItLives(t *testing.T) {
	h := newFixture(t)
	s := h.service()
	l := session.Login{Code: "anna:1", RawData: "{}", Signature: "s"}
	_, first := h.logInWithCode(s, l)
	for range 3 {
		h.pass(119 * time.Minute)
		if _, again := h.logInWithCode(s, l); again.ID != first.ID {
			t.Error("another session")
		}
	}
	if calls := h.wechat.called(); calls != 1 {
		t.Errorf("%d exchanges, want 1", calls)
	}
	h.pass(2 * time.Hour)
	_, err := s.LogInWithCode(t.Context(), l)
	isExchangeError(t, err, session.CauseUsedCode)
}

func TestSameCodeWithAnotherProofIsAUsedCode(t *testing.T) {
	full := session.Login{Code: "anna:1", RawData: "{}", Signature: "s", EncryptedData: "e", IV: "i"}
	for name, change := range map[string]func(*session.Login){
		"rawData":       func(l *session.Login) { l.RawData = "{ }" },
		"signature":     func(l *session.Login) { l.Signature = "" },
		"encryptedData": func(l *session.Login) { l.EncryptedData = "f" },
		"iv":            func(l *session.Login) { l.IV = "" },
		"split":         func(l *session.Login) { l.RawData, l.Signature = "{}s", "" },
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			s := h.service()
			c, _ := h.logInWithCode(s, full)
			other := full
			change(&other)
			_, err := s.LogInWithCode(t.Context(), other)
			isExchangeError(t, err, session.CauseUsedCode)
			_, _, err = s.LogIn(t.Context(), full) // the other kind
			isExchangeError(t, err, session.CauseUsedCode)
			h.opens(s, c, userID("anna"))
			if calls := h.wechat.called(); calls != 1 {
				t.Errorf("%d exchanges, want 1", calls)
			}
		})
	}
}

func TestLoginOfAnEndedSessionDoesNotBringItBack(t *testing.T) {
	h := newFixture(t)
	s := h.service()
	l := session.Login{Code: "anna:1"}
	c, _ := h.logInWithCode(s, l)
	if err := s.LogOut(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	_, err := s.LogInWithCode(t.Context(), l)
	isExchangeError(t, err, session.CauseUsedCode)
	h.opensNothing(s, c)
}

func TestFailedExchangeIsRememberedAsLongAsItIsTrue(t *testing.T) {
	const long, short = 5 * time.Minute, 2 * time.Second
	rawData := &session.RawDataError{Err: errors.New("unexpected end of JSON input")}
	exchange := func(c session.Cause) error { return &session.ExchangeError{Cause: c, ErrCode: 7} }
	for name, failure := range map[string]struct {
		err   error
		want  error
		lasts time.Duration
	}{
		"invalid code":  {exchange(session.CauseInvalidCode), exchange(session.CauseInvalidCode), long},
		"used code":     {exchange(session.CauseUsedCode), exchange(session.CauseUsedCode), long},
		"blocked":       {exchange(session.CauseBlocked), exchange(session.CauseBlocked), long},
		"untrusted":     {session.ErrUntrusted, session.ErrUntrusted, long},
		"not JSON":      {rawData, rawData, long},
		"busy":          {exchange(session.CauseBusy), exchange(session.CauseBusy), short},
		"unreachable":   {exchange(session.CauseUnreachable), exchange(session.CauseUnreachable), short},
		"too often":     {exchange(session.CauseTooOften), exchange(session.CauseTooOften), short},
		"bad answer":    {exchange(session.CauseBadAnswer), exchange(session.CauseBadAnswer), short},
		"misconfigured": {exchange(session.CauseMisconfig), exchange(session.CauseMisconfig), short},
		"anything else": {errors.New("?"), &session.ExchangeError{Cause: session.CauseUnreachable}, short},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			h.wechat.fail(failure.err)
			l := session.Login{Code: "anna:1"}
			attempt := func() {
				t.Helper()
				_, _, err := h.service().LogIn(t.Context(), l)
				if !alike(err, failure.want) {
					t.Errorf("%v, want %v", err, failure.want)
				}
			}
			attempt()
			h.pass(failure.lasts - time.Second)
			attempt()
			if calls := h.wechat.called(); calls != 1 {
				t.Errorf("%d exchanges, want 1", calls)
			}
			h.pass(time.Second)
			h.wechat.fail(nil)
			h.logIn(h.service(), l)
			if calls := h.wechat.called(); calls != 2 {
				t.Errorf("%d exchanges, want 2", calls)
			}
		})
	}
}

func TestLoginWithoutCodeAsksNobody(t *testing.T) {
	h := newFixture(t)
	_, _, err := h.service().LogIn(t.Context(), session.Login{})
	isExchangeError(t, err, session.CauseMissingCode)
	if calls, writes := h.wechat.called(), h.writes.count(); calls+writes != 0 {
		t.Errorf("%d exchanges, %d writes", calls, writes)
	}
}

func TestCallerThatHangsUpDoesNotBurnTheCode(t *testing.T) {
	h := newFixture(t)
	h.wechat.answer = make(chan struct{})
	l := session.Login{Code: "anna:1"}
	ctx, hangUp := context.WithCancel(t.Context())
	var call sync.WaitGroup
	call.Go(func() { h.service().LogIn(ctx, l) })
	until(t, "WeChat is asked", func() bool { return h.wechat.called() == 1 })
	hangUp()
	close(h.wechat.answer)
	call.Wait()
	c, _ := h.logIn(h.service(), l)
	h.opens(h.service(), c, userID("anna"))
	if calls := h.wechat.called(); calls != 1 {
		t.Errorf("%d exchanges, want 1", calls)
	}
}

func TestHangingExchangerEnds(t *testing.T) {
	h := newFixture(t)
	h.wechat.answer = make(chan struct{})
	s := session.New(h.wechat, h.store(), session.Options{IdleTTL: idle, MaxAge: maxAge, ExchangeTimeout: 10 * time.Millisecond, Now: h.clock})
	_, _, err := s.LogIn(t.Context(), session.Login{Code: "anna:1"})
	isExchangeError(t, err, session.CauseUnreachable)
}

func TestClaimOfADeadReplicaRunsOut(t *testing.T) {
	h := newFixture(t)
	l := session.Login{Code: "anna:1"}
	crashed := session.New(h.wechat, diesClaiming{h.store()}, h.options())
	if _, _, err := crashed.LogIn(t.Context(), l); !errors.Is(err, session.ErrUnavailable) {
		t.Fatal(err)
	}
	scripts := h.writes.count()
	var other sync.WaitGroup
	other.Go(func() {
		if _, x, err := h.service().LogIn(t.Context(), l); err != nil || x.User.ID != userID("anna") {
			t.Errorf("%+v, %v", x, err)
		}
	})
	until(t, "another replica waits", func() bool { return h.writes.count() > scripts+1 })
	if calls := h.wechat.called(); calls != 0 {
		t.Errorf("%d exchanges before the claim ran out", calls)
	}
	h.pass(20 * time.Second)
	other.Wait()
}

// diesClaiming is the store of a replica that dies after it has claimed a code.
type diesClaiming struct{ session.Store }

func (s diesClaiming) Claim(ctx context.Context, codeID string, a session.Attempt, hold time.Duration) (session.Attempt, error) {
	if _, err := s.Store.Claim(ctx, codeID, a, hold); err != nil {
		return session.Attempt{}, err
	}
	return session.Attempt{}, session.ErrUnavailable
}

// Nobody can exchange the code again, so nobody has to wait until the claim runs out.
func TestACodeWhoseSessionCouldNotBeStoredIsAUsedCodeAtOnce(t *testing.T) {
	for _, stored := range []bool{false, true} {
		h := newFixture(t)
		l := session.Login{Code: "anna:1"}
		failing := session.New(h.wechat, failsCompleting{h.store(), stored}, h.options())
		if _, _, err := failing.LogIn(t.Context(), l); !errors.Is(err, session.ErrUnavailable) {
			t.Fatal(err)
		}
		_, x, err := h.service().LogIn(t.Context(), l)
		if !stored {
			isExchangeError(t, err, session.CauseUsedCode)
		} else if err != nil || x.User.ID != userID("anna") {
			t.Errorf("its session was stored, but the answer is %+v, %v", x, err)
		}
		if calls := h.wechat.called(); calls != 1 {
			t.Errorf("%d exchanges", calls)
		}
	}
}

// failsCompleting is a store that does not answer when a login ends, whether it stores
// the session or not.
type failsCompleting struct {
	session.Store
	stores bool
}

func (s failsCompleting) Complete(ctx context.Context, x session.Session, codeID string, from, to session.Attempt, hold time.Duration) (session.Session, error) {
	if s.stores {
		if _, err := s.Store.Complete(ctx, x, codeID, from, to, hold); err != nil {
			return session.Session{}, err
		}
	}
	return session.Session{}, session.ErrUnavailable
}

func TestReplicaThatComesBackTooLateSettlesNothing(t *testing.T) {
	h := newFixture(t)
	l := session.Login{Code: "anna:1"}
	h.wechat.answer = make(chan struct{})
	var late, other sync.WaitGroup
	late.Go(func() {
		if _, _, err := h.service().LogIn(t.Context(), l); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("a replica settled a claim that had run out: %v", err)
		}
	})
	until(t, "WeChat is asked", func() bool { return h.wechat.called() == 1 })
	scripts := h.writes.count()
	other.Go(func() {
		_, _, err := h.service().LogIn(t.Context(), l)
		isExchangeError(t, err, session.CauseUsedCode)
	})
	until(t, "another replica waits", func() bool { return h.writes.count() > scripts+1 })
	h.pass(20 * time.Second)
	until(t, "WeChat is asked again", func() bool { return h.wechat.called() == 2 })
	close(h.wechat.answer)
	other.Wait()
	late.Wait()
}

// A program of 2017 sends the code alone while its login is under way.
func TestACodeWaitsForItsLoginOnEachReplica(t *testing.T) {
	for name, failure := range map[string]error{
		"success": nil,
		"failure": &session.ExchangeError{Cause: session.CauseInvalidCode, ErrCode: 40029},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			h.wechat.answer = make(chan struct{})
			replicas := []*session.Service{h.service(), h.service()}
			l := session.Login{Code: "anna:1"}
			code := session.Credential{Kind: session.Code, Secret: l.Code}
			h.opensNothing(replicas[0], code) // not known yet
			var all sync.WaitGroup
			all.Go(func() {
				if _, err := replicas[0].LogInWithCode(t.Context(), l); !alike(err, failure) {
					t.Errorf("%v, want %v", err, failure)
				}
			})
			until(t, "WeChat is asked", func() bool { return h.wechat.called() == 1 })
			before := h.reads.Load()
			for i := range 50 {
				all.Go(func() {
					x, err := replicas[i%2].Resolve(t.Context(), code)
					if !alike(err, failure) || err == nil && x.User.ID != userID("anna") {
						t.Errorf("opened a session of %q, %v, want %v", x.User.ID, err, failure)
					}
				})
			}
			until(t, "both replicas have looked twice", func() bool { return h.reads.Load() >= before+4 })
			if looked := h.reads.Load() - before; looked > 20 {
				t.Errorf("50 requests looked %d times", looked)
			}
			impatient, giveUp := context.WithCancel(t.Context())
			giveUp()
			if _, err := replicas[0].Resolve(impatient, code); !errors.Is(err, context.Canceled) {
				t.Errorf("a caller that gave up: %v", err)
			}
			h.wechat.later(failure)
			close(h.wechat.answer)
			all.Wait()
			if calls := h.wechat.called(); calls != 1 {
				t.Errorf("%d exchanges, want 1", calls)
			}
		})
	}
}

func TestACodeWhoseReplicaDiedIsExpiredWhenTheClaimRunsOut(t *testing.T) {
	h := newFixture(t)
	crashed := session.New(h.wechat, diesClaiming{h.store()}, h.options())
	if _, err := crashed.LogInWithCode(t.Context(), session.Login{Code: "anna:1"}); !errors.Is(err, session.ErrUnavailable) {
		t.Fatal(err)
	}
	before := h.reads.Load()
	var request sync.WaitGroup
	request.Go(func() { h.opensNothing(h.service(), session.Credential{Kind: session.Code, Secret: "anna:1"}) })
	until(t, "it waits", func() bool { return h.reads.Load() >= before+2 })
	h.pass(20 * time.Second)
	request.Wait()
}

func TestLongLabelIsCutBetweenCharacters(t *testing.T) {
	h := newFixture(t)
	for label, want := range map[string]string{
		"":                       "",
		"phone":                  "phone",
		strings.Repeat("画", 64):  strings.Repeat("画", 64),
		strings.Repeat("画", 65):  strings.Repeat("画", 64),
		strings.Repeat("a", 999): strings.Repeat("a", 64),
	} {
		_, x := h.logIn(h.service(), session.Login{Code: "anna:" + label, Label: label})
		if x.Label != want || !utf8.ValidString(x.Label) {
			t.Errorf("%q became %q", label, x.Label)
		}
	}
}

func isExchangeError(t *testing.T, err error, want session.Cause) {
	t.Helper()
	if failed := (*session.ExchangeError)(nil); !errors.As(err, &failed) || failed.Cause != want {
		t.Errorf("%v, want an ExchangeError: %s", err, want)
	}
}

// alike tells whether two errors mean the same to a client.
func alike(a, b error) bool {
	var x, y *session.ExchangeError
	if errors.As(a, &x) && errors.As(b, &y) {
		return x.Cause == y.Cause && x.ErrCode == y.ErrCode
	}
	var r *session.RawDataError
	return errors.Is(a, b) || errors.As(a, &r) && a.Error() == b.Error()
}

func size(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}
