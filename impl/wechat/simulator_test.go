//go:build !nosimulator

package wechat_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onestroke/impl/session"
	"onestroke/impl/wechat"
	"onestroke/impl/wechatsim"
)

// wx is a simulated WeChat with a client of it.
type wx struct {
	*wechatsim.Simulator
	*wechat.Client
	url string
}

func startWX(t *testing.T) *wx {
	t.Helper()
	sim := wechatsim.New(appID, appSecret)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	return &wx{sim, newClient(wechat.Options{BaseURL: srv.URL + "/simulator", Timeout: 500 * time.Millisecond}), srv.URL}
}

// phone returns what the simulated phone answers to asked.
func (w *wx) phone(t *testing.T, asked map[string]any) session.Login {
	t.Helper()
	body, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(w.url+"/simulator/login", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var login session.Login
	if err := json.NewDecoder(response.Body).Decode(&login); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", response.StatusCode, err)
	}
	return login
}

func TestSimulatedUsersLogInInEachWay(t *testing.T) {
	w := startWX(t)
	openIDs := map[string]bool{}
	for _, user := range []string{"小明", "Band", "👨‍👩‍👧 <a & b> + \"%E5\"", "e\u0301"} {
		ways := map[string]func(*session.Login){
			"code":      func(l *session.Login) { *l = session.Login{Code: l.Code} },
			"signed":    func(l *session.Login) { l.EncryptedData, l.IV = "", "" },
			"encrypted": func(l *session.Login) { l.RawData, l.Signature = "", "" },
			"both":      func(*session.Login) {},
		}
		for way, keep := range ways {
			login := w.phone(t, map[string]any{"user": user})
			keep(&login)
			identity, err := w.Exchange(t.Context(), login)
			if err != nil {
				t.Fatalf("%s, %s: %v", user, way, err)
			}
			want := user
			if way == "code" {
				want = ""
			}
			if identity.Profile.Nickname != want {
				t.Errorf("%s: nickname %q, want %q", way, identity.Profile.Nickname, want)
			}
			openIDs[identity.OpenID] = true
		}
	}
	if len(openIDs) != 4 {
		t.Errorf("four users have %d openids", len(openIDs))
	}
}

func TestOfFiftyExchangesOfOneCodeOneSucceeds(t *testing.T) {
	w := startWX(t)
	login := w.phone(t, map[string]any{"user": "小明"})
	var succeeded, used atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			_, err := w.Exchange(t.Context(), login)
			var failed *session.ExchangeError
			switch {
			case err == nil:
				succeeded.Add(1)
			case errors.As(err, &failed) && failed.Cause == session.CauseUsedCode:
				used.Add(1)
			}
		})
	}
	all.Wait()
	if succeeded.Load() != 1 || used.Load() != 49 || w.Exchanges(login.Code) != 50 {
		t.Errorf("%d succeeded, %d used, %d exchanges", succeeded.Load(), used.Load(), w.Exchanges(login.Code))
	}
}

func TestTheSimulatorFailsAsRequested(t *testing.T) {
	w := startWX(t)
	tests := []struct {
		name    string
		asked   map[string]any
		cause   session.Cause
		errCode int
	}{
		{"errcode", map[string]any{"errcode": 45011}, session.CauseTooOften, 45011},
		{"HTTP status", map[string]any{"httpStatus": 502}, session.CauseUnreachable, 0},
		{"delay", map[string]any{"delayMs": 60_000}, session.CauseUnreachable, 0},
		{"body", map[string]any{"body": "<html>"}, session.CauseBadAnswer, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.asked["user"] = "小明"
			login := w.phone(t, test.asked)
			_, err := w.Exchange(t.Context(), login)
			assertCause(t, err, test.cause, test.errCode)
			assertNothingSecret(t, err, w.url, login.Code)
			if n := w.Exchanges(login.Code); n != 1 {
				t.Errorf("%d exchanges, want 1", n)
			}
		})
	}
}

func TestTheDataOfOneUserDoesNotVerifyForAnother(t *testing.T) {
	w := startWX(t)
	one, other := w.phone(t, map[string]any{"user": "one"}), w.phone(t, map[string]any{"user": "other"})
	one.Code, other.Code = other.Code, one.Code
	one.EncryptedData, one.IV = "", ""
	other.RawData, other.Signature = "", ""
	for _, mixed := range []session.Login{one, other} {
		if _, err := w.Exchange(t.Context(), mixed); !errors.Is(err, session.ErrUntrusted) {
			t.Errorf("got %v", err)
		}
	}
}
