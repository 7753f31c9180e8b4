package endtoend

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"onestroke/gen"
	"onestroke/tests/pki"
	"onestroke/tests/service"
)

// A client with a slow uplink that writes everything before it reads gets the
// answer that came early, and may use the connection again.
func TestAnEarlyAnswerReachesAClientThatWritesFirst(t *testing.T) {
	root := pki.NewAuthority(t)
	secure := startHTTPS(t, root.Issue(t))
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(root.PEM)
	plain := service.Build(t).Start(t)
	for by, dial := range map[string]func() (net.Conn, error){
		"directly": func() (net.Conn, error) { return net.Dial("tcp", strings.TrimPrefix(plain.URL, "http://")) },
		"by TLS": func() (net.Conn, error) {
			return tls.Dial("tcp", strings.TrimPrefix(secure.URL, "https://"), &tls.Config{RootCAs: trusted})
		},
	} {
		for name, early := range map[string]struct {
			request string // up to the length of the body
			size    int
			status  int
			closed  bool
		}{
			"without a credential": {"PUT /v1/drawings/" + newID() + " HTTP/1.1\r\nIf-None-Match: *", 500 << 10, 401, false},
			"an expired session":   {"PUT /v1/drawings/" + newID() + " HTTP/1.1\r\nAuthorization: Bearer old", 300 << 10, 401, false},
			"too large":            {"PUT /v1/drawings/" + newID() + " HTTP/1.1", 1500 << 10, 413, true},
			"not acceptable":       {"POST /v1/session HTTP/1.1\r\nAccept: text/html", 500 << 10, 406, false},
			"another media type":   {"POST /v1/session HTTP/1.1\r\nContent-Type: text/plain", 500 << 10, 415, false},
			"no such path":         {"POST /v1/paintings HTTP/1.1", 500 << 10, 404, false},
			"no such method":       {"PATCH /v1/session HTTP/1.1", 500 << 10, 405, false},
			"with Expect":          {"PUT /v1/drawings/" + newID() + " HTTP/1.1\r\nExpect: 100-continue", 500 << 10, 401, true},
			"of 2017":              {"POST /applet/session/paints/save HTTP/1.1\r\nX-WX-Code: old", 500 << 10, 200, false},
		} {
			t.Run(name+" "+by, func(t *testing.T) {
				t.Parallel()
				conn, err := dial()
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_, err = fmt.Fprintf(conn, "%s\r\nHost: x\r\nContent-Length: %d\r\n\r\n", early.request, early.size)
				const piece = 16 << 10
				pace := time.NewTicker(30 * time.Millisecond) // of the uplink
				defer pace.Stop()
				for sent := 0; sent < early.size && err == nil; sent += piece {
					_, err = conn.Write(make([]byte, min(piece, early.size-sent)))
					<-pace.C
				}
				if err != nil {
					t.Fatalf("the connection ends before the body is written: %v", err)
				}
				reader := bufio.NewReader(conn)
				status, closed := answerOn(t, reader)
				if status != early.status || closed != early.closed {
					t.Fatalf("the answer is %d, and the connection is closed: %t", status, closed)
				}
				if closed {
					return
				}
				if _, err = io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				if status, _ = answerOn(t, reader); status != http.StatusOK {
					t.Errorf("the next answer is %d", status)
				}
			})
		}
	}
}

// answerOn reads an answer, and whether it says that the connection is closed.
func answerOn(t *testing.T, reader *bufio.Reader) (status int, closed bool) {
	t.Helper()
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatalf("the answer is lost: %v", err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Close
}

// A client whose bodies arrive slowly uses up only what its own address may have.
func TestSlowBodiesRefuseNobodyElse(t *testing.T) {
	const most = 3
	s := startService(t, service.Options{MaxInFlight: most, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	statuses := make(chan int, most+2)
	for range most + 2 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, err = io.WriteString(conn, "POST /v1/session HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\nContent-Length: 9\r\nContent-Type: application/json\r\n\r\n{")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
				statuses <- answer.StatusCode
			}
		}()
	}
	for range 2 { // the other bodies are arriving
		if status := <-statuses; status != http.StatusServiceUnavailable {
			t.Errorf("the answer is %d", status)
		}
	}
	caller := s.LogIn(t, service.NewUser())
	for range 2 * most { // places are given back
		caller.Do(t, http.MethodPut, path(newID()), oneStroke("quick"), creating()).Expect(t, http.StatusCreated)
	}
	from := header("X-Forwarded-For", "192.0.2.7")
	caller.Do(t, http.MethodGet, "/v1/drawings", nil, from).Expect(t, http.StatusOK)
	caller.Do(t, http.MethodPut, path(newID()), oneStroke("one more"), creating(), from).
		ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
}

// A body may be slow, and must move.
func TestABodyMustArriveAtALeastRate(t *testing.T) {
	for name, uplink := range map[string]struct {
		whole  time.Duration // for 512 KiB, after the first second
		rate   int           // bytes per second
		status int
	}{
		"just fast enough": {6 * time.Second, 120 << 10, http.StatusUnauthorized},
		"hardly moving":    {time.Minute, 10, http.StatusRequestTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, service.Options{ReadTimeout: uplink.whole})
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			const size = 200 << 10
			code := `{"code":"` + newID() + `"}`
			_, err = fmt.Fprintf(conn, "POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", size+len(code), code)
			if err != nil {
				t.Fatal(err)
			}
			begun, answered := time.Now(), make(chan struct{})
			go func() {
				pace := time.NewTicker(100 * time.Millisecond)
				defer pace.Stop()
				for sent := 0; sent < size; {
					select {
					case <-answered:
						return
					case <-pace.C:
					}
					// By the clock, as a busy machine is late for some ticks.
					due := min(size, int(time.Since(begun).Seconds()*float64(uplink.rate)))
					if _, err := io.WriteString(conn, strings.Repeat(" ", due-sent)); err != nil {
						return
					}
					sent = due
				}
			}()
			defer close(answered)
			status, _ := answerOn(t, bufio.NewReader(conn))
			if took := time.Since(begun); status != uplink.status || status == http.StatusRequestTimeout && took > uplink.whole/2 {
				t.Errorf("the answer is %d, after %s", status, took)
			}
		})
	}
}
