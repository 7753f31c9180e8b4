package connections

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"onestroke/tests/output"
	"onestroke/tests/pki"
)

// server gives each connection back to its listener when nothing comes for a moment.
type server struct {
	*http.Server
	listener *Listener
	address  string
	dial     func() (net.Conn, error)
}

// limits are the time limits of a server.
type limits struct{ head, idle time.Duration }

var long = limits{time.Minute, time.Minute}

func serve(t *testing.T, secure bool, l limits) *server {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := inner.Addr().String()
	s := &server{address: address, dial: func() (net.Conn, error) { return net.Dial("tcp", address) }}
	options := Options{Timeout: l.head, Logger: slog.New(slog.DiscardHandler)}
	if secure {
		root := pki.NewAuthority(t)
		issued := root.Issue(t)
		pair, err := tls.X509KeyPair(issued.Certificate, issued.Key)
		if err != nil {
			t.Fatal(err)
		}
		options.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		s.dial = func() (net.Conn, error) { return tls.Dial("tcp", address, &tls.Config{RootCAs: root.Pool()}) }
	}
	s.listener = Listen(inner, options)
	s.listener.warm, s.listener.pause = 0, 10*time.Millisecond
	s.Server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(w, "%s %s %s %t", r.Method, r.URL.Path, body, r.TLS != nil)
		}),
		ConnContext: Context, ConnState: State,
		ReadHeaderTimeout: l.head, IdleTimeout: l.idle,
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		s.Close()
		running.Wait()
	})
	return s
}

// waitFor waits until the listener has n connections, and net/http none.
func (s *server) waitFor(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; runtime.Gosched() {
		s.listener.mu.Lock()
		waiting := len(s.listener.waiting)
		s.listener.mu.Unlock()
		if waiting == n && s.listener.serving.Load() == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections wait, not %d", waiting, n)
		}
	}
}

// client is one connection.
type client struct {
	net.Conn
	reader *bufio.Reader
}

func (s *server) connect(t *testing.T) *client {
	t.Helper()
	c, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &client{c, bufio.NewReader(c)}
}

func (c *client) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Error(err)
	}
}

func (c *client) expect(t *testing.T, body string) {
	t.Helper()
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		t.Errorf("no answer %q: %v", body, err)
		return
	}
	if got, err := io.ReadAll(answer.Body); err != nil || string(got) != body {
		t.Errorf("the answer is %q, %v, not %q", got, err, body)
	}
}

// expectEnd waits until the service closes the connection.
func (c *client) expectEnd(t *testing.T) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(c.reader); len(text) > 0 || err != nil {
		t.Errorf("the connection ends with %q, %v", text, err)
	}
}

func post(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

func TestAConnectionIsServedAgainAfterEachPause(t *testing.T) {
	for name, secure := range map[string]bool{"HTTP": false, "HTTPS": true} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, secure, long)
			c := s.connect(t)
			s.waitFor(t, 1)
			for i := range 4 {
				c.send(t, post(fmt.Sprintf("/%d", i), "a body"))
				c.expect(t, fmt.Sprintf("POST /%d a body %t", i, secure))
				s.waitFor(t, 1)
			}
			c.Close()
			s.waitFor(t, 0)
		})
	}
}

// What a connection sends just before a pause ends is neither lost nor taken for a pause.
func TestConnectionsAreServedHoweverTheirBytesArrive(t *testing.T) {
	s := serve(t, false, long)
	var running sync.WaitGroup
	for n := range 8 {
		running.Go(func() {
			c := s.connect(t)
			for i := range 20 {
				first, second := post("/first", strings.Repeat("a", i)), post("/second", "")
				for k, piece := range []string{first[:i+n], first[i+n:] + second[:i%4], second[i%4 : i+n+4], second[i+n+4:]} {
					c.send(t, piece)
					<-time.After(time.Duration((7*i+5*n+3*k)%20) * s.listener.pause / 10) // up to two pauses
				}
				c.expect(t, "POST /first "+strings.Repeat("a", i)+" false")
				c.expect(t, "POST /second  false")
			}
		})
	}
	running.Wait()
}

func TestRequestsThatArriveTogetherAreAnswered(t *testing.T) {
	s := serve(t, false, long)
	c := s.connect(t)
	for i := range 50 {
		c.send(t, post("/first", strings.Repeat("a", i))+post("/second", "")+post("/third", ""))
		c.expect(t, "POST /first "+strings.Repeat("a", i)+" false")
		c.expect(t, "POST /second  false")
		c.expect(t, "POST /third  false")
	}
	s.waitFor(t, 1)
}

// Old programs send an empty line after a body.
func TestAnEmptyLineMayComeBeforeARequest(t *testing.T) {
	s := serve(t, false, long)
	c := s.connect(t)
	for range 2 {
		c.send(t, "\r\n"+post("/first", "abc"))
		c.expect(t, "POST /first abc false")
		s.waitFor(t, 1)
	}
}

