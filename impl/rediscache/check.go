package rediscache

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"time"

	"onestroke/impl/session"
)

// Permissions are what the user of the service needs in Redis.
const Permissions = "ACL SETUSER <name> ~onestroke:* +@all -@admin -@dangerous +info"

// Check tries what the service does with Redis. The error says what is wrong and
// what the operator can do about it.
func (s *Store) Check(ctx context.Context) error {
	code := "check-" + rand.Text()
	_, err := s.Claim(ctx, code, session.Attempt{Kind: session.Token, Nonce: []byte(rand.Text())}, time.Second)
	if err == nil {
		err = s.Forget(ctx, code)
	}
	if err == nil {
		err = s.run(ctx, tryMark, MoveKey).Err()
	}
	if err == nil {
		return nil
	}
	return errors.Join(errors.New(advice(err)), err)
}

// advice is what to do about an error, by the first of these words that is in it.
// Those of Redis come first: an error of a Sentinel may hold one.
func advice(err error) string {
	text := err.Error()
	if ofSentinels(err) && strings.Contains(text, "NOPERM") {
		return "the user of the Sentinels may not ask them for the master: grant it +sentinel +subscribe &* in each of them"
	}
	for _, a := range []struct{ word, advice string }{
		{"WRONGPASS", "it refuses the user or the password: correct them in REDIS_URL"},
		{"NOAUTH", "it needs a password: put it into REDIS_URL, as redis://user:password@host"},
		{"NOPERM", "the user lacks permissions: " + Permissions},
		{"LOADING", "it is loading its data: wait"},
		{"READONLY", "it is a replica: name its master in REDIS_URL, or Sentinels and master_name"},
		{"MOVED", "it is part of a cluster: add addr= with another of its servers to REDIS_URL"},
		{"DB index", "it has no such database: correct the number at the end of the path in REDIS_URL"},
		{"OOM", "it is full: raise its maxmemory"},
		{"sentinel", "the Sentinels do not say where the master is: check the addresses and master_name in REDIS_URL"},
	} {
		if strings.Contains(text, a.word) {
			return a.advice
		}
	}
	if errors.As(err, new(*tls.CertificateVerificationError)) {
		return "its certificate is not trusted: name the trusted authorities with SSL_CERT_FILE"
	}
	if errors.As(err, new(tls.RecordHeaderError)) {
		return "it does not speak TLS: begin REDIS_URL with redis://"
	}
	if errors.Is(err, io.EOF) {
		return "it closes the connection: if it speaks TLS, begin REDIS_URL with rediss://"
	}
	return "it cannot be reached; is it running, is the address in REDIS_URL right, does it speak TLS if that begins with rediss://, is there a firewall between?"
}
