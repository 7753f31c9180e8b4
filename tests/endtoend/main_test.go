// Package endtoend tests the service from outside: over HTTP, as current mini programs
// and those of 2017 use it, on each kind of store.
package endtoend

import (
	"flag"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// parallelTests is how many of the parallel tests run at the same time, unless -parallel
// says otherwise. They wait most of their time: for time limits, for stores that are away.
const parallelTests = "6"

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", parallelTests); err != nil {
		panic(err)
	}
	stores.Main(m, service.RemoveBinaries, service.AllMet)
}

// onEveryStore runs a test on SQLite and on each pair of servers.
func onEveryStore(t *testing.T, test func(t *testing.T, redis, mongodb stores.Server)) {
	t.Helper()
	t.Run(stores.SQLite.Name, func(t *testing.T) { test(t, stores.SQLite, stores.SQLite) })
	onEveryServer(t, test)
}

// onEveryServer runs a test on each pair of servers: it needs replicas, or has the
// servers stopped.
func onEveryServer(t *testing.T, test func(t *testing.T, redis, mongodb stores.Server)) {
	t.Helper()
	redis, mongodb := stores.Redis(t), stores.MongoDB(t)
	for i := range max(len(redis), len(mongodb)) {
		r, m := redis[min(i, len(redis)-1)], mongodb[min(i, len(mongodb)-1)]
		t.Run(r.Name+" Redis, "+m.Name+" MongoDB", func(t *testing.T) { test(t, r, m) })
	}
}

// start runs the service in this process.
func start(t *testing.T) *service.Local {
	t.Helper()
	return startService(t, service.Options{})
}

// startService runs the service in this process with options, on the stores that a
// test has which is about something else.
func startService(t *testing.T, o service.Options) *service.Local {
	t.Helper()
	redis, mongodb := stores.OfService(t)
	o.RedisURL, o.MongoDBURI = redis.URL, mongodb.URL
	return service.Start(t, o)
}

func startOn(t *testing.T, redis, mongodb stores.Server) *service.Local {
	t.Helper()
	return service.Start(t, service.Options{RedisURL: redis.URL, MongoDBURI: mongodb.URL})
}

// header is one header of a request.
func header(name string, values ...string) http.Header {
	return http.Header{http.CanonicalHeaderKey(name): values}
}

func creating() http.Header            { return header("If-None-Match", "*") }
func replacing(tag string) http.Header { return header("If-Match", tag) }

func newID() string { return uuid.NewString() }

// path returns the path of a drawing.
func path(id string) string { return "/v1/drawings/" + id }

// oneStroke is a small drawing.
func oneStroke(title string) gen.DrawingContent {
	return gen.DrawingContent{
		Title:   &title,
		Canvas:  gen.Canvas{Width: 3750, Height: 6670},
		Format:  gen.Format1,
		Strokes: []gen.Stroke{{Tool: gen.Pen, Color: "#666666", Width: 50, X: []int32{100, 110, 120}, Y: []int32{200, 220, 230}}},
	}
}

// list returns the caller's drawings, all of them on one page.
func list(t *testing.T, c service.Caller) []gen.DrawingSummary {
	t.Helper()
	answer := c.Do(t, http.MethodGet, "/v1/drawings?limit=100", nil)
	answer.Expect(t, http.StatusOK)
	var page gen.DrawingList
	answer.Decode(t, &page)
	return page.Items
}

// get returns one of the caller's drawings.
func get(t *testing.T, c service.Caller, id string) gen.Drawing {
	t.Helper()
	answer := c.Do(t, http.MethodGet, path(id), nil)
	answer.Expect(t, http.StatusOK)
	var drawing gen.Drawing
	answer.Decode(t, &drawing)
	return drawing
}

// paints returns the caller's drawings in the form of 2017, by id.
func paints(t *testing.T, c service.Caller) map[string]string {
	t.Helper()
	return c.Do(t, http.MethodGet, "/applet/session/paints/list", nil).ExpectPaints(t)
}

// savePaint saves a drawing as programs of 2017 do.
func savePaint(t *testing.T, c service.Caller, id, actions string) {
	t.Helper()
	c.Do(t, http.MethodPost, "/applet/session/paints/save", map[string]string{"id": id, "actions": actions}).ExpectPaintDone(t)
}
