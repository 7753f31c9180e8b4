package telemetry

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Request is one HTTP request while it is served.
type Request struct {
	Spent
	telemetry *Telemetry
	start     time.Time
	span      trace.Span // nil if there is none
}

// RequestResult is what is known of a request when it has been answered.
type RequestResult struct {
	Operation string // operationId in the contract; empty if no operation served it
	Route     string // of the operation, with {placeholders}
	Method    string
	Status    int
	Code      string // of the error that was answered; empty if there was none
	Limit     string // that refused the request; empty if none did
	RequestID string
}

// propagator reads the header traceparent (W3C Trace Context).
var propagator = propagation.TraceContext{}

// Begin begins a request. The context that it returns is for serving it.
func (t *Telemetry) Begin(q *Request, r *http.Request) context.Context {
	*q = Request{telemetry: t, start: time.Now()}
	ctx := r.Context()
	if t.metrics != nil {
		t.metrics.inFlight.Inc()
	}
	if t.tracer != nil {
		ctx = propagator.Extract(ctx, propagation.HeaderCarrier(r.Header))
		ctx, q.span = t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	}
	return context.WithValue(ctx, spentKey{}, &q.Spent)
}

// TraceID is the id of the trace that the request belongs to; empty if traces are off.
func (q *Request) TraceID() string {
	if q.span == nil {
		return ""
	}
	return q.span.SpanContext().TraceID().String()
}

// Wait adds the time since start to what the request waited for its client.
func (q *Request) Wait(system System, start time.Time) { q.add(system, time.Since(start)) }

// End ends the request. It returns how long the request took, and how much of that was not
// spent waiting for the client.
func (q *Request) End(a RequestResult) (whole, own time.Duration) {
	whole = time.Since(q.start)
	own = max(0, whole-q.client())
	if m := q.telemetry.metrics; m != nil {
		m.request(a, own)
	}
	if q.span != nil {
		q.endSpan(a)
	}
	return whole, own
}

func (q *Request) endSpan(a RequestResult) {
	method := knownMethod(a.Method)
	if a.Operation != "" {
		q.span.SetName(a.Operation)
		q.span.SetAttributes(attribute.String("http.route", a.Route))
	} else {
		q.span.SetName(method)
	}
	// The names are those of OpenTelemetry's semantic conventions. url.path is not
	// among them: the path of a shared drawing has the token.
	q.span.SetAttributes(
		attribute.String("http.request.method", method),
		attribute.Int("http.response.status_code", a.Status),
		attribute.String("onestroke.request", a.RequestID),
	)
	if a.Code != "" {
		q.span.SetAttributes(attribute.String("error.type", a.Code))
	}
	if a.Status >= 500 {
		q.span.SetStatus(codes.Error, a.Code)
	}
	q.span.End()
}

// knownMethod returns a method, or _OTHER for one that a client made up.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return method
	default:
		return "_OTHER"
	}
}
