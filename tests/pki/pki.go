// Package pki makes certificates for tests.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"testing"
	"time"
)

// Authority signs certificates.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	// PEM is the authority's certificate.
	PEM []byte
}

// Pair is a certificate without its chain, and its key, as PEM.
type Pair struct{ Certificate, Key []byte }

// NewAuthority returns a new root authority.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	return newAuthority(t, nil)
}

// Intermediate returns an authority whose certificate is signed by a.
func (a *Authority) Intermediate(t testing.TB) *Authority {
	t.Helper()
	return newAuthority(t, a)
}

// Issue returns a pair for localhost and 127.0.0.1, valid today, unless a change
// says otherwise.
func (a *Authority) Issue(t testing.TB, change ...func(*x509.Certificate)) Pair {
	t.Helper()
	template := newTemplate(t, "a service")
	template.DNSNames, template.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, c := range change {
		c(template)
	}
	key := newKey(t)
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return Pair{
		Certificate: encode("CERTIFICATE", sign(t, template, a.certificate, key, a.key)),
		Key:         encode("PRIVATE KEY", text),
	}
}

// Pool returns a pool with this authority only.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Write writes the pair to files, with chain below the certificate.
func (p Pair) Write(t testing.TB, certFile, keyFile string, chain ...[]byte) {
	t.Helper()
	text := p.Certificate
	for _, c := range chain {
		text = append(text[:len(text):len(text)], c...)
	}
	for file, text := range map[string][]byte{certFile: text, keyFile: p.Key} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func newAuthority(t testing.TB, parent *Authority) *Authority {
	t.Helper()
	template := newTemplate(t, "an authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	a := &Authority{certificate: template, key: newKey(t)}
	if parent == nil {
		parent = a
	} else {
		template.Subject.CommonName = "an intermediate authority"
	}
	der := sign(t, template, parent.certificate, a.key, parent.key)
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.certificate, a.PEM = signed, encode("CERTIFICATE", der)
	return a
}

func newTemplate(t testing.TB, name string) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
