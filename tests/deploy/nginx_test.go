package deploy_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/impl/wechatsim"
	"onestroke/tests/nginx"
	"onestroke/tests/ports"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestThroughNginx(t *testing.T) {
	if !have(t, "nginx", "openssl") {
		return
	}
	two := startReplicas(t)
	s := behind(t, nginx.Start(t, two.addresses...), two.phones)
	t.Run("programs of today are served", s.draws)
	t.Run("programs of 2017 are served", s.drew)
	t.Run("what needs no login is there", func(t *testing.T) {
		for _, path := range []string{"/livez", "/readyz", "/openapi.yaml", "/openapi-v1.json", "/docs"} {
			s.Nobody().Do(t, http.MethodGet, path, nil).Expect(t, http.StatusOK)
		}
		s.unchecked(t).Nobody().Do(t, http.MethodGet, "/", nil).Expect(t, http.StatusOK)
		s.Nobody().Do(t, http.MethodGet, "/no/such/path", nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
	})
	t.Run("what is not for all is not there", func(t *testing.T) {
		for _, path := range []string{"/simulator/login", "/simulator/sns/jscode2session", "/metrics"} {
			s.unchecked(t).Nobody().Do(t, http.MethodGet, path, nil).Expect(t, http.StatusNotFound)
		}
	})
	t.Run("a restart of each replica loses no request", func(t *testing.T) { s.losesNothing(t, two) })
	t.Run("a body is as large as the service takes it", s.limitsBodies)
	t.Run("an avatar is as large as the service takes it", s.limitsAvatars)
	t.Run("headers are as large as the service takes them", s.limitsHeaders)
	t.Run("a compressed answer can be replaced", s.compresses)
	t.Run("it is HTTP/2, by TLS of today", s.isModern)
	t.Run("HTTP leads to HTTPS", s.redirects)
}

func TestNginxAnswersInTheServicesFormIfNoReplicaRuns(t *testing.T) {
	if !have(t, "nginx", "openssl") {
		return
	}
	s := behind(t, nginx.Start(t, ports.Reserve(t)), service.Service{})
	answer := s.Nobody().Do(t, http.MethodGet, "/v1/drawings", nil)
	answer.ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
	if answer.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security")
	}
	expectReadableByPages(t, answer)
	answer = s.Nobody().Do(t, http.MethodPut, "/v1/drawings/6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2", strings.Repeat(" ", 600<<10))
	answer.ExpectProblem(t, http.StatusRequestEntityTooLarge, gen.ErrTooLarge)
	expectReadableByPages(t, answer)
	answer = s.Nobody().Do(t, http.MethodGet, "/applet/session/paints/list", nil)
	answer.ExpectPaintFailure(t, http.StatusServiceUnavailable, "ERR_UNAVAILABLE")
}

// The path of a shared drawing contains its token, also where it is asked for by HTTP.
func TestTheLogOfNginxHasNoPaths(t *testing.T) {
	if !have(t, "nginx", "openssl") {
		return
	}
	n := nginx.Start(t, ports.Reserve(t))
	client := &http.Client{
		Transport:     nginx.Trusting(t, n.TLS),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, url := range []string{n.PlainURL, n.URL} {
		answer, err := client.Get(url + "/s/token")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	var log string
	eventually(t, "both requests are in the log", func() bool {
		text, err := os.ReadFile(n.Log)
		log = string(text)
		return err == nil && strings.Count(log, "\n") == 2
	})
	if strings.Contains(log, "token") {
		t.Error(log)
	}
}

// expectReadableByPages expects that a web page of another origin may read an answer.
func expectReadableByPages(t *testing.T, a service.Answer) {
	t.Helper()
	if a.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.Header.Get("Access-Control-Expose-Headers"), "Retry-After") {
		t.Errorf("CORS headers of %d: %v", a.Status, a.Header)
	}
}

func TestNginxForwardsTheClientsAddress(t *testing.T) {
	if !have(t, "nginx", "openssl") {
		return
	}
	var got http.Header
	behind := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		got.Set("Host", r.Host)
	}))
	defer behind.Close()
	n := nginx.Start(t, strings.TrimPrefix(behind.URL, "http://"))
	client := &http.Client{Transport: nginx.Trusting(t, n.TLS)}
	for name, c := range map[string]struct{ sent, want http.Header }{
		"an id of the client's": {
			http.Header{"X-Request-Id": {"0b9e8d7c-6f5a-4b3c-9d2e-1f0a9b8c7d6e"}}, http.Header{"X-Request-Id": {"0b9e8d7c-6f5a-4b3c-9d2e-1f0a9b8c7d6e"}},
		},
		"other proxies before": {
			http.Header{"X-Forwarded-For": {"192.0.2.7"}}, http.Header{"X-Forwarded-For": {"192.0.2.7, 127.0.0.1"}},
		},
		"none": {
			nil, http.Header{"X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Proto": {"https"}, "Host": {"localhost"}, "Connection": nil},
		},
		"what is accepted": {http.Header{"Accept-Encoding": {"br, gzip"}}, http.Header{"Accept-Encoding": {"br, gzip"}}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.URL+"/v1/session", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = c.sent
			response, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			for header, want := range c.want {
				if fmt.Sprint(got[header]) != fmt.Sprint(want) {
					t.Errorf("%s is %q, not %q", header, got[header], want)
				}
			}
		})
	}
	for _, id := range []string{"", "short", "with space in it", "mine-0123.456_789", strings.Repeat("x", 65)} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, n.URL, nil)
		r.Header.Set("X-Request-Id", id)
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got.Get("X-Request-Id") == id || uuid.Validate(got.Get("X-Request-Id")) != nil {
			t.Errorf("for %q there is %q", id, got.Get("X-Request-Id"))
		}
	}
}

