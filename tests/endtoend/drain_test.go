package endtoend

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"onestroke/tests/pki"
	"onestroke/tests/service"
)

// A load balancer that stops sending once /readyz says so loses no request, on
// connections that are used again and on new ones.
func TestAStopLosesNoRequest(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the test mostly waits
			root := pki.NewAuthority(t)
			// Long enough for the balancer to stop sending, on a busy machine, too.
			p := startHTTPS(t, root.Issue(t), "SHUTDOWN_DELAY=10s")
			caller := p.LogIn(t, service.NewUser())
			body, err := json.Marshal(oneStroke("in time"))
			if err != nil {
				t.Fatal(err)
			}
			var balancer sync.WaitGroup
			var served atomic.Int64
			drained := make(chan struct{})
			for range 8 {
				balancer.Go(func() {
					transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: root.Pool()}, ForceAttemptHTTP2: http2}
					defer transport.CloseIdleConnections()
					for {
						select {
						case <-drained:
							return
						default:
						}
						request, _ := http.NewRequest(http.MethodPut, p.URL+path(newID()), bytes.NewReader(body))
						request.Header = http.Header{"If-None-Match": {"*"}, "Content-Type": {"application/json"}, "Authorization": caller.Header["Authorization"]}
						answer, err := transport.RoundTrip(request)
						if err != nil {
							t.Error("a request is lost:", err)
							return
						}
						_, _ = io.Copy(io.Discard, answer.Body)
						answer.Body.Close()
						if answer.Proto != name || answer.StatusCode != http.StatusCreated {
							t.Errorf("it is answered with %s %s", answer.Proto, answer.Status)
							return
						}
						served.Add(1)
					}
				})
			}
			eventually(t, func() bool { return served.Load() > 100 })
			p.Signal(t, syscall.SIGTERM)
			eventually(t, func() bool {
				return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusServiceUnavailable
			})
			signalled := served.Load()
			eventually(t, func() bool { return served.Load() > signalled+20 })
			close(drained)
			balancer.Wait()
			if code := p.Wait(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// An export that has begun is finished, however much of it was not read at the signal.
func TestAnExportIsFinishedAfterASignal(t *testing.T) {
	t.Parallel()
	const paints = 24 // more than the buffers of a connection take
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			root := pki.NewAuthority(t)
			p := startHTTPS(t, root.Issue(t))
			caller := p.LogIn(t, service.NewUser())
			for i := range paints {
				savePaint(t, caller, fmt.Sprint(i), strings.Repeat("x", 500<<10))
			}
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: root.Pool()}, ForceAttemptHTTP2: http2}
			defer transport.CloseIdleConnections()
			request, _ := http.NewRequest(http.MethodGet, p.URL+"/v1/export", nil)
			request.Header = caller.Header.Clone()
			answer, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			p.Signal(t, syscall.SIGTERM)
			eventually(t, func() bool { return !accepts(p.Process) })
			lines := 0
			for reader := bufio.NewReader(answer.Body); ; lines++ {
				line, err := reader.ReadBytes('\n')
				if err == io.EOF && len(line) == 0 {
					break
				}
				if err != nil || !json.Valid(line) {
					t.Fatalf("line %d has %d bytes and is no drawing: %v", lines, len(line), err)
				}
			}
			if lines != paints || answer.Proto != name {
				t.Errorf("%d lines of %d by %s", lines, paints, answer.Proto)
			}
			if code := p.Wait(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}
