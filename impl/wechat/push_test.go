package wechat_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"onestroke/impl/moderation"
	"onestroke/impl/push"
	"onestroke/impl/wechat"
)

const (
	pushToken = "AAAAA"
	aesKey    = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	timestamp = "1714036504"
	nonce     = "1514711492"
)

func newPushes(t testing.TB, key string) *wechat.Pushes {
	t.Helper()
	p, err := wechat.NewPushes(appID, pushToken, key)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// signed is the signature of parts, written independently of the package.
func signed(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// WeChat publishes this vector (developers.weixin.qq.com, "Message push").
func TestThePublishedSignatureIsAccepted(t *testing.T) {
	p := newPushes(t, "")
	e := push.Envelope{Signature: "f464b24fc39322e44b38aa78f5edd27bd1441696", Timestamp: timestamp, Nonce: nonce}
	if err := p.Authenticate(e); err != nil {
		t.Error(err)
	}
	for name, forged := range map[string]push.Envelope{
		"no signature":     {Timestamp: timestamp, Nonce: nonce},
		"upper case":       {Signature: strings.ToUpper(e.Signature), Timestamp: timestamp, Nonce: nonce},
		"another time":     {Signature: e.Signature, Timestamp: "1714036505", Nonce: nonce},
		"another nonce":    {Signature: e.Signature, Timestamp: timestamp, Nonce: "1514711493"},
		"of another token": {Signature: signed("BBBBB", timestamp, nonce), Timestamp: timestamp, Nonce: nonce},
	} {
		if err := p.Authenticate(forged); !isRefused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func isRefused(err error) bool { return errors.As(err, new(*push.RefusedError)) }

// encryptMessage is what WeChat does in safe mode, written independently of the package.
func encryptMessage(t testing.TB, key, id, message string) string {
	t.Helper()
	k, err := base64.StdEncoding.DecodeString(key + "=")
	if err != nil {
		t.Fatal(err)
	}
	clear := append(bytes.Repeat([]byte("r"), 16), 0, 0, 0, 0)
	binary.BigEndian.PutUint32(clear[16:], uint32(len(message)))
	clear = append(append(clear, message...), id...)
	n := 32 - len(clear)%32
	clear = append(clear, bytes.Repeat([]byte{byte(n)}, n)...)
	return encryptPadded(t, k, clear)
}

func encryptPadded(t testing.TB, key, clear []byte) string {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, len(clear))
	cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(out, clear)
	return base64.StdEncoding.EncodeToString(out)
}

func sealedEnvelope(encrypted, body string) push.Envelope {
	return push.Envelope{
		Signature: signed(pushToken, timestamp, nonce), MsgSignature: signed(pushToken, timestamp, nonce, encrypted),
		Timestamp: timestamp, Nonce: nonce, Body: []byte(body),
	}
}

// messages are the same messages as JSON and as XML.
var messages = []struct {
	name, json, xml string
	want            push.Message
}{
	{
		"a picture is risky",
		`{"ToUserName":"gh_1","FromUserName":"o","CreateTime":1626959646,"MsgType":"event","Event":"wxa_media_check","appid":"` + appID + `","trace_id":"60ae","version":2,
			"detail":[{"strategy":"content_model","errcode":0,"suggest":"risky","label":20006,"prob":90}],"errcode":0,"errmsg":"ok","result":{"suggest":"risky","label":20006}}`,
		`<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Event><![CDATA[wxa_media_check]]></Event><appid>` + appID + `</appid><trace_id>60ae</trace_id><version>2</version>` +
			`<errcode>0</errcode><result><suggest><![CDATA[risky]]></suggest><label>20006</label></result></xml>`,
		push.Message{Event: "wxa_media_check", Trace: "60ae", Checked: true, Verdict: moderation.Verdict{State: moderation.Refused, Reason: moderation.Crime}},
	},
	{
		"the label is a string",
		`{"Event":"wxa_media_check","trace_id":"60ae","errcode":0,"result":{"suggest":"pass","label":"100"}}`,
		`<xml><Event>wxa_media_check</Event><trace_id>60ae</trace_id><errcode>0</errcode><result><suggest>pass</suggest><label>100</label></result></xml>`,
		push.Message{Event: "wxa_media_check", Trace: "60ae", Checked: true, Verdict: moderation.Verdict{State: moderation.Approved}},
	},
	{
		"the picture could not be fetched",
		`{"Event":"wxa_media_check","trace_id":"60ae","errcode":-1008,"result":{"suggest":"pass","label":100}}`,
		`<xml><Event>wxa_media_check</Event><trace_id>60ae</trace_id><errcode>-1008</errcode><result><suggest>pass</suggest><label>100</label></result></xml>`,
		push.Message{Event: "wxa_media_check", Trace: "60ae", Verdict: moderation.Verdict{State: moderation.Approved}},
	},
	{
		"version 1",
		`{"Event":"wxa_media_check","trace_id":"60ae","isrisky":0,"status_code":0}`,
		`<xml><Event>wxa_media_check</Event><trace_id>60ae</trace_id><isrisky>0</isrisky><status_code>0</status_code></xml>`,
		push.Message{Event: "wxa_media_check", Trace: "60ae"},
	},
	{
		"a consent is withdrawn",
		`{"Event":"user_authorization_revoke","OpenID":"` + openID + `","AppID":"` + appID + `","RevokeInfo":"19"}`,
		`<xml><Event>user_authorization_revoke</Event><OpenID>` + openID + `</OpenID><AppID>` + appID + `</AppID><RevokeInfo>19</RevokeInfo></xml>`,
		push.Message{Event: "user_authorization_revoke", OpenID: openID, RevokeInfo: "19"},
	},
	{
		"RevokeInfo is a number, and there is no OpenID",
		`{"Event":"user_info_modified","RevokeInfo":6}`,
		`<xml><Event>user_info_modified</Event><RevokeInfo>6</RevokeInfo></xml>`,
		push.Message{Event: "user_info_modified", RevokeInfo: "6"},
	},
	{
		"RevokeInfo is null or empty",
		`{"Event":"user_info_modified","RevokeInfo":null}`,
		`<xml><Event>user_info_modified</Event><RevokeInfo></RevokeInfo></xml>`,
		push.Message{Event: "user_info_modified"},
	},
	{"an unknown event", `{"Event":"subscribe","x":{"y":[1]}}`, `<xml><Event>subscribe</Event><x><y>1</y></x></xml>`, push.Message{Event: "subscribe"}},
}

func TestAMessageIsReadInEachModeAndFormat(t *testing.T) {
	for _, m := range messages {
		for format, text := range map[string]string{"JSON": m.json, "XML": m.xml} {
			plain := push.Envelope{Signature: signed(pushToken, timestamp, nonce), Timestamp: timestamp, Nonce: nonce, Body: []byte(text)}
			opens(t, m.name+", plain "+format, newPushes(t, ""), plain, m.want)
			encrypted := encryptMessage(t, aesKey, appID, text)
			for outer, body := range map[string]string{
				"JSON": `{"ToUserName":"gh_1","Encrypt":"` + encrypted + `"}`,
				"XML":  `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[` + encrypted + `]]></Encrypt></xml>`,
			} {
				opens(t, m.name+", "+format+" in "+outer, newPushes(t, aesKey), sealedEnvelope(encrypted, body), m.want)
			}
		}
	}
}

func opens(t *testing.T, name string, p *wechat.Pushes, e push.Envelope, want push.Message) {
	t.Helper()
	if err := p.Authenticate(e); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if got, err := p.Open(e); err != nil || got != want {
		t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
	}
}

func TestInSafeModeTheSignatureCoversTheMessage(t *testing.T) {
	p := newPushes(t, aesKey)
	message := `{"Event":"user_authorization_cancellation","OpenID":"` + openID + `"}`
	encrypted, other := encryptMessage(t, aesKey, appID, message), encryptMessage(t, aesKey, appID, message+" ")
	body := func(text string) string { return `{"Encrypt":"` + text + `"}` }
	plain := sealedEnvelope(encrypted, message)
	for name, e := range map[string]push.Envelope{
		"of another message":               sealedEnvelope(encrypted, body(other)),
		"not encrypted":                    plain,
		"an empty body":                    sealedEnvelope(encrypted, ""),
		"only the signature of plain mode": {Signature: signed(pushToken, timestamp, nonce), Timestamp: timestamp, Nonce: nonce, Body: []byte(body(encrypted))},
	} {
		if err := p.Authenticate(e); !isRefused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	key, _ := base64.StdEncoding.DecodeString(aesKey + "=")
	for name, encrypted := range map[string]string{
		"for another app":         encryptMessage(t, aesKey, "wx0000000000000000", message),
		"for no app":              encryptMessage(t, aesKey, "", message),
		"with another key":        encryptMessage(t, strings.Repeat("A", 43), appID, message),
		"not base64":              "!",
		"nothing":                 "",
		"no whole blocks":         base64.StdEncoding.EncodeToString(make([]byte, 33)),
		"a padding of 0":          encryptPadded(t, key, make([]byte, 64)),
		"a padding of 33":         encryptPadded(t, key, bytes.Repeat([]byte{33}, 64)),
		"only padding":            encryptPadded(t, key, bytes.Repeat([]byte{32}, 32)),
		"a length beyond its end": encryptPadded(t, key, append(bytes.Repeat([]byte{255}, 48), bytes.Repeat([]byte{16}, 16)...)),
	} {
		e := sealedEnvelope(encrypted, body(encrypted))
		if m, err := p.Open(e); !isRefused(err) || m != (push.Message{}) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	unconfigured := newPushes(t, "")
	if m, err := unconfigured.Open(sealedEnvelope(encrypted, body(encrypted))); !isRefused(err) {
		t.Errorf("no key is configured: %+v, %v", m, err)
	}
	if m, err := unconfigured.Open(push.Envelope{Body: []byte(`{"Event":"x","AppID":"wx0000000000000000"}`)}); !isRefused(err) {
		t.Errorf("plain, for another app: %+v, %v", m, err)
	}
}

func TestAnEncodingAESKeyHas43Characters(t *testing.T) {
	for _, key := range []string{"short", aesKey + "a", strings.Repeat("-", 43)} {
		if _, err := wechat.NewPushes(appID, pushToken, key); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("%q: %v", key, err)
		}
	}
}

// FuzzPush opens what a client may send: authentic or not, it never panics, and
// nothing that is not authentic reads as a message.
func FuzzPush(f *testing.F) {
	for _, m := range messages {
		f.Add([]byte(m.json), "", false)
		f.Add([]byte(m.xml), "", true)
		f.Add([]byte(`{"Encrypt":"`+encryptMessage(f, aesKey, appID, m.json)+`"}`), signed(pushToken, timestamp, nonce), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, signature string, encrypted bool) {
		safe, plain := newPushes(t, aesKey), newPushes(t, "")
		e := push.Envelope{Signature: signature, MsgSignature: signature, Timestamp: timestamp, Nonce: nonce, Body: body}
		if err := safe.Authenticate(e); err == nil {
			var outer struct{ Encrypt string }
			if json.Unmarshal(body, &outer) == nil && signature != signed(pushToken, timestamp, nonce, outer.Encrypt) {
				t.Errorf("%q was accepted with %q", body, signature)
			}
		}
		if err := plain.Authenticate(e); (err == nil) != (signature == signed(pushToken, timestamp, nonce)) {
			t.Errorf("signature %q: %v", signature, err)
		}
		_, _ = safe.Open(e)
		_, _ = plain.Open(e)
		if encrypted {
			// Decrypting any message that has the right key returns what was encrypted.
			text := encryptMessage(t, aesKey, appID, string(body))
			got, err := safe.Open(push.Envelope{Body: []byte(fmt.Sprintf(`{"Encrypt":%q}`, text))})
			want, wantErr := plain.Open(push.Envelope{Body: body})
			if (err == nil) != (wantErr == nil) && !strings.Contains(string(body), "Encrypt") || err == nil && got != want {
				t.Errorf("%q reads as %+v, %v, and encrypted as %+v, %v", body, want, wantErr, got, err)
			}
		}
	})
}
