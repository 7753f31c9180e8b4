package endtoend

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"onestroke/tests/pki"
	"onestroke/tests/service"
)

func TestHTTPSServesTheSameAsHTTP(t *testing.T) {
	root := pki.NewAuthority(t)
	p := startHTTPS(t, root.Issue(t))
	if !strings.HasPrefix(p.URL, "https://127.0.0.1:") {
		t.Fatalf("it serves at %s", p.URL)
	}
	// The simulator has the same address, and is used like WeChat.
	savePaint(t, p.LogIn2017(t, service.NewUser()), "one", "[]")
	p.LogIn(t, service.NewUser()).Do(t, http.MethodPut, path(newID()), oneStroke("one"), creating()).Expect(t, http.StatusCreated)
	for name, protocols := range map[string]func(*http.Protocols){
		"HTTP/1.1": func(p *http.Protocols) { p.SetHTTP1(true) },
		"HTTP/2.0": func(p *http.Protocols) { p.SetHTTP2(true) },
	} {
		var spoken http.Protocols
		protocols(&spoken)
		client := http.Client{Transport: &http.Transport{Protocols: &spoken, TLSClientConfig: &tls.Config{RootCAs: root.Pool()}}}
		response, err := client.Get(p.URL + "/livez")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.Proto != name || response.StatusCode != http.StatusOK {
			t.Errorf("it uses %s: %s", response.Proto, response.Status)
		}
		client.CloseIdleConnections()
	}
}

// A client that does not get on with its handshake is not waited for by others.
func TestAHandshakeHasATimeLimit(t *testing.T) {
	t.Parallel() // the test mostly waits
	const limit = 10 * time.Second
	p := startHTTPS(t, pki.NewAuthority(t).Issue(t), "READ_HEADER_TIMEOUT="+limit.String())
	begun := time.Now()
	silent, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	p.Nobody().Do(t, http.MethodGet, "/livez", nil).Expect(t, http.StatusOK)
	if took := time.Since(begun); took > limit {
		t.Errorf("another client waits for %s", took)
	}
	if text, _ := io.ReadAll(silent); len(text) > 0 || time.Since(begun) < limit {
		t.Errorf("the connection ends after %s, with %q", time.Since(begun), text)
	}
}

func TestRequestsByTLSFinishAfterASignal(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			weChat := newSlowWeChat(t)
			root := pki.NewAuthority(t)
			p := startHTTPS(t, root.Issue(t), weChat.env()...)
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: root.Pool()}, ForceAttemptHTTP2: http2}
			defer transport.CloseIdleConnections()
			answered := make(chan string, 1)
			go func() {
				answer, err := (&http.Client{Transport: transport}).Post(p.URL+"/v1/session", "application/json", strings.NewReader(`{"code":"`+newID()+`"}`))
				if err != nil {
					answered <- err.Error()
					return
				}
				answer.Body.Close()
				answered <- answer.Proto + " " + answer.Status
			}()
			<-weChat.arrived
			p.Signal(t, syscall.SIGTERM)
			eventually(t, func() bool { return !accepts(p.Process) })
			close(weChat.release)
			if got := <-answered; got != name+" 201 Created" {
				t.Errorf("it is answered with %s", got)
			}
			if code := p.Wait(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestHTTPOnThePortOfHTTPSIsExplained(t *testing.T) {
	p := startHTTPS(t, pki.NewAuthority(t).Issue(t))
	response, err := http.Get(strings.Replace(p.URL, "https://", "http://", 1) + "/livez")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "HTTPS") {
		t.Errorf("%s: %s", response.Status, text)
	}
}

func TestCertificatesAreReplacedUnderLoad(t *testing.T) {
	t.Parallel()
	root := pki.NewAuthority(t)
	p := startHTTPS(t, root.Issue(t))
	stop, served := make(chan struct{}), atomic.Int64{}
	var load sync.WaitGroup
	for i := range 8 {
		load.Go(func() {
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: root.Pool()}, ForceAttemptHTTP2: i%2 == 0, DisableKeepAlives: i%4 > 1}
			defer transport.CloseIdleConnections()
			client := http.Client{Transport: transport}
			for {
				select {
				case <-stop:
					return
				default:
				}
				response, err := client.Get(p.URL + "/openapi.json")
				if err != nil {
					t.Error("a request failed:", err)
					return
				}
				if _, err := io.Copy(io.Discard, response.Body); err != nil {
					t.Error("an answer is not complete:", err)
				}
				response.Body.Close()
				served.Add(1)
			}
		})
	}
	serial := p.serial(t, root)
	for range 3 {
		// First only one of the two files, as when one is replaced before the other.
		if err := os.WriteFile(p.cert, root.Issue(t).Certificate, 0o600); err != nil {
			t.Fatal(err)
		}
		root.Issue(t).Write(t, p.cert, p.key)
		before, last := served.Load(), serial
		eventually(t, func() bool { serial = p.serial(t, root); return serial != last })
		eventually(t, func() bool { return served.Load() > before })
	}
	close(stop)
	load.Wait()
}

func TestACertificateThatWeChatRejectsIsReportedAtTheStart(t *testing.T) {
	root := pki.NewAuthority(t)
	p := startHTTPS(t, root.Issue(t))
	eventually(t, func() bool { return strings.Contains(p.Output(), "WeChat will reject the certificate") })
	if !strings.Contains(p.Output(), "the chain is missing") {
		t.Error("the reason is not reported")
	}
	for name, pair := range map[string]pki.Pair{
		"expired":       root.Issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }),
		"another's key": {Certificate: root.Issue(t).Certificate, Key: root.Issue(t).Key},
	} {
		t.Run(name, func(t *testing.T) {
			f := newHTTPS(t, pair)
			refuses(t, service.Build(t), f.env(), "TLS_CERT_FILE", "")
		})
	}
}

// https is the program with the files of its certificate.
type https struct {
	*service.Process
	cert, key string
}

func startHTTPS(t *testing.T, pair pki.Pair, env ...string) https {
	t.Helper()
	h := newHTTPS(t, pair)
	h.Process = service.Build(t).Start(t, append(env, h.env()...)...)
	return h
}

func newHTTPS(t *testing.T, pair pki.Pair) https {
	t.Helper()
	dir := t.TempDir()
	h := https{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	pair.Write(t, h.cert, h.key)
	return h
}

func (h https) env() []string { return []string{"TLS_CERT_FILE=" + h.cert, "TLS_KEY_FILE=" + h.key} }

// serial returns the serial number of the certificate of a new connection.
func (h https) serial(t *testing.T, root *pki.Authority) string {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(h.URL, "https://"), &tls.Config{RootCAs: root.Pool()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}
