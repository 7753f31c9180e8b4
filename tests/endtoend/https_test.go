package endtoend

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
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

func TestCertificatesAreReplacedUnderLoad(t *testing.T) {
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

func startHTTPS(t *testing.T, pair pki.Pair) https {
	t.Helper()
	h := newHTTPS(t, pair)
	h.Process = service.Build(t).Start(t, h.env()...)
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
