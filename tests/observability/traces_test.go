package observability

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// receiver is a receiver of OTLP over HTTP.
type receiver struct {
	URL string

	mu      sync.Mutex
	text    string // all that was received
	spans   []*tracepb.Span
	headers []http.Header
}

func receive(t *testing.T) *receiver {
	r := new(receiver)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		var data tracepb.TracesData // encoded as an ExportTraceServiceRequest is
		if err == nil {
			err = proto.Unmarshal(body, &data)
		}
		if err != nil || q.URL.Path != "/v1/traces" || q.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Error(err, q.URL, q.Header)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.text += prototext.Format(&data)
		r.headers = append(r.headers, q.Header)
		for _, resource := range data.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				r.spans = append(r.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

// trace returns the names of the spans of a trace, each after that of its parent, such
// as "getDrawing > sqlite get_drawing".
func (r *receiver) trace(id string) (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	byID := map[string]*tracepb.Span{}
	for _, s := range r.spans {
		byID[string(s.SpanId)] = s
	}
	for _, s := range r.spans {
		if hex.EncodeToString(s.TraceId) != id {
			continue
		}
		name := s.Name
		for parent := byID[string(s.ParentSpanId)]; parent != nil; parent = byID[string(parent.ParentSpanId)] {
			name = parent.Name + " > " + name
		}
		names = append(names, name)
	}
	return names
}

const (
	traceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
	traceparent = "00-" + traceID + "-00f067aa0ba902b7-01"
)

func TestTraces(t *testing.T) {
	redis, mongodb := stores.Redis(t)[0], stores.MongoDB(t)[0]
	for name, c := range map[string]struct {
		env  []string
		want []string // spans
	}{
		"sqlite": {nil, []string{"getDrawing", "getDrawing > sqlite find_session", "getDrawing > sqlite get_drawing"}},
		"servers": {
			[]string{"REDIS_URL=" + redis.URL, "MONGODB_URI=" + service.InDatabase(t, mongodb.URL, service.NewDatabase())},
			[]string{
				"getDrawing", "getDrawing > redis find_session", "getDrawing > redis find_session > hmget",
				"getDrawing > mongodb get_drawing", "getDrawing > mongodb get_drawing > find",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := receive(t)
			p := start(t, append(c.env,
				"OTEL_EXPORTER_OTLP_ENDPOINT="+r.URL, "OTEL_EXPORTER_OTLP_HEADERS=api-key=hunter2", "OTEL_SERVICE_NAME=drawings", "OTEL_RESOURCE_ATTRIBUTES=zone=one",
				"WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET=very-secret-secret", "SIMULATOR=on")...)
			caller := p.LogIn(t, service.NewUser())
			shareToken := use(t, p.Service)
			path := "/v1/drawings/" + newID()
			caller.Do(t, http.MethodDelete, "/v1/sessions", nil).Expect(t, http.StatusNoContent) // after which the session is read
			caller.Do(t, http.MethodGet, path, nil, http.Header{"Traceparent": {traceparent}}).Expect(t, http.StatusNotFound)
			lines := p.lines(t) // the program sends the last spans when it ends

			got := r.trace(traceID)
			r.mu.Lock()
			defer r.mu.Unlock()
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			logged := slices.ContainsFunc(lines, func(l line) bool { return l.Trace == traceID && l.Operation == "getDrawing" })
			if !logged {
				t.Errorf("no line has the trace: %+v", lines)
			}
			for _, want := range []string{
				`"wechat /sns/jscode2session"`, `"http.route"`, `"/v1/drawings/{id}"`, `"/v1/shared/{token}"`, `"ERR_NOT_FOUND"`,
				`"service.name"`, `"drawings"`, `"zone"`, `SPAN_KIND_SERVER`,
			} {
				if !strings.Contains(r.text, want) {
					t.Errorf("no span has %s", want)
				}
			}
			_, token, _ := strings.Cut(caller.Header.Get("Authorization"), " ")
			for _, secret := range []string{shareToken, token, "very-secret-secret", strings.TrimPrefix(path, "/v1/drawings/"), "made-up", "hunter2"} {
				if secret == "" || strings.Contains(r.text, secret) {
					t.Errorf("a span has %q", secret)
				}
			}
			for _, h := range r.headers {
				if h.Get("api-key") != "hunter2" {
					t.Errorf("got the headers %v", h)
				}
			}
			for _, s := range r.spans {
				if s.Kind == tracepb.Span_SPAN_KIND_CLIENT && len(s.ParentSpanId) == 0 {
					t.Errorf("%s is no part of a request", s.Name)
				}
			}
		})
	}
}

// The standard variables decide what is sampled, and whether anything is.
func TestSampling(t *testing.T) {
	for name, c := range map[string]struct {
		env    []string
		traced bool // an id is in the log
		sent   bool
	}{
		"off":        {nil, false, false},
		"disabled":   {[]string{"OTEL_SDK_DISABLED=true"}, false, false},
		"no export":  {[]string{"OTEL_TRACES_EXPORTER=none"}, false, false},
		"none":       {[]string{"OTEL_TRACES_SAMPLER=always_off"}, true, false},
		"ratio 0":    {[]string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0"}, true, false},
		"everything": {[]string{"OTEL_TRACES_SAMPLER=always_on"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := receive(t)
			env := c.env
			if name != "off" {
				env = append(env, "OTEL_EXPORTER_OTLP_ENDPOINT="+r.URL)
			}
			p := start(t, env...)
			p.Nobody().Do(t, http.MethodGet, "/v1/session", nil, http.Header{"Traceparent": {traceparent}}).Expect(t, http.StatusUnauthorized)
			for _, l := range p.lines(t) {
				if l.Operation == "getSession" && (l.Trace == traceID) != c.traced {
					t.Errorf("got %+v", l)
				}
			}
			if sent := len(r.trace(traceID)) > 0; sent != c.sent {
				t.Errorf("spans were sent: %v", sent)
			}
		})
	}
}

func TestInvalidVariablesOfOpenTelemetryAreNamed(t *testing.T) {
	for _, setting := range []string{
		"OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
		"OTEL_TRACES_EXPORTER=zipkin",
		"OTEL_EXPORTER_OTLP_TIMEOUT=soon",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=localhost:4318",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://localhost:431800",
		"OTEL_EXPORTER_OTLP_TRACES_HEADERS=hunter2",
	} {
		variable, _, _ := strings.Cut(setting, "=")
		code, output := service.Build(t).Refused(t, "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318", setting)
		if code != 1 || !strings.Contains(output, variable) || strings.Contains(output, "hunter2") {
			t.Errorf("%s: %d, %s", setting, code, output)
		}
	}
}

// A receiver that never answers does not make a stop fail.
func TestAReceiverThatNeverAnswersCostsTheLastSpans(t *testing.T) {
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	host := strings.TrimPrefix(silent.URL, "http://")
	p := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT=http://hunter2:hunter2@"+host+"/hunter2")
	p.Nobody().Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusUnauthorized)
	p.Signal(t, syscall.SIGTERM)
	if code := p.Wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if output := p.Output(); !strings.Contains(output, `"level":"WARN","msg":"spans are lost","cause":"send the last spans to http://`+host+": ") || strings.Contains(output, "hunter2") {
		t.Errorf("it writes %s", output)
	}
}

// A receiver that is away costs spans, and nothing else.
func TestAReceiverThatIsAwayDoesNoHarm(t *testing.T) {
	p := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT=http://hunter2:hunter2@127.0.0.1:1/hunter2")
	use(t, p.Service)
	if lines := p.lines(t); len(lines) == 0 {
		t.Error("no request was logged")
	}
	if output := p.Output(); !strings.Contains(output, "send spans to http://127.0.0.1:1: ") || strings.Contains(output, "hunter2") {
		t.Errorf("it writes %s", output)
	}
}
