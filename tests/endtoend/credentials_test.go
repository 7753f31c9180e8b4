package endtoend

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
)

func TestAnInvalidCredentialIsRejected(t *testing.T) {
	const openID = "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
	codeToday, codeThen := newID(), newID()
	s := startService(t, service.Options{
		WeChat: weChat(openID, published.sessionKey),
	})
	// The victim has a session of each kind.
	login := s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": codeToday})
	login.Expect(t, http.StatusCreated)
	var today gen.LoggedIn
	login.Decode(t, &today)
	s.With(service.Phone{Code: codeThen, RawData: published.rawData, Signature: published.signature}.Headers()).
		Do(t, http.MethodGet, "/applet/session/paints/list", nil).ExpectPaints(t)

	bearer := func(token string) http.Header { return header("Authorization", "Bearer "+token) }
	last := today.Token[len(today.Token)-1:]
	for name, forged := range map[string]http.Header{
		"the openid as code":           header("X-WX-Code", openID),
		"the openid as token":          bearer(openID),
		"the user id as code":          header("X-WX-Code", today.User.ID),
		"the user id as token":         bearer(today.User.ID),
		"the token as code":            header("X-WX-Code", today.Token),
		"the code as token":            bearer(codeThen),
		"the code of a token":          header("X-WX-Code", codeToday),
		"another code":                 header("X-WX-Code", "else"),
		"a code with a line break":     header("X-WX-Code", codeThen+"%0a"),
		"a token with another end":     bearer(strings.TrimSuffix(today.Token, last) + map[bool]string{true: "B", false: "A"}[last != "B"]),
		"a token cut short":            bearer(today.Token[:len(today.Token)-1]),
		"a token made longer":          bearer(today.Token + "A"),
		"a token without its prefix":   bearer(strings.TrimPrefix(today.Token, "onestroke_")),
		"the prefix":                   bearer("onestroke_"),
		"a token of the user's own":    bearer("onestroke_" + today.User.ID + strings.Repeat("A", 42)),
		"a forged token before a code": {"Authorization": {"Bearer nonsense"}, "X-Wx-Code": {codeThen}},
	} {
		t.Run(name, func(t *testing.T) {
			caller := s.With(forged)
			for _, request := range []string{"GET /v1/session", "GET /v1/drawings", "GET " + path(newID()), "DELETE " + path(newID())} {
				method, path, _ := strings.Cut(request, " ")
				caller.Do(t, method, path, nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrSessionExpired)
			}
			caller.Do(t, http.MethodGet, "/applet/session/paints/list", nil).
				ExpectSessionFailure(t, http.StatusOK, "ERR_SESSION_EXPIRED", "`wxUserInfo` not found by `code`")
		})
	}
	s.With(bearer(today.Token)).Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	s.With(header("X-WX-Code", codeThen)).Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
}

// A proxy may check one of two credentials, and the service would take the other.
func TestTwoCredentialsOfOneKindAreRefused(t *testing.T) {
	s := start(t)
	valid := s.LogIn(t, service.NewUser()).Header.Get("Authorization")
	for _, second := range []string{valid, "Bearer nonsense", "Basic b25lOnN0cm9rZQ==", ""} {
		both := s.With(http.Header{"Authorization": {valid, second}})
		for _, request := range []string{"GET /v1/session", "DELETE /v1/session", "GET /v1/admin/checks"} {
			method, path, _ := strings.Cut(request, " ")
			problem := both.Do(t, method, path, nil).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
			if e := (*problem.Errors)[0]; e.Field != "Authorization" || e.Rule != "duplicate" {
				t.Errorf("%s: %+v", request, e)
			}
		}
		both.Do(t, http.MethodGet, "/applet/session/paints/list", nil).ExpectPaintFailure(t, http.StatusBadRequest, "ERR_INVALID_REQUEST")
	}
	s.With(header("Authorization", valid)).Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
}

