package endtoend

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"onestroke/gen"
	"onestroke/tests/service"
)

// container is the limit on the memory of these processes, in bytes.
const container = 256 << 20

// Bodies that arrive slowly take no more memory than they may, and those that are
// refused may be sent again.
func TestManySlowUploadsDoNotExhaustTheMemory(t *testing.T) {
	t.Parallel()
	const (
		uploads = 1000
		from    = 10 // addresses
		pieces  = 32
	)
	p := service.Build(t).StartWithin(t, container, "TRUSTED_PROXIES=127.0.0.0/8")
	caller := p.LogIn(t, service.NewUser())
	body := largest()
	answered := make(chan http.Response, uploads)
	for i := range uploads {
		go func() {
			answer, err := putSlowly(p.URL, caller, fmt.Sprintf("192.0.2.%d", i%from), body, len(body)/pieces, 250*time.Millisecond)
			if err != nil {
				t.Error(err)
			}
			answered <- answer
		}()
	}
	counts := map[int]int{}
	for range uploads {
		caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
		answer := <-answered
		counts[answer.StatusCode]++
		if answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After is %q", answer.Header.Get("Retry-After"))
		}
	}
	t.Logf("%v, at most %d MB", counts, p.PeakMemory(t)>>20)
	if counts[http.StatusCreated] == 0 || counts[http.StatusServiceUnavailable] == 0 || counts[http.StatusCreated]+counts[http.StatusServiceUnavailable] != uploads {
		t.Errorf("the answers are %v", counts)
	}
	if p.PeakMemory(t) > container {
		t.Errorf("the process took %d MB", p.PeakMemory(t)>>20)
	}
	for range uploads / 10 { // memory is given back
		answer, err := putSlowly(p.URL, caller, "192.0.2.1", body, len(body), time.Millisecond)
		if err != nil || answer.StatusCode != http.StatusCreated {
			t.Fatalf("afterwards the answer is %d: %v", answer.StatusCode, err)
		}
	}
}

