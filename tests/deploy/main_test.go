// Package deploy_test tests the folder deploy: nginx in front of two replicas, the
// image, the compose file, the systemd unit and the deployment guide. Besides Go and
// Docker it needs nginx, docker-compose, systemd and openssl of Debian. Tests are
// skipped if one is missing, or fail with TEST_DEPLOY=required.
package deploy_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/tests/root"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m, service.RemoveBinaries) }

// have reports whether all the programs are installed. With TEST_DEPLOY=required, a
// missing one fails the test.
func have(t *testing.T, programs ...string) bool {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("TEST_DEPLOY") == "required" {
				t.Fatal(err)
			}
			t.Log("not tested:", err)
			return false
		}
	}
	return true
}

// file is the path of a file in the folder deploy.
func file(name string) string { return filepath.Join(root.Dir(), "deploy", name) }

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(file(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run runs a program and returns its output, stdout and stderr together.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, text)
	}
	return string(text)
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(time.Minute); !condition(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to pass that", what)
		}
	}
}

// site is the service behind HTTPS, and the phones of its users.
type site struct {
	service.Service
	phones service.Service // has the simulator
}

func (s site) logIn(t *testing.T, user string) service.Caller {
	t.Helper()
	answer := s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": s.phones.Phone(t, user).Code})
	answer.Expect(t, http.StatusCreated)
	var login gen.LoggedIn
	answer.Decode(t, &login)
	return s.With(http.Header{"Authorization": {"Bearer " + login.Token}})
}

func (s site) logIn2017(t *testing.T, user string) service.Caller {
	t.Helper()
	phone := s.phones.Phone(t, user)
	s.With(phone.Headers()).Do(t, http.MethodGet, "/applet/session/paints/list", nil).ExpectPaints(t)
	return s.With(http.Header{"X-Wx-Code": {phone.Code}})
}

// draws does what a current program does.
func (s site) draws(t *testing.T) {
	t.Helper()
	caller, id := s.logIn(t, service.NewUser()), uuid.NewString()
	created := caller.Do(t, http.MethodPut, "/v1/drawings/"+id, drawing(3), http.Header{"If-None-Match": {"*"}})
	created.Expect(t, http.StatusCreated)
	tag := http.Header{"If-Match": {created.Header.Get("ETag")}}
	caller.Do(t, http.MethodPut, "/v1/drawings/"+id, drawing(4), tag).Expect(t, http.StatusOK)
	caller.Do(t, http.MethodPut, "/v1/drawings/"+id, drawing(5), tag).ExpectProblem(t, http.StatusPreconditionFailed, gen.ErrPreconditionFailed)
	for _, path := range []string{"/v1/session", "/v1/drawings", "/v1/drawings/" + id, "/v1/drawings/" + id + "/image", "/v1/export"} {
		caller.Do(t, http.MethodGet, path, nil).Expect(t, http.StatusOK)
	}
	caller.Do(t, http.MethodDelete, "/v1/drawings/"+id, nil).Expect(t, http.StatusNoContent)
	caller.Do(t, http.MethodDelete, "/v1/session", nil).Expect(t, http.StatusNoContent)
	// The other replica may have the session in its cache for a moment.
	eventually(t, "the session has ended", func() bool {
		return caller.Do(t, http.MethodGet, "/v1/session", nil).Status == http.StatusUnauthorized
	})
}

// drew does what a program of 2017 does.
func (s site) drew(t *testing.T) {
	t.Helper()
	caller := s.logIn2017(t, service.NewUser())
	paint := map[string]string{"id": "j8k2m4n6p8q0r2", "actions": `[{"method":"save"},{"method":"restore"}]`}
	caller.Do(t, http.MethodPost, "/applet/session/paints/save", paint).ExpectPaintDone(t)
	if seen := caller.Do(t, http.MethodGet, "/applet/session/paints/list", nil).ExpectPaints(t); seen[paint["id"]] != paint["actions"] {
		t.Errorf("the list is %q", seen)
	}
	caller.Do(t, http.MethodPost, "/applet/session/paints/delete", map[string]string{"id": paint["id"]}).ExpectPaintDone(t)
}

// drawing returns a drawing with one stroke of n points.
func drawing(points int) gen.DrawingContent {
	stroke := gen.Stroke{Tool: gen.Pen, Color: "#333333", Width: 50, X: make([]int32, points), Y: make([]int32, points)}
	for i := range points {
		stroke.X[i], stroke.Y[i] = int32(i*7%3750), int32(i*13%6670)
	}
	return gen.DrawingContent{Format: gen.Format1, Canvas: gen.Canvas{Width: 3750, Height: 6670}, Strokes: []gen.Stroke{stroke}}
}
