//go:build !nosimulator

package wechatsim_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"onestroke/impl/wechatsim"
)

const (
	appID     = "wx4f4bc4dec97d474b"
	appSecret = "app-secret"
)

var start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// simulated is a simulator whose clock the test moves.
type simulated struct {
	*wechatsim.Simulator
	now time.Time
}

func simulate() *simulated {
	s := &simulated{Simulator: wechatsim.New(appID, appSecret), now: start}
	s.Now = func() time.Time { return s.now }
	return s
}

func (s *simulated) do(method, target, body string) *httptest.ResponseRecorder {
	response := httptest.NewRecorder()
	s.ServeHTTP(response, httptest.NewRequest(method, target, strings.NewReader(body)))
	return response
}

type phone struct{ Code, RawData, Signature, EncryptedData, IV string }

func (s *simulated) phone(t *testing.T, asked string) phone {
	t.Helper()
	var p phone
	response := s.do("POST", "/simulator/login", asked)
	if err := json.Unmarshal(response.Body.Bytes(), &p); err != nil || response.Code != 200 {
		t.Fatalf("login %s: %d %s", asked, response.Code, response.Body)
	}
	return p
}

// exchange sends code to WeChat; the overrides replace parameters, and an empty one
// removes its parameter.
func (s *simulated) exchange(code string, overrides ...string) *httptest.ResponseRecorder {
	query := url.Values{"appid": {appID}, "secret": {appSecret}, "js_code": {code}, "grant_type": {"authorization_code"}}
	for i := 0; i < len(overrides); i += 2 {
		query.Set(overrides[i], overrides[i+1])
	}
	return s.do("GET", "/simulator/sns/jscode2session?"+query.Encode(), "")
}

type grant struct {
	ErrCode    *int   `json:"errcode"`
	ErrMsg     string `json:"errmsg"`
	OpenID     string `json:"openid"`
	SessionKey string `json:"session_key"`
}

func read(t *testing.T, response *httptest.ResponseRecorder) grant {
	t.Helper()
	var g grant
	if err := json.Unmarshal(response.Body.Bytes(), &g); err != nil {
		t.Fatalf("%v: %s", err, response.Body)
	}
	return g
}

func assertErrCode(t *testing.T, response *httptest.ResponseRecorder, want int) {
	t.Helper()
	g := read(t, response)
	if response.Code != 200 || g.ErrCode == nil || *g.ErrCode != want || !strings.Contains(g.ErrMsg, ", rid: ") {
		t.Errorf("got %d %s, want errcode %d", response.Code, response.Body, want)
	}
}

func TestAnExchangeAnswersInTheFormOfWeChat(t *testing.T) {
	s := simulate()
	p := s.phone(t, `{"user":"小明"}`)
	if len(p.Code) != 32 {
		t.Errorf("code of %d characters", len(p.Code))
	}
	response := s.exchange(p.Code)
	if kind := response.Header().Get("Content-Type"); response.Code != 200 || !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("got %d, %s", response.Code, kind)
	}
	if !regexp.MustCompile(`^\{"session_key":"[A-Za-z0-9+/]{22}==","openid":"o[A-Za-z0-9_-]{27}"\}$`).MatchString(response.Body.String()) {
		t.Errorf("got %s", response.Body)
	}
}

func TestAUserHasOneOpenIDAndANewKeyForEachLogin(t *testing.T) {
	s := simulate()
	first := read(t, s.exchange(s.phone(t, `{"user":"小明"}`).Code))
	second := read(t, s.exchange(s.phone(t, `{"user":"小明"}`).Code))
	other := read(t, s.exchange(s.phone(t, `{"user":"小红"}`).Code))
	if first.OpenID != second.OpenID || first.OpenID == other.OpenID {
		t.Errorf("openids %s, %s; other user %s", first.OpenID, second.OpenID, other.OpenID)
	}
	if first.SessionKey == second.SessionKey {
		t.Error("the session key did not change")
	}
}

func TestTheExchangeHasTheErrcodesOfWeChat(t *testing.T) {
	s := simulate()
	code := s.phone(t, `{"user":"小明"}`).Code
	assertErrCode(t, s.exchange(code, "appid", ""), 41002)
	assertErrCode(t, s.exchange(code, "secret", ""), 41004)
	assertErrCode(t, s.exchange(code, "js_code", ""), 41008)
	assertErrCode(t, s.exchange(code, "grant_type", "password"), 40002)
	assertErrCode(t, s.exchange(code, "appid", "wx0"), 40013)
	assertErrCode(t, s.exchange(code, "secret", "guess"), 40125)
	assertErrCode(t, s.exchange("unknown"), 40029)
	assertErrCode(t, s.do("POST", "/simulator/sns/jscode2session", ""), 43001)
	if n := s.Exchanges(code); n != 0 {
		t.Errorf("%d exchanges counted without valid parameters", n)
	}
}

