package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"onestroke/impl/session"
)

// exchange is what is noted of one request while it is served. Nothing in it
// may be a credential.
type exchange struct {
	id        string
	header    http.Header        // the request's
	peer      string             // who has dialled, with the port
	left      *session.Allowance // of the limit that was asked last
	route     string             // as the contract has it, with its {placeholders}
	caller    *caller            // where the operation is for those who are logged in
	user      string             // who calls or logs in, where that is known
	mediaType string             // of the answer, as negotiated where there are several
	code      string
	cause     error // only where it is for the log
}

type exchangeKey struct{}

// note returns what is noted of r.
func note(r *http.Request) *exchange { return noteOf(r.Context()) }

func noteOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

func requestID(r *http.Request) string { return note(r).id }

// failed remembers the problem for the log: the cause only where it is not the
// caller's doing, and more than the problem itself.
func (e *exchange) failed(p *problem, status int, err error) {
	e.code = string(p.code)
	if status >= 500 && !errors.Is(err, p) {
		e.cause = err
	}
}

// limited remembers what a limit has left, to be told; nil is no limit.
func (e *exchange) limited(left *session.Allowance) {
	if left != nil {
		e.left = left
	}
}

// observe gives the request its id and writes one line about it when it is done.
func (s *server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{id: s.nameRequest(r), header: r.Header, peer: r.RemoteAddr}
		h := w.Header()
		h.Set("X-Request-Id", e.id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if s.stopping() {
			h.Set("Connection", "close") // that the next request goes elsewhere
		}
		r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, e))
		recorded := &recorder{ResponseWriter: w, exchange: e, status: http.StatusOK}
		start := time.Now()
		defer func() { s.log(r, e, recorded, start) }()
		next.ServeHTTP(recorded, r)
	})
}

func (s *server) stopping() bool {
	select {
	case <-s.Stopping:
		return true
	default:
		return false
	}
}

func (s *server) log(r *http.Request, e *exchange, w *recorder, start time.Time) {
	level := slog.LevelInfo
	if e.cause != nil && !errors.Is(e.cause, context.Canceled) {
		level = slog.LevelError
	}
	if !s.Logger.Enabled(r.Context(), level) {
		return
	}
	now := time.Now()
	// Not by way of the Logger, which looks for the line of code that logs.
	record := slog.NewRecord(now, level, "request", 0)
	record.AddAttrs(
		slog.String("method", r.Method),
		slog.String("route", e.route),
		slog.Int("status", w.status),
		slog.Int64("us", now.Sub(start).Microseconds()),
		slog.Int64("bytes", w.bytes),
		slog.String("request", e.id),
	)
	if e.user != "" {
		record.AddAttrs(slog.String("user", s.pseudonym(e.user)))
	}
	if e.code != "" {
		record.AddAttrs(slog.String("code", e.code))
	}
	if level == slog.LevelError {
		record.AddAttrs(slog.String("cause", e.cause.Error()))
	}
	_ = s.Logger.Handler().Handle(r.Context(), record) // there is nobody to tell
}

// pseudonym names a user in the log to those who have the key only: a store that
// leaks does not tell who is in the log, nor a log who is in the store. The key
// and the ID are one block of SHA-256, a fraction of the cost of HMAC; as most of
// the sum is left out, nobody can go on from it.
func (s *server) pseudonym(user string) string {
	var block [sha256.BlockSize]byte
	sum := sha256.Sum256(append(append(block[:0], s.LogKey...), user...))
	return hex.EncodeToString(sum[:8])
}

// recover turns a panic into an internal error; the stack is for the log.
func (s *server) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			err := errors.New("panic")
			if broken, ok := v.(brokenOff); ok {
				err = broken.cause
				note(r).cause = err
			} else {
				s.Logger.ErrorContext(r.Context(), "panic", "request", requestID(r), "value", v, "stack", string(debug.Stack()))
			}
			if w.(*recorder).started {
				panic(http.ErrAbortHandler) // a half answer must not look like a whole one
			}
			s.fail(w, r, err)
		}()
		next.ServeHTTP(w, r)
	})
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	exchange *exchange
	status   int
	bytes    int64
	started  bool
}

func (w *recorder) WriteHeader(status int) {
	tellLimit(w.Header(), w.exchange.left)
	w.status, w.started = status, true
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if !w.started {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// wellFormed is a request id as the contract has it.
var wellFormed = regexp.MustCompile(`^[0-9A-Za-z._-]{8,64}$`)

// nameRequest returns the id that a trusted proxy gave the request, so that the
// logs of both name it alike, or a new one.
func (s *server) nameRequest(r *http.Request) string {
	if given := r.Header.Get("X-Request-Id"); given != "" && wellFormed.MatchString(given) {
		if from, ok := addressOf(r.RemoteAddr); ok && s.trusts(from) {
			return given
		}
	}
	var b [16]byte // that differ: nobody is kept from guessing them
	binary.NativeEndian.PutUint64(b[:], rand.Uint64())
	binary.NativeEndian.PutUint64(b[8:], rand.Uint64())
	return hex.EncodeToString(b[:])
}
