// Package observability tests what operators see of the running program: metrics,
// traces, and the lines of its log.
package observability

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/tests/pki"
	"onestroke/tests/ports"
	"onestroke/tests/root"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m, service.RemoveBinaries) }

// process is the program with an admin port.
type process struct {
	*service.Process
	admin string // URL
}

func start(t *testing.T, env ...string) process {
	t.Helper()
	address := ports.Reserve(t)
	_, port, _ := net.SplitHostPort(address)
	return process{service.Build(t).Start(t, append(env, "ADMIN_PORT="+port)...), "http://" + address}
}

// metrics returns the lines of /metrics that are no comments.
func (p process) metrics(t *testing.T) (samples []string) {
	t.Helper()
	for line := range strings.Lines(p.scrape(t)) {
		if !strings.HasPrefix(line, "#") {
			samples = append(samples, strings.TrimSpace(line))
		}
	}
	return samples
}

func (p process) scrape(t *testing.T) string {
	t.Helper()
	answer, err := http.Get(p.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	return string(text)
}

// has reports whether there is a sample of a series that is not 0.
func has(samples []string, series string) bool {
	for _, s := range samples {
		if value, ok := strings.CutPrefix(s, series+" "); ok && value != "0" {
			return true
		}
	}
	return false
}

func newID() string { return uuid.NewString() }

func drawing() gen.DrawingContent {
	return gen.DrawingContent{
		Canvas:  gen.Canvas{Width: 3750, Height: 6670},
		Format:  gen.Format1,
		Strokes: []gen.Stroke{{Tool: gen.Pen, Color: "#666666", Width: 50, X: []int32{100, 110, 120}, Y: []int32{200, 220, 230}}},
	}
}

// use does what users do, and what fails. It returns the token of a share.
func use(t *testing.T, s service.Service) (token string) {
	t.Helper()
	caller := s.LogIn(t, service.NewUser())
	id := newID()
	path := "/v1/drawings/" + id
	caller.Do(t, http.MethodPut, path, drawing(), http.Header{"If-None-Match": {"*"}}).Expect(t, http.StatusCreated)
	caller.Do(t, http.MethodGet, path, nil).Expect(t, http.StatusOK)
	caller.Do(t, http.MethodGet, "/v1/drawings", nil).Expect(t, http.StatusOK)
	caller.Do(t, http.MethodGet, "/v1/drawings/"+newID(), nil).Expect(t, http.StatusNotFound)
	shared := caller.Do(t, http.MethodPut, path+"/share", nil)
	var share gen.Share
	shared.Decode(t, &share)
	s.Nobody().Do(t, http.MethodGet, "/v1/shared/"+share.Token, nil).Expect(t, http.StatusOK)
	s.Nobody().Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusUnauthorized)
	forged := http.Header{"Authorization": {"Bearer onestroke_" + strings.Repeat("A", 64)}} // which the store is asked for
	s.Nobody().Do(t, http.MethodGet, "/v1/session", nil, forged).Expect(t, http.StatusUnauthorized)
	s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]string{"code": "made-up-" + newID()}).Expect(t, http.StatusUnauthorized)
	return share.Token
}

func TestMetrics(t *testing.T) {
	redis, mongodb := stores.Redis(t)[0], stores.MongoDB(t)[0]
	for name, env := range map[string][]string{
		"sqlite":  nil,
		"servers": {"REDIS_URL=" + redis.URL, "MONGODB_URI=" + service.InDatabase(t, mongodb.URL, service.NewDatabase())},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, append(env, "SHARE_RATE_PER_MINUTE=1")...)
			token := use(t, p.Service)
			p.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusTooManyRequests)
			p.Nobody().Do(t, http.MethodPost, "/simulator/push", map[string]any{"event": "an_event_of_tomorrow", "user": service.NewUser()}).Expect(t, http.StatusOK)
			samples := p.metrics(t)
			sessions, drawings := "sqlite", "sqlite"
			if env != nil {
				sessions, drawings = "redis", "mongodb"
			}
			for _, series := range []string{
				`onestroke_requests_total{code="",operation="putDrawing",status="201"}`,
				`onestroke_requests_total{code="ERR_NOT_FOUND",operation="getDrawing",status="404"}`,
				`onestroke_request_duration_seconds_count{operation="getDrawing"}`,
				`onestroke_requests_in_flight_limit`,
				`onestroke_refusals_total{limit="share"}`,
				`onestroke_calls_total{call="complete_login",outcome="ok",system="` + sessions + `"}`,
				`onestroke_calls_total{call="insert_drawing",outcome="ok",system="` + drawings + `"}`,
				`onestroke_call_duration_seconds_count{call="get_drawing",system="` + drawings + `"}`,
				`onestroke_calls_total{call="/sns/jscode2session",outcome="ok",system="wechat"}`,
				`onestroke_calls_total{call="/sns/jscode2session",outcome="refused",system="wechat"}`,
				`onestroke_wechat_errcodes_total{call="/sns/jscode2session",errcode="40029"}`,
				`onestroke_unknown_pushes_total`,
				`onestroke_pool_connections{state="idle",system="` + sessions + `"}`,
				`onestroke_pool_connections{state="idle",system="` + drawings + `"}`,
				`onestroke_session_cache_lookups_total{result="hit"}`,
				`onestroke_session_cache_lookups_total{result="miss"}`,
				`go_goroutines`, `process_resident_memory_bytes`,
			} {
				if !has(samples, series) {
					t.Errorf("no %s in\n%s", series, strings.Join(samples, "\n"))
				}
			}
			text := strings.Join(samples, "\n")
			for _, name := range []string{"onestroke_breaker_open{breaker=\"wechat_login\"} 0", "onestroke_log_lines_dropped_total 0", "onestroke_build_info{"} {
				if !strings.Contains(text, name) {
					t.Errorf("no %s", name)
				}
			}
		})
	}
}

