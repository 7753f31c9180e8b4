package endtoend

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestNoSecretIsLogged(t *testing.T) {
	const secret = "3f1c0ffee5ec4e70f4a55a11d0c0ffee"
	p := service.Build(t).Start(t, "WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET="+secret, "SIMULATOR=on")
	user := "secret-nickname"
	secrets := map[string]string{"app secret": secret, "nickname": user}

	// Sessions of each kind that are used, fail and end, and codes that fail.
	phone := p.Phone(t, user)
	answer := p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": phone.Code, "rawData": phone.RawData, "signature": phone.Signature})
	answer.Expect(t, http.StatusCreated)
	var session gen.LoggedIn
	answer.Decode(t, &session)
	secrets["token"], secrets["code of a token"], secrets["signature"] = session.Token, phone.Code, phone.Signature
	today := p.With(header("Authorization", "Bearer "+session.Token))
	today.Do(t, http.MethodPut, path(newID()), oneStroke("one"), creating()).Expect(t, http.StatusCreated)
	today.Do(t, http.MethodPut, path(newID()), `{"canvas":`, creating()).Expect(t, http.StatusBadRequest)

	phone = p.Phone(t, user)
	secrets["code"], secrets["rawData"], secrets["encoded rawData"] = phone.Code, phone.RawData, service.EncodeURIComponent(phone.RawData)
	then := p.With(phone.Headers())
	savePaint(t, then, "one", "[]")
	then.Do(t, http.MethodGet, path(phone.Code)+"?code="+phone.Code, nil).Expect(t, http.StatusBadRequest)
	then.Do(t, http.MethodGet, "/v1/"+phone.Code, nil).Expect(t, http.StatusNotFound)

	for name, how := range map[string]map[string]any{
		"busy": {"errcode": -1}, "our secret": {"errcode": 40125}, "HTTP 500": {"httpStatus": 500}, "not JSON": {"body": `{"session_key":"c2VjcmV0`},
	} {
		failing := p.Phone(t, user, how)
		secrets["code, "+name] = failing.Code
		if status := p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": failing.Code}).Status; status < 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	secrets["session key"] = "c2VjcmV0"
	openID, key := exchange(t, p, secret)
	secrets["openid"] = openID
	secrets["another session key"] = key

	today.Do(t, http.MethodDelete, "/v1/session", nil).Expect(t, http.StatusNoContent)
	today.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusUnauthorized)
	p.Signal(t, syscall.SIGTERM)
	p.Wait(t)
	for name, text := range secrets {
		for form, written := range map[string]string{"": text, "escaped ": url.QueryEscape(text)} {
			if strings.Contains(p.Output(), written) {
				t.Errorf("the %s%s was written", form, name)
			}
		}
	}
	if !strings.Contains(p.Output(), "ERR_SESSION_KEY_EXCHANGE_FAILED") {
		t.Error("what failed was not written at all")
	}
}

// exchange gets from the simulator what only the service gets: the user's openid and
// a session key.
func exchange(t *testing.T, p *service.Process, secret string) (openID, key string) {
	t.Helper()
	query := url.Values{
		"appid": {"wx0123456789abcdef"}, "secret": {secret}, "grant_type": {"authorization_code"},
		"js_code": {p.Phone(t, "secret-nickname").Code},
	}
	response, err := http.Get(p.URL + "/simulator/sns/jscode2session?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var granted struct {
		OpenID string `json:"openid"`
		Key    string `json:"session_key"`
	}
	if err := json.Unmarshal(text, &granted); err != nil || granted.OpenID == "" || granted.Key == "" {
		t.Fatalf("%v: %s", err, text)
	}
	return granted.OpenID, granted.Key
}

