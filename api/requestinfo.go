package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"onestroke/api/wire"
	"onestroke/impl/gallery"
	"onestroke/impl/session"
	"onestroke/impl/telemetry"
)

// requestInfo is what is known of one request while it is served. Of its fields
// only the id, operation, route, user, code and cause are logged; none of these is
// secret.
type requestInfo struct {
	telemetry.Request
	id      string
	header  http.Header // the request's
	peer    string      // address and port of the connection's other end
	head    bool        // HEAD: the answer has no body
	started bool        // the answer's header has been sent
	gone    bool        // the client hung up before it had sent all, or before what it asked for was done

	operation  string             // operationId in the contract
	route      string             // as the contract has it, with {placeholders}
	lines      slog.Handler       // of the log about an operation; nil if the request is for none, or HEAD
	mediaType  string             // of the answer
	secret     bool               // the answer has a token
	compressed bool               // the body of the answer is
	caller     caller             // of a secured operation
	writes     bool               // the operation is not for suspended users
	endWrite   func()             // tells that what it writes is written; nil if it has not begun
	login      *session.Login     // that is due before the operation, see [callers]
	place      place              // among requests that are served
	taken      taken              // of the memory for bodies
	left       *session.Allowance // of the rate limit that was asked last; nil if there is none

	user  string // the id of the user who calls or logs in, empty if unknown
	code  string // of the error that was answered
	limit string // that refused the request
	cause error  // of an error that is our own fault, or that broke off the answer
}

type requestInfoKey struct{}

// infoOf returns the record of the request that ctx belongs to.
func infoOf(ctx context.Context) *requestInfo { return ctx.Value(requestInfoKey{}).(*requestInfo) }

// acceptsGzip reports whether the client accepts a compressed answer.
func (i *requestInfo) acceptsGzip() bool { return acceptsGzip(i.header["Accept-Encoding"]) }

// failed records the problem that is answered. Its cause is recorded only if the
// caller is not to blame, and if it says more than the problem itself.
func (i *requestInfo) failed(p *problem, status int, err error) {
	i.code, i.limit = p.code, limitOf(err)
	if status >= 500 && !errors.Is(err, p) {
		i.cause = err
	}
}

// written is called when a request that writes has ended.
func (i *requestInfo) written() {
	if i.endWrite != nil {
		i.endWrite()
	}
}

// limited records what a rate limit has left; nil if there is no limit.
func (i *requestInfo) limited(left *session.Allowance) {
	if left != nil {
		i.left = left
	}
}

// limitOf names the limit that an error is about; it is empty for other errors.
func limitOf(err error) string {
	rate := (*session.RateError)(nil)
	switch {
	case errors.As(err, &rate):
		return rate.Name
	case errors.Is(err, gallery.ErrQuota):
		return "quota"
	case errors.Is(err, errTooMany):
		return "in_flight"
	case errors.Is(err, errTooManyBodies):
		return "bodies"
	case errors.As(err, new(wire.NoMemoryError)):
		return "body_memory"
	case errors.Is(err, errTooManyExports):
		return "exports"
	default:
		return ""
	}
}
