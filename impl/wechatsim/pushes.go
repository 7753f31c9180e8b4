//go:build !nosimulator

package wechatsim

import (
	"bytes"
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// pushTimeout is how long WeChat waits for an answer.
	pushTimeout = 5 * time.Second
	// maxPushes is how often WeChat sends a message that is not answered.
	maxPushes = 3
	// fetchTimeout is how long a picture may take. WeChat does not document its own limit.
	fetchTimeout = time.Minute
)

var (
	pushing  = &http.Client{Timeout: pushTimeout, Transport: transport}
	fetching = &http.Client{Timeout: fetchTimeout, Transport: transport}
	// transport reaches the service, whose certificate may be of its domain only.
	transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
)

// fetch gets the picture as WeChat does.
func (p *picture) fetch() {
	answer, err := fetching.Get(p.URL)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	p.Status, p.Type, p.Bytes = answer.StatusCode, answer.Header.Get("Content-Type"), len(text)
}

// member is a member of a message, in order.
type member struct {
	name  string
	value any // a string, an int or []member
}

// message is a pushed message.
type message []member

func (s *Simulator) event(name string, more ...member) message {
	return append(message{
		{"ToUserName", "gh_5757575757"},
		{"FromUserName", "oSimulated"},
		{"CreateTime", int(s.Now().Unix())},
		{"MsgType", "event"},
		{"Event", name},
	}, more...)
}

func (s *Simulator) mediaCheck(trace, suggest string, label int) message {
	return s.event("wxa_media_check", member{"appid", s.appID}, member{"trace_id", trace}, member{"version", 2},
		member{"errcode", 0}, member{"errmsg", "ok"}, member{"result", []member{{"suggest", suggest}, {"label", label}}})
}

// pushNow pushes a message, and answers what the service answered.
func (s *Simulator) pushNow(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Event, Trace, Suggest, User, RevokeInfo string
		Label                                   int
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxLogin)).Decode(&asked); err != nil || asked.Event == "" {
		answerJSON(w, "application/json", http.StatusBadRequest, errorAnswer{ErrMsg: "the body must be a message with an event"})
		return
	}
	m := s.event(asked.Event, member{"OpenID", openID(s.appID, asked.User)}, member{"AppID", s.appID}, member{"RevokeInfo", asked.RevokeInfo})
	if asked.Trace != "" {
		m = s.mediaCheck(asked.Trace, cmp.Or(asked.Suggest, "pass"), cmp.Or(asked.Label, 100))
	}
	status, err := s.push(m)
	if err != nil {
		answerJSON(w, "application/json", http.StatusBadGateway, errorAnswer{ErrMsg: "the service cannot be reached"})
		return
	}
	answerJSON(w, "application/json", http.StatusOK, map[string]any{"status": status})
}

// push sends a message as the console is set up, again if it is not answered or answered
// with a failure, and returns the status of the last answer.
func (s *Simulator) push(m message) (status int, err error) {
	if s.Push.URL == "" {
		return 0, errors.New("no URL is set up")
	}
	text, kind := m.json(), "application/json"
	if s.Push.XML {
		text, kind = m.xml(), "text/xml"
	}
	timestamp, nonce := strconv.FormatInt(s.Now().Unix(), 10), strconv.Itoa(int(binary.BigEndian.Uint32(randomBytes(4))))
	query := url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "signature": {sign(s.Push.Token, timestamp, nonce)}}
	if s.Push.AESKey != "" {
		encrypted := encryptMessage(s.Push.AESKey, s.appID, text)
		query.Set("encrypt_type", "aes")
		query.Set("msg_signature", sign(s.Push.Token, timestamp, nonce, encrypted))
		sealed := message{{"ToUserName", "gh_5757575757"}, {"Encrypt", encrypted}}
		if text = sealed.json(); s.Push.XML {
			text = sealed.xml()
		}
	}
	for range maxPushes {
		if status, err = post(s.Push.URL+"?"+query.Encode(), kind, text); err == nil && status < http.StatusInternalServerError {
			break
		}
	}
	return status, err
}

// post sends a text, and returns the status of the answer.
func post(url, kind, text string) (status int, err error) {
	answer, err := pushing.Post(url, kind, strings.NewReader(text))
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	return answer.StatusCode, nil
}

// sign is the hex SHA-1 of the sorted and joined parts.
func sign(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// encryptMessage encrypts a message for safe mode.
func encryptMessage(encodingKey, appID, text string) string {
	key, err := base64.StdEncoding.DecodeString(encodingKey + "=")
	if err != nil || len(key) != 32 {
		panic("an EncodingAESKey has 43 letters and digits")
	}
	clear := binary.BigEndian.AppendUint32(randomBytes(16), uint32(len(text)))
	clear = append(append(clear, text...), appID...)
	padding := 32 - len(clear)%32
	clear = append(clear, bytes.Repeat([]byte{byte(padding)}, padding)...)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	cipher.NewCBCEncrypter(block, key[:aes.BlockSize]).CryptBlocks(clear, clear)
	return base64.StdEncoding.EncodeToString(clear)
}

func (m message) json() string {
	var text strings.Builder
	text.WriteByte('{')
	for i, x := range m {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(encodeJSON(x.name) + ":")
		if inner, ok := x.value.([]member); ok {
			text.WriteString(message(inner).json())
		} else {
			text.WriteString(encodeJSON(x.value))
		}
	}
	text.WriteByte('}')
	return text.String()
}

func (m message) xml() string { return "<xml>" + m.elements() + "</xml>" }

func (m message) elements() string {
	var text bytes.Buffer
	for _, x := range m {
		fmt.Fprintf(&text, "<%s>", x.name)
		if inner, ok := x.value.([]member); ok {
			text.WriteString(message(inner).elements())
		} else {
			_ = xml.EscapeText(&text, []byte(fmt.Sprint(x.value))) // a bytes.Buffer takes all
		}
		fmt.Fprintf(&text, "</%s>", x.name)
	}
	return text.String()
}

// newToken returns a token of the length of WeChat's.
func newToken() string { return base64.RawURLEncoding.EncodeToString(randomBytes(102)) }
