package endtoend

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestTheServiceAnswersDuringTheShutdownDelay(t *testing.T) {
	t.Parallel()                   // the test mostly waits
	const delay = 10 * time.Second // for all that is asked meanwhile, on a busy machine, too
	p := service.Build(t).Start(t, "SHUTDOWN_DELAY="+delay.String())
	user := p.LogIn(t, service.NewUser())
	begun := time.Now()
	p.Signal(t, syscall.SIGTERM)
	eventually(t, func() bool {
		return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusServiceUnavailable
	})
	answer, err := http.Get(p.URL + "/livez")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !answer.Close {
		t.Errorf("alive: %s, to be closed: %t", answer.Status, answer.Close)
	}
	user.Do(t, http.MethodPut, path(newID()), oneStroke("late"), creating()).Expect(t, http.StatusCreated)
	if code := p.Wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(begun); took < delay {
		t.Errorf("it ends after %s", took)
	}
}

func TestASecondSignalEndsTheProcessAtOnce(t *testing.T) {
	for name, env := range map[string]string{"while it waits": "SHUTDOWN_DELAY=10m", "with a request in flight": "SHUTDOWN_TIMEOUT=1h"} {
		t.Run(name, func(t *testing.T) {
			p := startWithARequestInFlight(t, env)
			p.Signal(t, syscall.SIGTERM)
			eventually(t, func() bool { return strings.Contains(p.Output(), `"msg":"stopping"`) })
			p.Signal(t, syscall.SIGTERM)
			if code := p.Wait(t); code != -1 { // by the signal
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestRequestsThatDoNotFinishInTimeAreReported(t *testing.T) {
	p := startWithARequestInFlight(t, "SHUTDOWN_TIMEOUT=1s")
	p.Signal(t, syscall.SIGTERM)
	if code := p.Wait(t); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(p.Output(), "SHUTDOWN_TIMEOUT") {
		t.Errorf("it wrote %s", p.Output())
	}
}

// With nohup a program goes on when its terminal is closed.
func TestAHangupThatIsIgnoredAtTheStartStaysSo(t *testing.T) {
	signal.Ignore(syscall.SIGHUP) // the program inherits that
	defer signal.Reset(syscall.SIGHUP)
	p := startWithARequestInFlight(t, "SHUTDOWN_TIMEOUT=1s")
	p.Signal(t, syscall.SIGHUP)
	p.Nobody().Do(t, http.MethodGet, "/livez", nil).Expect(t, http.StatusOK)
	p.Signal(t, syscall.SIGTERM)
	if code := p.Wait(t); code != 1 { // and not -1, as after two signals
		t.Errorf("exit code %d", code)
	}
}

// startWithARequestInFlight returns when a login waits for a WeChat that does not
// answer before the test ends.
func startWithARequestInFlight(t *testing.T, env ...string) *service.Process {
	t.Helper()
	arrived, release := make(chan struct{}), make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(release) })
	p := service.Build(t).Start(t, append(env, "SIMULATOR=on", "WECHAT_API_URL="+hanging.URL, "WECHAT_TIMEOUT=1m")...)
	go func() {
		response, err := http.Post(p.URL+"/v1/session", "application/json", strings.NewReader(`{"code":"`+newID()+`"}`))
		if err == nil {
			response.Body.Close()
		}
	}()
	<-arrived
	return p
}

func TestASignalDuringTheStartEndsTheProcess(t *testing.T) {
	for range 5 {
		p := service.Build(t).Launch(t)
		p.Signal(t, syscall.SIGTERM)
		if code := p.Wait(t); code != 0 && code != -1 { // -1 before it handles signals
			t.Errorf("exit code %d: %s", code, p.Output())
		}
	}
}

// After the process is killed while it writes, each acknowledged write is there, and
// any other is complete or not there.
func TestAcknowledgedWritesSurviveAKill(t *testing.T) {
	data := "DATA_DIR=" + t.TempDir()
	program := service.Build(t)
	user := service.NewUser()
	var mu sync.Mutex
	acknowledged := map[string]string{} // tags by id
	for range 3 {
		p := program.Start(t, data)
		eventually(t, func() bool { return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusOK })
		caller := p.LogIn(t, user)
		var writers sync.WaitGroup
		enough := make(chan struct{}, 1)
		for range 4 {
			writers.Go(func() {
				for {
					id := newID()
					tag, ok := createWhileItLives(p, caller, id)
					if !ok {
						return
					}
					mu.Lock()
					if acknowledged[id] = tag; len(acknowledged)%25 == 0 {
						select {
						case enough <- struct{}{}:
						default:
						}
					}
					mu.Unlock()
				}
			})
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			writers.Wait()
		}()
		select {
		case <-enough:
		case <-ended:
			t.Fatal("no drawing can be saved")
		}
		p.Signal(t, syscall.SIGKILL)
		p.Wait(t)
		<-ended
	}
	caller := program.Start(t, data).LogIn(t, user)
	for id, tag := range acknowledged {
		answer := caller.Do(t, http.MethodGet, path(id), nil)
		answer.Expect(t, http.StatusOK)
		if answer.Header.Get("ETag") != tag {
			t.Errorf("%s is %s and not %s", id, answer.Header.Get("ETag"), tag)
		}
	}
}

// createWhileItLives saves a drawing while the service may end at any time.
func createWhileItLives(p *service.Process, caller service.Caller, id string) (tag string, ok bool) {
	request, err := http.NewRequest(http.MethodPut, p.URL+path(id), strings.NewReader(
		`{"format":1,"canvas":{"width":1,"height":1},"strokes":[{"tool":"pen","color":"#000000","width":1,"x":[0],"y":[0]}]}`))
	if err != nil {
		return "", false
	}
	request.Header = http.Header{"If-None-Match": {"*"}, "Content-Type": {"application/json"}, "Authorization": caller.Header["Authorization"]}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", false
	}
	defer response.Body.Close()
	return response.Header.Get("ETag"), response.StatusCode == http.StatusCreated
}

func TestTheServiceReportsItsStateToSystemd(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	states, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer states.Close()
	next := func() string {
		t.Helper()
		if err := states.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 100)
		n, err := states.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(text[:n])
	}
	p := service.Build(t).Start(t, "NOTIFY_SOCKET="+socket, "WATCHDOG_USEC=200000")
	if got := next(); got != "READY=1" {
		t.Fatalf("the first report is %s", got)
	}
	p.Nobody().Do(t, http.MethodGet, "/livez", nil).Expect(t, http.StatusOK)
	for range 3 {
		if got := next(); got != "WATCHDOG=1" {
			t.Fatalf("the next report is %s", got)
		}
	}
	p.Signal(t, syscall.SIGTERM)
	last := next()
	for last == "WATCHDOG=1" {
		last = next()
	}
	if last != "STOPPING=1" {
		t.Errorf("the last report is %s", last)
	}
	if code := p.Wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestASecretCanBeReadFromAFile(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text+"\n"), 0o400); err != nil {
			t.Fatal(err)
		}
		return name
	}
	redis, mongodb := stores.Redis(t)[0].Proxy(t), stores.MongoDB(t)[0].Proxy(t)
	p := service.Build(t).Start(t, "SIMULATOR=on", "WECHAT_APP_ID=wx0123456789abcdef",
		"WECHAT_APP_SECRET_FILE="+file("secret", "3f1c0ffee5ec4e70"),
		"REDIS_URL_FILE="+file("redis", redis.URL), "MONGODB_URI_FILE="+file("mongodb", service.InDatabase(t, mongodb.URL, service.NewDatabase())))
	eventually(t, func() bool { return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusOK })
	p.LogIn(t, service.NewUser()).Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	redis.Down()
	notReady(t, p)
}
