package faults

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"onestroke/impl/wechatsim"
	"onestroke/tests/output"
	"onestroke/tests/ports"
	"onestroke/tests/stores"
)

// server is a store: a process that can be killed, stopped and started again at the
// same address, behind a line that can be slow or cut.
type server struct {
	t       *testing.T
	address string
	dir     string // of its data
	program func(more ...string) *exec.Cmd
	process *exec.Cmd
	line    *toxiproxy.Proxy
}

// startServer starts a store. program returns the command that starts it at an address
// with its data in a folder.
func startServer(t *testing.T, program func(address, dir string, more ...string) *exec.Cmd) *server {
	t.Helper()
	s := &server{t: t, address: ports.Reserve(t), dir: t.TempDir()}
	s.program = func(more ...string) *exec.Cmd { return program(s.address, s.dir, more...) }
	s.start()
	t.Cleanup(s.kill)
	s.line = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "line", ports.Reserve(t), s.address)
	if err := s.line.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.line.Stop)
	return s
}

// start starts the process and returns when it accepts connections.
func (s *server) start(more ...string) {
	s.t.Helper()
	s.process = s.program(more...)
	problems := new(output.Output)
	s.process.Stdout, s.process.Stderr = problems, problems
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "the store accepts connections", func() bool {
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// kill ends the process at once, also one that is frozen.
func (s *server) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

// freeze stops the process without ending it, and returns what lets it go on.
func (s *server) freeze() (thaw func()) {
	s.signal(syscall.SIGSTOP)
	return func() { s.signal(syscall.SIGCONT) }
}

func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// toxic makes the line fail as toxiproxy's documentation describes the type, and
// returns what ends that.
func (s *server) toxic(kind, stream, attributes string) (end func()) {
	s.t.Helper()
	if _, err := s.line.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"name":"fault","type":%q,"stream":%q,"toxicity":1,"attributes":%s}`, kind, stream, attributes))); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		if err := s.line.Toxics.RemoveToxic(s.t.Context(), "fault"); err != nil {
			s.t.Fatal(err)
		}
	}
}

// lose removes the data of a process that does not run.
func (s *server) lose() {
	s.t.Helper()
	if err := os.RemoveAll(s.dir); err != nil {
		s.t.Fatal(err)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
}

// startRedis starts a redis-server that forgets nothing that it has answered.
func startRedis(t *testing.T) *server {
	return startServer(t, redisServer)
}

func redisServer(address, dir string, more ...string) *exec.Cmd {
	host, port, _ := net.SplitHostPort(address)
	return exec.Command("redis-server", append([]string{
		"--bind", host, "--port", port, "--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "local",
	}, more...)...)
}

// command sends a command to Redis itself, past the line.
func (s *server) command(args ...any) {
	s.t.Helper()
	s.as("", args...)
}

// as sends a command with a password.
func (s *server) as(password string, args ...any) {
	s.t.Helper()
	client := s.client(password)
	if err := client.Do(s.t.Context(), args...).Err(); err != nil {
		s.t.Fatalf("%v: %v", args, err)
	}
}

// client returns a client of Redis that keeps one connection.
func (s *server) client(password string) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.address, Password: password, PoolSize: 1, MaxRetries: -1, DisableIdentity: true})
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

func startMongoDB(t *testing.T) *server {
	t.Helper()
	path, err := stores.MongoDBProgram()
	if err != nil {
		t.Fatal(err)
	}
	return startServer(t, func(address, dir string, _ ...string) *exec.Cmd {
		return exec.Command(path, "-address", address, "-data", dir)
	})
}

// weChat is a WeChat that answers as the simulator does, unless a fault says otherwise.
type weChat struct {
	t         *testing.T
	url       string
	simulator *wechatsim.Simulator
	instead   atomic.Pointer[http.HandlerFunc] // answers the service's calls; the simulator if nil
}

const appID, appSecret = "wx0123456789abcdef", "3f1c0ffee5ec4e70"

func startWeChat(t *testing.T) *weChat {
	w := &weChat{t: t, simulator: wechatsim.New(appID, appSecret)}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if instead := w.instead.Load(); instead != nil {
			(*instead)(out, r)
			return
		}
		w.simulator.ServeHTTP(out, r)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// answers lets f answer instead of the simulator, until what it returns is called.
func (w *weChat) answers(f http.HandlerFunc) (end func()) {
	w.instead.Store(&f)
	return func() { w.instead.Store(nil) }
}

// code returns a login code of a user, as wx.login does.
func (w *weChat) code(user string) string {
	out := httptest.NewRecorder()
	w.simulator.ServeHTTP(out, httptest.NewRequest(http.MethodPost, "/simulator/login", strings.NewReader(fmt.Sprintf(`{"user":%q}`, user))))
	var phone struct{ Code string }
	decode(w.t, out.Body.Bytes(), &phone)
	return phone.Code
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(time.Minute); !holds(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to pass that ", what)
		}
	}
}