// behindNginx is a site behind nginx.
type behindNginx struct {
	site
	*nginx.Nginx
}

// unchecked returns the service without validating its answers against the contract.
func (s behindNginx) unchecked(t *testing.T) service.Service {
	transport := nginx.Trusting(t, s.TLS)
	t.Cleanup(transport.CloseIdleConnections)
	return service.Service{URL: s.URL, HTTP: &http.Client{Transport: transport}}
}

func (s behindNginx) limitsBodies(t *testing.T) {
	caller, then := s.logIn(t, service.NewUser()), s.logIn2017(t, service.NewUser())
	paint := func(size int) string {
		return `{"id":"large","actions":"` + strings.Repeat("[", size-len(`{"id":"large","actions":""}`)) + `"}`
	}
	then.Do(t, http.MethodPost, "/applet/session/paints/save", paint(512<<10)).ExpectPaintDone(t)
	for _, size := range []int{512<<10 + 1, 4 << 20} {
		then.Do(t, http.MethodPost, "/applet/session/paints/save", paint(size)).
			ExpectPaintFailure(t, http.StatusRequestEntityTooLarge, "ERR_TOO_LARGE")
		caller.Do(t, http.MethodPut, "/v1/drawings/"+uuid.NewString(), paint(size), http.Header{"If-None-Match": {"*"}}).
			ExpectProblem(t, http.StatusRequestEntityTooLarge, gen.ErrTooLarge)
	}
}

func (s behindNginx) limitsAvatars(t *testing.T) {
	caller := s.logIn(t, service.NewUser())
	for side, want := range map[int]int{16: http.StatusOK, 510: http.StatusOK, 560: http.StatusRequestEntityTooLarge} {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		file, err := form.CreateFormFile("avatar", "avatar.png")
		if err != nil {
			t.Fatal(err)
		}
		picture := image.NewNRGBA(image.Rect(0, 0, side, side))
		uncompressed := png.Encoder{CompressionLevel: png.NoCompression} // 4 bytes a pixel
		if err := errors.Join(uncompressed.Encode(file, picture), form.Close()); err != nil {
			t.Fatal(err)
		}
		answer := caller.Do(t, http.MethodPost, "/v1/profile/avatar", body.String(), http.Header{"Content-Type": {form.FormDataContentType()}})
		if answer.Status != want {
			t.Errorf("%d bytes: %d, want %d: %.200s", body.Len(), answer.Status, want, answer.Body)
		}
	}
}

// Programs of 2017 send a user's data in a header.
func (s behindNginx) limitsHeaders(t *testing.T) {
	caller := s.logIn(t, service.NewUser())
	for size, want := range map[int]int{16 << 10: http.StatusOK, 60 << 10: http.StatusOK, 70 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		// Over HTTP/1.1, as many phones send it.
		transport := nginx.Trusting(t, s.TLS)
		transport.ForceAttemptHTTP2 = false
		transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
		plain := service.Behind(t, s.URL, transport).With(caller.Header)
		header := http.Header{"X-Wx-Appdata": {strings.Repeat("x", size)}}
		if got := plain.Do(t, http.MethodGet, "/v1/session", nil, header).Status; got != want {
			t.Errorf("%d bytes: %d, want %d", size, got, want)
		}
	}
}

