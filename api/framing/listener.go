package framing

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// Listen returns l with connections whose requests are followed.
func Listen(l net.Listener) net.Listener { return plain{l} }

type plain struct{ net.Listener }

func (l plain) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// ListenTLS is [Listen] for HTTPS. A handshake must end within timeout.
//
// A connection of HTTP/1 cannot be followed inside a *tls.Conn, and net/http serves
// HTTP/2 only on a *tls.Conn. So the handshake, which decides between the two,
// comes before Accept. HTTP/2 needs no look: its frames have the length.
func ListenTLS(l net.Listener, config *tls.Config, timeout time.Duration) net.Listener {
	config = config.Clone()
	config.NextProtos = []string{"h2", "http/1.1"}
	open, stop := context.WithCancel(context.Background())
	s := &secure{l, config, timeout, open, stop, make(chan accepted)}
	go s.run()
	return s
}

type secure struct {
	net.Listener
	config  *tls.Config
	timeout time.Duration
	open    context.Context
	stop    context.CancelFunc
	results chan accepted // of Accept
}

type accepted struct {
	conn net.Conn
	err  error
}

func (s *secure) run() {
	for s.open.Err() == nil {
		c, err := s.Listener.Accept()
		if err != nil {
			s.pass(accepted{err: err})
			continue
		}
		go func() { s.pass(accepted{conn: s.handshake(tls.Server(c, s.config))}) }()
	}
}

// handshake returns what net/http is to serve. A handshake that failed is among it:
// net/http answers a client that does not speak TLS, and closes the connection.
func (s *secure) handshake(c *tls.Conn) net.Conn {
	ctx, cancel := context.WithTimeout(s.open, s.timeout)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil || c.ConnectionState().NegotiatedProtocol == "h2" {
		return c
	}
	return &secureConn{conn{Conn: c}, c}
}

func (s *secure) pass(a accepted) {
	select {
	case s.results <- a:
	case <-s.open.Done():
		if a.conn != nil {
			a.conn.Close()
		}
	}
}

func (s *secure) Accept() (net.Conn, error) {
	select {
	case a := <-s.results:
		return a.conn, a.err
	case <-s.open.Done():
		return nil, net.ErrClosed
	}
}

// Close also ends the handshakes that are under way.
func (s *secure) Close() error {
	s.stop()
	return s.Listener.Close()
}

// secureConn is a connection of HTTP/1 by TLS.
type secureConn struct {
	conn
	tls *tls.Conn
}

// ConnectionState is the TLS of [net/http.Request].
func (c *secureConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }
