package wechat

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"onestroke/impl/session"
)

// Keys and data are WeChat's published examples.
const (
	fuzzKey    SessionKey = "tiihtNczf5v6AKRyjwEUhQ=="
	fuzzIV     string     = "r7BXXKkLb8qrSNn05n0qiA=="
	fuzzSealed string     = "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS"
)

func FuzzRawData(f *testing.F) {
	f.Add([]byte(`{"nickName":"小明🎨","gender":1,"avatarUrl":"https://thirdwx.qlogo.cn/132","watermark":{"timestamp":1477314187,"appid":"wx"}}`))
	f.Add([]byte(`{"nickName":7}`))
	f.Add([]byte(` null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		info, err := readUserInfo(text)
		if err != nil {
			if len(err.Error()) > 100 {
				t.Errorf("error quotes too much: %s", err)
			}
			return
		}
		p := info.profile()
		for name, field := range map[string]struct {
			text string
			max  int
		}{
			"nickname": {p.Nickname, session.MaxName},
			"country":  {p.Country, session.MaxName},
			"province": {p.Province, session.MaxName},
			"city":     {p.City, session.MaxName},
			"language": {p.Language, session.MaxLanguage},
		} {
			if !utf8.ValidString(field.text) || utf8.RuneCountInString(field.text) > field.max {
				t.Errorf("%s out of bounds: %q", name, field.text)
			}
		}
		if p.Gender < 0 || p.Gender > 2 || len(p.AvatarURL) > session.MaxAvatarURL {
			t.Errorf("out of bounds: %+v", p)
		}
		if p.AvatarURL != "" && !strings.HasPrefix(strings.ToLower(p.AvatarURL), "http") {
			t.Errorf("avatar of another scheme: %q", p.AvatarURL)
		}
	})
}

func FuzzSignature(f *testing.F) {
	f.Add("{}", string(fuzzKey), "75e81ceda165f4ffa64f4068af58c64b8f54b88c")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, rawData, key, signature string) {
		sum := sha1.Sum([]byte(rawData + key))
		right := hex.EncodeToString(sum[:])
		if !VerifySignature(rawData, SessionKey(key), right) {
			t.Error("the correct signature does not verify")
		}
		if signature != right && VerifySignature(rawData, SessionKey(key), signature) {
			t.Errorf("%q verifies in place of %q", signature, right)
		}
		if _, err := readProof(session.Login{RawData: rawData, Signature: right}); (err == nil) != (rawData != "") {
			t.Errorf("the form of the right signature: %v", err)
		}
		if _, err := readProof(session.Login{RawData: rawData, Signature: signature}); err == nil && len(signature) != len(right) && signature != "" {
			t.Errorf("%q has the form of a signature", signature)
		}
	})
}

func FuzzDecrypt(f *testing.F) {
	f.Add(fuzzSealed, fuzzIV, string(fuzzKey))
	f.Add("AAAAAAAAAAAAAAAAAAAAAA==", fuzzIV, string(fuzzKey))
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, encryptedData, iv, key string) {
		text, err := Decrypt(encryptedData, iv, SessionKey(key))
		if err != nil && (!errors.Is(err, session.ErrUntrusted) || text != nil) {
			t.Errorf("got %q, %v", text, err)
		}
		if err == nil && len(text) >= len(encryptedData) {
			t.Errorf("%d bytes from %d characters", len(text), len(encryptedData))
		}
		_, formErr := readProof(session.Login{EncryptedData: encryptedData, IV: iv})
		if err == nil && formErr != nil {
			t.Error("data that decrypts is rejected for its form")
		}
	})
}
