package endtoend

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestTooManyConcurrentRequestsGetRetryAfter(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		weChat("oNobodyInParticular", published.sessionKey).ServeHTTP(w, r)
	})
	s := startService(t, service.Options{
		WeChat: slow, MaxInFlight: 2,
	})
	logins := make(chan service.Answer)
	for range 2 {
		go func() {
			logins <- s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": newID()})
		}()
		<-arrived
	}
	for range 3 { // a rejected request does not count
		answer := s.Nobody().Do(t, http.MethodGet, "/v1/drawings", nil)
		answer.ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
		if answer.Header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After is %q", answer.Header.Get("Retry-After"))
		}
	}
	s.Nobody().Do(t, http.MethodGet, "/applet/session/paints/list", nil).
		ExpectPaintFailure(t, http.StatusServiceUnavailable, "ERR_UNAVAILABLE")
	for _, path := range []string{"/livez", "/readyz", "/openapi.json"} {
		s.Nobody().Do(t, http.MethodGet, path, nil).Expect(t, http.StatusOK)
	}
	close(release)
	for range 2 {
		(<-logins).Expect(t, http.StatusCreated)
	}
	s.Nobody().Do(t, http.MethodGet, "/v1/drawings", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
}

func TestAStoppingServiceIsNotReady(t *testing.T) {
	s := start(t)
	user := s.LogIn(t, service.NewUser())
	s.Nobody().Do(t, http.MethodGet, "/readyz", nil).Expect(t, http.StatusOK)
	s.Stop()
	s.Nobody().Do(t, http.MethodGet, "/readyz", nil).ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
	s.Nobody().Do(t, http.MethodGet, "/livez", nil).Expect(t, http.StatusOK)
	user.Do(t, http.MethodPut, path(newID()), oneStroke("late"), creating()).Expect(t, http.StatusCreated)
}

func TestTheRequestIDIsReadFromTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for name, test := range map[string]struct {
		trusted []netip.Prefix
		given   string
		taken   bool
	}{
		"trusted":           {loopback, "0b9e8d7c-6f5a-4b3c-9d2e-1f0a9b8c7d6e", true},
		"trusted, of nginx": {loopback, "0b9e8d7c6f5a4b3c9d2e1f0a9b8c7d6e", true},
		"not trusted":       {nil, "0b9e8d7c-6f5a-4b3c-9d2e-1f0a9b8c7d6e", false},
		"too short":         {loopback, "0b9e8d7c", false},
		"too long":          {loopback, "0b9e8d7c-6f5a-4b3c-9d2e-1f0a9b8c7d6e0", false},
		"another form":      {loopback, "{0b9e8d7c-6f5a-4b3c-9d2e-1f0a9b8c7d6e}", false},
		"another character": {loopback, "0b9e8d7c-6f5a-4b3c-9d2e-1f0a9b8c7d6g", false},
		"empty":             {loopback, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := startService(t, service.Options{TrustedProxies: test.trusted})
			problem := s.Nobody().Do(t, http.MethodGet, "/v1/session", nil, header("X-Request-Id", test.given)).
				ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
			if taken := problem.Instance == "urn:uuid:0b9e8d7c-6f5a-4b3c-9d2e-1f0a9b8c7d6e"; taken != test.taken {
				t.Errorf("the instance is %s", problem.Instance)
			}
		})
	}
}

func TestRequestsThatAreTooSlowOrTooLargeAreEnded(t *testing.T) {
	hanging := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hanging }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(hanging) })
	p := service.Build(t).Start(t,
		"READ_HEADER_TIMEOUT=1s", "READ_TIMEOUT=1s", "WRITE_TIMEOUT=2s", "IDLE_TIMEOUT=1s", "MAX_HEADER_BYTES=4096", "MAX_BODY_BYTES=1024",
		"SIMULATOR=on", "WECHAT_API_URL="+slow.URL, "WECHAT_TIMEOUT=3s")

	request := func(path string, length int, more string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s", path, length, more)
	}
	login := `{"code":"` + newID() + `"}`
	for name, test := range map[string]struct {
		sent   string
		status string        // of the answer; empty if there is none
		after  time.Duration // until the connection ends
	}{
		"headers that do not end": {request("/v1/session", 10, ""), "", time.Second},
		"a body that does not end": {
			request("/v1/session", 100, "\r\n{"), "408 Request Timeout", time.Second / 6,
		},
		"an answer that comes too late": {
			request("/v1/session", len(login), "\r\n"+login), "", 3 * time.Second,
		},
		"a connection that idles": {"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", time.Second},
		"headers that are too large": {
			request("/v1/session", 2, "X-Filler: "+strings.Repeat("x", 4096)+"\r\nConnection: close\r\n\r\n{}"),
			"431 Request Header Fields Too Large", 0,
		},
		"a body that is too large": {request("/v1/session", 1025, "\r\n"), "413 Request Entity Too Large", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			begun := time.Now()
			if _, err := io.WriteString(conn, test.sent); err != nil {
				t.Fatal(err)
			}
			status := ""
			reader := bufio.NewReader(conn)
			if answer, err := http.ReadResponse(reader, nil); err == nil {
				status = answer.Status
				_, _ = io.Copy(io.Discard, answer.Body)
			}
			if status != test.status {
				t.Errorf("the status is %q", status)
			}
			_, _ = io.Copy(io.Discard, reader) // until the service closes the connection
			// Longer than the limit, as the machine may be compiling at the same time.
			if took := time.Since(begun); took < test.after-50*time.Millisecond || took > test.after+20*time.Second {
				t.Errorf("the connection ends after %s", took)
			}
		})
	}
}

// A burst that may be in progress takes a while, and none of it is refused.
func TestABurstWithinTheLimitIsAnswered(t *testing.T) {
	t.Parallel()
	const requests = 950
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		if mongodb.URL != "" {
			mongodb.URL += "&timeoutMS=120000" // however busy the machine is
		}
		s := service.Start(t, service.Options{RedisURL: redis.URL, MongoDBURI: mongodb.URL, MaxInFlight: 1000})
		caller := s.LogIn(t, service.NewUser())
		body := mustJSON(oneStroke("one of many"))
		client := http.Client{Transport: &http.Transport{MaxConnsPerHost: requests}}
		defer client.CloseIdleConnections()
		id := create(t, caller, "one of them")
		for _, method := range []string{http.MethodPut, http.MethodGet} {
			statuses := make(chan int, requests)
			for range requests {
				go func() {
					status := 0
					defer func() { statuses <- status }()
					at := s.URL + path(id)
					if method == http.MethodPut {
						at = s.URL + path(newID())
					}
					r, err := http.NewRequest(method, at, strings.NewReader(body))
					if err != nil {
						return
					}
					r.Header = http.Header{"Authorization": caller.Header["Authorization"], "Content-Type": {"application/json"}, "If-None-Match": {"*"}}
					if method == http.MethodGet {
						r.Body, r.ContentLength = http.NoBody, 0
						r.Header.Del("If-None-Match")
					}
					answer, err := client.Do(r)
					if err != nil {
						return
					}
					defer answer.Body.Close()
					if _, err := io.Copy(io.Discard, answer.Body); err == nil {
						status = answer.StatusCode
					}
				}()
			}
			counts := map[int]int{}
			for range requests {
				counts[<-statuses]++
			}
			if counts[http.StatusCreated]+counts[http.StatusOK] != requests {
				t.Errorf("%s is answered with %v", method, counts)
			}
		}
	})
}
