package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"onestroke/api"
	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
	"onestroke/impl/session"
	"onestroke/impl/telemetry"
)

func newServer(t *testing.T, o api.Options) *httptest.Server {
	t.Helper()
	contract, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o.Contract, o.BasePath, o.Telemetry = contract, "/applet/session", telemetry.New(telemetry.Options{})
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	server := httptest.NewServer(api.New(o))
	t.Cleanup(server.Close)
	return server
}

func TestAPathInAnotherFormIsOneOfExtraOnlyIfItsPatternMatches(t *testing.T) {
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	server := newServer(t, api.Options{Extra: map[string]http.Handler{"/docs": ok, "/files/": ok}})
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]int{
		"/docs":            http.StatusOK,
		"/files/":          http.StatusOK,
		"/files/a/":        http.StatusOK,
		"/docsfoo":         http.StatusNotFound,
		"/docsfoo//a":      http.StatusNotFound,
		"/docs/":           http.StatusNotFound,
		"/v1/drawings/":    http.StatusNotFound,
		"/files/../livez/": http.StatusNotFound,
	} {
		answer, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s answers %d, not %d", path, answer.StatusCode, want)
		}
	}
}

// breaking is a store that fails after some drawings have been read.
type breaking struct {
	gallery.Store
	after int
}

