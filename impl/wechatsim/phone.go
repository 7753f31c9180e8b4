//go:build !nosimulator

package wechatsim

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"
)

// greyAvatar is the avatar that WeChat returns for every user since November 2022.
const greyAvatar = "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132"

// userInfo is the content of rawData, in WeChat's order.
type userInfo struct {
	NickName  string `json:"nickName"`
	Gender    int    `json:"gender"`
	Language  string `json:"language"`
	City      string `json:"city"`
	Province  string `json:"province"`
	Country   string `json:"country"`
	AvatarURL string `json:"avatarUrl"`
}

// sealedInfo is the clear text of encryptedData.
type sealedInfo struct {
	OpenID string `json:"openId"`
	userInfo
	Watermark watermark `json:"watermark"`
}

type watermark struct {
	Timestamp int64  `json:"timestamp"` // Unix seconds
	AppID     string `json:"appid"`
}

// newPhone returns what user's phone has, except for the code.
func newPhone(appID, user string, key sessionKey, now time.Time) phone {
	info := userInfo{NickName: user, Gender: 1, Language: "zh_CN", AvatarURL: greyAvatar}
	rawData := encodeJSON(info)
	signature := sha1.Sum([]byte(rawData + key.text()))
	iv := randomBytes(aes.BlockSize)
	return phone{
		RawData:   rawData,
		Signature: hex.EncodeToString(signature[:]),
		EncryptedData: key.encrypt(iv, encodeJSON(sealedInfo{
			OpenID:    openID(appID, user),
			userInfo:  info,
			Watermark: watermark{Timestamp: now.Unix(), AppID: appID},
		})),
		IV: base64.StdEncoding.EncodeToString(iv),
	}
}

// openID is the same for the same user of the same app. It has 28 characters and
// begins with o, as WeChat's do.
func openID(appID, user string) string {
	sum := sha256.Sum256([]byte(appID + "\x00" + user))
	return "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
}

// sessionKey is new for each login, as wx.login may change it.
type sessionKey []byte

func newSessionKey() sessionKey { return randomBytes(aes.BlockSize) }

func (k sessionKey) text() string { return base64.StdEncoding.EncodeToString(k) }

// encrypt returns base64 of AES-128-CBC with PKCS#7 padding.
func (k sessionKey) encrypt(iv []byte, text string) string {
	padding := aes.BlockSize - len(text)%aes.BlockSize
	padded := append([]byte(text), bytes.Repeat([]byte{byte(padding)}, padding)...)
	block, err := aes.NewCipher(k)
	if err != nil {
		panic(err) // a session key is 16 bytes
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	return base64.StdEncoding.EncodeToString(padded)
}

// newCode returns 32 characters, the length of WeChat's codes.
func newCode() string { return base64.RawURLEncoding.EncodeToString(randomBytes(24)) }

// newRequestID returns a request id, which WeChat calls rid.
func newRequestID() string {
	id := randomBytes(12)
	return fmt.Sprintf("%x-%x-%x", id[:4], id[4:8], id[8:])
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
