package endtoend

import (
	"net/http"
	"strings"
	"testing"

	"onestroke/tests/service"
)

const (
	allowedOrigin = "https://drawing.example"
	otherOrigin   = "https://elsewhere.example"
)

func TestAnyPageReadsTheContract(t *testing.T) {
	s := start(t)
	for _, at := range []string{"/openapi.json", "/openapi.yaml"} {
		answer := s.Nobody().Do(t, http.MethodGet, at, nil, header("Origin", otherOrigin))
		answer.Expect(t, http.StatusOK)
		expectHeader(t, answer, "Access-Control-Allow-Origin", "*")
		preflight(t, s.Service, at, otherOrigin, http.MethodGet, "If-None-Match").Expect(t, http.StatusNoContent)
	}
}

func TestAnUnchangedContractIsNotSentAgain(t *testing.T) {
	s := start(t)
	for _, at := range []string{"/openapi.json", "/openapi.yaml"} {
		tag := s.Nobody().Do(t, http.MethodGet, at, nil).Header.Get("ETag")
		for sent, want := range map[string]int{
			tag: http.StatusNotModified, "W/" + tag: http.StatusNotModified, `"other", ` + tag: http.StatusNotModified,
			`*`: http.StatusNotModified, `"other"`: http.StatusOK, `other`: http.StatusBadRequest,
		} {
			answer := s.Nobody().Do(t, http.MethodGet, at, nil, header("If-None-Match", sent))
			if answer.Status != want {
				t.Errorf("%s with If-None-Match %s answers %d, not %d", at, sent, answer.Status, want)
			}
		}
	}
}

func TestNoOriginIsAllowedByDefault(t *testing.T) {
	s := start(t)
	answer := s.Nobody().Do(t, http.MethodGet, "/v1/session", nil, header("Origin", allowedOrigin))
	answer.Expect(t, http.StatusUnauthorized)
	expectHeader(t, answer, "Access-Control-Allow-Origin", "")
	preflight(t, s.Service, "/v1/session", allowedOrigin, http.MethodGet).Expect(t, http.StatusMethodNotAllowed)
}

func TestConfiguredOriginsMayCallV1(t *testing.T) {
	s := startService(t, service.Options{
		CORSOrigins: []string{allowedOrigin},
	})
	caller := s.LogIn(t, service.NewUser())
	at := path(newID())
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		asked := preflight(t, s.Service, at, allowedOrigin, method, "authorization", "content-type", "if-match", "if-none-match", "x-wx-code",
			"cache-control", "traceparent", "x-requested-with")
		asked.Expect(t, http.StatusNoContent)
		for _, name := range []string{"authorization", "traceparent", "x-requested-with"} {
			if !strings.Contains(asked.Header.Get("Access-Control-Allow-Headers"), name) {
				t.Errorf("%s is not allowed", name)
			}
		}
		expectHeader(t, asked, "Access-Control-Allow-Origin", allowedOrigin)
		expectHeader(t, asked, "Access-Control-Allow-Methods", method)
		expectHeader(t, asked, "Access-Control-Allow-Credentials", "")
		asked = preflight(t, s.Service, at, otherOrigin, method)
		expectHeader(t, asked, "Access-Control-Allow-Origin", "")
	}

	created := caller.Do(t, http.MethodPut, at, oneStroke("一"), creating(), header("Origin", allowedOrigin))
	created.Expect(t, http.StatusCreated)
	expectHeader(t, created, "Access-Control-Allow-Origin", allowedOrigin)
	for _, name := range []string{"Etag", "X-Request-Id", "Ratelimit", "Ratelimit-Policy", "Retry-After"} {
		if !strings.Contains(strings.ToLower(created.Header.Get("Access-Control-Expose-Headers")), strings.ToLower(name)) {
			t.Errorf("%s is not exposed", name)
		}
	}
	picture := caller.Do(t, http.MethodGet, at+"/image", nil, header("Origin", allowedOrigin))
	expectHeader(t, picture, "Vary", "Origin, Accept")
	refused := s.Nobody().Do(t, http.MethodGet, at, nil, header("Origin", allowedOrigin))
	refused.Expect(t, http.StatusUnauthorized)
	expectHeader(t, refused, "Access-Control-Allow-Origin", allowedOrigin) // so that the page can read the error

	unknown := caller.Do(t, http.MethodGet, at, nil, header("Origin", otherOrigin))
	unknown.Expect(t, http.StatusOK)
	expectHeader(t, unknown, "Access-Control-Allow-Origin", "")
	expectHeader(t, unknown, "Vary", "Origin")
	for _, closed := range []string{"/livez", "/applet/session/paints/list"} {
		answer := s.Nobody().Do(t, http.MethodGet, closed, nil, header("Origin", allowedOrigin))
		expectHeader(t, answer, "Access-Control-Allow-Origin", "")
	}
}

func TestInvalidOriginsAreRejectedAtTheStart(t *testing.T) {
	for _, origins := range []string{"*", "example.com", "https://example.com/", "https://*.example.com", "https://Example.com", "ftp://example.com", "https://a.example,,", "https://example.com:443", "https://例子.中国"} {
		code, output := service.Build(t).Refused(t, "CORS_ORIGINS="+origins)
		if code == 0 || !strings.Contains(output, "CORS_ORIGINS") {
			t.Errorf("%s: exit code %d, %s", origins, code, output)
		}
	}
}

// preflight sends the request that a browser sends before that of a page.
func preflight(t *testing.T, s service.Service, at, origin, method string, headers ...string) service.Answer {
	t.Helper()
	h := header("Origin", origin)
	h.Set("Access-Control-Request-Method", method)
	if len(headers) > 0 {
		h.Set("Access-Control-Request-Headers", strings.Join(headers, ","))
	}
	return s.Nobody().Do(t, http.MethodOptions, at, nil, h)
}

func expectHeader(t *testing.T, a service.Answer, name, want string) {
	t.Helper()
	if got := strings.Join(a.Header.Values(name), "; "); got != want {
		t.Errorf("%s is %q, not %q", name, got, want)
	}
}
