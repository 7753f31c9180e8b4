package endtoend

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
)

func TestEachRequestIsOneLineInTheLog(t *testing.T) {
	program := service.Build(t)
	env := []string{"WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET=one-secret-of-all-replicas", "SIMULATOR=on"}
	user := service.NewUser()
	served := func(env []string) (lines []line) {
		p := program.Start(t, env...)
		caller := p.LogIn(t, user)
		caller.Do(t, http.MethodPut, path(newID()), oneStroke("one"), creating()).Expect(t, http.StatusCreated)
		caller.Do(t, http.MethodGet, path(newID()), nil).Expect(t, http.StatusNotFound)
		p.Nobody().Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
		p.Nobody().Do(t, http.MethodGet, "/v1/no/such/path", nil).Expect(t, http.StatusNotFound)
		p.Signal(t, syscall.SIGTERM)
		p.Wait(t)
		return requests(t, p)
	}
	lines := served(env)
	want := []line{
		{Method: "POST", Route: "/v1/session", Status: 201, User: "known"},
		{Method: "PUT", Route: "/v1/drawings/{id}", Status: 201, User: "known"},
		{Method: "GET", Route: "/v1/drawings/{id}", Status: 404, User: "known", Code: "ERR_NOT_FOUND"},
		{Method: "GET", Route: "/v1/session", Status: 401, Code: "ERR_LOGIN_REQUIRED"},
		{Method: "GET", Status: 404, Code: "ERR_NOT_FOUND"},
	}
	if len(lines) != len(want) {
		t.Fatalf("got %+v", lines)
	}
	known := lines[0].User
	for i, got := range lines {
		if got.Bytes == 0 || got.US <= 0 || !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(got.Request) || got.Level != "INFO" {
			t.Errorf("got %+v", got)
		}
		if got.User == known {
			got.User = "known"
		}
		got.Bytes, got.US, got.Request, got.Level = 0, 0, "", ""
		if got != want[i] {
			t.Errorf("got %+v, want %+v", got, want[i])
		}
	}
	if again := served(env)[0].User; again != known {
		t.Errorf("a replica calls the user %s and not %s", again, known)
	}
	env[1] = "WECHAT_APP_SECRET=another-secret"
	if other := served(env)[0].User; other == known || other == "" {
		t.Errorf("with another key the user is called %q too", other)
	}
}

func TestAFailureIsLoggedWithItsCause(t *testing.T) {
	p := service.Build(t).Start(t, "REDIS_URL=redis://127.0.0.1:1", "LOG_LEVEL=error")
	p.Nobody().Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusUnauthorized)
	p.With(header("X-WX-Code", newID())).Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
	p.Signal(t, syscall.SIGTERM)
	p.Wait(t)
	lines := requests(t, p)
	if len(lines) != 1 || lines[0].Level != "ERROR" || lines[0].Code != "ERR_UNAVAILABLE" || !strings.Contains(lines[0].Cause, "127.0.0.1:1") {
		t.Errorf("got %+v", lines)
	}
}

// line is the line of one request in the log.
type line struct {
	Level, Method, Route string
	Status, Bytes        int
	US                   int // microseconds
	Request, User        string
	Code, Cause          string
}

// requests returns the lines of requests for paths of the contract. Each line of the
// output must be JSON.
func requests(t *testing.T, p *service.Process) (lines []line) {
	t.Helper()
	for text := range strings.Lines(p.Output()) {
		var l struct {
			line
			Msg string
		}
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		isSimulator := l.Route == "" && l.Status == http.StatusOK
		if l.Msg == "request" && !isSimulator {
			lines = append(lines, l.line)
		}
	}
	return lines
}
