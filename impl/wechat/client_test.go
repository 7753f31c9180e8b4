package wechat_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"onestroke/impl/session"
	"onestroke/impl/wechat"
)

const (
	appID      = "wx4f4bc4dec97d474b"
	appSecret  = "0123456789abcdef-app-secret"
	loginCode  = "0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P"
	openID     = "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
	sessionKey = "HyVFkGl5F5OQWJZZaNzBBg=="
)

const success = `{"session_key":"` + sessionKey + `","openid":"` + openID + `"}`

// server answers in place of WeChat with a handler and counts the requests.
type server struct {
	*httptest.Server
	requests atomic.Int32
}

func serve(t *testing.T, handler http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		handler(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const (
	maxDataAge = 5 * time.Minute
	timeout    = 5 * time.Second
)

func newClient(o wechat.Options) *wechat.Client {
	o.AppID, o.AppSecret, o.MaxDataAge = appID, appSecret, maxDataAge
	o.Timeout = cmp.Or(o.Timeout, timeout)
	return wechat.New(o)
}

func TestExchangeAsksAsWeChatDocuments(t *testing.T) {
	for _, path := range []string{"", "/simulator", "/simulator/"} {
		var got *http.Request
		srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
			got = r.Clone(context.Background())
			answer(200, success)(w, r)
		})
		identity, err := newClient(wechat.Options{BaseURL: srv.URL + path}).Exchange(t.Context(), session.Login{Code: loginCode})
		if err != nil || identity != (session.Identity{OpenID: openID}) {
			t.Fatalf("got %v, %v", identity, err)
		}
		want := strings.TrimRight(path, "/") + "/sns/jscode2session?appid=" + appID + "&grant_type=authorization_code&js_code=" + loginCode + "&secret=" + appSecret
		if got.Method != http.MethodGet || got.RequestURI != want {
			t.Errorf("asked %s %s, want %s", got.Method, got.RequestURI, want)
		}
		if got.ContentLength != 0 || len(got.TransferEncoding) != 0 {
			t.Errorf("sent a body: length %d, transfer encoding %v", got.ContentLength, got.TransferEncoding)
		}
	}
}

