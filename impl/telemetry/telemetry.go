// Package telemetry shows what a running service does: metrics for Prometheus,
// traces for OpenTelemetry, and where the time of one request went.
//
// There are two things that it measures: requests, and the calls that they make of
// stores and of WeChat. Each measurement feeds all three. No label, attribute or
// name is made of what a client sends: not a path, not a token, not an id.
package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Telemetry measures one service. Where metrics and traces are off, all that is left
// is where the time of each request went.
type Telemetry struct {
	metrics *metrics     // nil if off
	tracer  trace.Tracer // nil if off
	close   func(context.Context)
}

// Options of [New].
type Options struct {
	Metrics bool
	// Traces is where spans are sent; nil for no traces.
	Traces *Exporter
}

// New returns a Telemetry. [Telemetry.Close] must be called.
func New(o Options) *Telemetry {
	t := &Telemetry{close: func(context.Context) {}}
	if o.Metrics {
		t.metrics = newMetrics()
	}
	if o.Traces != nil {
		t.tracer, t.close = o.Traces.begin()
	}
	return t
}

// closeTimeout bounds how long Close waits for the receiver of the traces.
const closeTimeout = 5 * time.Second

// Close sends the spans that have not been sent. It has no error: OpenTelemetry's error
// handler is told of those that are lost, as of others.
func (t *Telemetry) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	t.close(ctx)
}

// Outcome is how a call ended.
type Outcome string

// The outcomes of a call.
const (
	OK          Outcome = "ok"          // the system did it, or answered that it cannot be done
	Refused     Outcome = "refused"     // WeChat answered an errcode
	Full        Outcome = "full"        // there is no room to write
	Unavailable Outcome = "unavailable" // no answer in time, or no connection
	NotSent     Outcome = "not_sent"    // the circuit breaker is open
	Canceled    Outcome = "canceled"    // the caller gave up
	Failed      Outcome = "error"       // any other error
)

// call is one call of a system while it lasts.
type call struct {
	telemetry *Telemetry
	system    System
	name      string
	start     time.Time
	spent     *Spent     // of the request that makes the call; nil if none does
	span      trace.Span // nil if there is none
}

// begin begins a call. The context that it returns is for what the call does.
func (t *Telemetry) begin(ctx context.Context, system System, name string) (context.Context, call) {
	c := call{telemetry: t, system: system, name: name, spent: spentOf(ctx)}
	if t.inTrace(ctx) {
		ctx, c.span = t.tracer.Start(ctx, string(system)+" "+name, trace.WithSpanKind(trace.SpanKindClient))
	}
	c.start = time.Now()
	return ctx, c
}

// inTrace reports whether what is done in ctx has a span. What the service does by
// itself, such as looking for tasks that are due, has none.
func (t *Telemetry) inTrace(ctx context.Context) bool {
	return t.tracer != nil && trace.SpanContextFromContext(ctx).IsValid()
}

// end ends the call, which took until now.
func (c call) end(outcome Outcome) { c.endAfter(time.Since(c.start), outcome) }

func (c call) endAfter(took time.Duration, outcome Outcome) {
	if c.spent != nil {
		c.spent.add(c.system, took)
	}
	if m := c.telemetry.metrics; m != nil {
		m.calls.WithLabelValues(string(c.system), c.name, string(outcome)).Inc()
		m.callTime.WithLabelValues(string(c.system), c.name).Observe(took.Seconds())
	}
	if c.span != nil {
		if outcome != OK && outcome != Canceled {
			c.span.SetStatus(codes.Error, string(outcome))
		}
		c.span.End()
	}
}