func TestARequestWithoutACredentialGetsLoginRequired(t *testing.T) {
	s := start(t)
	details := map[string]string{
		"no header":      "the request carries no credential",
		"another scheme": "Authorization has another scheme than Bearer: send Authorization: Bearer <token>",
		"a scheme alone": "Authorization has no token after Bearer",
		"no scheme":      "Authorization has a token without its scheme: send Authorization: Bearer <token>",
	}
	for name, h := range map[string]http.Header{
		"no header":         {},
		"another scheme":    header("Authorization", "Basic b25lOnN0cm9rZQ=="),
		"a scheme alone":    header("Authorization", "Bearer"),
		"no scheme":         header("Authorization", "onestroke_"+strings.Repeat("A", 64)),
		"an empty code":     header("X-WX-Code", ""),
		"rawData, no code":  header("X-WX-RawData", "%7B%7D"),
		"cloud run's names": header("X-WX-OPENID", "oGZUI0egBJY1zhBYw2KhdUfwVJJE"),
	} {
		t.Run(name, func(t *testing.T) {
			p := s.With(h).Do(t, http.MethodGet, "/v1/drawings", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
			if want, ok := details[name]; ok && p.Detail != want {
				t.Errorf("detail is %q, want %q", p.Detail, want)
			}
			if p.SessionMark == nil || *p.SessionMark != 1 || p.Reason == nil || *p.Reason != "ERR_LOGIN_REQUIRED" {
				t.Errorf("a program of 2017 cannot read %+v", p)
			}
			s.With(h).Do(t, http.MethodPost, "/applet/session/paints/save", map[string]string{"id": "a", "actions": "[]"}).
				ExpectPaintFailure(t, http.StatusOK, "openId does not exists")
		})
	}
}

func TestWeChatsPublishedSignatureIsAccepted(t *testing.T) {
	s := startService(t, service.Options{
		WeChat: weChat("o"+service.NewUser(), published.sessionKey),
	})
	login := s.Nobody().Do(t, http.MethodPost, "/v1/session",
		map[string]any{"code": newID(), "rawData": published.rawData, "signature": published.signature})
	login.Expect(t, http.StatusCreated)
	var today gen.LoggedIn
	login.Decode(t, &today)

	first := s.With(service.Phone{Code: newID(), RawData: published.rawData, Signature: published.signature}.Headers()).
		Do(t, http.MethodGet, "/v1/session", nil)
	first.Expect(t, http.StatusOK)
	var then gen.Session
	first.Decode(t, &then)

	for _, user := range []gen.User{today.User, then.User} {
		if user.Nickname == nil || *user.Nickname != "Band" || *user.City != "Guangzhou" || user.ID != today.User.ID {
			t.Errorf("got %s", first.Body)
		}
	}
	forged := strings.Replace(published.rawData, "Band", "Bond", 1)
	s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": newID(), "rawData": forged, "signature": published.signature}).
		ExpectProblem(t, http.StatusUnauthorized, gen.ErrUntrustedRawData)
}

// Data that was damaged on its way is the program's mistake, not a forgery, and does
// not use up the code.
func TestDamagedBase64IsNamed(t *testing.T) {
	s := start(t)
	phone := s.Phone(t, service.NewUser())
	for !strings.Contains(phone.EncryptedData, "+") || !strings.Contains(phone.IV, "/") || !strings.HasSuffix(phone.EncryptedData, "=") {
		phone = s.Phone(t, service.NewUser())
	}
	body := func(change func(body map[string]any)) map[string]any {
		b := map[string]any{"code": phone.Code, "encryptedData": phone.EncryptedData, "iv": phone.IV}
		change(b)
		return b
	}
	base64url := strings.NewReplacer("+", "-", "/", "_")
	for name, damaged := range map[string]struct {
		field, value, detail string
	}{
		"+ read as a space": {"encryptedData", strings.ReplaceAll(phone.EncryptedData, "+", " "), "has spaces in place of +"},
		"base64url":         {"encryptedData", base64url.Replace(phone.EncryptedData), "is base64url"},
		"base64url, short":  {"iv", strings.TrimRight(base64url.Replace(phone.IV), "="), "is base64url"},
		"without =":         {"iv", strings.TrimRight(phone.IV, "="), "lacks the ="},
		"percent-encoded":   {"iv", url.QueryEscape(phone.IV), "is percent-encoded"},
		"cut":               {"encryptedData", phone.EncryptedData[:len(phone.EncryptedData)-12], "part of it is missing"},
		"not base64":        {"encryptedData", "[object Object]", "is not base64"},
		"three bytes":       {"iv", "AAAA", "must be base64 of 16 bytes; it has 3"},
	} {
		t.Run(name, func(t *testing.T) {
			p := s.Nobody().Do(t, http.MethodPost, "/v1/session", body(func(b map[string]any) { b[damaged.field] = damaged.value })).
				ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
			if !names(p, damaged.field, "base64") || !strings.Contains(p.Detail, damaged.detail) || strings.Contains(p.Detail, damaged.value) {
				t.Errorf("got %+v", p)
			}
		})
	}
	p := s.Nobody().Do(t, http.MethodPost, "/v1/session", body(func(b map[string]any) {
		b["errMsg"], b["userInfo"], b["cloudID"] = "getUserInfo:ok", map[string]any{"nickName": "小明"}, "38_"
	})).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
	for _, field := range []string{"errMsg", "userInfo", "cloudID"} {
		if !names(p, field, "additionalProperties") || !strings.Contains(p.Detail, field+" is not a member: leave it out") {
			t.Errorf("%s is not named by %+v", field, p)
		}
	}
	s.Nobody().Do(t, http.MethodPost, "/v1/session", body(func(map[string]any) {})).Expect(t, http.StatusCreated)
	if n := s.Simulator.Exchanges(phone.Code); n != 1 {
		t.Errorf("the code was exchanged %d times", n)
	}
}

// published is WeChat's own example of signed user data, from
// developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.
var published = struct{ rawData, sessionKey, signature string }{
	rawData:    `{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}`,
	sessionKey: "HyVFkGl5F5OQWJZZaNzBBg==",
	signature:  "75e81ceda165f4ffa64f4068af58c64b8f54b88c",
}

// weChat answers every code in the same way.
func weChat(openID, sessionKey string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, fmt.Sprintf(`{"session_key":%q,"openid":%q}`, sessionKey, openID))
	})
}