func TestEachAnswerHasACause(t *testing.T) {
	errcode := func(n int) string {
		return fmt.Sprintf(`{"errcode":%d,"errmsg":"invalid, %s %s %s"}`, n, appSecret, loginCode, sessionKey)
	}
	tests := []struct {
		name    string
		status  int
		body    string
		cause   session.Cause // empty: success
		errCode int
	}{
		{"success", 200, success, "", 0},
		{"success with errcode 0", 200, `{"errcode":0,"errmsg":"ok","openid":"` + openID + `","session_key":"` + sessionKey + `","unionid":"u"}`, "", 0},
		{"busy", 200, errcode(-1), session.CauseBusy, -1},
		{"invalid code", 200, errcode(40029), session.CauseInvalidCode, 40029},
		{"used code", 200, errcode(40163), session.CauseUsedCode, 40163},
		{"too often", 200, errcode(45011), session.CauseTooOften, 45011},
		{"blocked", 200, errcode(40226), session.CauseBlocked, 40226},
		{"wrong app id", 200, errcode(40013), session.CauseMisconfig, 40013},
		{"wrong secret", 200, errcode(40125), session.CauseMisconfig, 40125},
		{"app id missing", 200, errcode(41002), session.CauseMisconfig, 41002},
		{"secret missing", 200, errcode(41004), session.CauseMisconfig, 41004},
		{"code missing", 200, errcode(41008), session.CauseMissingCode, 41008},
		{"unknown errcode", 200, errcode(50001), session.CauseBadAnswer, 50001},
		{"not JSON", 200, "<html>" + sessionKey + "</html>", session.CauseBadAnswer, 0},
		{"more than JSON", 200, success + success, session.CauseBadAnswer, 0},
		{"empty", 200, "", session.CauseBadAnswer, 0},
		{"null", 200, "null", session.CauseBadAnswer, 0},
		{"array", 200, "[" + success + "]", session.CauseBadAnswer, 0},
		{"errcode is a string", 200, `{"errcode":"40029"}`, session.CauseBadAnswer, 0},
		{"no openid", 200, `{"session_key":"` + sessionKey + `"}`, session.CauseBadAnswer, 0},
		{"no session key", 200, `{"openid":"` + openID + `"}`, session.CauseBadAnswer, 0},
		{"openid is not UTF-8", 200, `{"openid":"o` + "\xff" + `","session_key":"` + sessionKey + `"}`, session.CauseBadAnswer, 0},
		{"openid is half a character", 200, `{"openid":"o\ud800","session_key":"` + sessionKey + `"}`, session.CauseBadAnswer, 0},
		{"session key is no base64", 200, `{"openid":"` + openID + `","session_key":"!!"}`, session.CauseBadAnswer, 0},
		{"session key of 15 bytes", 200, `{"openid":"` + openID + `","session_key":"AAAAAAAAAAAAAAAAAAAA"}`, session.CauseBadAnswer, 0},
		{"longer than 64 KiB", 200, success + strings.Repeat(" ", 64<<10), session.CauseBadAnswer, 0},
		{"HTTP 404", 404, success, session.CauseBadAnswer, 0},
		{"HTTP 500", 500, success, session.CauseUnreachable, 0},
		{"HTTP 502", 502, "<html>", session.CauseUnreachable, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := serve(t, answer(test.status, test.body))
			identity, err := newClient(wechat.Options{BaseURL: srv.URL}).Exchange(t.Context(), session.Login{Code: loginCode})
			if test.cause == "" {
				if err != nil || identity.OpenID != openID {
					t.Fatalf("got %v, %v", identity, err)
				}
				return
			}
			assertCause(t, err, test.cause, test.errCode)
			assertNothingSecret(t, err, srv.URL)
			if n := srv.requests.Load(); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func TestEachTransportFailureHasACauseAndIsNotRepeated(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		cause   session.Cause
	}{
		{"hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, session.CauseUnreachable},
		{"hangs in the middle", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, success[:10])
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, session.CauseUnreachable},
		{"closes the connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, session.CauseUnreachable},
		{"closes in the middle", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, success)
		}, session.CauseUnreachable},
		{"resets the connection", reset, session.CauseUnreachable},
		{"does not speak HTTP", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			_, _ = io.WriteString(conn, "HTTP/1.1 "+sessionKey+" "+appSecret+"\r\n\r\n")
			_ = conn.Close()
		}, session.CauseUnreachable},
		{"redirects", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, session.CauseBadAnswer},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := serve(t, test.handler)
			client := newClient(wechat.Options{BaseURL: srv.URL, Timeout: 200 * time.Millisecond})
			_, err := client.Exchange(t.Context(), session.Login{Code: loginCode})
			assertCause(t, err, test.cause, 0)
			assertNothingSecret(t, err, srv.URL)
			if n := srv.requests.Load(); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func TestAServerThatCannotBeTrustedOrFoundIsUnreachable(t *testing.T) {
	encrypted := httptest.NewUnstartedServer(answer(200, success))
	encrypted.Config.ErrorLog = log.New(io.Discard, "", 0)
	encrypted.StartTLS()
	t.Cleanup(encrypted.Close)
	closed := httptest.NewServer(answer(200, success))
	closed.Close()
	for name, test := range map[string]struct {
		url   string
		cause session.Cause
	}{
		"unknown authority":  {encrypted.URL, session.CauseUnreachable},
		"connection refused": {closed.URL, session.CauseUnreachable},
		"unknown host":       {"http://nowhere.invalid", session.CauseUnreachable},
		"malformed URL":      {"http://\x7f", session.CauseMisconfig},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newClient(wechat.Options{BaseURL: test.url}).Exchange(t.Context(), session.Login{Code: loginCode})
			assertCause(t, err, test.cause, 0)
			assertNothingSecret(t, err, "/sns/jscode2session")
		})
	}
}