// A client that hangs up is no failure of the service, whichever store its request
// waits for.
func TestAClientThatHangsUpIsCountedAs499(t *testing.T) {
	redis, mongodb := stores.Redis(t)[0].Proxy(t), stores.MongoDB(t)[0].Proxy(t)
	redis.Slow(20 * time.Millisecond)
	mongodb.Slow(20 * time.Millisecond)
	for name, env := range map[string][]string{
		"sqlite":  nil,
		"redis":   {"REDIS_URL=" + redis.URL},
		"mongodb": {"MONGODB_URI=" + service.InDatabase(t, mongodb.URL, service.NewDatabase())},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, append(env, "REQUEST_RATE_PER_MINUTE=1000000", "SLOW_REQUEST=0s")...) // a slow one is a warning
			token := p.LogIn(t, service.NewUser()).Header.Get("Authorization")
			body, err := json.Marshal(drawing())
			if err != nil {
				t.Fatal(err)
			}
			eventually(t, "a client that hangs up is counted", func() bool {
				for range 20 { // one alone may be served before its end is noticed
					conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
					if err != nil {
						t.Fatal(err)
					}
					fmt.Fprintf(conn, "PUT /v1/drawings/%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nIf-None-Match: *\r\n"+
						"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", newID(), token, len(body), body)
					conn.Close()
				}
				return has(p.metrics(t), `onestroke_requests_total{code="",operation="putDrawing",status="499"}`)
			})
			for _, s := range p.metrics(t) {
				if strings.Contains(s, `status="5`) {
					t.Errorf("there is %s", s)
				}
			}
			var gone int
			for _, l := range p.lines(t) {
				if l.Status == 499 {
					gone++
				}
				if l.Status >= 500 || l.Status == 499 && (l.Level != "INFO" || l.Code != "") {
					t.Errorf("logged %+v", l)
				}
			}
			if gone == 0 {
				t.Error("no line has status 499")
			}
		})
	}
}

// A client that hangs up amid its body does not get the error of one that sends half a
// body, so it is not counted among those who do.
func TestAClientThatHangsUpAmidItsBodyIsCountedAs499(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	root := pki.NewAuthority(t)
	root.Issue(t).Write(t, cert, key)
	for name, c := range map[string]struct {
		http2  bool
		hangUp func(conn net.Conn, giveUp func())
	}{
		"HTTP/1.1, closed":   {false, func(conn net.Conn, _ func()) { conn.(*tls.Conn).NetConn().Close() }},
		"HTTP/1.1, reset":    {false, func(conn net.Conn, _ func()) { reset(conn) }},
		"HTTP/2, closed":     {true, func(conn net.Conn, _ func()) { conn.(*tls.Conn).NetConn().Close() }},
		"HTTP/2, reset":      {true, func(conn net.Conn, _ func()) { reset(conn) }},
		"HTTP/2, given up":   {true, func(_ net.Conn, giveUp func()) { giveUp() }},
		"HTTP/1.1, given up": {false, func(_ net.Conn, giveUp func()) { giveUp() }},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, "TLS_CERT_FILE="+cert, "TLS_KEY_FILE="+key, "SLOW_REQUEST=0s")
			token := p.LogIn(t, service.NewUser()).Header.Get("Authorization")
			config := &tls.Config{RootCAs: root.Pool(), NextProtos: []string{"http/1.1"}}
			if c.http2 {
				config.NextProtos = []string{"h2"}
			}
			conn, err := tls.Dial("tcp", strings.TrimPrefix(p.URL, "https://"), config)
			if err != nil {
				t.Fatal(err)
			}
			transport := &http.Transport{ForceAttemptHTTP2: c.http2, DialTLSContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
			defer transport.CloseIdleConnections()
			ctx, giveUp := context.WithCancel(t.Context())
			defer giveUp()
			body, sent := io.Pipe()
			request, err := http.NewRequestWithContext(ctx, http.MethodPut, p.URL+"/v1/drawings/"+newID(), body)
			if err != nil {
				t.Fatal(err)
			}
			request.Header = http.Header{"Authorization": {token}, "If-None-Match": {"*"}, "Content-Type": {"application/json"}}
			request.ContentLength = 1000
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				if answer, err := transport.RoundTrip(request); err == nil {
					answer.Body.Close()
				}
			}()
			if _, err := io.WriteString(sent, `{"format":1,`); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the body arrives", func() bool { return p.takesMemory(t) })
			c.hangUp(conn, giveUp)
			sent.CloseWithError(io.ErrClosedPipe)
			<-ended
			eventually(t, "the request ends", func() bool { return strings.Contains(p.scrape(t), `operation="putDrawing",status=`) })
			if !has(p.metrics(t), `onestroke_requests_total{code="",operation="putDrawing",status="499"}`) {
				t.Errorf("there is %s", strings.Join(p.metrics(t), "\n"))
			}
		})
	}
}

