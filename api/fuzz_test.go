package api_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"onestroke/app"
	"onestroke/impl/config"
	"onestroke/impl/gallery/gallerytest"
	"onestroke/impl/rediscache"
	"onestroke/impl/wechat"
	"onestroke/tests/stores"
)

// FuzzHeaders sends requests with any headers that can identify the caller, to a
// service where one user is logged in and WeChat accepts every code. They are
// refused as the contract says and open no session.
func FuzzHeaders(f *testing.F) {
	server := serve(f)
	f.Add("", "", "", "", "", "")
	f.Add("code", "", "", "", "", "")
	f.Add("code", "%7B%7D", strings.Repeat("0", 40), "", "", "")
	f.Add("code", "%7B%22nickName%22%3A%22%E5%B0%8F%E6%98%8E%F0%9F%8E%A8%22%7D", "75e81ceda165f4ffa64f4068af58c64b8f54b88c", "", "", "")
	f.Add("code", "%zz+%", "not hexadecimal", "", "", "")
	f.Add("", "", "", "Bearer onestroke_8wYb3mQe1TzqJ0fU2n5KcZ7vQ1xR9sT4uV6wX8yZ0aB2cD4eF6gH8iJ0kL2mN4oP", "", "")
	f.Add("code", "", "", "bearer  \x00\xff", "", "")
	f.Add("", "", "", "Basic b25lOnN0cm9rZQ==", "oGZUI0egBJY1zhBYw2KhdUfwVJJE", "wx_client")
	f.Fuzz(func(t *testing.T, code, rawData, signature, authorization, openID, source string) {
		for _, path := range []string{"/v1/session", "/applet/session/paints/list"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			for name, value := range map[string]string{
				"X-WX-Code": code, "X-WX-RawData": rawData, "X-WX-Signature": signature,
				"Authorization": authorization, "X-WX-OPENID": openID, "X-WX-SOURCE": source,
			} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			opened := w.Code < 400 && !strings.Contains(w.Body.String(), "F2C224D4-2BCE-4C64-AF9F-A6D872000D1A") &&
				!strings.HasPrefix(w.Body.String(), `{"code":-1,`)
			if opened || w.Code >= 500 {
				t.Errorf("%s answered %d %s", path, w.Code, w.Body)
			}
		}
	})
}

// serve returns a service at which one user has a session with a token.
func serve(f *testing.F) http.Handler {
	contract, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		f.Fatal(err)
	}
	c, err := config.Read(nil)
	if err != nil {
		f.Fatal(err)
	}
	c.LoginRatePerMinute, c.RequestRatePerMinute, c.ShareRatePerMinute = 0, 0, 0
	parts := app.Parts{
		Sessions:  rediscache.New(stores.DialRedis(f, stores.LocalRedis(f).URL)),
		Drawings:  gallerytest.NewMemory(),
		Exchanger: wechat.New(wechat.Options{AppID: "wx", AppSecret: "secret", Timeout: c.WeChatTimeout, MaxDataAge: c.WeChatDataMaxAge, Transport: grants{}}),
	}
	handler, err := app.NewHandler(f.Context(), c, contract, parts, slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	login := httptest.NewRequest(http.MethodPost, "/v1/session", strings.NewReader(`{"code":"code"}`))
	login.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, login)
	if w.Code != http.StatusCreated {
		f.Fatal(w.Code, w.Body)
	}
	return handler
}

// grants is a WeChat that accepts every code.
type grants struct{}

func (grants) RoundTrip(*http.Request) (*http.Response, error) {
	const answer = `{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","session_key":"HyVFkGl5F5OQWJZZaNzBBg=="}`
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(answer))}, nil
}
