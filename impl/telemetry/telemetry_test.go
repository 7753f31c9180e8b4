package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"onestroke/impl/gallery"
	"onestroke/impl/session"
)

// full is the error of a store that has no room: it is unavailable to those who
// do not know better.
type full struct{}

func (full) Error() string { return "full" }
func (full) Is(target error) bool {
	return target == gallery.ErrFull || target == gallery.ErrUnavailable
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Outcome
	}{
		{nil, OK},
		{session.ErrExpired, OK},
		{fmt.Errorf("get: %w", gallery.ErrNotFound), OK},
		{gallery.ErrChanged, OK},
		{fmt.Errorf("find: %w", session.ErrUnavailable), Unavailable},
		{gallery.ErrUnavailable, Unavailable},
		{context.DeadlineExceeded, Unavailable},
		{full{}, Full},
		{fmt.Errorf("list: %w", context.Canceled), Canceled},
		{errors.New("malformed record"), Failed},
	} {
		if got := outcome(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
}

// BenchmarkRequest is what a request with two calls of a store costs.
func BenchmarkRequest(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	traces := func(sampler string) *Exporter {
		b.Setenv("OTEL_TRACES_SAMPLER", sampler)
		e, err := NewExporter(func(name string) string { return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": server.URL}[name] })
		if err != nil {
			b.Fatal(err)
		}
		return e
	}
	for _, c := range []struct {
		name string
		o    func() Options
	}{
		{"off", func() Options { return Options{} }},
		{"metrics", func() Options { return Options{Metrics: true} }},
		{"metrics and traces, not sampled", func() Options { return Options{Metrics: true, Traces: traces("always_off")} }},
		{"metrics and traces, sampled", func() Options { return Options{Metrics: true, Traces: traces("always_on")} }},
	} {
		b.Run(c.name, func(b *testing.B) {
			t := New(c.o())
			defer t.Close()
			r := httptest.NewRequest(http.MethodGet, "/v1/drawings/x", nil)
			b.ReportAllocs()
			for b.Loop() {
				var q Request
				ctx := t.Begin(&q, r)
				for _, name := range []string{"find_session", "get_drawing"} {
					_, call := t.begin(ctx, SQLite, name)
					call.end(OK)
				}
				q.End(RequestResult{Operation: "getDrawing", Route: "/v1/drawings/{id}", Method: r.Method, Status: 200})
			}
		})
	}
}