func TestAConnectionThatWaitsIsClosedWhenItIsIdleForTooLong(t *testing.T) {
	s := serve(t, false, limits{time.Minute, time.Second})
	c := s.connect(t)
	c.send(t, post("/", ""))
	c.expect(t, "POST /  false")
	answered := time.Now()
	s.waitFor(t, 1)
	c.expectEnd(t)
	if took := time.Since(answered); took < 900*time.Millisecond {
		t.Errorf("it is closed after %s", took)
	}
	s.waitFor(t, 0)
}

func TestAHeadThatDoesNotEndEndsItsConnection(t *testing.T) {
	for name, sent := range map[string]string{
		"the first one":         "POST /first HTTP/1.1\r\n",
		"after a whole request": post("/first", "") + "POST /second HTTP/1.1\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, false, limits{time.Second, 10 * time.Minute}).connect(t)
			c.send(t, sent)
			if strings.HasPrefix(sent, post("/first", "")) {
				c.expect(t, "POST /first  false")
			}
			c.expectEnd(t)
		})
	}
}

func TestShutdownClosesTheConnectionsThatWait(t *testing.T) {
	s := serve(t, false, long)
	used, silent := s.connect(t), s.connect(t)
	used.send(t, post("/", ""))
	used.expect(t, "POST /  false")
	s.waitFor(t, 2)
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	used.expectEnd(t)
	silent.expectEnd(t)
}

// drained waits until Drain has begun: no connection is accepted any more.
func (s *server) drained(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; runtime.Gosched() {
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			return
		}
		c.Close()
		if time.Now().After(deadline) {
			t.Fatal("it goes on accepting")
		}
	}
}

func TestTheFirstRequestOfAnAcceptedConnectionIsAnswered(t *testing.T) {
	for name, begun := range map[string]int{"nothing was sent": 0, "a part of the head was sent": 5} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, TLS %t", name, secure), func(t *testing.T) {
				s := serve(t, secure, long)
				c, first := s.connect(t), post("/first", "abc")
				c.send(t, first[:begun])
				for s.listener.fresh.Load() == 0 {
					runtime.Gosched()
				}
				ended := make(chan error)
				go func() {
					s.listener.Drain(time.Minute)
					ended <- s.Shutdown(context.Background())
				}()
				s.drained(t)
				time.Sleep(5 * look) // Drain has looked
				c.send(t, first[begun:])
				c.expect(t, fmt.Sprint("POST /first abc ", secure))
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if n := s.listener.fresh.Load(); n != 0 {
					t.Errorf("%d connections have not begun their first request", n)
				}
			})
		}
	}
}

func TestDrainDoesNotWaitForASilentConnectionForEver(t *testing.T) {
	s := serve(t, false, long)
	used, silent := s.connect(t), s.connect(t)
	used.send(t, post("/", ""))
	used.expect(t, "POST /  false")
	s.waitFor(t, 2)
	s.listener.Drain(5 * look)
	if n := s.listener.fresh.Load(); n != 1 {
		t.Errorf("%d connections have not begun their first request", n)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	used.expectEnd(t)
	silent.expectEnd(t)
}

func TestDrainWaitsForNoConnectionThatHasEnded(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := serve(t, secure, long)
		begun := s.connect(t)
		begun.send(t, "POST /")
		gone, err := net.Dial("tcp", s.address) // before the handshake
		if err != nil {
			t.Fatal(err)
		}
		for s.listener.fresh.Load() != 2 {
			runtime.Gosched()
		}
		begun.Close()
		gone.Close()
		s.listener.Drain(time.Minute)
		if n := s.listener.fresh.Load(); n != 0 {
			t.Errorf("%d connections have not begun their first request", n)
		}
	}
}

func TestAFewConnectionsStayWithNetHTTP(t *testing.T) {
	s := serve(t, false, long)
	s.listener.warm = 1
	first, second := s.connect(t), s.connect(t)
	first.send(t, post("/", ""))
	first.expect(t, "POST /  false")
	second.send(t, post("/", ""))
	second.expect(t, "POST /  false")
	for deadline := time.Now().Add(time.Minute); s.listener.crowded(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("none comes back")
		}
	}
	if n := s.listener.serving.Load(); n != 1 {
		t.Errorf("net/http has %d connections", n)
	}
}

func TestAConnectionThatIsClosedTwiceCountsOnce(t *testing.T) {
	s := serve(t, false, long)
	s.listener.serving.Add(1)
	c := &conn{Conn: s.connect(t), listener: s.listener}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := s.listener.serving.Load(); n != 0 {
		t.Errorf("net/http has %d connections", n)
	}
}

// failing is a listener that cannot accept its first connections.
type failing struct {
	net.Listener
	left int
}

func (l *failing) Accept() (net.Conn, error) {
	if l.left > 0 {
		l.left--
		return nil, syscall.EMFILE
	}
	return l.Listener.Accept()
}

func TestAFailureToAcceptIsSaidOnceAndPasses(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	written := new(output.Output)
	l := Listen(&failing{inner, 3}, Options{Timeout: time.Minute, Logger: slog.New(slog.NewTextHandler(written, nil))})
	defer l.Close()
	c, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	(&client{Conn: c}).send(t, post("/", ""))
	if _, err := l.Accept(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(written.String(), syscall.EMFILE.Error()); n != 1 {
		t.Errorf("%d lines say it:\n%s", n, written)
	}
}
