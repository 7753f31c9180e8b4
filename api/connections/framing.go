package connections

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

type requestsKey struct{}

// Context is what [Ambiguous] needs in an [http.Server].
func Context(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(interface{ served() *conn }); ok {
		return context.WithValue(ctx, requestsKey{}, &c.served().requests)
	}
	return ctx
}

// Ambiguous reports whether a request has Transfer-Encoding beside Content-Length,
// or in HTTP/1.0, where its meaning is not defined (RFC 9112, section 6.1).
func Ambiguous(r *http.Request) bool {
	if r.TransferEncoding == nil && r.ProtoAtLeast(1, 1) {
		return false
	}
	on, ok := r.Context().Value(requestsKey{}).(*requests)
	return ok && on.ambiguous.Load() == on.answered+1
}

// requests follows the requests of one connection up to the first one with
// Transfer-Encoding. That one is the last: the connection is closed after it. What
// net/http refuses closes the connection as well, and may be misread here.
type requests struct {
	head      head
	body      int64  // bytes of the body that are still to come
	line      []byte // the start of a line that has not ended
	last      bool
	heads     int64        // that are complete
	answered  int64        // requests; fewer than heads if several arrived together
	ambiguous atomic.Int64 // which request is, from 1; read while the next byte of the connection is awaited
}

// head is what the lines of a head have said.
type head struct {
	begun    bool // the request line is complete
	version0 bool // HTTP/1.0
	encoded  bool // has Transfer-Encoding
	sized    bool // has Content-Length
	size     int64
	inSize   bool // the last line is one of Content-Length
}

// between reports whether no byte of the next request has arrived.
func (r *requests) between() bool {
	return !r.last && r.body == 0 && len(r.line) == 0 && r.head == (head{})
}

// follow takes the next bytes of the connection.
func (r *requests) follow(p []byte) {
	for len(p) > 0 && !r.last {
		if r.body > 0 {
			n := min(r.body, int64(len(p)))
			r.body -= n
			p = p[n:]
			continue
		}
		line, rest, ended := bytes.Cut(p, []byte{'\n'})
		if len(r.line) > 0 || !ended {
			r.line = append(r.line, line...)
			line = r.line
		}
		if !ended {
			return
		}
		r.take(bytes.TrimSuffix(line, []byte{'\r'}))
		r.line, p = nil, rest
	}
}

// take takes the next line of a head. Empty lines may come before a request.
func (r *requests) take(line []byte) {
	h := &r.head
	switch {
	case len(line) > 0 && h.begun:
		h.takeField(line)
	case len(line) > 0:
		h.begun, h.version0 = true, bytes.HasSuffix(line, []byte(" HTTP/1.0"))
	case h.begun:
		r.heads++
		if h.encoded && (h.sized || h.version0) {
			r.ambiguous.Store(r.heads)
		}
		r.last, r.body = h.encoded, h.size
		*h = head{}
	}
}

// takeField takes a line of a field, or one that continues it.
func (h *head) takeField(line []byte) {
	value := line
	if line[0] != ' ' && line[0] != '\t' {
		h.encoded = h.encoded || isOf("Transfer-Encoding", line)
		if h.inSize = isOf("Content-Length", line); h.inSize {
			h.sized, value = true, line[len("Content-Length:"):]
		}
	}
	if !h.inSize {
		return
	}
	if n, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err == nil {
		h.size = n
	}
}

// isOf reports whether a line begins the field with a name.
func isOf(name string, line []byte) bool {
	return len(line) > len(name) && line[len(name)] == ':' && strings.EqualFold(string(line[:len(name)]), name)
}
