package wechat_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"onestroke/impl/session"
	"onestroke/impl/wechat"
)

// WeChat's published examples, from the page "open-ability/signature" of the
// mini program documentation.
const (
	publishedRawData   = `{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}`
	publishedSignature = "75e81ceda165f4ffa64f4068af58c64b8f54b88c"

	publishedSealedKey = "tiihtNczf5v6AKRyjwEUhQ=="
	publishedIV        = "r7BXXKkLb8qrSNn05n0qiA=="
	publishedSealed    = "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew=="
	publishedText      = `{"openId":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0","unionId":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA","watermark":{"timestamp":1477314187,"appid":"wx4f4bc4dec97d474b"}}`
)

var publishedAt = time.Unix(1477314187, 0)

func TestOnlyThePublishedSignatureVerifies(t *testing.T) {
	if !wechat.VerifySignature(publishedRawData, sessionKey, publishedSignature) {
		t.Error("the published signature does not verify")
	}
	for name, ok := range map[string]bool{
		"other data":          wechat.VerifySignature(publishedRawData+" ", sessionKey, publishedSignature),
		"other key":           wechat.VerifySignature(publishedRawData, publishedSealedKey, publishedSignature),
		"other signature":     wechat.VerifySignature(publishedRawData, sessionKey, "0"+publishedSignature[1:]),
		"upper case":          wechat.VerifySignature(publishedRawData, sessionKey, strings.ToUpper(publishedSignature)),
		"only the first half": wechat.VerifySignature(publishedRawData, sessionKey, publishedSignature[:20]),
		"nothing":             wechat.VerifySignature(publishedRawData, sessionKey, ""),
	} {
		if ok {
			t.Errorf("%s verifies", name)
		}
	}
}

func TestThePublishedDataDecrypts(t *testing.T) {
	text, err := wechat.Decrypt(publishedSealed, publishedIV, publishedSealedKey)
	if err != nil || string(text) != publishedText {
		t.Errorf("got %s, %v", text, err)
	}
}

func TestWhatCannotBeDecryptedIsUntrusted(t *testing.T) {
	tests := []struct{ name, encryptedData, iv, key string }{
		{"nothing", "", publishedIV, publishedSealedKey},
		{"no base64", "*" + publishedSealed[1:], publishedIV, publishedSealedKey},
		{"half a block", base64.StdEncoding.EncodeToString(make([]byte, 24)), publishedIV, publishedSealedKey},
		{"no iv", publishedSealed, "", publishedSealedKey},
		{"iv is no base64", publishedSealed, "*", publishedSealedKey},
		{"iv of 15 bytes", publishedSealed, base64.StdEncoding.EncodeToString(make([]byte, 15)), publishedSealedKey},
		{"iv of 32 bytes", publishedSealed, base64.StdEncoding.EncodeToString(make([]byte, 32)), publishedSealedKey},
		{"key of 32 bytes", publishedSealed, publishedIV, base64.StdEncoding.EncodeToString(make([]byte, 32))},
		{"other key", publishedSealed, publishedIV, sessionKey},
		{"padding 0", encrypt(bytes.Repeat([]byte{0}, 16)), publishedIV, sessionKey},
		{"padding 17", encrypt(bytes.Repeat([]byte{17}, 32)), publishedIV, sessionKey},
		{"padding not all the same", encrypt([]byte("0123456789abcd\x01\x02")), publishedIV, sessionKey},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, err := wechat.Decrypt(test.encryptedData, test.iv, wechat.SessionKey(test.key))
			if !errors.Is(err, session.ErrUntrusted) {
				t.Errorf("got %q, %v", text, err)
			}
		})
	}
}

func TestValidDataGivesTheProfile(t *testing.T) {
	raw := session.Profile{
		Nickname: "Band", Gender: 1, Language: "zh_CN", City: "Guangzhou", Province: "Guangdong", Country: "CN",
		AvatarURL: "http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0",
	}
	tests := []struct {
		name    string
		login   session.Login
		profile session.Profile
	}{
		{"only the code", session.Login{}, session.Profile{}},
		{"rawData and signature", session.Login{RawData: publishedRawData, Signature: publishedSignature}, raw},
		{"encrypted data", sealedLogin(`{"openId":"` + openID + `","nickName":"小明👨‍👩‍👧"` + watermark(appID, 0) + `}`), session.Profile{Nickname: "小明👨‍👩‍👧"}},
		{"encrypted data without openId", sealedLogin(`{"nickName":"小明"` + watermark(appID, 0) + `}`), session.Profile{Nickname: "小明"}},
		{"both", both(sealedLogin(`{"nickName":"小明"` + watermark(appID, 0) + `}`)), session.Profile{Nickname: "小明"}},
		{"of the maximum age", sealedLogin(`{"nickName":"小明"` + watermark(appID, -maxDataAge) + `}`), session.Profile{Nickname: "小明"}},
		{"a little ahead of our clock", sealedLogin(`{"nickName":"小明"` + watermark(appID, 30*time.Second) + `}`), session.Profile{Nickname: "小明"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			identity, err := exchange(t, test.login)
			if err != nil || identity != (session.Identity{OpenID: openID, Profile: test.profile}) {
				t.Errorf("got %+v, %v", identity, err)
			}
		})
	}
}

