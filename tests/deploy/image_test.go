package deploy_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"onestroke/impl/wechatsim"
	"onestroke/tests/nginx"
	"onestroke/tests/ports"
	"onestroke/tests/root"
	"onestroke/tests/service"
)

const (
	mostBytes = 30 << 20 // of the image
	appID     = "wx0123456789abcdef"
	appSecret = "simulated"
)

func TestTheImageIsSmallAndDoesNotRunAsRoot(t *testing.T) {
	if !haveImages(t) {
		return
	}
	var images []struct {
		Size   int64
		Config struct {
			User        string
			Healthcheck struct{ Test []string }
		}
	}
	decode(t, run(t, "docker", "image", "inspect", "onestroke"), &images)
	image := images[0]
	t.Logf("%.1f MB", float64(image.Size)/(1<<20))
	if image.Size > mostBytes {
		t.Errorf("the image has %d bytes, and may have %d", image.Size, mostBytes)
	}
	if !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(image.Config.User) {
		t.Errorf("its user is %q", image.Config.User) // Kubernetes requires a number
	}
	if want := "CMD /onestroke --health"; strings.Join(image.Config.Healthcheck.Test, " ") != want {
		t.Errorf("its health check is %q", image.Config.Healthcheck.Test)
	}
	// It contains root certificates and time zones.
	inside := run(t, "go", "version", "-m", filepath.Join(root.Dir(), ".build/image/onestroke"))
	for _, want := range []string{"golang.org/x/crypto/x509roots/fallback", "timetzdata", "nosimulator"} {
		if !strings.Contains(inside, want) {
			t.Errorf("the binary is built without %s:\n%s", want, inside)
		}
	}
	if got := run(t, "docker", "run", "--rm", "--read-only", "--network", "none", "onestroke", "--version"); !strings.HasPrefix(got, "onestroke ") {
		t.Errorf("it is %q", got)
	}
	if out, err := exec.Command("docker", "run", "--rm", "--read-only", "--network", "none", "onestroke").CombinedOutput(); err == nil || !strings.Contains(string(out), "WECHAT_APP_ID is required") {
		t.Errorf("without a configuration: %v, %s", err, out)
	}
}

func TestDockerComposeRunsTheService(t *testing.T) {
	if !have(t, "openssl") || !haveImages(t) {
		return
	}
	c := compose(t)
	c.run(t, "config", "--quiet")
	c.run(t, "up", "--detach", "--no-build")
	s := c.site(t)
	eventually(t, "the composition is ready", func() bool { return s.readiness() == http.StatusOK })
	s.draws(t)
	s.drew(t)
	for _, replica := range []string{"onestroke-1", "onestroke-2"} {
		var state []struct {
			State      struct{ Health struct{ Status string } }
			HostConfig struct {
				ReadonlyRootfs bool
				CapDrop        []string
				LogConfig      struct{ Type string }
			}
		}
		eventually(t, replica+" is healthy", func() bool {
			decode(t, run(t, "docker", "inspect", strings.TrimSpace(c.run(t, "ps", "--quiet", replica))), &state)
			return state[0].State.Health.Status == "healthy"
		})
		if h := state[0].HostConfig; !h.ReadonlyRootfs || len(h.CapDrop) != 1 || h.CapDrop[0] != "ALL" {
			t.Errorf("%s may do too much: %+v", replica, h)
		}
		if got := state[0].HostConfig.LogConfig.Type; got != "local" { // json-file keeps all lines
			t.Errorf("the log of %s is kept by %s", replica, got)
		}
	}
	// The replicas are created again one after the other, as by an upgrade; nginx finds
	// each of them again.
	caller := s.logIn(t, service.NewUser())
	for _, replica := range []string{"onestroke-1", "onestroke-2"} {
		c.run(t, "up", "--detach", "--no-build", "--no-deps", "--force-recreate", replica)
		eventually(t, "the other serves", func() bool { return s.readiness() == http.StatusOK })
		caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	}
	c.run(t, "stop", "onestroke-1")
	caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
}

// composition is deploy/compose.yaml with local images.
type composition struct {
	command   []string
	httpsPort string
	phones    service.Service
}

func compose(t *testing.T) *composition {
	t.Helper()
	// Containers connect to it at the gateway of their network.
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	weChat := httptest.NewUnstartedServer(wechatsim.New(appID, appSecret))
	weChat.Listener.Close()
	weChat.Listener = listener
	weChat.Start()
	t.Cleanup(weChat.Close)
	_, port, _ := net.SplitHostPort(listener.Addr().String())

	c := &composition{
		command:   []string{"docker-compose"},
		httpsPort: ports.ReservePort(t),
		phones:    service.Behind(t, "http://127.0.0.1:"+port, &http.Transport{}),
	}
	if exec.Command("docker", "compose", "version").Run() == nil {
		c.command = []string{"docker", "compose"}
	}
	c.command = append(c.command, "--project-name", "onestroke-test",
		"--file", file("compose.yaml"), "--file", filepath.Join(root.Dir(), "tests/deploy/compose.yaml"))
	for name, value := range map[string]string{
		"WECHAT_APP_ID": appID, "WECHAT_APP_SECRET": appSecret, "SIMULATOR_PORT": port,
		"HTTP_PORT": ports.ReservePort(t), "HTTPS_PORT": c.httpsPort,
	} {
		t.Setenv(name, value)
	}
	t.Cleanup(func() {
		if t.Failed() {
			logs, _ := exec.Command(c.command[0], append(c.command[1:], "logs", "--no-color", "--tail", "30")...).CombinedOutput()
			t.Logf("%s", logs)
		}
		down := append(c.command[1:], "down", "--volumes", "--timeout", "2")
		if out, err := exec.Command(c.command[0], down...).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	return c
}

func (c *composition) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.command[0], append(c.command[1:], args...)...)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out, problems.String())
	}
	return string(out)
}

// site trusts the certificate that the composition created.
func (c *composition) site(t *testing.T) site {
	t.Helper()
	tls := t.TempDir()
	run(t, "docker", "cp", strings.TrimSpace(c.run(t, "ps", "--quiet", "nginx"))+":/etc/onestroke/tls/fullchain.pem", tls)
	return site{service.Behind(t, "https://localhost:"+c.httpsPort, nginx.Trusting(t, tls)), c.phones}
}

// readiness returns the status of /readyz, or 0 without an answer.
func (s site) readiness() int {
	response, err := s.HTTP.Get(s.URL + "/readyz")
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

// haveImages reports whether Docker has the images of tests/images/build, and builds
// the image of the service.
func haveImages(t *testing.T) bool {
	t.Helper()
	if !have(t, "docker") {
		return false
	}
	for _, image := range []string{"redis", "mongo", "nginx"} {
		if out, err := exec.Command("docker", "image", "inspect", "onestroke-test/"+image+":local").CombinedOutput(); err != nil {
			if os.Getenv("TEST_DEPLOY") == "required" {
				t.Fatalf("run tests/images/build: %s", out)
			}
			t.Log("not tested: run tests/images/build first")
			return false
		}
	}
	run(t, "make", "-C", root.Dir(), "image")
	return true
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %.500s", err, text)
	}
}