// reset ends a connection without the rest of what was sent on it.
func reset(conn net.Conn) {
	tcp := conn.(*tls.Conn).NetConn().(*net.TCPConn)
	_ = tcp.SetLinger(0)
	tcp.Close()
}

// Requests of operators have a limit of their own, which someone who guesses the token meets.
func TestTheLimitOfOperatorsIsCountedAndExplained(t *testing.T) {
	p := start(t, "ADMIN_TOKEN="+strings.Repeat("a", 32))
	guess := p.With(http.Header{"Authorization": {"Bearer " + strings.Repeat("b", 32)}})
	eventually(t, "a guess is refused", func() bool {
		return guess.Do(t, http.MethodGet, "/v1/admin/checks", nil).Status == http.StatusTooManyRequests
	})
	if !has(p.metrics(t), `onestroke_refusals_total{limit="operator"}`) {
		t.Errorf("there is %s", strings.Join(p.metrics(t), "\n"))
	}
	for _, page := range []string{"observability.md", "observability.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join(root.Dir(), "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		_, row, _ := strings.Cut(string(text), "| `onestroke_refusals_total` |")
		if row, _, _ = strings.Cut(row, "\n"); !strings.Contains(row, "`operator`") {
			t.Errorf("%s does not explain it: %s", page, row)
		}
	}
}

// What bodies take of the memory for them is seen while they arrive, and that one is
// refused for want of it.
func TestMetricsOfTheMemoryForBodies(t *testing.T) {
	p := start(t, "MAX_BODY_MEMORY=65536")
	caller := p.LogIn(t, service.NewUser())
	if p.takesMemory(t) || !slices.Contains(p.metrics(t), "onestroke_body_memory_limit_bytes 65536") {
		t.Errorf("before the first body there is %s", strings.Join(p.metrics(t), "\n"))
	}
	tooLarge(t, p, caller)
	eventually(t, "the memory is given back", func() bool { return !p.takesMemory(t) })
	if !has(p.metrics(t), `onestroke_refusals_total{limit="body_memory"}`) {
		t.Error("the refusal is not counted")
	}
}

// takesMemory reports whether bodies take memory.
func (p process) takesMemory(t *testing.T) bool {
	t.Helper()
	return has(p.metrics(t), "onestroke_body_memory_bytes")
}

// tooLarge sends a body that is larger than half of a MAX_BODY_MEMORY of 64 KiB, while
// another one from the same address arrives.
func tooLarge(t *testing.T, p process, caller service.Caller) {
	t.Helper()
	arrives, sends := io.Pipe()
	request, err := http.NewRequest(http.MethodPut, p.URL+"/v1/drawings/"+newID(), arrives)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = caller.Header.Clone()
	request.Header.Set("Content-Type", "application/json")
	answered := make(chan error, 1)
	go func() {
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			err = answer.Body.Close()
		}
		answered <- err
	}()
	if _, err := io.WriteString(sends, `{`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the body takes memory", func() bool { return p.takesMemory(t) })
	d := drawing()
	d.Strokes = slices.Repeat(d.Strokes, 1000)
	caller.Do(t, http.MethodPut, "/v1/drawings/"+newID(), d).ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
	_ = sends.Close()
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to pass that ", what)
		}
	}
}