func TestDataThatDoesNotVerifyIsUntrusted(t *testing.T) {
	tests := []struct {
		name  string
		login session.Login
		asks  int32 // requests to WeChat: none if the form is invalid
	}{
		{"signature of other data", session.Login{RawData: publishedRawData + " ", Signature: publishedSignature}, 1},
		{"other signature", session.Login{RawData: publishedRawData, Signature: strings.Repeat("0", 40)}, 1},
		{"not JSON and not signed", session.Login{RawData: "{", Signature: publishedSignature}, 1},
		{"other app", sealedLogin(`{"openId":"` + openID + `"` + watermark("wx0000000000000000", 0) + `}`), 1},
		{"other user", sealedLogin(`{"openId":"oAnotherUser"` + watermark(appID, 0) + `}`), 1},
		{"too old", sealedLogin(`{"openId":"` + openID + `"` + watermark(appID, -maxDataAge-time.Second) + `}`), 1},
		{"from the future", sealedLogin(`{"openId":"` + openID + `"` + watermark(appID, 2*time.Minute) + `}`), 1},
		{"no watermark", sealedLogin(`{"openId":"` + openID + `"}`), 1},
		{"watermark of another type", sealedLogin(`{"watermark":"` + appID + `"}`), 1},
		{"encrypted, not JSON", sealedLogin("x"), 1},
		{"encrypted, empty", sealedLogin(""), 1},
		{"encrypted with another key", session.Login{EncryptedData: publishedSealed, IV: publishedIV}, 1},
		{"both, one invalid", both(sealedLogin(`{}`)), 1},
		{"rawData without signature", session.Login{RawData: publishedRawData}, 0},
		{"signature without rawData", session.Login{Signature: publishedSignature}, 0},
		{"signature in upper case", session.Login{RawData: publishedRawData, Signature: strings.ToUpper(publishedSignature)}, 0},
		{"signature too short", session.Login{RawData: publishedRawData, Signature: publishedSignature[1:]}, 0},
		{"signature is no hex", session.Login{RawData: publishedRawData, Signature: strings.Repeat("g", 40)}, 0},
		{"encrypted data without iv", session.Login{EncryptedData: publishedSealed}, 0},
		{"iv without encrypted data", session.Login{IV: publishedIV}, 0},
		{"encrypted data is no base64", session.Login{EncryptedData: "*", IV: publishedIV}, 0},
		{"encrypted data of 15 bytes", session.Login{EncryptedData: "AAAAAAAAAAAAAAAAAAAA", IV: publishedIV}, 0},
		{"iv of 15 bytes", session.Login{EncryptedData: publishedSealed, IV: "AAAAAAAAAAAAAAAAAAAA"}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := serve(t, answer(200, success))
			test.login.Code = loginCode
			client := newClient(wechat.Options{BaseURL: srv.URL, Now: func() time.Time { return publishedAt }})
			_, err := client.Exchange(t.Context(), test.login)
			if !errors.Is(err, session.ErrUntrusted) {
				t.Errorf("got %v", err)
			}
			assertNothingSecret(t, err, srv.URL)
			if n := srv.requests.Load(); n != test.asks {
				t.Errorf("%d requests, want %d", n, test.asks)
			}
		})
	}
}

func TestSignedDataThatIsNotAProfileIsARawDataError(t *testing.T) {
	for _, rawData := range []string{"x", "{", "[]", "null", `"text"`, "12", "{}{}", strings.Repeat("7", 1000)} {
		_, err := exchange(t, session.Login{RawData: rawData, Signature: sign(rawData)})
		var unreadable *session.RawDataError
		if !errors.As(err, &unreadable) || len(unreadable.Error()) > 100 {
			t.Errorf("%.20s: got %v", rawData, err)
		}
	}
}

func exchange(t *testing.T, login session.Login) (session.Identity, error) {
	t.Helper()
	srv := serve(t, answer(200, success))
	login.Code = loginCode
	client := newClient(wechat.Options{BaseURL: srv.URL, Now: func() time.Time { return publishedAt }})
	return client.Exchange(t.Context(), login)
}

func both(login session.Login) session.Login {
	login.RawData, login.Signature = publishedRawData, publishedSignature
	return login
}

// sealedLogin holds text encrypted as WeChat does.
func sealedLogin(text string) session.Login {
	padding := aes.BlockSize - len(text)%aes.BlockSize
	padded := append([]byte(text), bytes.Repeat([]byte{byte(padding)}, padding)...)
	return session.Login{EncryptedData: encrypt(padded), IV: publishedIV}
}

func encrypt(blocks []byte) string {
	key, _ := base64.StdEncoding.DecodeString(sessionKey)
	iv, _ := base64.StdEncoding.DecodeString(publishedIV)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	sealed := make([]byte, len(blocks))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, blocks)
	return base64.StdEncoding.EncodeToString(sealed)
}

func watermark(appID string, after time.Duration) string {
	return fmt.Sprintf(`,"watermark":{"timestamp":%d,"appid":%q}`, publishedAt.Add(after).Unix(), appID)
}

func sign(rawData string) string {
	sum := sha1.Sum([]byte(rawData + sessionKey))
	return hex.EncodeToString(sum[:])
}