// A secret can be in any header, query, path or body of any operation, valid there or
// not.
func TestASecretInAnyPartOfARequestIsNotLogged(t *testing.T) {
	t.Parallel()
	m := marks{}
	p := service.Build(t).Start(t, "LOG_LEVEL=debug", "SIMULATOR=on", "WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET="+m.new("app secret"),
		"TRUSTED_PROXIES=127.0.0.1", "ADMIN_TOKEN="+m.new("admin token"))
	bodies := []any{
		fmt.Sprintf(`{"code":%q,"rawData":%q,"signature":%q}`, m.new("code"), m.new("rawData"), m.new("signature")),
		fmt.Sprintf(`{"code":%q,"encryptedData":%q,"iv":%q}`, m.new("code"), m.new("encryptedData"), m.new("iv")),
		fmt.Sprintf(`{%q:%q`, m.new("member"), m.new("value")),
		fmt.Sprintf(`{"id":%q,"actions":%q}`, m.new("id"), m.new("actions")),
		url.Values{"code": {m.new("form")}, "id": {m.new("form id")}},
		m.new("no JSON"),
	}
	headers := []http.Header{
		header("Authorization", "Bearer "+m.new("token")),
		header("Authorization", "Bearer "+m["admin token"]),
		header("Authorization", "Bearer onestroke_"+m.new("token")),
		header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("me:"+m.new("password")))),
		{"X-Wx-Code": {m.new("code")}},
		{"X-Wx-Code": {m.new("code")}, "X-Wx-Rawdata": {m.new("rawData")}, "X-Wx-Signature": {m.new("signature")}},
		{"X-Wx-Code": {m.new("code")}, "X-Wx-Rawdata": {"%zz" + m.new("rawData")}, "X-Wx-Signature": {m.new("signature")}},
		{"X-Wx-Openid": {m.new("openid")}, "X-Wx-Source": {"wx"}, "Cookie": {m.new("cookie")}},
		{"X-Wx-Code": {m.new("code"), m.new("code")}},
		header("Referer", "https://servicewechat.com/"+m.new("referer")+"/1/page-frame.html"),
		header("User-Agent", m.new("user agent")),
	}
	for pattern := range gen.Operations {
		method, route, _ := strings.Cut(pattern, " ")
		place := strings.NewReplacer("{id}", m.new("path"), "{token}", m.new("share token")).Replace(route)
		for i, h := range headers {
			query := "?code=" + m.new("query") + "&access_token=" + m.new("query")
			var body any
			if method == http.MethodPost || method == http.MethodPut {
				body = bodies[i%len(bodies)]
			}
			p.Nobody().Do(t, method, place+query, body, h)
		}
	}
	p.Nobody().Do(t, http.MethodGet, "/v1/"+m.new("path")+"/"+m.new("path"), nil)
	p.Nobody().Do(t, http.MethodGet, "/applet/session/"+m.new("path"), nil)
	p.Nobody().Do(t, http.MethodPatch, "/v1/session?code="+m.new("query"), nil, header("Authorization", "Bearer "+m.new("token")))
	p.Signal(t, syscall.SIGTERM)
	p.Wait(t)
	if n := strings.Count(p.Output(), `"msg":"request"`); n < len(gen.Operations)*len(headers) {
		t.Fatalf("%d requests were logged", n)
	}
	m.areNotIn(t, p.Output())
}

