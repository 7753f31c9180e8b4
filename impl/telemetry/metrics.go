package telemetry

import (
	"net/http"
	"net/http/pprof"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the metrics of one service. docs/observability.md explains them.
type metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.CounterVec
	requestTime *prometheus.HistogramVec
	inFlight    prometheus.Gauge
	refusals    *prometheus.CounterVec
	calls       *prometheus.CounterVec
	callTime    *prometheus.HistogramVec
	errcodes    *prometheus.CounterVec
}

// times are the limits of the histograms' buckets, in seconds.
var times = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "onestroke_requests_total",
			Help: "Requests that were answered, by operationId, status, and code of the error. Operation other: a page, or no operation at all. Status 499: the client hung up.",
		}, []string{"operation", "status", "code"}),
		requestTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "onestroke_request_duration_seconds", Buckets: times,
			Help: "Time that a request took, without the time in which the client sent the body or took the answer.",
		}, []string{"operation"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "onestroke_requests_in_flight", Help: "Requests that have begun and not ended, with those whose body arrives.",
		}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "onestroke_refusals_total", Help: "Requests that a limit refused, by the limit.",
		}, []string{"limit"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "onestroke_calls_total", Help: "Calls of stores and of WeChat, by how they ended.",
		}, []string{"system", "call", "outcome"}),
		callTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "onestroke_call_duration_seconds", Buckets: times, Help: "Time that a call of a store or of WeChat took.",
		}, []string{"system", "call"}),
		errcodes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "onestroke_wechat_errcodes_total", Help: "WeChat's answers with an errcode. Errcode other: one that the service does not know.",
		}, []string{"call", "errcode"}),
	}
	m.registry.MustRegister(
		m.requests, m.requestTime, m.inFlight, m.refusals, m.calls, m.callTime, m.errcodes,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// other is the operation of requests that no operation of the contract serves.
const other = "other"

func (m *metrics) request(a RequestResult, own time.Duration) {
	operation := a.Operation
	if operation == "" {
		operation = other
	}
	m.inFlight.Dec()
	m.requests.WithLabelValues(operation, strconv.Itoa(a.Status), a.Code).Inc()
	m.requestTime.WithLabelValues(operation).Observe(own.Seconds())
	if a.Limit != "" {
		m.refusals.WithLabelValues(a.Limit).Inc()
	}
}

// Handler answers /metrics, and /debug/pprof/ for Go's profiles. It needs no login,
// and must not be reachable by users. It is nil if metrics are off.
func (t *Telemetry) Handler() http.Handler {
	if t.metrics == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(t.metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// Build names the build that is running.
func (t *Telemetry) Build(version, commit string) {
	t.gauge("onestroke_build_info", "The build that is running; the value is 1.",
		prometheus.Labels{"version": version, "commit": commit, "goversion": runtime.Version()}, func() float64 { return 1 })
}

// LimitInFlight says how many requests may be in flight.
func (t *Telemetry) LimitInFlight(n int) {
	t.gauge("onestroke_requests_in_flight_limit", "MAX_IN_FLIGHT.", nil, func() float64 { return float64(n) })
}

// BodyMemory has the memory shown that the bodies of requests and large answers take,
// and how much they may take; both are bytes.
func (t *Telemetry) BodyMemory(taken func() int64, most int64) {
	t.gauge("onestroke_body_memory_bytes", "Memory that the bodies of requests and large answers take.", nil, func() float64 { return float64(taken()) })
	t.gauge("onestroke_body_memory_limit_bytes", "MAX_BODY_MEMORY, or what follows from the memory limit.", nil, func() float64 { return float64(most) })
}

// DroppedLines has the dropped lines of the log counted.
func (t *Telemetry) DroppedLines(dropped func() int64) {
	t.counter("onestroke_log_lines_dropped_total", "Lines of the log that the output did not take.", nil, func() float64 { return float64(dropped()) })
}

// UnknownPushes has the messages of WeChat counted that have no meaning here.
func (t *Telemetry) UnknownPushes(unknown func() int64) {
	t.counter("onestroke_unknown_pushes_total", "Messages that WeChat pushed, and that the service answers and ignores.", nil, func() float64 { return float64(unknown()) })
}

// Cache has the look-ups of the session cache counted.
func (t *Telemetry) Cache(hits, misses func() uint64) {
	const name, help = "onestroke_session_cache_lookups_total", "Sessions that were looked up, by whether the cache had them."
	t.counter(name, help, prometheus.Labels{"result": "hit"}, func() float64 { return float64(hits()) })
	t.counter(name, help, prometheus.Labels{"result": "miss"}, func() float64 { return float64(misses()) })
}

// Breaker has the state of a circuit breaker shown.
func (t *Telemetry) Breaker(name string, isOpen func() bool) {
	t.gauge("onestroke_breaker_open", "1 while the circuit breaker lets no call through, otherwise 0.", prometheus.Labels{"breaker": name}, func() float64 {
		if isOpen() {
			return 1
		}
		return 0
	})
}

// Pool is the state of a store's connections.
type Pool struct {
	Idle, InUse int // connections
	Waiting     int // calls that wait for a connection, or for their turn to write
}

// Pool has the connections of a store shown.
func (t *Telemetry) Pool(system System, pool func() Pool) {
	const name, help = "onestroke_pool_connections", "Connections to a store, by whether a call uses them."
	label := func(state string) prometheus.Labels {
		return prometheus.Labels{"system": string(system), "state": state}
	}
	t.gauge(name, help, label("idle"), func() float64 { return float64(pool().Idle) })
	t.gauge(name, help, label("in_use"), func() float64 { return float64(pool().InUse) })
	t.gauge("onestroke_pool_waiting", "Calls that wait for a connection to a store, or for their turn to write.",
		prometheus.Labels{"system": string(system)}, func() float64 { return float64(pool().Waiting) })
}

func (t *Telemetry) gauge(name, help string, labels prometheus.Labels, value func() float64) {
	if t.metrics != nil {
		t.metrics.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
	}
}

func (t *Telemetry) counter(name, help string, labels prometheus.Labels, value func() float64) {
	if t.metrics != nil {
		t.metrics.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, value))
	}
}