func (s breaking) All(ctx context.Context, owner string) iter.Seq2[gallery.Record, error] {
	return func(yield func(gallery.Record, error) bool) {
		n := 0
		for r, err := range s.Store.All(ctx, owner) {
			if n++; n > s.after {
				yield(gallery.Record{}, gallery.ErrUnavailable)
				return
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// canceling is a store that gives up by itself, while the client waits.
type canceling struct{ gallery.Store }

func (canceling) Get(context.Context, string, drawing.ID) (gallery.Record, error) {
	return gallery.Record{}, fmt.Errorf("get a drawing: %w", context.Canceled)
}

func TestACallThatIsCanceledWhileTheClientWaitsIsAnInternalError(t *testing.T) {
	var log bytes.Buffer
	server := newServer(t, api.Options{
		Drawings: gallery.New(canceling{gallerytest.NewMemory()}, gallery.Options{}), Limits: session.NewLimits(nil, session.Rates{}),
		TrustCloudRun: true, Logger: slog.New(slog.NewJSONHandler(&log, nil)), Sessions: session.New(nil, nil, session.Options{}),
	})
	r, err := http.NewRequest(http.MethodGet, server.URL+"/v1/drawings/6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"X-Wx-Openid": {"oGZUI0egBJY1zhBYw2KhdUfwVJJE"}, "X-Wx-Source": {"wx_client"}}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	server.Close() // waits until the line is logged
	if answer.StatusCode != http.StatusInternalServerError || !strings.Contains(log.String(), `"level":"ERROR"`) || !strings.Contains(log.String(), `"cause":"get a drawing`) {
		t.Errorf("answered %s, logged %s", answer.Status, &log)
	}
}

// failing is a store that fails after the client has left.
type failing struct {
	gallery.Store
	leave func()
}

func (f failing) Get(context.Context, string, drawing.ID) (gallery.Record, error) {
	f.leave()
	return gallery.Record{}, gallery.ErrUnavailable
}

// What a client began goes on without it, such as the deletion of an account, and may fail.
func TestAFailureIsLoggedAlsoIfTheClientHasLeft(t *testing.T) {
	var log bytes.Buffer
	ctx, leave := context.WithCancel(t.Context())
	server := newServer(t, api.Options{
		Drawings: gallery.New(failing{gallerytest.NewMemory(), leave}, gallery.Options{}), Limits: session.NewLimits(nil, session.Rates{}),
		TrustCloudRun: true, Logger: slog.New(slog.NewJSONHandler(&log, nil)), Sessions: session.New(nil, nil, session.Options{}),
	})
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/v1/drawings/6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2", nil)
	r.Header = http.Header{"X-Wx-Openid": {"oGZUI0egBJY1zhBYw2KhdUfwVJJE"}, "X-Wx-Source": {"wx_client"}}
	server.Config.Handler.ServeHTTP(httptest.NewRecorder(), r)
	if line := log.String(); !strings.Contains(line, `"level":"ERROR"`) || !strings.Contains(line, gallery.ErrUnavailable.Error()) {
		t.Errorf("logged %s", line)
	}
}

func TestAStreamThatBreaksOffIsNotTakenForAWholeOne(t *testing.T) {
	const openID = "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
	store := gallerytest.NewMemory()
	large := drawing.Content{
		Properties: drawing.Properties{Title: "large", Canvas: drawing.Canvas{Width: 100, Height: 100}},
		Strokes:    []drawing.Stroke{{Tool: drawing.Pen, Color: "#000000", Width: 1, X: make([]int32, 5000), Y: make([]int32, 5000)}},
	}
	for i := range byte(4) {
		if _, _, err := gallery.New(store, gallery.Options{}).Put(t.Context(), session.UserID(openID), drawing.ID{i}, large, gallery.IfAbsent()); err != nil {
			t.Fatal(err)
		}
	}
	for _, sent := range []struct {
		path       string
		compressed bool
	}{{"/v1/export", false}, {"/v1/export", true}, {"/applet/session/paints/list", false}, {"/applet/session/paints/list", true}} {
		path, client := sent.path, http.Client{Transport: &http.Transport{DisableCompression: !sent.compressed}}
		defer client.CloseIdleConnections()
		for after, want := range map[int]struct {
			status int
			whole  bool
			level  string
		}{
			0: {http.StatusServiceUnavailable, true, "ERROR"}, // nothing was sent: the error has an answer of its own
			3: {http.StatusOK, false, "ERROR"},
			4: {http.StatusOK, true, "INFO"},
		} {
			var log bytes.Buffer
			server := newServer(t, api.Options{
				Sessions: session.New(nil, nil, session.Options{}), Limits: session.NewLimits(nil, session.Rates{}),
				Drawings: gallery.New(breaking{store, after}, gallery.Options{}), TrustCloudRun: true, Logger: slog.New(slog.NewJSONHandler(&log, nil)),
			})
			r, err := http.NewRequest(http.MethodGet, server.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = http.Header{"X-Wx-Openid": {openID}, "X-Wx-Source": {"wx_client"}}
			answer, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if answer.Uncompressed != (sent.compressed && want.status == http.StatusOK) {
				t.Errorf("%s is compressed: %v", path, answer.Uncompressed)
			}
			if answer.StatusCode != want.status || (err == nil) != want.whole {
				t.Errorf("%s, broken after %d: %d, %d bytes, %v", path, after, answer.StatusCode, len(text), err)
			}
			if !want.whole && len(text) < 10_000 {
				t.Errorf("%s, broken after %d: only %d bytes were sent", path, after, len(text))
			}
			if want.status >= 400 && !strings.Contains(string(text), string(gen.ErrUnavailable)) {
				t.Errorf("%s: %s", path, text)
			}
			server.Close() // waits until the line is logged
			var line struct {
				Level, Cause string
				Bytes        int
			}
			if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Level != want.level || (line.Cause != "") != (want.level == "ERROR") {
				t.Errorf("%s, broken after %d: logged %s, %v", path, after, &log, err)
			}
			if onTheWire := line.Bytes; answer.Uncompressed && onTheWire > len(text)/10 || want.whole && !answer.Uncompressed && onTheWire != len(text) {
				t.Errorf("%s, broken after %d: logged %d bytes on the wire for %d", path, after, onTheWire, len(text))
			}
		}
	}
}

func TestALineOfTheLogHasTheMethodThatWasSent(t *testing.T) {
	for _, sent := range []struct{ method, path, route, operation string }{
		{http.MethodGet, "/livez", "/livez", "livez"},
		{http.MethodHead, "/livez", "/livez", "livez"},
		{http.MethodPost, "/livez", "", ""},
		{http.MethodGet, "/nowhere", "", ""},
	} {
		var log bytes.Buffer
		server := newServer(t, api.Options{Logger: slog.New(slog.NewJSONHandler(&log, nil))})
		r, err := http.NewRequest(sent.method, server.URL+sent.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		server.Close() // waits until the line is logged
		var line struct{ Method, Route, Operation string }
		if err := json.Unmarshal(log.Bytes(), &line); err != nil || line != struct{ Method, Route, Operation string }{sent.method, sent.route, sent.operation} {
			t.Errorf("%s %s: logged %s, %v", sent.method, sent.path, &log, err)
		}
	}
}

// The address of a proxy that is reached by its link has a zone.
func TestAProxyMayHaveAZone(t *testing.T) {
	const id = "0b9e8d7c-6f5a-4b3c-9d2e-1f0a9b8c7d6e"
	server := newServer(t, api.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("fe80::/64")}})
	for peer, trusted := range map[string]bool{"[fe80::1%eth0]:4000": true, "[fe80::1]:4000": true, "[fe80:0:0:1::1%eth0]:4000": false} {
		r := httptest.NewRequest(http.MethodGet, "/livez", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Request-Id", id)
		w := httptest.NewRecorder()
		server.Config.Handler.ServeHTTP(w, r)
		if got := w.Header().Get("X-Request-Id"); (got == id) != trusted {
			t.Errorf("of %s the request is %s", peer, got)
		}
	}
}

// What a request sends beside what is read costs little: once it is split, it is left.
func TestManyMediaTypesAndParametersCostLittle(t *testing.T) {
	var query strings.Builder
	for i := range 9_000 {
		fmt.Fprintf(&query, "%x&", i)
	}
	handler := newServer(t, api.Options{
		Sessions: session.New(nil, nil, session.Options{}), Limits: session.NewLimits(nil, session.Rates{}),
		Drawings: gallery.New(gallerytest.NewMemory(), gallery.Options{}), TrustCloudRun: true,
	}).Config.Handler
	for name, c := range map[string]struct {
		query, accept string
		most          float64 // allocations
	}{
		"media types":   {"", strings.Repeat("a/b,", 15_000) + "application/json", 2_000},
		"no media type": {"", strings.Repeat("a,", 30_000) + "*/*", 2_000},
		"parameters":    {query.String() + "limit=1", "*/*", 2_000},
	} {
		status := 0
		allocations := testing.AllocsPerRun(2, func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/drawings?"+c.query, nil)
			r.Header = http.Header{"X-Wx-Openid": {"oGZUI0egBJY1zhBYw2KhdUfwVJJE"}, "X-Wx-Source": {"wx_client"}, "Accept": {c.accept}}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			status = w.Code
		})
		if status != http.StatusOK || allocations > c.most {
			t.Errorf("%s: answered %d after %.0f allocations", name, status, allocations)
		}
	}
}

// Anyone may ask whether the service is ready, as often as they like.
func TestThoseWhoAskForReadinessShareACheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks atomic.Int32
		var broken atomic.Bool
		store := api.Store{Name: "redis", CanRead: func(context.Context) error { return nil }, CanWrite: func(context.Context) error {
			checks.Add(1)
			time.Sleep(10 * time.Millisecond)
			if broken.Load() {
				return errors.New("broken")
			}
			return nil
		}}
		handler := api.New(api.Options{
			Stores: []api.Store{store}, BasePath: "/applet/session", Telemetry: telemetry.New(telemetry.Options{}), Logger: slog.New(slog.DiscardHandler),
		})
		ask := func(n int, want string) {
			t.Helper()
			var all sync.WaitGroup
			for range n {
				all.Go(func() {
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
					if !strings.Contains(w.Body.String(), want) {
						t.Errorf("answered %s, not %s", w.Body, want)
					}
				})
			}
			all.Wait()
		}
		for n := range int32(3) {
			ask(100, "ready")
			ask(1, "ready")
			if checks.Load() != n+1 {
				t.Errorf("%d checks after %d times", checks.Load(), n+1)
			}
			time.Sleep(100 * time.Millisecond)
		}
		broken.Store(true)
		ask(100, "degraded")
		broken.Store(false)
		ask(1, "ready") // a failure is not remembered
		if checks.Load() != 5 {
			t.Errorf("%d checks, not 5", checks.Load())
		}
	})
}