func (s behindNginx) compresses(t *testing.T) {
	caller, path := s.logIn(t, service.NewUser()), "/v1/drawings/"+uuid.NewString()
	caller.Do(t, http.MethodPut, path, drawing(2000), http.Header{"If-None-Match": {"*"}}).Expect(t, http.StatusCreated)

	plain := caller.Do(t, http.MethodGet, path, nil)
	packed := caller.Do(t, http.MethodGet, path, nil, http.Header{"Accept-Encoding": {"gzip"}})
	if got := packed.Header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("Content-Encoding is %q", got)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed.Body))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(unpacked); err != nil || !bytes.Equal(text, plain.Body) {
		t.Errorf("%v: %.200s is not %.200s", err, text, plain.Body)
	}
	t.Logf("%d bytes, %d compressed", len(plain.Body), len(packed.Body))
	tag := http.Header{"If-Match": {packed.Header.Get("ETag")}}
	caller.Do(t, http.MethodPut, path, drawing(3), tag).Expect(t, http.StatusOK)
	caller.Do(t, http.MethodPut, path, drawing(4), tag).Expect(t, http.StatusPreconditionFailed)
}

func (s behindNginx) isModern(t *testing.T) {
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		transport := nginx.Trusting(t, s.TLS)
		transport.TLSClientConfig.MinVersion, transport.TLSClientConfig.MaxVersion = version, version
		response, err := (&http.Client{Transport: transport}).Get(s.URL + "/livez")
		if (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.Proto != "HTTP/2.0" || response.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: %s %v", tls.VersionName(version), response.Proto, response.Header)
		}
		transport.CloseIdleConnections()
	}
}

func (s behindNginx) redirects(t *testing.T) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(s.PlainURL + "/v1/drawings?limit=3")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Location"); response.StatusCode != http.StatusMovedPermanently || got != "https://localhost/v1/drawings?limit=3" {
		t.Errorf("%d to %q", response.StatusCode, got)
	}
}

// losesNothing restarts the replicas shortly after each other while clients save.
func (s behindNginx) losesNothing(t *testing.T, two *replicas) {
	var drawers sync.WaitGroup
	var over atomic.Bool
	var requests atomic.Int64
	for range 6 {
		today, then := s.logIn(t, service.NewUser()), s.logIn2017(t, service.NewUser())
		drawers.Go(func() {
			for !over.Load() {
				path := "/v1/drawings/" + uuid.NewString()
				today.Do(t, http.MethodPut, path, drawing(10), http.Header{"If-None-Match": {"*"}}).Expect(t, http.StatusCreated)
				today.Do(t, http.MethodGet, path, nil).Expect(t, http.StatusOK)
				today.Do(t, http.MethodDelete, path, nil).Expect(t, http.StatusNoContent)
				then.Do(t, http.MethodPost, "/applet/session/paints/save", map[string]string{"id": "same", "actions": "[]"}).ExpectPaintDone(t)
				requests.Add(4)
			}
		})
	}
	for range 2 {
		for i := range two.processes {
			before := requests.Load()
			two.restart(i)
			eventually(t, "the programs go on", func() bool { return requests.Load() > before+20 })
		}
	}
	over.Store(true)
	drawers.Wait()
	t.Logf("%d requests", requests.Load())
}

// replicas are two processes of the program with the same stores and WeChat, and
// with fixed addresses.
type replicas struct {
	t         *testing.T // they run until it ends
	program   service.Binary
	env       []string
	processes []*service.Process
	addresses []string
	phones    service.Service
}

func startReplicas(t *testing.T) *replicas {
	t.Helper()
	weChat := httptest.NewServer(wechatsim.New(appID, appSecret))
	t.Cleanup(weChat.Close)
	r := &replicas{
		t:       t,
		program: service.Build(t),
		env: []string{
			"REDIS_URL=" + stores.Redis(t)[0].URL, "MONGODB_URI=" + service.InDatabase(t, stores.MongoDB(t)[0].URL, service.NewDatabase()),
			"WECHAT_APP_ID=" + appID, "WECHAT_APP_SECRET=" + appSecret, "WECHAT_API_URL=" + weChat.URL + "/simulator",
			"TRUSTED_PROXIES=127.0.0.1", "LOG_LEVEL=warn",
		},
	}
	for i := range 2 {
		r.addresses = append(r.addresses, ports.Reserve(t))
		r.processes = append(r.processes, r.start(i))
	}
	r.phones = r.processes[0].Service
	r.phones.URL = weChat.URL
	return r
}

// restart restarts a replica as systemctl restart does.
func (r *replicas) restart(i int) {
	r.t.Helper()
	r.processes[i].Signal(r.t, syscall.SIGTERM)
	if code := r.processes[i].Wait(r.t); code != 0 {
		r.t.Errorf("exit code %d", code)
	}
	r.processes[i] = r.start(i)
}

func (r *replicas) start(i int) *service.Process {
	r.t.Helper()
	_, port, _ := net.SplitHostPort(r.addresses[i])
	return r.program.Start(r.t, append(r.env, "PORT="+port)...)
}

// behind returns the site that an nginx serves.
func behind(t *testing.T, n *nginx.Nginx, phones service.Service) behindNginx {
	return behindNginx{site{service.Behind(t, n.URL, nginx.Trusting(t, n.TLS)), phones}, n}
}
