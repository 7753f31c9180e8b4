package telemetry

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Exporter sends spans to a receiver by OTLP over HTTP. It is not the one of
// OpenTelemetry, which has gRPC and with it a third of this program: see
// docs/decisions/0031-metrics-and-traces.md.
type Exporter struct {
	url      string
	receiver string // what a log may show of url: its path and the rest may be secret
	header   http.Header
	client   *http.Client
}

// VariableError names the variable of OpenTelemetry that is invalid. It does not
// quote its value.
type VariableError struct{ Variable, Problem string }

func (e *VariableError) Error() string { return e.Variable + " " + e.Problem }

// NewExporter returns the exporter that OpenTelemetry's standard variables ask for,
// or nil if they ask for none. The SDK itself reads those about sampling, batches,
// limits and the resource (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables).
// Its error is a [*VariableError].
func NewExporter(getenv func(string) string) (*Exporter, error) {
	// The variable about traces goes before the one about all signals.
	read := func(name string) (variable, value string) {
		traces, all := "OTEL_EXPORTER_OTLP_TRACES_"+name, "OTEL_EXPORTER_OTLP_"+name
		if value := getenv(traces); value != "" {
			return traces, value
		}
		return all, getenv(all)
	}
	variable, endpoint := read("ENDPOINT")
	if endpoint == "" || strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, nil
	}
	switch exporter := getenv("OTEL_TRACES_EXPORTER"); exporter {
	case "none":
		return nil, nil
	case "", "otlp":
	default:
		return nil, &VariableError{"OTEL_TRACES_EXPORTER", "must be otlp or none"}
	}
	if name, protocol := read("PROTOCOL"); protocol != "" && protocol != "http/protobuf" {
		return nil, &VariableError{name, "must be http/protobuf"}
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || !isPort(cmp.Or(u.Port(), u.Scheme)) {
		return nil, &VariableError{variable, "must be an http:// or https:// URL"}
	}
	if variable == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		u = u.JoinPath("v1/traces")
	}
	e := &Exporter{url: u.String(), receiver: u.Scheme + "://" + u.Host, header: http.Header{"Content-Type": {"application/x-protobuf"}}}
	name, headers := read("HEADERS")
	if err := e.addHeaders(headers); err != nil {
		return nil, &VariableError{name, "must be headers such as api-key=secret,tenant=one"}
	}
	name, timeout := read("TIMEOUT")
	milliseconds, err := number(name, cmp.Or(timeout, "10000"), maxMilliseconds)
	if err != nil {
		return nil, err
	}
	// The SDK would take its default for text, and panic at a size that is negative or that
	// does not fit in memory.
	for _, v := range []struct {
		name string
		most int
	}{
		{"OTEL_BSP_SCHEDULE_DELAY", maxMilliseconds},
		{"OTEL_BSP_EXPORT_TIMEOUT", maxMilliseconds},
		{"OTEL_BSP_MAX_QUEUE_SIZE", maxSpans},
		{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", maxSpans},
	} {
		if _, err := number(v.name, cmp.Or(getenv(v.name), "1"), v.most); err != nil {
			return nil, err
		}
	}
	if err := checkSampler(getenv("OTEL_TRACES_SAMPLER"), getenv("OTEL_TRACES_SAMPLER_ARG")); err != nil {
		return nil, err
	}
	e.client = &http.Client{Timeout: time.Duration(milliseconds) * time.Millisecond}
	return e, nil
}

// isPort reports whether port can be called: url.Parse takes any number.
func isPort(port string) bool {
	n, err := net.LookupPort("tcp", port)
	return err == nil && n > 0
}

// checkSampler returns an error for a sampler in place of which the SDK would take its
// default: all requests would have spans. The SDK reads the names in this way, too.
func checkSampler(sampler, arg string) error {
	switch strings.ToLower(strings.TrimSpace(sampler)) {
	case "", "always_on", "always_off", "parentbased_always_on", "parentbased_always_off":
		return nil
	case "traceidratio", "parentbased_traceidratio":
		if ratio, err := strconv.ParseFloat(cmp.Or(strings.TrimSpace(arg), "1"), 64); err != nil || !(ratio >= 0 && ratio <= 1) {
			return &VariableError{"OTEL_TRACES_SAMPLER_ARG", "must be a number from 0 to 1"}
		}
		return nil
	default:
		return &VariableError{"OTEL_TRACES_SAMPLER", "must be always_on, always_off or traceidratio, or one of these with parentbased_ before it"}
	}
}

const (
	maxMilliseconds = 3_600_000 // an hour
	maxSpans        = 1_000_000 // a queue of them takes 16 MB without the spans
)

// number returns the value of a variable, which is a whole number from 1 to most.
func number(variable, value string, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, &VariableError{variable, fmt.Sprintf("must be a whole number from 1 to %d", most)}
	}
	return n, nil
}

// addHeaders reads headers in the form of W3C Baggage: name=value, with commas between.
func (e *Exporter) addHeaders(text string) error {
	for _, pair := range strings.Split(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		name, nameErr := url.PathUnescape(strings.TrimSpace(name))
		value, valueErr := url.PathUnescape(strings.TrimSpace(value))
		if !ok || name == "" || nameErr != nil || valueErr != nil {
			return fmt.Errorf("no header")
		}
		e.header.Set(name, value)
	}
	return nil
}

// URL is where spans are sent.
func (e *Exporter) URL() string { return e.url }

// begin begins to send spans. close sends those that have not been sent.
func (e *Exporter) begin() (tracer trace.Tracer, close func(context.Context)) {
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(otlptrace.NewUnstarted(e)),
		sdktrace.WithResource(serviceResource()),
	)
	return provider.Tracer("onestroke"), func(ctx context.Context) {
		if err := provider.Shutdown(ctx); err != nil {
			otel.Handle(fmt.Errorf("send the last spans to %s: %w", e.receiver, err))
		}
	}
}

// serviceResource is what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say of the service. An
// invalid attribute is left out.
func serviceResource() *resource.Resource {
	r, _ := resource.New(context.Background(), resource.WithAttributes(attribute.String("service.name", "onestroke")), resource.WithTelemetrySDK(), resource.WithFromEnv())
	return r
}

// Start fills [otlptrace.Client].
func (e *Exporter) Start(context.Context) error { return nil }

// Stop fills [otlptrace.Client].
func (e *Exporter) Stop(context.Context) error {
	e.client.CloseIdleConnections()
	return nil
}

// UploadTraces sends spans once: a receiver that is away loses some. The message is encoded as an
// ExportTraceServiceRequest is, whose package imports gRPC.
func (e *Exporter) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encode spans: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	request.Header = e.header
	response, err := e.client.Do(request)
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		err = failed.Err // without the URL
	}
	if err != nil {
		return fmt.Errorf("send spans to %s: %w", e.receiver, err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection is used again
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("send spans: the receiver answers %s", response.Status)
	}
	return nil
}
