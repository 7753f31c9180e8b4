// Package connections is the listener of the service.
//
// Between two requests a connection takes about 20 KB in net/http, and 6 KB here. So
// it waits here for its first byte. If net/http has many connections, each on which
// nothing comes for a moment waits here again.
//
// The listener also finds HTTP/1 requests that do not say clearly where they end.
// With Transfer-Encoding and Content-Length in one request, an attacker hides a
// second request from a proxy that goes by the other of the two (RFC 9112, section
// 11.2). A server must close such a connection and should refuse the request, but
// net/http removes the Content-Length before a handler sees it. So a connection looks
// at the head of each request while net/http reads it.
package connections

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Options are the parts of a listener.
type Options struct {
	TLS     *tls.Config   // of HTTPS; nil for HTTP
	Timeout time.Duration // of a handshake, and of the first byte after it
	Logger  *slog.Logger
}

// Up to warm connections stay with net/http between two requests. Beyond that, one on
// which nothing comes for a pause is given back, which costs about 20 µs of CPU with
// the next request. The requests of one page of a program come with shorter pauses, on
// a mobile network too.
const (
	warm  = 2000
	pause = 250 * time.Millisecond
)

// Listen returns a listener for an [http.Server] that has [Context] and [State].
func Listen(l net.Listener, o Options) *Listener {
	if o.TLS != nil {
		o.TLS = o.TLS.Clone()
		o.TLS.NextProtos = []string{"h2", "http/1.1"}
	}
	open, stop := context.WithCancel(context.Background())
	own := &Listener{
		Listener: l, Options: o, warm: warm, pause: pause, open: open, stop: stop,
		begun: make(chan net.Conn), waiting: map[net.Conn]struct{}{},
	}
	go own.run()
	return own
}

// Listener is a [net.Listener]. It accepts connections of which there is something to read.
type Listener struct {
	net.Listener
	Options
	warm  int64
	pause time.Duration
	open  context.Context
	stop  context.CancelFunc

	begun   chan net.Conn // those of which net/http has something to read
	serving atomic.Int64  // how many connections of HTTP/1 net/http has
	fresh   atomic.Int64  // how many connections have not begun their first request
	mu      sync.Mutex
	waiting map[net.Conn]struct{}
}

// retryDelay is the time between two tries to accept a connection after one failed,
// most often because too many files are open. Meanwhile the others are served.
const retryDelay = 50 * time.Millisecond

func (l *Listener) run() {
	for failed := false; ; {
		c, err := l.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed): // by Drain or Close
			return
		case err != nil:
			if !failed {
				l.Logger.Warn("cannot accept connections", "cause", err)
			}
			select {
			case <-time.After(retryDelay):
			case <-l.open.Done():
			}
		case l.TLS == nil:
			l.fresh.Add(1)
			go l.await(c, time.Now().Add(l.Timeout), true)
		default:
			l.fresh.Add(1)
			go l.handshake(tls.Server(c, l.TLS))
		}
		failed = err != nil
	}
}

// handshake comes before net/http has the connection: HTTP/1 cannot be followed
// inside a *tls.Conn, and net/http serves HTTP/2 only on a *tls.Conn. HTTP/2 needs no
// look: its frames have the length.
//
// A handshake that failed is also for net/http, which answers a client that speaks no TLS.
func (l *Listener) handshake(c *tls.Conn) {
	ctx, cancel := context.WithTimeout(l.open, l.Timeout)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil || c.ConnectionState().NegotiatedProtocol == "h2" {
		l.pass(c)
		l.fresh.Add(-1) // a client of HTTP/2 is told which of its requests are not done
		return
	}
	go l.await(c, time.Now().Add(l.Timeout), true) // on a small stack
}

// await waits for the first byte of the next request. fresh says that it is the first one.
func (l *Listener) await(c net.Conn, until time.Time, fresh bool) {
	if !l.keep(c) {
		c.Close()
		return
	}
	_ = c.SetReadDeadline(until)
	first, err := firstByte(c)
	l.leave(c)
	l.serving.Add(1)
	next := &conn{Conn: c, listener: l, first: first}
	next.fresh.Store(fresh)
	if err != nil {
		_ = next.Close()
		return
	}
	if secure, ok := c.(*tls.Conn); ok {
		l.pass(&secureConn{next, secure})
	} else {
		l.pass(next)
	}
}

// firstByte reads the first byte of a request. Some programs send an empty line before
// it (RFC 9112, section 2.2).
func firstByte(c net.Conn) ([]byte, error) {
	b := make([]byte, 1)
	for {
		if _, err := io.ReadFull(c, b); err != nil || b[0] != '\r' && b[0] != '\n' {
			return b, err
		}
	}
}

// keep reports whether c may wait.
func (l *Listener) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open.Err() != nil {
		return false
	}
	l.waiting[c] = struct{}{}
	return true
}

func (l *Listener) leave(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, c)
}

// pass gives net/http a connection.
func (l *Listener) pass(c net.Conn) {
	select {
	case l.begun <- c:
	case <-l.open.Done():
		c.Close()
	}
}

// crowded reports whether net/http has so many connections that it gives some back.
func (l *Listener) crowded() bool { return l.serving.Load() > l.warm }

func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.begun:
		return c, nil
	case <-l.open.Done():
		return nil, net.ErrClosed
	}
}

// look is how often Drain looks at the connections.
const look = 10 * time.Millisecond

// Drain accepts no more connections, and waits until each that was accepted has begun its
// first request, for no longer than most. When net/http shuts down, it drops the request that
// it reads next, and the client of a new connection cannot know that it was not done.
func (l *Listener) Drain(most time.Duration) {
	_ = l.Listener.Close() // nothing can be done about an error
	// There must be none twice: a connection is counted just after it was accepted, and
	// net/http says that a request has begun just before it serves it.
	for none, end := 0, time.Now().Add(most); none < 2 && time.Now().Before(end); time.Sleep(look) {
		if none++; l.fresh.Load() > 0 {
			none = 0
		}
	}
}

// Close also closes the connections that wait, and ends handshakes.
func (l *Listener) Close() error {
	l.mu.Lock()
	l.stop()
	waiting := l.waiting
	l.waiting = nil
	l.mu.Unlock()
	for c := range waiting {
		c.Close()
	}
	if err := l.Listener.Close(); !errors.Is(err, net.ErrClosed) { // it is after Drain
		return err
	}
	return nil
}
