package endtoend

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"onestroke/tests/service"
)

func TestTheProgramReportsItsAddress(t *testing.T) {
	p := service.Build(t).Start(t, "BASE_PATH=/x/y")
	eventually(t, func() bool { return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusOK })
	for _, want := range []string{`"msg":"serving"`, `"url":"` + p.URL + `"`, `"wechat":"simulated`, `"sqlite":"/`, `"try":"open http://127.0.0.1:`} {
		eventually(t, func() bool { return strings.Contains(p.Output(), want) })
	}
	p.LogIn2017(t, service.NewUser()).Do(t, http.MethodGet, "/x/y/paints/list", nil).ExpectPaints(t)
	p.LogIn(t, service.NewUser()).Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
}

func TestRequestsInProgressFinishAfterASignal(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			// Caught here, the program has the default: what is ignored, as by nohup, is inherited.
			caught := make(chan os.Signal, 1)
			signal.Notify(caught, sig)
			defer signal.Stop(caught)
			weChat := newSlowWeChat(t)
			p := service.Build(t).Start(t, weChat.env()...)
			answered := make(chan service.Answer, 1)
			go func() {
				defer close(answered)
				answered <- p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": newID()})
			}()
			<-weChat.arrived
			p.Signal(t, sig)
			eventually(t, func() bool { return !accepts(p) })
			close(weChat.release)
			(<-answered).Expect(t, http.StatusCreated)
			if code := p.Wait(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// slowWeChat answers its one request when it is released.
type slowWeChat struct {
	*httptest.Server
	arrived, release chan struct{}
}

func newSlowWeChat(t *testing.T) slowWeChat {
	s := slowWeChat{arrived: make(chan struct{}), release: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(s.arrived)
		<-s.release
		weChat("oNobodyInParticular", published.sessionKey).ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s slowWeChat) env() []string {
	return []string{"WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET=secret", "WECHAT_API_URL=" + s.URL, "WECHAT_TIMEOUT=30s"}
}

func TestSessionsAndDrawingsSurviveARestartAndAKill(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) { survive(t, signal) })
	}
}

func survive(t *testing.T, signal syscall.Signal) {
	data := "DATA_DIR=" + t.TempDir()
	program := service.Build(t)
	user, id := service.NewUser(), newID()

	before := program.Start(t, data)
	caller, then := before.LogIn(t, user), before.LogIn2017(t, user)
	tag := caller.Do(t, http.MethodPut, path(id), oneStroke("kept"), creating()).Header.Get("ETag")
	savePaint(t, caller, "kept", "[]")
	before.Signal(t, signal)
	if code := before.Wait(t); signal == syscall.SIGTERM && code != 0 {
		t.Fatalf("exit code %d", code)
	}

	after := program.Start(t, data)
	caller = after.With(caller.Header)
	after.With(then.Header).Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	if answer := caller.Do(t, http.MethodGet, path(id), nil); answer.Header.Get("ETag") != tag {
		t.Errorf("got %d %s", answer.Status, answer.Body)
	}
	if got := paints(t, caller); got["kept"] != "[]" {
		t.Errorf("got %v", got)
	}
}
