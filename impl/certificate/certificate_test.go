package certificate_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"onestroke/impl/certificate"
	"onestroke/tests/output"
	"onestroke/tests/pki"
)

func TestDoubtsNameWhatWeChatRejects(t *testing.T) {
	root := pki.NewAuthority(t)
	between := root.Intermediate(t)
	other := root.Intermediate(t)
	for name, test := range map[string]struct {
		pair  pki.Pair
		chain [][]byte
		want  []string
	}{
		"whole":                        {between.Issue(t), [][]byte{between.PEM}, nil},
		"whole, with root":             {between.Issue(t), [][]byte{between.PEM, root.PEM}, nil},
		"without chain":                {between.Issue(t), nil, []string{"fullchain.pem"}},
		"chain of another certificate": {between.Issue(t), [][]byte{other.PEM}, []string{"certificate 1 in the file is not signed by certificate 2"}},
		"wrong order":                  {between.Issue(t), [][]byte{root.PEM, between.PEM}, []string{"certificate 1 in the file", "certificate 2 in the file"}},
		"not yet valid": {
			between.Issue(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }),
			[][]byte{between.PEM},
			[]string{"clock"},
		},
		"nameless": {
			between.Issue(t, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, nil }),
			[][]byte{between.PEM},
			[]string{"no domain"},
		},
		"self-signed": {
			root.Issue(t, func(c *x509.Certificate) { c.Subject.CommonName = "an authority" }), nil,
			[]string{"self-signed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFiles(t)
			test.pair.Write(t, f.cert, f.key, test.chain...)
			loaded, err := certificate.Load(f.cert, f.key)
			if err != nil {
				t.Fatal(err)
			}
			got := loaded.Doubts()
			if len(got) != len(test.want) {
				t.Fatalf("got %q", got)
			}
			for i, want := range test.want {
				if !strings.Contains(got[i].Error(), want) {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestAnUnusableCertificateIsNotLoaded(t *testing.T) {
	root := pki.NewAuthority(t)
	good, another := root.Issue(t), root.Issue(t)
	expired := root.Issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	for name, test := range map[string]struct {
		pair pki.Pair
		want string
	}{
		"expired":        {expired, "expired"},
		"another's key":  {pki.Pair{Certificate: good.Certificate, Key: another.Key}, "does not match"},
		"no certificate": {pki.Pair{Certificate: []byte("none"), Key: good.Key}, "PEM"},
		"swapped files":  {pki.Pair{Certificate: good.Key, Key: good.Certificate}, "PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFiles(t)
			test.pair.Write(t, f.cert, f.key)
			if _, err := certificate.Load(f.cert, f.key); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	f := newFiles(t)
	if _, err := certificate.Load(f.cert, f.key); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestNewFilesAreUsedWithoutClosingConnections(t *testing.T) {
	root := pki.NewAuthority(t)
	s := serve(t, root.Issue(t))
	first := s.client(root)
	serial := first.get(t)

	root.Issue(t).Write(t, s.cert, s.key)
	eventually(t, "the new certificate is served", func() bool { return s.client(root).get(t) != serial })
	if got := first.get(t); got != serial || first.dialled != 1 {
		t.Errorf("the open connection was closed: %d connections were opened", first.dialled)
	}
	if !strings.Contains(s.log.String(), "localhost, 127.0.0.1, until ") {
		t.Errorf("logged %s", s.log)
	}
}

func TestAnInvalidNewPairIsNotUsed(t *testing.T) {
	root := pki.NewAuthority(t)
	expired := root.Issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	for name, spoil := range map[string]func(t *testing.T, f files){
		"only the certificate": func(t *testing.T, f files) { write(t, f.cert, root.Issue(t).Certificate) },
		"expired":              func(t *testing.T, f files) { expired.Write(t, f.cert, f.key) },
		"empty":                func(t *testing.T, f files) { write(t, f.key, nil) },
		"gone": func(t *testing.T, f files) {
			if err := os.Remove(f.cert); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, root.Issue(t))
			serial := s.client(root).get(t)
			spoil(t, s.files)
			eventually(t, "it is logged", func() bool { return strings.Contains(s.log.String(), "the old one stays") })
			if got := s.client(root).get(t); got != serial {
				t.Error("another certificate is served")
			}
			root.Issue(t).Write(t, s.cert, s.key)
			eventually(t, "the next good pair is served", func() bool { return s.client(root).get(t) != serial })
			if n := strings.Count(s.log.String(), "the old one stays"); n != 1 {
				t.Errorf("the error was logged %d times", n)
			}
		})
	}
}

func TestANewPairThatCannotBeReadAtFirstIsUsedLater(t *testing.T) {
	root := pki.NewAuthority(t)
	s := serve(t, root.Issue(t))
	serial := s.client(root).get(t)
	later := newFiles(t)
	root.Issue(t).Write(t, later.cert, later.key)

	release := takeDescriptors(t)
	defer release()
	if err := errors.Join(os.Rename(later.cert, s.cert), os.Rename(later.key, s.key)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is logged", func() bool { return strings.Contains(s.log.String(), "too many open files") })
	release()
	eventually(t, "the new certificate is served", func() bool { return s.client(root).get(t) != serial })
	if n := strings.Count(s.log.String(), "the old one stays"); n != 1 {
		t.Errorf("the error was logged %d times", n)
	}
}

// takeDescriptors lets this process open no file until release is called.
func takeDescriptors(t *testing.T) (release func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 0, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	return sync.OnceFunc(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	})
}

// Kubernetes and certbot replace certificates with symbolic links to another
// folder.
func TestASymbolicLinkToANewFolderIsFollowed(t *testing.T) {
	root := pki.NewAuthority(t)
	s := serve(t, root.Issue(t))
	serial := s.client(root).get(t)
	moved := newFiles(t)
	root.Issue(t).Write(t, moved.cert, moved.key)
	for link, target := range map[string]string{s.cert: moved.cert, s.key: moved.key} {
		if err := errors.Join(os.Symlink(target, link+".new"), os.Rename(link+".new", link)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the new certificate is served", func() bool { return s.client(root).get(t) != serial })
}

func TestTLS11IsRejectedAndHTTP2IsUsed(t *testing.T) {
	root := pki.NewAuthority(t)
	s := serve(t, root.Issue(t))
	if _, err := tls.Dial("tcp", s.address, &tls.Config{RootCAs: root.Pool(), MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is accepted")
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		conn, err := tls.Dial("tcp", s.address, &tls.Config{RootCAs: root.Pool(), MaxVersion: version, NextProtos: []string{"h2"}})
		if err != nil {
			t.Fatal(err)
		}
		if state := conn.ConnectionState(); state.Version != version || state.NegotiatedProtocol != "h2" {
			t.Errorf("got version %x, protocol %q", state.Version, state.NegotiatedProtocol)
		}
		conn.Close()
	}
}

type files struct{ cert, key string }

func newFiles(t *testing.T) files {
	dir := t.TempDir()
	return files{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
}

// server is an HTTPS server whose certificate is watched.
type server struct {
	files
	address string
	log     *output.Output
}

func serve(t *testing.T, pair pki.Pair) server {
	t.Helper()
	s := server{files: newFiles(t), log: new(output.Output)}
	pair.Write(t, s.cert, s.key)
	loaded, err := certificate.Load(s.cert, s.key)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	http := &http.Server{
		TLSConfig: loaded.Config(),
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}),
		ErrorLog:  slog.NewLogLogger(slog.NewTextHandler(io.Discard, nil), 0),
	}
	var running sync.WaitGroup
	running.Go(func() { _ = http.ServeTLS(listener, "", "") })
	ctx, cancel := context.WithCancel(context.Background())
	running.Go(func() { loaded.Watch(ctx, slog.New(slog.NewTextHandler(s.log, nil))) })
	t.Cleanup(func() {
		cancel()
		http.Close()
		running.Wait()
	})
	return s
}

// client uses one connection.
type client struct {
	http    http.Client
	address string
	dialled int
}

func (s server) client(trusted *pki.Authority) *client {
	c := &client{address: s.address}
	c.http.Transport = &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: trusted.Pool()},
		ForceAttemptHTTP2: true,
		IdleConnTimeout:   time.Minute,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c.dialled++
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	return c
}

// get returns the serial number of the server's certificate.
func (c *client) get(t *testing.T) string {
	t.Helper()
	response, err := c.http.Get("https://" + c.address)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.TLS.PeerCertificates[0].SerialNumber.String()
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("timeout: %s", what)
		}
	}
}