// Failures are logged with their cause, and a cause may contain a password.
func TestNoFailureShowsASecret(t *testing.T) {
	t.Parallel()
	m := marks{}
	openID, sessionKey := m.new("openid"), m.new("session key")
	wechat := http.NewServeMux()
	answer := func(code string, h http.HandlerFunc) string {
		wechat.HandleFunc("/"+code+"/sns/jscode2session", h)
		return code
	}
	hostile := []string{
		answer("status", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, r.URL.String()+sessionKey)
		}),
		answer("redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusFound)
		}),
		answer("json", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"openid":%q,"session_key":%q`, openID, sessionKey)
		}),
		answer("key", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"openid":%q,"session_key":%q}`, openID, sessionKey)
		}),
		answer("errmsg", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"errcode":40125,"errmsg":%q}`, r.URL.String())
		}),
		answer("header", func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, "HTTP/1.1 "+sessionKey+"\r\n\r\n")
			_ = conn.Close()
		}),
	}
	plain, secure := httptest.NewServer(wechat), httptest.NewTLSServer(wechat)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)

	redis, mongodb := stores.Redis(t)[0].URL, stores.MongoDB(t)[0].URL
	withPassword := func(uri, name string) string {
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword("me", m.new(name))
		return u.String()
	}
	configurations := [][]string{
		{"WECHAT_API_URL=" + secure.URL, "REDIS_URL=" + withPassword(redis, "Redis password")}, // an untrusted certificate; an unknown user
		{"WECHAT_API_URL=" + strings.Replace(plain.URL, "http://", "https://", 1), "MONGODB_URI=" + withPassword(mongodb, "MongoDB password")},
		{"REDIS_URL=" + strings.Replace(withPassword(redis, "Redis password, TLS"), "redis://", "rediss://", 1)},
		{"REDIS_URL=" + withPassword("redis://127.0.0.1:1", "Redis password, away") + "?master_name=x&password=" + m.new("Redis password, master")},
		{"REDIS_URL=" + withPassword("redis://127.0.0.1:1", "Redis password, cluster") + "?addr=127.0.0.1:2"},
		{"MONGODB_URI=" + withPassword("mongodb://127.0.0.1:1", "MongoDB password, away") + "/?tls=true"},
	}
	for _, path := range hostile {
		configurations = append(configurations, []string{"WECHAT_API_URL=" + plain.URL + "/" + path})
	}
	for _, env := range configurations {
		secret := m.new("app secret")
		env = append(env, "LOG_LEVEL=debug", "SIMULATOR=on", "WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET="+secret, "DATA_DIR="+t.TempDir())
		code, said := service.Build(t).Run(t, env, "--check")
		if code != 1 {
			t.Errorf("--check reports no error:\n%s", said)
		}
		p := service.Build(t).Start(t, env...)
		answers := ""
		for _, r := range []struct {
			method, path string
			body         any
			headers      http.Header
		}{
			{http.MethodGet, "/readyz", nil, nil},
			{http.MethodPost, "/v1/session", map[string]any{"code": m.new("code")}, nil},
			{http.MethodGet, "/v1/session", nil, http.Header{"X-Wx-Code": {m.new("code")}}},
			{http.MethodGet, "/applet/session/paints/list", nil, http.Header{"X-Wx-Code": {m.new("code")}, "X-Wx-Rawdata": {"%7B%7D"}, "X-Wx-Signature": {strings.Repeat("0", 40)}}},
			{http.MethodGet, "/v1/drawings", nil, header("Authorization", "Bearer "+m.new("token"))},
			{http.MethodGet, "/v1/shared/" + strings.Repeat("A", 22), nil, nil},
		} {
			answer := p.Nobody().Do(t, r.method, r.path, r.body, r.headers)
			answers += fmt.Sprint(answer.Header) + string(answer.Body) + "\n"
		}
		p.Signal(t, syscall.SIGTERM)
		p.Wait(t)
		if !strings.Contains(p.Output(), `"cause"`) {
			t.Errorf("nothing failed:\n%s", p.Output())
		}
		m.areNotIn(t, said)
		m.areNotIn(t, answers)
		m.areNotIn(t, p.Output())
	}
}

// marks are recognisable secrets by their name.
type marks map[string]string

func (m marks) new(name string) string {
	for i := 0; ; i++ {
		if numbered := fmt.Sprintf("%s %d", name, i); m[numbered] == "" {
			m[numbered] = "5ec4e7" + strings.ReplaceAll(newID(), "-", "")
			if i == 0 {
				m[name] = m[numbered]
			}
			return m[numbered]
		}
	}
}

// areNotIn fails the test if text contains a mark in any encoding.
func (m marks) areNotIn(t *testing.T, text string) {
	t.Helper()
	for name, mark := range m {
		for form, written := range map[string]string{
			"": mark, "in upper case ": strings.ToUpper(mark), "in base64 ": base64.StdEncoding.EncodeToString([]byte(mark))[:20],
		} {
			if at := strings.Index(text, written); at >= 0 {
				t.Errorf("the %s was written %sin …%s…", name, form, text[max(0, at-200):min(len(text), at+100)])
			}
		}
	}
}
