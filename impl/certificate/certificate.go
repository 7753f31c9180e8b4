// Package certificate keeps the certificate that HTTPS is served with. It is
// read from two files, and again when they change; connections that are open
// stay so.
package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Certificate is the one in use. It is safe for concurrent use.
type Certificate struct {
	certFile, keyFile string
	read              versions // of the files that were read last
	current           atomic.Pointer[tls.Certificate]
}

// Load reads a certificate and the chain below it, and its key, both as PEM. It
// fails where they cannot be used by anybody: they are no pair, or the
// certificate has expired.
func Load(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile}
	return c, c.load(time.Now())
}

// Config is TLS as WeChat wants it, 1.2 or newer, with the certificate as it is
// at each handshake.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

// String says for which names it is, and until when.
func (c *Certificate) String() string {
	leaf := c.current.Load().Leaf
	return fmt.Sprintf("%s, until %s", strings.Join(names(leaf), ", "), day(leaf.NotAfter))
}

// Doubts are the reasons for which WeChat refuses the certificate although there
// are others who may take it, and what to do about each.
func (c *Certificate) Doubts() []error { return doubts(c.chain(), time.Now()) }

// interval is how often the files are looked at. They change one after the other:
// only what has not changed for so long is read.
const interval = time.Second

// Watch reads the files again when they have changed, until ctx is done. What
// cannot be used is logged, and the certificate stays what it is.
func (c *Certificate) Watch(ctx context.Context, logger *slog.Logger) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	seen := c.read
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		before := seen
		if seen = c.versions(); seen != before || seen == c.read {
			continue
		}
		if err := c.load(time.Now()); err != nil {
			logger.Error("the new certificate cannot be used, the old one stays", "cause", err)
			continue
		}
		logger.Info("certificate read again", "certificate", c.String())
		c.LogDoubts(logger)
	}
}

// LogDoubts logs the doubts there are.
func (c *Certificate) LogDoubts(logger *slog.Logger) {
	for _, doubt := range c.Doubts() {
		logger.Warn("WeChat will refuse the certificate", "cause", doubt)
	}
}

func (c *Certificate) load(now time.Time) error {
	c.read = c.versions() // before: what changes meanwhile is read again
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	if now.After(pair.Leaf.NotAfter) {
		return fmt.Errorf("the certificate has expired on %s", day(pair.Leaf.NotAfter))
	}
	c.current.Store(&pair)
	return nil
}

// chain is what is sent: the certificate, and those that vouch for it.
func (c *Certificate) chain() (chain []*x509.Certificate) {
	for _, der := range c.current.Load().Certificate {
		if parsed, err := x509.ParseCertificate(der); err == nil { // as the first one was
			chain = append(chain, parsed)
		}
	}
	return chain
}

func doubts(chain []*x509.Certificate, now time.Time) (all []error) {
	leaf := chain[0]
	if now.Before(leaf.NotBefore) {
		all = append(all, fmt.Errorf("it is not valid before %s; look at this machine's clock", day(leaf.NotBefore)))
	}
	if len(names(leaf)) == 0 {
		all = append(all, errors.New("it names no domain"))
	}
	switch {
	case leaf.CheckSignatureFrom(leaf) == nil || string(leaf.RawIssuer) == string(leaf.RawSubject):
		all = append(all, errors.New("it is signed by itself; get one from an authority that phones trust"))
	case len(chain) == 1:
		all = append(all, errors.New("the chain is missing; put the issuer's certificate below it in the file (often called fullchain.pem)"))
	}
	for i, certificate := range chain[1:] {
		if err := chain[i].CheckSignatureFrom(certificate); err != nil {
			all = append(all, fmt.Errorf("the chain is broken: number %d in the file is not signed by number %d", i+1, i+2))
		}
		if now.After(certificate.NotAfter) {
			all = append(all, fmt.Errorf("number %d in the file has expired on %s", i+2, day(certificate.NotAfter)))
		}
	}
	return all
}

// versions tell whether the files have changed.
type versions struct{ cert, key version }

type version struct{ modified, size int64 } // zero for a file that is not there

func (c *Certificate) versions() versions {
	return versions{versionOf(c.certFile), versionOf(c.keyFile)}
}

func versionOf(file string) version {
	info, err := os.Stat(file)
	if err != nil {
		return version{}
	}
	return version{info.ModTime().UnixNano(), info.Size()}
}

func names(c *x509.Certificate) []string {
	all := c.DNSNames
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	return all
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
