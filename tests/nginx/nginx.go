// Package nginx runs Debian's nginx with the configuration of the folder deploy.
package nginx

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"onestroke/tests/ports"
	"onestroke/tests/root"
)

// Nginx is a running nginx. It has the configuration of deploy and its own ports.
type Nginx struct {
	URL      string // https
	PlainURL string // http
	TLS      string // folder of its certificate, for localhost
	Log      string // file of its requests
}

// startTimeout is long, as the machine may be compiling at the same time.
const startTimeout = time.Minute

// Start runs nginx in front of services at these addresses until the test ends.
func Start(t *testing.T, services ...string) *Nginx {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	secure, plain := ports.ReservePort(t), ports.ReservePort(t)
	n := &Nginx{URL: "https://localhost:" + secure, PlainURL: "http://localhost:" + plain, TLS: Certificate(t), Log: filepath.Join(dir, "access.log")}
	write(t, filepath.Join(dir, "onestroke.conf"), strings.NewReplacer(
		"listen 443", "listen 127.0.0.1:"+secure, "listen [::]:443 ssl http2;", "",
		"listen 80", "listen 127.0.0.1:"+plain, "listen [::]:80;", "",
		"/etc/onestroke/tls", n.TLS, "/var/log/nginx", dir,
	).Replace(read(t, "nginx.conf")))
	upstream := read(t, "upstream.conf")
	server := "    server 127.0.0.1:5757 max_fails=0;\n"
	if !strings.Contains(upstream, server) {
		t.Fatal("upstream.conf names another server")
	}
	var all strings.Builder
	for _, address := range services {
		all.WriteString(strings.ReplaceAll(server, "127.0.0.1:5757", address))
	}
	write(t, filepath.Join(dir, "upstream.conf"), strings.Replace(upstream, server, all.String(), 1))

	var temporary strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temporary, "%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	write(t, filepath.Join(dir, "nginx.conf"), fmt.Sprintf(`
daemon off;
%s
pid %[2]s/pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
	%[3]s
	include %[2]s/onestroke.conf;
	include %[2]s/upstream.conf;
}`, user, dir, temporary.String()))
	run(t, filepath.Join(dir, "nginx.conf"), "127.0.0.1:"+secure)
	return n
}

// run runs nginx until the test ends, and returns when it listens at an address.
func run(t *testing.T, configuration, address string) {
	t.Helper()
	var output bytes.Buffer
	cmd := exec.Command("nginx", "-e", "stderr", "-c", configuration)
	cmd.Stderr = &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("nginx wrote:\n%.3000s", output.String())
		}
	})
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(startTimeout); ; {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatal("nginx ended at its start")
		case now := <-tick.C:
			if now.After(deadline) {
				t.Fatal("nginx does not listen")
			}
		}
	}
}

// Certificate returns a folder with a certificate for localhost.
func Certificate(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "tls")
	if text, err := exec.CommandContext(t.Context(), file("certificate"), folder, "draw.example.com").CombinedOutput(); err != nil {
		t.Fatalf("make a certificate: %v\n%s", err, text)
	}
	return folder
}

// Trusting returns a transport that trusts the certificate in a folder.
func Trusting(t *testing.T, folder string) *http.Transport {
	t.Helper()
	certificate, err := os.ReadFile(filepath.Join(folder, "fullchain.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	return &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true,
	}
}

// file is the path of a file in the folder deploy.
func file(name string) string { return filepath.Join(root.Dir(), "deploy", name) }

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(file(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
