// Package seal encrypts what a store holds and nobody who reads the store may see:
// openids and WeChat's access token. It also makes pseudonyms.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// Overhead is how many bytes a sealed value has more than its text: a random nonce
// of 12 bytes and a tag of 16.
const Overhead = 28

// ErrSealed says that a value was not sealed with this key for this purpose. It
// may have been sealed before the key was changed.
var ErrSealed = errors.New("sealed with another key, or for another purpose")

// Key seals and opens with AES-256-GCM. It is safe for concurrent use.
type Key struct {
	aead   cipher.AEAD
	digest []byte // the key of digests
}

// New derives a key from a secret by HKDF-SHA256. Replicas with the same secret
// have the same key.
func New(secret string) (*Key, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "onestroke seal", 32)
	if err != nil {
		return nil, err
	}
	digest, err := hkdf.Key(sha256.New, []byte(secret), nil, "onestroke digest", sha256.Size)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Key{aead, digest}, nil
}

// Seal encrypts text. The purpose says what the text is and whose: a sealed value
// that is put in another place does not open there.
func (k *Key) Seal(purpose, text string) string {
	return string(k.aead.Seal(nil, nil, []byte(text), []byte(purpose)))
}

// Open decrypts what Seal returned for this purpose, or returns [ErrSealed].
func (k *Key) Open(purpose, sealed string) (string, error) {
	text, err := k.aead.Open(nil, nil, []byte(sealed), []byte(purpose))
	if err != nil {
		return "", ErrSealed
	}
	return string(text), nil
}

// Digest returns 132 bits, in base64url, that are equal for equal texts with the same
// purpose. Without the key nobody can find the text by trying all that it may be.
func (k *Key) Digest(purpose, text string) string {
	mac := hmac.New(sha256.New, k.digest)
	mac.Write([]byte(purpose + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))[:22]
}
