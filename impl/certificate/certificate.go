// Package certificate loads the certificate of the HTTPS server from two files,
// and loads it again when they change. Open connections are not interrupted.
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

// Certificate is the current certificate. It is safe for concurrent use.
type Certificate struct {
	certFile, keyFile string
	read              versions // of the files that were loaded last
	current           atomic.Pointer[tls.Certificate]
}

// Load reads a certificate with its chain, and its key, both as PEM. It fails if
// no client would accept them: they do not match, or the certificate has expired.
func Load(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile}
	return c, c.load(time.Now())
}

// Config returns a TLS configuration as WeChat requires it, 1.2 or newer. Each
// handshake uses the current certificate.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

// String returns the names of the certificate and when it expires.
func (c *Certificate) String() string {
	leaf := c.current.Load().Leaf
	return fmt.Sprintf("%s, until %s", strings.Join(names(leaf), ", "), day(leaf.NotAfter))
}

// Doubts returns the reasons why WeChat rejects the certificate, although other
// clients may accept it, and what to do about each.
func (c *Certificate) Doubts() []error { return doubts(c.chain(), time.Now()) }

// interval is how often the files are checked. The two files change one after the
// other, so they are read when they have not changed for one interval.
const interval = time.Second

// Watch loads the files again when they have changed, until ctx is done. If they
// are not valid, it logs that and keeps the current certificate. It tries again all the
// same: what cannot be read, for its mode or for want of descriptors, does not change
// when it can.
func (c *Certificate) Watch(ctx context.Context, logger *slog.Logger) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	seen, logged := c.read, ""
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
			if failure := fmt.Sprint(seen, err); failure != logged {
				logged = failure
				logger.Error("the new certificate is not valid, the old one stays in use", "cause", err)
			}
			continue
		}
		logged = ""
		logger.Info("certificate loaded again", "certificate", c.String())
		c.LogDoubts(logger)
	}
}

// LogDoubts logs [Certificate.Doubts].
func (c *Certificate) LogDoubts(logger *slog.Logger) {
	for _, doubt := range c.Doubts() {
		logger.Warn("WeChat will reject the certificate", "cause", doubt)
	}
}

func (c *Certificate) load(now time.Time) error {
	read := c.versions() // before reading: a change meanwhile is then noticed
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	if now.After(pair.Leaf.NotAfter) {
		return fmt.Errorf("the certificate expired on %s", day(pair.Leaf.NotAfter))
	}
	c.current.Store(&pair)
	c.read = read
	return nil
}

// chain returns what the server sends: the certificate and its issuers.
func (c *Certificate) chain() (chain []*x509.Certificate) {
	for _, der := range c.current.Load().Certificate {
		if parsed, err := x509.ParseCertificate(der); err == nil {
			chain = append(chain, parsed)
		}
	}
	return chain
}

func doubts(chain []*x509.Certificate, now time.Time) (all []error) {
	leaf := chain[0]
	if now.Before(leaf.NotBefore) {
		all = append(all, fmt.Errorf("it is not valid before %s; check this machine's clock", day(leaf.NotBefore)))
	}
	if len(names(leaf)) == 0 {
		all = append(all, errors.New("it has no domain name"))
	}
	switch {
	case leaf.CheckSignatureFrom(leaf) == nil || string(leaf.RawIssuer) == string(leaf.RawSubject):
		all = append(all, errors.New("it is self-signed; get one from an authority that phones trust"))
	case len(chain) == 1:
		all = append(all, errors.New("the chain is missing; put the issuer's certificate below it in the file (often named fullchain.pem)"))
	}
	for i, certificate := range chain[1:] {
		if err := chain[i].CheckSignatureFrom(certificate); err != nil {
			all = append(all, fmt.Errorf("the chain is broken: certificate %d in the file is not signed by certificate %d", i+1, i+2))
		}
		if now.After(certificate.NotAfter) {
			all = append(all, fmt.Errorf("certificate %d in the file expired on %s", i+2, day(certificate.NotAfter)))
		}
	}
	return all
}

// versions identify the contents of the two files.
type versions struct{ cert, key version }

type version struct{ modified, size int64 } // zero if there is no file

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
