package telemetry

import (
	"context"
	"net"
	"sync"

	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Tracing reports whether traces are on. They are off for nil.
func (t *Telemetry) Tracing() bool { return t != nil && t.tracer != nil }

// RedisHook makes a span of each command that is sent to Redis within a trace: its name, and
// nothing of its arguments.
func (t *Telemetry) RedisHook() redis.Hook { return redisHook{t} }

type redisHook struct{ *Telemetry }

func (h redisHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h redisHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, c redis.Cmder) error {
		return h.command(ctx, c.Name(), func(ctx context.Context) error { return next(ctx, c) })
	}
}

func (h redisHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, c []redis.Cmder) error {
		return h.command(ctx, "pipeline", func(ctx context.Context) error { return next(ctx, c) })
	}
}

func (h redisHook) command(ctx context.Context, name string, send func(context.Context) error) error {
	if !h.inTrace(ctx) {
		return send(ctx)
	}
	ctx, span := h.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	err := send(ctx)
	if err != nil && err != redis.Nil { //nolint:errorlint // a driver's own value, never wrapped here
		span.SetStatus(codes.Error, "")
	}
	return err
}

// MongoDBMonitor makes a span of each command that is sent to MongoDB within a trace: its name,
// and nothing of its documents.
func (t *Telemetry) MongoDBMonitor() *event.CommandMonitor {
	var spans sync.Map // of the commands that are under way, by commandID
	end := func(e event.CommandFinishedEvent, failed bool) {
		if span, ok := spans.LoadAndDelete(commandID{e.ConnectionID, e.RequestID}); ok {
			if failed {
				span.(trace.Span).SetStatus(codes.Error, "")
			}
			span.(trace.Span).End()
		}
	}
	return &event.CommandMonitor{
		Started: func(ctx context.Context, e *event.CommandStartedEvent) {
			if t.inTrace(ctx) {
				_, span := t.tracer.Start(ctx, e.CommandName, trace.WithSpanKind(trace.SpanKindClient))
				spans.Store(commandID{e.ConnectionID, e.RequestID}, span)
			}
		},
		Succeeded: func(_ context.Context, e *event.CommandSucceededEvent) { end(e.CommandFinishedEvent, false) },
		Failed:    func(_ context.Context, e *event.CommandFailedEvent) { end(e.CommandFinishedEvent, true) },
	}
}

type commandID struct {
	connection string
	request    int64
}