// Slow bodies from one address leave memory for those from others.
func TestOneAddressDoesNotTakeAllTheMemoryForBodies(t *testing.T) {
	body := largest()
	s := startService(t, service.Options{
		MaxBodyMemory: 3 * int64(len(body)), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	caller := s.LogIn(t, service.NewUser())
	// Chunked, so that nothing announces how large it becomes.
	slow := func() net.Conn {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\nTransfer-Encoding: chunked\r\n"+
			"Content-Type: application/json\r\nIf-None-Match: *\r\nAuthorization: %s\r\n\r\n%x\r\n%s",
			path(newID()), caller.Header.Get("Authorization"), len(body), body[:len(body)-1])
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	one := header("X-Forwarded-For", "192.0.2.7")
	put := func(from http.Header) service.Answer {
		return caller.Do(t, http.MethodPut, path(newID()), body, creating(), from)
	}
	conn := hold(t, slow, func() bool { return put(one).Status == http.StatusServiceUnavailable })
	refused := put(one)
	refused.ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
	if refused.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", refused.Header.Get("Retry-After"))
	}
	caller.Do(t, http.MethodGet, "/v1/drawings", nil, one).Expect(t, http.StatusOK)
	put(header("X-Forwarded-For", "192.0.2.8")).Expect(t, http.StatusCreated)
	if _, err := io.WriteString(conn, body[len(body)-1:]+"\r\n0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if status, _ := answerOn(t, bufio.NewReader(conn)); status != http.StatusCreated {
		t.Errorf("the slow body is answered with %d", status)
	}
	put(one).Expect(t, http.StatusCreated)
}

// A request that is alone gets the memory that it needs, however little there is for all;
// so does one that is alone from its address.
func TestARequestThatIsAloneGetsItsMemory(t *testing.T) {
	for name, most := range map[string]int64{"for none": 1, "for one": int64(len(largest()) + 64<<10)} {
		t.Run(name, func(t *testing.T) {
			s := startService(t, service.Options{MaxBodyMemory: most, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
			caller := s.LogIn(t, service.NewUser())
			from := func(address string) http.Header { return header("X-Forwarded-For", address) }
			put := func(address string) service.Answer {
				return caller.Do(t, http.MethodPut, path(newID()), largest(), creating(), from(address))
			}
			id := newID()
			caller.Do(t, http.MethodPut, path(id), largest(), creating()).Expect(t, http.StatusCreated)
			answer := caller.Do(t, http.MethodGet, path(id), nil, header("Accept-Encoding", "identity"))
			answer.Expect(t, http.StatusOK)
			if len(answer.Body) < 128<<10 {
				t.Errorf("the answer has only %d bytes", len(answer.Body))
			}
			conn := hold(t, func() net.Conn { return holdMemory(t, s.Service, caller, "192.0.2.7") },
				func() bool { return put("192.0.2.7").Status == http.StatusServiceUnavailable })
			other := put("192.0.2.8")
			if most == 1 {
				other.ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
			} else {
				other.Expect(t, http.StatusCreated)
			}
			conn.Close()
			eventually(t, func() bool { return put("192.0.2.7").Status == http.StatusCreated })
		})
	}
}

// hold sends a request that takes memory, and returns when others are refused for it. One
// that comes while another request has the memory is refused itself, and is sent again.
func hold(t *testing.T, send func() net.Conn, othersAreRefused func() bool) net.Conn {
	t.Helper()
	conn := send()
	eventually(t, func() bool {
		if othersAreRefused() {
			return true
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := conn.Read(make([]byte, 1)); err == nil { // it has an answer
			conn.Close()
			conn = send()
		}
		_ = conn.SetReadDeadline(time.Time{})
		return false
	})
	return conn
}

// holdMemory begins a body that takes a little memory until the connection is closed.
func holdMemory(t *testing.T, s service.Service, caller service.Caller, from string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\nContent-Length: 9\r\n"+
		"Content-Type: application/json\r\nIf-None-Match: *\r\nAuthorization: %s\r\n\r\n{",
		path(newID()), from, caller.Header.Get("Authorization"))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// Exports that nobody reads are few, take little memory, and end.
func TestExportsThatNobodyReadsAreBounded(t *testing.T) {
	t.Parallel()
	const (
		users   = 20
		exports = 16 // MAX_EXPORTS
	)
	p := service.Build(t).StartWithin(t, container)
	var callers []service.Caller
	actions := strings.Repeat("x", 500<<10)
	for range users {
		caller := p.LogIn(t, service.NewUser())
		for i := range 16 { // more than the buffers of a connection take
			savePaint(t, caller, fmt.Sprint(i), actions)
		}
		callers = append(callers, caller)
	}
	counts := map[int]int{}
	for answer := range unread(t, p.URL, users, func(i int) (string, service.Caller) { return "/v1/export", callers[i] }) {
		counts[answer.StatusCode]++
		if answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "5" {
			t.Errorf("Retry-After is %q", answer.Header.Get("Retry-After"))
		}
	}
	t.Logf("%v, at most %d MB", counts, p.PeakMemory(t)>>20)
	if counts[http.StatusOK] != exports || counts[http.StatusServiceUnavailable] != users-exports {
		t.Errorf("the answers are %v", counts)
	}
	if p.PeakMemory(t) > container {
		t.Errorf("the process took %d MB", p.PeakMemory(t)>>20)
	}
	callers[0].Do(t, http.MethodGet, "/v1/drawings", nil).Expect(t, http.StatusOK)
	callers[0].Do(t, http.MethodPut, path(newID()), oneStroke("meanwhile"), creating()).Expect(t, http.StatusCreated)
	eventually(t, func() bool { return callers[0].Do(t, http.MethodGet, "/v1/export", nil).Status == http.StatusOK })
}

// One user cannot take all exports.
func TestAUserHasTwoExportsAtATime(t *testing.T) {
	t.Parallel()
	p := service.Build(t).Start(t)
	greedy, other := p.LogIn(t, service.NewUser()), p.LogIn(t, service.NewUser())
	for i := range 16 {
		savePaint(t, greedy, fmt.Sprint(i), strings.Repeat("x", 500<<10))
	}
	counts := map[int]int{}
	for answer := range unread(t, p.URL, 4, func(i int) (string, service.Caller) {
		return []string{"/v1/export", "/applet/session/paints/list"}[i%2], greedy
	}) {
		counts[answer.StatusCode]++
	}
	if counts[http.StatusOK] != 2 || counts[http.StatusServiceUnavailable] != 2 {
		t.Errorf("the answers are %v", counts)
	}
	other.Do(t, http.MethodGet, "/v1/export", nil).Expect(t, http.StatusOK)
}

// Large answers that nobody reads take no more memory than they may.
func TestLargeAnswersThatNobodyReadsAreBounded(t *testing.T) {
	const requests = 1000
	p := service.Build(t).StartWithin(t, container, "TRUSTED_PROXIES=127.0.0.0/8")
	caller := p.LogIn(t, service.NewUser())
	id := newID()
	caller.Do(t, http.MethodPut, path(id), largest(), creating()).Expect(t, http.StatusCreated)
	counts := map[int]int{}
	for answer := range unread(t, p.URL, requests, func(i int) (string, service.Caller) {
		from := header("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i%10))
		from["Authorization"] = caller.Header["Authorization"]
		return path(id), p.With(from)
	}) {
		counts[answer.StatusCode]++
	}
	t.Logf("%v, at most %d MB", counts, p.PeakMemory(t)>>20)
	if counts[http.StatusOK] == 0 || counts[http.StatusServiceUnavailable] == 0 || counts[http.StatusOK]+counts[http.StatusServiceUnavailable] != requests {
		t.Errorf("the answers are %v", counts)
	}
	if p.PeakMemory(t) > container {
		t.Errorf("the process took %d MB", p.PeakMemory(t)>>20)
	}
	caller.Do(t, http.MethodGet, "/v1/drawings", nil).Expect(t, http.StatusOK)
}

// unread sends requests at the same time and yields the begin of each answer. Nothing
// more of it is read until the test ends.
func unread(t *testing.T, url string, requests int, request func(int) (path string, caller service.Caller)) iter.Seq[*http.Response] {
	t.Helper()
	answers := make(chan *http.Response, requests)
	dialer := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			// As on a network. The system has much larger buffers for the loopback device.
			if err := syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 1400); err != nil {
				t.Error(err)
			}
		})
	}}
	for i := range requests {
		path, caller := request(i)
		conn, err := dialer.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest(http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = caller.Header
		go func() {
			err := r.Write(conn)
			answer := new(http.Response)
			if err == nil {
				answer, err = http.ReadResponse(bufio.NewReader(conn), r)
			}
			if err != nil {
				t.Error(err)
			}
			answers <- answer
		}()
	}
	return func(yield func(*http.Response) bool) {
		for range requests {
			if !yield(<-answers) {
				return
			}
		}
	}
}

// largest is a drawing with as many points as one may have, in as many bytes as a body
// may have.
func largest() string {
	const strokes, points = 10, 2000
	stroke := fmt.Sprintf(`{"tool":"pen","color":"#000000","width":40,"x":[%[1]s],"y":[%[1]s]}`, strings.TrimSuffix(strings.Repeat("65535,-1234,", points/2), ","))
	text := `{"format":1,"canvas":{"width":65535,"height":65535},"strokes":[` + strings.TrimSuffix(strings.Repeat(stroke+",", strokes), ",") + `]`
	return text + strings.Repeat(" ", 512<<10-len(text)-1) + "}"
}

// putSlowly creates a drawing, its body in pieces with a pause after each. It stops when
// the answer comes, as clients do.
func putSlowly(url string, caller service.Caller, from, body string, piece int, pause time.Duration) (answer http.Response, err error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		return answer, err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\nContent-Length: %d\r\nContent-Type: application/json\r\nIf-None-Match: *\r\nAuthorization: %s\r\n\r\n",
		path(newID()), from, len(body), caller.Header.Get("Authorization"))
	if err != nil {
		return answer, err
	}
	done := make(chan error, 1)
	go func() {
		read, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			answer = *read
			_, err = io.Copy(io.Discard, read.Body)
		}
		done <- err
	}()
	pace := time.NewTicker(pause)
	defer pace.Stop()
	for ; body != ""; body = body[min(piece, len(body)):] {
		if _, err := io.WriteString(conn, body[:min(piece, len(body))]); err != nil {
			break // the answer may be there all the same
		}
		select {
		case err = <-done:
			return answer, err
		case <-pace.C:
		}
	}
	return answer, <-done
}
