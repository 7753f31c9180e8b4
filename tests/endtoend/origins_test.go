package endtoend

import (
	"net/http"
	"strings"
	"testing"

	"onestroke/tests/service"
	"onestroke/tests/stores"
)

const (
	friend   = "https://drawing.example"
	stranger = "https://elsewhere.example"
)

func TestAnyPageReadsTheContract(t *testing.T) {
	s := start(t)
	for _, at := range []string{"/openapi.json", "/openapi.yaml"} {
		answer := s.Nobody().Do(t, http.MethodGet, at, nil, header("Origin", stranger))
		answer.Expect(t, http.StatusOK)
		expectHeader(t, answer, "Access-Control-Allow-Origin", "*")
		preflight(t, s.Service, at, stranger, http.MethodGet, "If-None-Match").Expect(t, http.StatusNoContent)
	}
}

func TestTheContractIsSentOnce(t *testing.T) {
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

func TestNoPageCallsTheServiceUnlessItIsConfigured(t *testing.T) {
	s := start(t)
	answer := s.Nobody().Do(t, http.MethodGet, "/v1/session", nil, header("Origin", friend))
	answer.Expect(t, http.StatusUnauthorized)
	expectHeader(t, answer, "Access-Control-Allow-Origin", "")
	preflight(t, s.Service, "/v1/session", friend, http.MethodGet).Expect(t, http.StatusMethodNotAllowed)
}

func TestPagesOfConfiguredOriginsCallV1(t *testing.T) {
	s := service.Start(t, service.Options{
		RedisURL: stores.Redis(t)[0].URL, MongoDBURI: stores.MongoDB(t)[0].URL, CORSOrigins: []string{friend},
	})
	caller := s.LogIn(t, service.NewUser())
	at := path(newID())
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		asked := preflight(t, s.Service, at, friend, method, "authorization", "content-type", "if-match", "if-none-match", "x-wx-code")
		asked.Expect(t, http.StatusNoContent)
		expectHeader(t, asked, "Access-Control-Allow-Origin", friend)
		expectHeader(t, asked, "Access-Control-Allow-Methods", method)
		expectHeader(t, asked, "Access-Control-Allow-Credentials", "")
		asked = preflight(t, s.Service, at, stranger, method)
		expectHeader(t, asked, "Access-Control-Allow-Origin", "")
	}

	created := caller.Do(t, http.MethodPut, at, oneStroke("一"), creating(), header("Origin", friend))
	created.Expect(t, http.StatusCreated)
	expectHeader(t, created, "Access-Control-Allow-Origin", friend)
	for _, name := range []string{"Etag", "X-Request-Id", "Ratelimit", "Ratelimit-Policy", "Retry-After"} {
		if !strings.Contains(strings.ToLower(created.Header.Get("Access-Control-Expose-Headers")), strings.ToLower(name)) {
			t.Errorf("%s is not exposed", name)
		}
	}
	picture := caller.Do(t, http.MethodGet, at+"/image", nil, header("Origin", friend))
	expectHeader(t, picture, "Vary", "Origin, Accept")
	refused := s.Nobody().Do(t, http.MethodGet, at, nil, header("Origin", friend))
	refused.Expect(t, http.StatusUnauthorized)
	expectHeader(t, refused, "Access-Control-Allow-Origin", friend) // or the page could not read why

	unknown := caller.Do(t, http.MethodGet, at, nil, header("Origin", stranger))
	unknown.Expect(t, http.StatusOK)
	expectHeader(t, unknown, "Access-Control-Allow-Origin", "")
	expectHeader(t, unknown, "Vary", "Origin")
	for _, closed := range []string{"/livez", "/applet/session/paints/list"} {
		answer := s.Nobody().Do(t, http.MethodGet, closed, nil, header("Origin", friend))
		expectHeader(t, answer, "Access-Control-Allow-Origin", "")
	}
}

func TestOriginsThatNoBrowserSendsAreRefusedAtTheStart(t *testing.T) {
	for _, origins := range []string{"*", "example.com", "https://example.com/", "https://*.example.com", "https://Example.com", "ftp://example.com", "https://a.example,,"} {
		code, output := service.Build(t).Refused(t, "CORS_ORIGINS="+origins)
		if code == 0 || !strings.Contains(output, "CORS_ORIGINS") {
			t.Errorf("%s: exit code %d, %s", origins, code, output)
		}
	}
}

// preflight asks what a browser asks before a page's request.
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