func TestAConnectionThatCannotBeMadeIsTriedOnceMore(t *testing.T) {
	srv := serve(t, answer(200, success))
	for failures, want := range map[int32]struct {
		dials int32
		fails bool
	}{
		0: {dials: 1},
		1: {dials: 2},
		2: {dials: 2, fails: true},
	} {
		var dials atomic.Int32
		transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials.Add(1) <= failures {
				return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("refused")}
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}}
		_, err := newClient(wechat.Options{BaseURL: srv.URL, Transport: transport}).Exchange(t.Context(), session.Login{Code: loginCode})
		if (err != nil) != want.fails || dials.Load() != want.dials {
			t.Errorf("after %d failures: %d dials, error %v", failures, dials.Load(), err)
		}
		transport.CloseIdleConnections()
	}
}

// net/http would send the second request again, on a new connection.
func TestARequestOnABrokenIdleConnectionIsNotRepeated(t *testing.T) {
	var broken atomic.Bool
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			reset(w, r)
			return
		}
		answer(200, success)(w, r)
	})
	client := newClient(wechat.Options{BaseURL: srv.URL})
	if _, err := client.Exchange(t.Context(), session.Login{Code: loginCode}); err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	_, err := client.Exchange(t.Context(), session.Login{Code: loginCode})
	assertCause(t, err, session.CauseUnreachable, 0)
	if n := srv.requests.Load(); n != 2 {
		t.Errorf("%d requests for two exchanges", n)
	}
}

func TestAnExchangeContinuesWhenTheCallerHasLeft(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		leave()
		answer(200, success)(w, r)
	})
	client := newClient(wechat.Options{BaseURL: srv.URL})
	if identity, err := client.Exchange(ctx, session.Login{Code: loginCode}); err != nil || identity.OpenID != openID {
		t.Errorf("got %v, %v", identity, err)
	}
	if _, err := client.Exchange(ctx, session.Login{Code: loginCode}); err == nil || srv.requests.Load() != 1 {
		t.Errorf("a caller that left before the exchange: error %v, %d requests", err, srv.requests.Load())
	}
}

func TestALoginWithoutACodeSendsNoRequest(t *testing.T) {
	srv := serve(t, answer(200, success))
	_, err := newClient(wechat.Options{BaseURL: srv.URL}).Exchange(t.Context(), session.Login{})
	assertCause(t, err, session.CauseMissingCode, 0)
	if n := srv.requests.Load(); n != 0 {
		t.Errorf("%d requests, want none", n)
	}
}

func TestASessionKeyIsNeverShown(t *testing.T) {
	key := wechat.SessionKey(sessionKey)
	var shown strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&shown, verb, key)
		fmt.Fprintf(&shown, verb, struct{ Key wechat.SessionKey }{key})
	}
	fmt.Fprint(&shown, key, key.String())
	_ = json.NewEncoder(&shown).Encode(map[string]any{"key": key})
	slog.New(slog.NewTextHandler(&shown, nil)).Info("login", "key", key)
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("login", "key", key)
	if strings.Contains(shown.String(), sessionKey) || strings.Contains(shown.String(), fmt.Sprintf("%x", sessionKey)) {
		t.Error(shown.String())
	}
}

func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

func assertCause(t *testing.T, err error, cause session.Cause, errCode int) {
	t.Helper()
	var failed *session.ExchangeError
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want an ExchangeError", err)
	}
	if failed.Cause != cause || failed.ErrCode != errCode {
		t.Errorf("got cause %q, errcode %d; want %q, %d (%v)", failed.Cause, failed.ErrCode, cause, errCode, err)
	}
}

// assertNothingSecret checks that err, and each error it wraps, shows no secret in any print format.
func assertNothingSecret(t *testing.T, err error, alsoNot ...string) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		shown := fmt.Sprintf("%v %+v %#v", err, err, err)
		for _, secret := range append(alsoNot, appSecret, loginCode, openID, sessionKey, "js_code") {
			if strings.Contains(shown, secret) {
				t.Errorf("%q shows %q", shown, secret)
			}
		}
	}
}
