package connections

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// enough is how many bytes of a request net/http needs before it sets a new time
// limit. It needs four; no request line has less than this ("GET / HTTP/1.1\r\n").
const enough = 16

// conn is a connection while net/http has it. Its fields are changed only by the
// goroutine that serves it, and while nobody else reads from it.
type conn struct {
	net.Conn
	requests
	listener *Listener
	first    []byte // what was read before net/http had the connection
	phase    phase
	until    time.Time   // how long net/http would wait for the next request
	left     atomic.Bool // net/http was told that the connection ended, but it goes on
	closed   atomic.Bool
	fresh    atomic.Bool // it has not begun its first request
}

// phase is where a connection is between two requests.
type phase int

const (
	serving phase = iota
	idle          // an answer was sent; net/http is about to say how long it waits
	waiting       // net/http waits for the next request, for no longer than a pause
)

// State is what the connections of a listener need in an [http.Server].
func State(c net.Conn, s http.ConnState) {
	own, ok := c.(interface{ served() *conn })
	switch {
	case !ok:
	case s == http.StateActive:
		own.served().begun()
	case s == http.StateIdle:
		own.served().phase = idle
		own.served().answered++
	}
}

func (c *conn) served() *conn { return c }

// begun is called when the connection has begun a request, or ends.
func (c *conn) begun() {
	if c.fresh.Swap(false) {
		c.listener.fresh.Add(-1)
	}
}

// SetReadDeadline also sets when net/http has waited for the next request long enough.
func (c *conn) SetReadDeadline(t time.Time) error {
	switch c.phase {
	case idle:
		c.phase = serving
		if c.listener.crowded() && c.between() {
			c.phase, c.until = waiting, t
			t = earlier(t, time.Now().Add(c.listener.pause))
		}
	case waiting: // the next request was read together with the one before
		c.phase = serving
	}
	return c.Conn.SetReadDeadline(t)
}

func (c *conn) Read(p []byte) (n int, err error) {
	if len(c.first) > 0 {
		n = copy(p, c.first)
		c.first = c.first[n:]
	} else {
		n, err = c.Conn.Read(p)
	}
	c.follow(p[:n])
	if c.phase == waiting {
		return n, c.waited(n, err)
	}
	return n, err
}

// waited is the error of a read that waited for the next request.
func (c *conn) waited(n int, err error) error {
	switch {
	case n >= enough:
		c.phase = serving
	case n > 0:
		c.phase = serving
		_ = c.Conn.SetReadDeadline(c.until)
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.left.Store(true)
		return io.EOF
	}
	return err
}

// Close gives a connection that goes on back to the listener, and closes any other.
// Shutdown of net/http may call it a second time.
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	c.listener.serving.Add(-1)
	c.begun()
	if c.left.Load() {
		go c.listener.await(c.Conn, c.until, false)
		return nil
	}
	return c.Conn.Close()
}

// earlier returns the earlier of two deadlines. The zero value of the first is none.
func earlier(t, other time.Time) time.Time {
	if t.IsZero() || other.Before(t) {
		return other
	}
	return t
}

// CloseWrite is called by net/http before it closes a connection on which more may arrive.
func (c *conn) CloseWrite() error {
	if c, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// secureConn is a connection of HTTP/1 by TLS.
type secureConn struct {
	*conn
	tls *tls.Conn
}

// ConnectionState is the TLS of [net/http.Request].
func (c *secureConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }
