package endtoend

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"onestroke/gen"
	"onestroke/tests/service"
)

func TestEachFailureOfWeChatHasItsAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		weChat     http.HandlerFunc
		status     int
		retryAfter string
	}{
		"an empty body":            {func(http.ResponseWriter, *http.Request) {}, http.StatusBadGateway, ""},
		"a redirect":               {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, http.StatusBadGateway, ""},
		"a connection that closes": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, http.StatusServiceUnavailable, "2"},
		"a body that breaks off":   {breaksOff, http.StatusServiceUnavailable, "2"},
		"a server that hangs":      {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, http.StatusServiceUnavailable, "2"},
		"a gateway without server": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, http.StatusServiceUnavailable, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startWith(t, c.weChat)
			answer := s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": newID()})
			answer.ExpectProblem(t, c.status, gen.ErrSessionKeyExchangeFailed)
			expectRetryAfter(t, answer, c.retryAfter)
			answer = signedBy(s, newID()).Do(t, http.MethodGet, "/applet/session/paints/list", nil)
			answer.ExpectSessionFailure(t, http.StatusOK, "ERR_SESSION_KEY_EXCHANGE_FAILED", "jscode failed to exchange session_key")
			expectRetryAfter(t, answer, c.retryAfter)
		})
	}
}

func TestAMissingCodeIsAnInvalidRequest(t *testing.T) {
	s := startWith(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"errcode":41008}`)) })
	p := s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": newID()}).
		ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
	if !names(p, "code", "required") {
		t.Errorf("got %+v", p)
	}
	signedBy(s, newID()).Do(t, http.MethodGet, "/applet/session/paints/list", nil).
		ExpectSessionFailure(t, http.StatusOK, "ERR_SESSION_KEY_EXCHANGE_FAILED", "")
}

func TestNoRequestIsSentToWeChatDuringAnOutage(t *testing.T) {
	var asked atomic.Int64
	s := startWith(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
	})
	for range 20 {
		answer := s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": newID()})
		answer.ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrSessionKeyExchangeFailed)
		expectRetryAfter(t, answer, "2")
	}
	before := asked.Load()
	if before >= 20 {
		t.Fatalf("WeChat got %d requests", before)
	}
	signedBy(s, newID()).Do(t, http.MethodGet, "/applet/session/paints/list", nil).
		ExpectSessionFailure(t, http.StatusOK, "ERR_SESSION_KEY_EXCHANGE_FAILED", "")
	if asked.Load() != before {
		t.Error("WeChat got a request during the outage")
	}
}

func breaksOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte(`{"openid":"o`))
}

// startWith runs the service with another WeChat and a timeout of one second.
func startWith(t *testing.T, weChat http.HandlerFunc) *service.Local {
	t.Helper()
	return startService(t, service.Options{
		WeChat: weChat, WeChatTimeout: time.Second,
	})
}

// signedBy returns a program of 2017 that sends its first request.
func signedBy(s *service.Local, code string) service.Caller {
	return s.With(service.Phone{Code: code, RawData: published.rawData, Signature: published.signature}.Headers())
}

func expectRetryAfter(t *testing.T, a service.Answer, want string) {
	t.Helper()
	if got := a.Header.Get("Retry-After"); got != want {
		t.Errorf("Retry-After %q, want %q", got, want)
	}
}
