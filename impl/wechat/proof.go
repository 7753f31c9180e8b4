package wechat

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"onestroke/impl/session"
)

// maxClockSkew is how far ahead of ours WeChat's clock may be.
const maxClockSkew = time.Minute

// SessionKey is the base64 text of the 16 bytes that WeChat's server and the
// phone share. WeChat signs with the text and encrypts with the bytes.
//
// It is a secret: printed, logged or encoded it is [redacted].
type SessionKey string

const redacted = "[redacted]"

// String returns the redacted form.
func (SessionKey) String() string { return redacted }

// Format writes the redacted form, whatever the verb.
func (SessionKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText returns the redacted form, for JSON and slog.
func (SessionKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// VerifySignature reports whether signature is the lower-case hex SHA-1 of
// rawData followed by the text of key, as in "Signature verification" on
// WeChat's page open-ability/signature. It takes the same time for every
// signature of the right length.
func VerifySignature(rawData string, key SessionKey, signature string) bool {
	sum := sha1.Sum([]byte(rawData + string(key)))
	return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(signature)) == 1
}

// proof is the signed and the encrypted data of a login, in valid form.
type proof struct {
	rawData   string
	signature string // empty if there is no signed data
	sealed    sealed // empty if there is no encrypted data
}

// readProof rejects data that no session key can verify.
func readProof(login session.Login) (proof, error) {
	p := proof{rawData: login.RawData, signature: login.Signature}
	if (login.RawData == "") != (login.Signature == "") {
		return proof{}, session.ErrUntrusted
	}
	if login.Signature != "" && !isSignature(login.Signature) {
		return proof{}, session.ErrUntrusted
	}
	if login.EncryptedData != "" || login.IV != "" {
		var err error
		if p.sealed, err = decodeSealed(login.EncryptedData, login.IV); err != nil {
			return proof{}, err
		}
	}
	return p, nil
}

// verify returns the profile in p. If p has signed and encrypted data, both must
// be valid, and the profile is the encrypted one.
func (c *Client) verify(p proof, granted grant) (session.Profile, error) {
	var profile session.Profile
	if p.signature != "" {
		if !VerifySignature(p.rawData, granted.SessionKey, p.signature) {
			return session.Profile{}, session.ErrUntrusted
		}
		info, err := readUserInfo([]byte(p.rawData))
		if err != nil {
			return session.Profile{}, &session.RawDataError{Err: err}
		}
		profile = info.profile()
	}
	if len(p.sealed.ciphertext) > 0 {
		text, err := p.sealed.open(granted.SessionKey)
		if err != nil {
			return session.Profile{}, err
		}
		info, err := readUserInfo(text)
		if err != nil || !c.belongsTo(info, granted.OpenID) {
			return session.Profile{}, session.ErrUntrusted
		}
		profile = info.profile()
	}
	return profile, nil
}

// belongsTo reports whether WeChat encrypted info for this app, recently, and for
// the user openID.
func (c *Client) belongsTo(info userInfo, openID string) bool {
	age := c.now().Sub(time.Unix(info.Watermark.Timestamp, 0))
	return info.Watermark.AppID == c.appID &&
		age <= c.maxDataAge && age >= -maxClockSkew &&
		(info.OpenID == "" || info.OpenID == openID)
}

// sealed is encrypted data of a valid length: AES-128-CBC with PKCS#7 padding, as the
// page of [VerifySignature] describes it.
type sealed struct {
	ciphertext []byte // whole blocks
	iv         []byte // one block
}

// decodeSealed reads base64. Its error is [session.ErrUntrusted].
func decodeSealed(encryptedData, iv string) (sealed, error) {
	ciphertext, err := base64.StdEncoding.DecodeString(encryptedData)
	if err != nil || len(ciphertext) == 0 || len(ciphertext)%aes.BlockSize != 0 {
		return sealed{}, session.ErrUntrusted
	}
	block, err := decodeBlock(iv)
	if err != nil {
		return sealed{}, err
	}
	return sealed{ciphertext: ciphertext, iv: block}, nil
}

// open decrypts the data. Every error is [session.ErrUntrusted] without details: an
// attacker who learns which padding is valid can decrypt CBC (a padding oracle).
//
// The encryption does not prove where the data comes from. Trust the clear text only
// after its watermark is checked.
func (s sealed) open(key SessionKey) ([]byte, error) {
	keyBytes, err := decodeBlock(string(key))
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(keyBytes)
	if err != nil {
		return nil, session.ErrUntrusted
	}
	text := make([]byte, len(s.ciphertext))
	cipher.NewCBCDecrypter(block, s.iv).CryptBlocks(text, s.ciphertext)
	padding := int(text[len(text)-1])
	if padding < 1 || padding > aes.BlockSize {
		return nil, session.ErrUntrusted
	}
	for _, b := range text[len(text)-padding:] {
		if int(b) != padding {
			return nil, session.ErrUntrusted
		}
	}
	return text[:len(text)-padding], nil
}

// decodeBlock decodes a session key or an iv, base64 of 16 bytes.
func decodeBlock(text string) ([]byte, error) {
	block, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(block) != aes.BlockSize {
		return nil, session.ErrUntrusted
	}
	return block, nil
}

func isSignature(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == hex.EncodedLen(sha1.Size)
}
