package wechat

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"

	"onestroke/impl/session"
	"onestroke/impl/text"
)

// userInfo has the members of wx.getUserInfo's data that are used here. OpenID
// and Watermark are in encrypted data only.
type userInfo struct {
	OpenID    string `json:"openId"`
	NickName  string `json:"nickName"`
	AvatarURL string `json:"avatarUrl"`
	Gender    int    `json:"gender"`
	Language  string `json:"language"`
	Country   string `json:"country"`
	Province  string `json:"province"`
	City      string `json:"city"`
	Watermark struct {
		Timestamp int64  `json:"timestamp"` // Unix seconds
		AppID     string `json:"appid"`
	} `json:"watermark"`
}

// readUserInfo reads a JSON object. It ignores unknown members and members of the
// wrong type. Its errors are the parser's and quote at most one character of text.
func readUserInfo(text []byte) (userInfo, error) {
	var info userInfo
	err := json.Unmarshal(text, &info)
	var otherType *json.UnmarshalTypeError
	if err != nil && !errors.As(err, &otherType) {
		return userInfo{}, err
	}
	if !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) {
		return userInfo{}, errors.New("JSON value is not an object")
	}
	return info, nil
}

func (u userInfo) profile() session.Profile {
	return session.Profile{
		Nickname:  text.First(session.MaxName, u.NickName),
		AvatarURL: avatarURL(u.AvatarURL),
		Gender:    gender(u.Gender),
		Language:  text.First(session.MaxLanguage, u.Language),
		Country:   text.First(session.MaxName, u.Country),
		Province:  text.First(session.MaxName, u.Province),
		City:      text.First(session.MaxName, u.City),
	}
}

// avatarURL returns text if it is an http or https URL that is not too long, or
// else nothing: a URL that is cut short does not work.
func avatarURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || len(text) > session.MaxAvatarURL || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return text
}

func gender(g int) int {
	if g < 0 || g > 2 {
		return 0
	}
	return g
}
