package session

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// TokenPrefix begins every bearer token, so that secret scanners find leaked ones.
const TokenPrefix = "onestroke_"

// Credential is what a client presents to use its session.
type Credential struct {
	Kind   Kind
	Secret string // the bearer token, or the login code
}

// ID names the session that the credential opens and tells nothing about the
// credential: 16 bytes of SHA-256, 22 base64url characters. A code and a token
// of the same text have different IDs.
func (c Credential) ID() string { return digest("credential", string(c.Kind), c.Secret) }

// UserID makes the pseudonym of the WeChat user openid: 16 bytes of SHA-256,
// 22 base64url characters.
func UserID(openid string) string { return digest("user", openid) }

const (
	userIDSize = 16 // bytes; 22 characters
	secretSize = 32 // bytes: 256 bits
	tokenSize  = len(TokenPrefix) + (userIDSize+secretSize)/3*4
)

// newToken derives the token from the login and the nonce. The same login gives
// the same token, so no store has to keep it.
func newToken(userID string, nonce []byte, kind Kind, l Login) (string, error) {
	presented := sum("token", string(kind), l.Code, l.RawData, l.Signature, l.EncryptedData, l.IV)
	secret, err := hkdf.Key(sha256.New, presented[:], nonce, "onestroke token", secretSize)
	if err != nil {
		return "", err
	}
	user, err := base64.RawURLEncoding.DecodeString(userID)
	if err != nil {
		return "", err
	}
	return TokenPrefix + base64.RawURLEncoding.EncodeToString(append(user, secret...)), nil
}

// tokenUser reads whose a token claims to be. Only the store can tell whether it is.
func tokenUser(token string) (userID string, ok bool) {
	text, ok := strings.CutPrefix(token, TokenPrefix)
	if !ok || len(token) != tokenSize {
		return "", false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != userIDSize+secretSize {
		return "", false
	}
	return base64.RawURLEncoding.EncodeToString(raw[:userIDSize]), true
}

func proof(kind Kind, l Login) [8]byte {
	s := sum("proof", string(kind), l.Code, l.RawData, l.Signature, l.EncryptedData, l.IV)
	return [8]byte(s[:8])
}

func digest(purpose string, parts ...string) string {
	s := sum(purpose, parts...)
	return base64.RawURLEncoding.EncodeToString(s[:16])
}

// sum hashes parts for one purpose. Lengths are hashed too: no two lists of
// parts run together.
func sum(purpose string, parts ...string) [sha256.Size]byte {
	text := append(make([]byte, 0, 256), "onestroke "...)
	text = append(text, purpose...)
	for _, p := range parts {
		text = binary.BigEndian.AppendUint64(text, uint64(len(p)))
		text = append(text, p...)
	}
	return sha256.Sum256(text)
}
