package endtoend

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"onestroke/tests/ports"
	"onestroke/tests/service"
)

// many requests are more lines of the log than the program lets wait.
const many = 10_000

// Whatever becomes of those who read stdout and stderr, requests are answered, a
// signal lets the login in flight finish, and the process ends.
func TestNobodyReadsWhatTheProgramWrites(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) (stdout, stderr *os.File){
		"stderr blocked": func(t *testing.T) (_, _ *os.File) { return nil, blocked(t) },
		"stdout blocked": func(t *testing.T) (_, _ *os.File) { return blocked(t), nil },
		"both blocked":   func(t *testing.T) (_, _ *os.File) { return blocked(t), blocked(t) },
		"both gone":      func(t *testing.T) (_, _ *os.File) { return withoutReader(t), withoutReader(t) },
	} {
		t.Run(name, func(t *testing.T) {
			arrived, release := make(chan struct{}), make(chan struct{})
			slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(arrived)
				<-release
				weChat("oNobodyInParticular", published.sessionKey).ServeHTTP(w, r)
			}))
			defer slow.Close()
			stdout, stderr := open(t)
			p := service.Build(t).StartWriting(t, stdout, stderr, "WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET=secret",
				"WECHAT_API_URL="+slow.URL, "WECHAT_TIMEOUT=30s")
			ask(t, p, many)
			answered := make(chan service.Answer, 1)
			go func() {
				defer close(answered)
				answered <- p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": newID()})
			}()
			<-arrived
			p.Signal(t, syscall.SIGTERM)
			eventually(t, func() bool { return !accepts(p) })
			close(release)
			(<-answered).Expect(t, http.StatusCreated)
			if code := p.Wait(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// What did not finish in time is an error that is written at last. Where nobody
// reads it, the process ends all the same.
func TestNobodyReadsWhyTheProgramFails(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	defer hanging.Close()
	defer close(release)
	p := service.Build(t).StartWriting(t, nil, blocked(t), "SIMULATOR=on", "WECHAT_API_URL="+hanging.URL, "WECHAT_TIMEOUT=1m", "SHUTDOWN_TIMEOUT=100ms")
	go func() {
		response, err := http.Post(p.URL+"/v1/session", "application/json", strings.NewReader(`{"code":"`+newID()+`"}`))
		if err == nil {
			response.Body.Close()
		}
	}()
	<-arrived
	p.Signal(t, syscall.SIGTERM)
	if code := p.Wait(t); code != 1 {
		t.Errorf("exit code %d", code)
	}
}

// Once somebody reads on, the log says how many lines it lacks. The metrics say it before.
func TestLinesThatWereDroppedAreCounted(t *testing.T) {
	t.Parallel()
	in, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	admin := ports.ReservePort(t)
	p := service.Build(t).StartWriting(t, nil, stderr, "ADMIN_PORT="+admin)
	_ = stderr.Close() // so that the end of the process is the end of the pipe
	ask(t, p, many)
	counted := droppedLines(t, "http://127.0.0.1:"+admin+"/metrics")
	written, dropped := 0, 0
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var l struct {
			Msg   string
			Lines int
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%v in %s", err, lines.Bytes())
		}
		switch l.Msg {
		case "request":
			written++
		case "log lines were dropped: the output did not take them":
			dropped += l.Lines
			p.Signal(t, syscall.SIGTERM)
		}
	}
	if p.Wait(t); dropped == 0 || written+dropped < many || counted != dropped {
		t.Errorf("%d lines are written and %d dropped, of %d requests; %d are counted", written, dropped, many, counted)
	}
}

// droppedLines is how many lines of the log were dropped, by the metrics.
func droppedLines(t *testing.T, metrics string) (n int) {
	t.Helper()
	answer, err := http.Get(metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), "onestroke_log_lines_dropped_total %d", &n); err == nil {
			return n
		}
	}
	t.Fatal("the metrics do not count them")
	return 0
}

// ask has the program answer requests, each of which is a line of the log.
func ask(t *testing.T, p *service.Process, n int) {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second}
	for range n {
		answer, err := client.Get(p.URL + "/livez")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatal(answer.Status)
		}
	}
}

func accepts(p *service.Process) bool {
	_, address, _ := strings.Cut(p.URL, "://")
	conn, err := net.Dial("tcp", address)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// blocked is a pipe that is full and that nobody reads.
func blocked(t *testing.T) (out *os.File) {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); out.Close() })
	if err := out.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write(make([]byte, 1<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	return out
}

// withoutReader is a pipe whose other end is closed.
func withoutReader(t *testing.T) (out *os.File) {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	t.Cleanup(func() { out.Close() })
	return out
}
