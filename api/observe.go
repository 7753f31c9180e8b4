package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"onestroke/api/wire"
	"onestroke/impl/telemetry"
)

// Values of headers of every answer. None of them may be changed, as all share them.
var nosniff, noStore = []string{"nosniff"}, []string{"no-store"}

// statusClientGone is the status in log and metrics of a request whose client did not
// wait for an answer. nginx names it so, too; no client gets it.
const statusClientGone = 499

// observe gives the request its id and the record that everything after it uses,
// and logs one line when the request is done.
func (s *server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := &requestInfo{id: s.requestID(r), header: r.Header, peer: r.RemoteAddr, head: r.Method == http.MethodHead}
		h := w.Header()
		h.Set("X-Request-Id", info.id)
		h["X-Content-Type-Options"], h["Cache-Control"] = nosniff, noStore
		if s.is2017(r) {
			deprecate(h)
		}
		if s.stopping() {
			h.Set("Connection", "close") // so that the next request goes to another replica
		}
		r = r.WithContext(context.WithValue(s.Telemetry.Begin(&info.Request, r), requestInfoKey{}, info))
		body := s.receive(w, r, info)
		recorded := &recorder{ResponseWriter: w, info: info, memory: &s.memory, status: http.StatusOK}
		defer func() {
			if info.gone {
				recorded.status = statusClientGone
			}
			whole, own := info.End(telemetry.RequestResult{
				Operation: info.operation, Route: info.route, Method: r.Method, Status: recorded.status,
				Code: info.code, Limit: info.limit, RequestID: info.id,
			})
			s.log(r, info, recorded, whole, s.SlowRequest > 0 && own > s.SlowRequest)
			s.memory.release(info)
			body.readOn(r)
		}()
		next.ServeHTTP(recorded, r)
	})
}

func (s *server) log(r *http.Request, info *requestInfo, w *recorder, took time.Duration, slow bool) {
	level := slog.LevelInfo
	if slow {
		level = slog.LevelWarn
	}
	if info.cause != nil {
		level = slog.LevelError
	}
	if !s.Logger.Enabled(r.Context(), level) {
		return
	}
	// A record made by hand, because the Logger's methods look up the caller's line:
	// docs/decisions/0013-log-records-by-hand.md.
	record := slog.NewRecord(time.Now(), level, "request", 0)
	attrs := append(make([]slog.Attr, 0, 12),
		slog.Int("status", w.status),
		slog.Int64("us", took.Microseconds()),
		slog.Int64("bytes", w.bytes),
		slog.String("request", info.id),
	)
	if trace := info.TraceID(); trace != "" {
		attrs = append(attrs, slog.String("trace", trace))
	}
	if slow {
		attrs = append(attrs, info.TimesSpent())
	}
	if info.user != "" {
		attrs = append(attrs, slog.String("user", s.pseudonym(info.user)))
	}
	if info.code != "" {
		attrs = append(attrs, slog.String("code", info.code))
	}
	if level == slog.LevelError {
		attrs = append(attrs, slog.String("cause", info.cause.Error()))
	}
	record.AddAttrs(attrs...)
	lines := info.lines
	if lines == nil {
		lines = s.linesOf(r.Method, info.route, info.operation)
	}
	_ = lines.Handle(r.Context(), record) // a log that fails cannot be logged
}

// linesOf returns the handler of lines about requests of one kind. It has written
// already what begins all of them.
func (s *server) linesOf(method, route, operation string) slog.Handler {
	return s.Logger.Handler().WithAttrs([]slog.Attr{
		slog.String("method", method), slog.String("route", route), slog.String("operation", operation),
	})
}

// pseudonym is the name of a user in the log: the first 8 bytes of an HMAC.
// Someone who has the log and the store, but not the key, cannot tell which user a
// line is about.
func (s *server) pseudonym(user string) string {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte(user))
	var sum [sha256.Size]byte
	return hex.EncodeToString(mac.Sum(sum[:0])[:8])
}

// recover answers a request whose handler panics with an internal error, and logs
// the stack.
func (s *server) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler: // from fail
				panic(v)
			default:
				s.Logger.ErrorContext(r.Context(), "panic", "request", infoOf(r.Context()).id, "value", v, "stack", string(debug.Stack()))
				s.fail(w, r, errors.New("panic"))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// recorder records what is answered, adds the headers about the rate limit, and
// writes the names of headers as the contract does.
type recorder struct {
	http.ResponseWriter
	info   *requestInfo
	memory *memory
	status int
	bytes  int64
}

// Hold takes memory for an answer.
func (w *recorder) Hold(bytes int) error { return w.memory.take(w.info, int64(bytes)) }

// Coding is the coding of a text. An answer with a token is not compressed, so that its
// length says nothing about the token.
func (w *recorder) Coding() wire.Coding {
	switch {
	case w.info.compressed:
		return wire.Gzipped
	case w.info.secret || !w.info.acceptsGzip():
		return wire.Identity
	default:
		return wire.Gzip
	}
}

func (w *recorder) WriteHeader(status int) {
	setLimitHeaders(w.Header(), w.info.left)
	spellAsContract(w.Header())
	w.status, w.info.started = status, true
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if !w.info.started {
		w.WriteHeader(http.StatusOK)
	}
	defer w.info.Wait(telemetry.Answer, time.Now())
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// FlushError sends what is in the connection's buffer.
func (w *recorder) FlushError() error {
	defer w.info.Wait(telemetry.Answer, time.Now())
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap gives http.ResponseController access to the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// requestID returns the id that a trusted proxy gave the request, so that both
// logs have the same, or a new one. It is a UUID; some proxies, such as nginx, write
// its 32 digits without hyphens.
func (s *server) requestID(r *http.Request) string {
	if given := r.Header.Get("X-Request-Id"); len(given) == 32 || len(given) == 36 {
		id, err := uuid.Parse(given)
		if from, ok := addressOf(r.RemoteAddr); err == nil && ok && isTrusted(from, s.TrustedProxies) {
			return id.String()
		}
	}
	var id uuid.UUID // unique, but not secret: the cheaper generator is enough
	binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4 (RFC 9562, section 5.4)
	return id.String()
}