func TestACodeIsExchangedOnceWithinFiveMinutes(t *testing.T) {
	s := simulate()
	used, late := s.phone(t, `{"user":"小明"}`).Code, s.phone(t, `{"user":"小明"}`).Code
	s.now = start.Add(wechatsim.CodeLife - time.Second)
	if g := read(t, s.exchange(used)); g.ErrCode != nil {
		t.Errorf("just in time: %+v", g)
	}
	assertErrCode(t, s.exchange(used), 40163)
	if n := s.Exchanges(used); n != 2 {
		t.Errorf("%d exchanges, want 2", n)
	}
	s.now = start.Add(wechatsim.CodeLife)
	assertErrCode(t, s.exchange(late), 40029)
	assertErrCode(t, s.exchange(used), 40029)
	s.phone(t, `{"user":"小明"}`)
	if n := s.Exchanges(used); n != 0 {
		t.Errorf("an expired code is still stored, with %d exchanges", n)
	}
}

func TestThePhoneSignsAndEncryptsWithTheSessionKey(t *testing.T) {
	s := simulate()
	for _, user := range []string{"小明", "👨‍👩‍👧", `<"&'\>`, strings.Repeat("明", 64)} {
		asked, _ := json.Marshal(map[string]string{"user": user})
		p := s.phone(t, string(asked))
		g := read(t, s.exchange(p.Code))

		sum := sha1.Sum([]byte(p.RawData + g.SessionKey))
		if p.Signature != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: wrong signature", user)
		}
		var raw struct{ NickName string }
		if err := json.Unmarshal([]byte(p.RawData), &raw); err != nil || raw.NickName != user {
			t.Errorf("rawData %s: %v", p.RawData, err)
		}
		var sealed struct {
			OpenID, NickName string
			Watermark        struct {
				Timestamp int64
				AppID     string
			}
		}
		if err := json.Unmarshal(decrypt(t, p, g.SessionKey), &sealed); err != nil {
			t.Fatal(err)
		}
		if sealed.OpenID != g.OpenID || sealed.NickName != user || sealed.Watermark.AppID != appID || sealed.Watermark.Timestamp != start.Unix() {
			t.Errorf("encrypted data holds %+v", sealed)
		}
	}
}