// Whatever clients send, the number of series stays within what the contract and
// this program know.
func TestHostileInputMakesNoSeries(t *testing.T) {
	p := start(t)
	use(t, p.Service)
	hostile := func(from, to int) {
		for i := from; i < to; i++ {
			secret := fmt.Sprintf("hostile-%d", i)
			for _, r := range []struct{ method, path string }{
				{http.MethodGet, "/" + secret},
				{http.MethodGet, "/v1/shared/" + secret},
				{http.MethodGet, "/v1/drawings/" + newID()},
				{http.MethodGet, "/v1/drawings?cursor=" + secret},
				{strings.ToUpper("M" + secret), "/v1/drawings"},
			} {
				request, err := http.NewRequest(r.method, p.URL+r.path, nil)
				if err != nil {
					t.Fatal(err)
				}
				request.Host = secret
				for _, name := range []string{"User-Agent", "X-Request-Id", "Authorization", "Traceparent", "X-Wx-Code", "X-" + secret} {
					request.Header.Set(name, secret)
				}
				answer, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
			}
			p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]string{"code": secret})
		}
	}
	hostile(0, 3)
	before := p.metrics(t)
	hostile(3, 40)
	after := p.metrics(t)
	if len(after) != len(before) {
		t.Errorf("%d series became %d", len(before), len(after))
	}
	const most = 600
	if len(after) > most {
		t.Errorf("%d series", len(after))
	}
	if text := strings.ToLower(p.scrape(t)); strings.Contains(text, "hostile") {
		t.Error("a label is made of what a client sent")
	}
}

func TestAdminPortIsOffByDefault(t *testing.T) {
	p := service.Build(t).Start(t)
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		p.Nobody().Do(t, http.MethodGet, path, nil).Expect(t, http.StatusNotFound)
	}
	on := start(t)
	if on.Nobody().Do(t, http.MethodGet, "/metrics", nil).Expect(t, http.StatusNotFound); !strings.Contains(on.scrape(t), "onestroke_build_info") {
		t.Error("no metrics")
	}
	answer, err := http.Get(on.admin + "/debug/pprof/heap")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if profile, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK || len(profile) == 0 {
		t.Error(answer.Status, err)
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(on.admin, "http://"))
	if code, output := service.Build(t).Refused(t, "ADMIN_PORT="+port); code != 1 || !strings.Contains(output, "ADMIN_PORT") {
		t.Errorf("a port that is in use: %d, %s", code, output)
	}
}

// line is the line of one request in the log.
type line struct {
	Level, Operation, Trace, Code string
	Status                        int
	US                            int64
	Spent                         map[string]int64
}

func (p process) lines(t *testing.T) (lines []line) {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	p.Wait(t)
	for text := range strings.Lines(p.Output()) {
		var l struct {
			line
			Msg string
		}
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if l.Msg == "request" {
			lines = append(lines, l.line)
		}
	}
	return lines
}

// A WeChat that takes its time makes a login slow, and the log says so.
func TestASlowRequestSaysWhereItsTimeWent(t *testing.T) {
	const delay = 1500 * time.Millisecond
	weChat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-time.After(delay)
		fmt.Fprint(w, `{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","session_key":"HyVFkGl5F5OQWJZZaNzBBg=="}`)
	}))
	defer weChat.Close()
	p := start(t, "SLOW_REQUEST=1s", "LOG_LEVEL=warn", "WECHAT_API_URL="+weChat.URL)
	p.Nobody().Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusUnauthorized)
	p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]string{"code": "one"}).Expect(t, http.StatusCreated)
	lines := p.lines(t)
	if len(lines) != 1 {
		t.Fatalf("got %+v", lines)
	}
	l := lines[0]
	if l.Level != "WARN" || l.Operation != "logIn" || l.Spent["wechat"] < delay.Microseconds() || l.Spent["sqlite"] <= 0 || l.Spent["wechat"]+l.Spent["sqlite"] > l.US {
		t.Errorf("got %+v", l)
	}
}

// The time in which a client sends its body does not make the request slow.
func TestASlowClientIsNoSlowRequest(t *testing.T) {
	p := start(t, "SLOW_REQUEST=1s")
	read, write := io.Pipe()
	go func() {
		_, _ = io.WriteString(write, `{"code":`)
		<-time.After(2 * time.Second)
		_, _ = io.WriteString(write, `"made-up"}`)
		_ = write.Close()
	}()
	answer, err := http.Post(p.URL+"/v1/session", "application/json", read)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	for _, l := range p.lines(t) {
		if l.Level != "INFO" || l.Spent != nil {
			t.Errorf("got %+v", l)
		}
	}
}
