package wechat

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"slices"
	"strings"

	"onestroke/impl/push"
)

// Pushes reads the messages that WeChat pushes; see [push.Opener].
type Pushes struct {
	appID, token string
	key          []byte // of safe mode; nil in plain mode
}

// NewPushes returns a reader for the token and the EncodingAESKey that are set in the
// console. Without a key, messages are in plain mode.
func NewPushes(appID, token, encodingAESKey string) (*Pushes, error) {
	p := &Pushes{appID: appID, token: token}
	if encodingAESKey == "" {
		return p, nil
	}
	// The last character has bits that are not zero: it is no strict base64.
	key, err := base64.StdEncoding.DecodeString(encodingAESKey + "=")
	if err != nil || len(key) != 32 {
		return nil, errors.New("the EncodingAESKey must be 43 letters and digits")
	}
	p.key = key
	return p, nil
}

var (
	errSignature = &push.RefusedError{Problem: "the signature is not that of the configured token"}
	errUnsealed  = &push.RefusedError{Problem: "the message is not encrypted, and an EncodingAESKey is configured"}
	errSealed    = &push.RefusedError{Problem: "the message cannot be decrypted with the configured EncodingAESKey"}
	errNoKey     = &push.RefusedError{Problem: "the message is encrypted, and no EncodingAESKey is configured"}
	errForm      = &push.RefusedError{Problem: "the message is neither the expected JSON nor the expected XML"}
	errOtherID   = &push.RefusedError{Problem: "the message is for another app id"}
)

// Authenticate compares the signature of the mode: in safe mode that of the encrypted
// text, which covers the whole message.
func (p *Pushes) Authenticate(e push.Envelope) error {
	signed, parts := e.Signature, []string{p.token, e.Timestamp, e.Nonce}
	if p.key != nil && e.Body != nil {
		var sealed outer
		if read(e.Body, &sealed) != nil {
			return errForm
		}
		if sealed.Encrypt == "" {
			return errUnsealed
		}
		signed, parts = e.MsgSignature, append(parts, sealed.Encrypt)
	}
	if subtle.ConstantTimeCompare([]byte(sign(parts)), []byte(signed)) != 1 {
		return errSignature
	}
	return nil
}

// sign is the hexadecimal SHA-1 of the parts, sorted and joined.
func sign(parts []string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// outer is the message around an encrypted one.
type outer struct {
	Encrypt string `json:"Encrypt" xml:"Encrypt"`
}

// pushed has the members of messages that are used here. Version 1 of
// wxa_media_check has no result.
type pushed struct {
	Event      string   `json:"Event" xml:"Event"`
	AppID      string   `json:"AppID" xml:"AppID"`
	MediaAppID string   `json:"appid" xml:"appid"` // of wxa_media_check
	Trace      string   `json:"trace_id" xml:"trace_id"`
	ErrCode    Label    `json:"errcode" xml:"errcode"`
	Result     *Verdict `json:"result" xml:"result"`
	OpenID     string   `json:"OpenID" xml:"OpenID"`
	RevokeInfo Text     `json:"RevokeInfo" xml:"RevokeInfo"`
}

// Text is a string that may be written as a number.
type Text string

// UnmarshalJSON reads a string or a number. null is as if there were nothing.
func (t *Text) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	*t = Text(bytes.Trim(text, `"`))
	return nil
}

// Open decrypts an authentic envelope, if it is encrypted, and reads the message.
func (p *Pushes) Open(e push.Envelope) (push.Message, error) {
	body := e.Body
	var sealed outer
	if read(body, &sealed) != nil {
		return push.Message{}, errForm
	}
	if p.key != nil {
		var err error
		if body, err = p.decrypt(sealed.Encrypt); err != nil {
			return push.Message{}, err
		}
	}
	var m pushed
	if read(body, &m) != nil {
		return push.Message{}, errForm
	}
	if p.key == nil && sealed.Encrypt != "" && m.Event == "" { // in compatible mode, the text is there, too
		return push.Message{}, errNoKey
	}
	for _, id := range []string{m.AppID, m.MediaAppID} {
		if id != "" && id != p.appID {
			return push.Message{}, errOtherID
		}
	}
	message := push.Message{Event: m.Event, Trace: m.Trace, OpenID: m.OpenID, RevokeInfo: string(m.RevokeInfo)}
	if m.Result != nil {
		message.Verdict, message.Checked = m.Result.Verdict(), m.ErrCode == 0
	}
	return message, nil
}

// decrypt opens what safe mode encrypts: 16 random bytes, the length of the message
// in 4 bytes, the message and the app id, padded to a multiple of 32 bytes.
func (p *Pushes) decrypt(encrypted string) ([]byte, error) {
	const random, length, block = 16, 4, 32
	text, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil || len(text) < block || len(text)%aes.BlockSize != 0 {
		return nil, errSealed
	}
	sealer, err := aes.NewCipher(p.key)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(sealer, p.key[:aes.BlockSize]).CryptBlocks(text, text)
	padding := int(text[len(text)-1])
	if padding < 1 || padding > block || padding > len(text)-random-length {
		return nil, errSealed
	}
	for _, b := range text[len(text)-padding:] {
		if int(b) != padding {
			return nil, errSealed
		}
	}
	text = text[random : len(text)-padding]
	size, rest := binary.BigEndian.Uint32(text), text[length:]
	if uint64(size) > uint64(len(rest)) {
		return nil, errSealed
	}
	if string(rest[size:]) != p.appID {
		return nil, errOtherID
	}
	return rest[:size], nil
}

// read reads a JSON object, or an XML document with any root. A member that another event
// has with another type is as if it were not there.
func read(text []byte, into any) error {
	text = bytes.TrimLeft(text, " \t\r\n\ufeff")
	if bytes.HasPrefix(text, []byte("{")) {
		err := json.Unmarshal(text, into)
		if errors.As(err, new(*json.UnmarshalTypeError)) {
			return nil // the others were read
		}
		return err
	}
	return xml.Unmarshal(text, into)
}