func TestAnExchangeFailsAsRequestedByTheLogin(t *testing.T) {
	tests := []struct {
		name, asked string
		status      int
		kind, body  string // body: a regular expression
	}{
		{"errcode", `{"user":"a","errcode":40226}`, 200, "text/plain", `^\{"errcode":40226,"errmsg":"code blocked, rid: [0-9a-f-]+"\}$`},
		{"busy", `{"user":"a","errcode":-1}`, 200, "text/plain", `^\{"errcode":-1,"errmsg":"system error`},
		{"unknown errcode", `{"user":"a","errcode":12345}`, 200, "text/plain", `^\{"errcode":12345,`},
		{"status", `{"user":"a","httpStatus":502}`, 502, "text/html", `^<html>.*502 Bad Gateway`},
		{"body", `{"user":"a","body":"gone fishing"}`, 200, "text/plain", `^gone fishing$`},
		{"status and body", `{"user":"a","httpStatus":500,"body":"{}"}`, 500, "text/plain", `^\{\}$`},
		{"delay", `{"user":"a","delayMs":1}`, 200, "text/plain", `"openid"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := simulate()
			code := s.phone(t, test.asked).Code
			response := s.exchange(code)
			if response.Code != test.status || !strings.HasPrefix(response.Header().Get("Content-Type"), test.kind) ||
				!regexp.MustCompile(test.body).MatchString(response.Body.String()) {
				t.Errorf("got %d %s %s", response.Code, response.Header(), response.Body)
			}
			assertErrCode(t, s.exchange(code), 40163)
		})
	}
}

func TestADelayedExchangeEndsWhenTheCallerDisconnects(t *testing.T) {
	s := simulate()
	code := s.phone(t, `{"user":"a","delayMs":60000}`).Code
	srv := httptest.NewServer(s)
	ctx, disconnect := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		srv.URL+"/simulator/sns/jscode2session?appid="+appID+"&secret="+appSecret+"&js_code="+code+"&grant_type=authorization_code", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for s.Exchanges(code) == 0 && ctx.Err() == nil {
			runtime.Gosched()
		}
		disconnect()
	}()
	if _, err := http.DefaultClient.Do(request); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the delay to last until the caller disconnects", err)
	}
	srv.Close() // waits for the handler
	if n := s.Exchanges(code); n != 1 {
		t.Errorf("%d exchanges, want 1", n)
	}
}

func TestAnInvalidLoginGetsAnErrorThatNamesTheField(t *testing.T) {
	tests := []struct {
		name, body string
		status     int
		names      string
	}{
		{"empty", ``, 400, "body"},
		{"not JSON", `user`, 400, "body"},
		{"array", `[]`, 400, "body"},
		{"two values", `{"user":"a"}{}`, 400, "body"},
		{"unknown member", `{"user":"a","errCodes":1}`, 400, "errCodes"},
		{"no user", `{}`, 400, "user"},
		{"empty user", `{"user":""}`, 400, "user"},
		{"user is no string", `{"user":1}`, 400, "user"},
		{"user of 65 characters", `{"user":"` + strings.Repeat("明", 65) + `"}`, 400, "user"},
		{"errcode is a string", `{"user":"a","errcode":"40029"}`, 400, "errcode"},
		{"errcode is a fraction", `{"user":"a","errcode":1.5}`, 400, "errcode"},
		{"HTTP status 100", `{"user":"a","httpStatus":100}`, 400, "httpStatus"},
		{"HTTP status 600", `{"user":"a","httpStatus":600}`, 400, "httpStatus"},
		{"negative delay", `{"user":"a","delayMs":-1}`, 400, "delayMs"},
		{"delay of more than a minute", `{"user":"a","delayMs":60001}`, 400, "delayMs"},
		{"longer than 64 KiB", `{"user":"a","body":"` + strings.Repeat("x", 64<<10) + `"}`, 413, "body"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response := simulate().do("POST", "/simulator/login", test.body)
			var refusal struct{ ErrMsg string }
			err := json.Unmarshal(response.Body.Bytes(), &refusal)
			if err != nil || response.Code != test.status || !strings.Contains(refusal.ErrMsg, test.names) {
				t.Errorf("got %d %s", response.Code, response.Body)
			}
			if strings.Contains(refusal.ErrMsg, "wechatsim") {
				t.Errorf("names a Go type: %s", refusal.ErrMsg)
			}
		})
	}
}

func TestTheRootExplainsTheSimulator(t *testing.T) {
	s := simulate()
	if response := s.do("GET", "/simulator/", ""); response.Code != 200 || !strings.Contains(response.Body.String(), "curl ") {
		t.Errorf("got %d %s", response.Code, response.Body)
	}
	if response := s.do("GET", "/simulator/login", ""); response.Code != 405 || response.Header().Get("Allow") != "POST" {
		t.Errorf("got %d, Allow %q", response.Code, response.Header().Get("Allow"))
	}
	if response := s.do("GET", "/simulator/elsewhere", ""); response.Code != 404 {
		t.Errorf("got %d", response.Code)
	}
}

func TestManyPhonesAtOnce(t *testing.T) {
	s := simulate()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 20 {
				var p phone
				_ = json.NewDecoder(s.do("POST", "/simulator/login", `{"user":"a"}`).Body).Decode(&p)
				body, _ := io.ReadAll(s.exchange(p.Code).Body)
				if !bytes.Contains(body, []byte("openid")) || s.Exchanges(p.Code) != 1 {
					t.Errorf("got %s", body)
				}
			}
		})
	}
	all.Wait()
}

func decrypt(t *testing.T, p phone, sessionKey string) []byte {
	t.Helper()
	var parts [3][]byte
	for i, text := range []string{sessionKey, p.IV, p.EncryptedData} {
		var err error
		if parts[i], err = base64.StdEncoding.DecodeString(text); err != nil {
			t.Fatal(err)
		}
	}
	block, err := aes.NewCipher(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	text := parts[2]
	cipher.NewCBCDecrypter(block, parts[1]).CryptBlocks(text, text)
	return text[:len(text)-int(text[len(text)-1])]
}

func TestAPlanThatCannotBeAnsweredIsRefused(t *testing.T) {
	for plan, names := range map[string]string{
		`{"httpStatus":502}`:                              "path",
		`{"path":"/wxa/msg_sec_check","httpStatus":42}`:   "httpStatus",
		`{"path":"/wxa/msg_sec_check","httpStatus":1000}`: "httpStatus",
		`{"path":"/wxa/msg_sec_check","delayMs":60001}`:   "delayMs",
	} {
		response := simulate().do("POST", "/simulator/plan", plan)
		if response.Code != http.StatusBadRequest || !strings.Contains(response.Body.String(), names) {
			t.Errorf("%s: got %d %s", plan, response.Code, response.Body)
		}
	}
}
