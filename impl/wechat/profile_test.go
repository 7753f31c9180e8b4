package wechat

import (
	"strings"
	"testing"

	"onestroke/impl/session"
)

func TestAProfileHasKnownMembersWithinTheirLimits(t *testing.T) {
	tests := []struct {
		name, text string
		want       session.Profile
	}{
		{"nothing", `{}`, session.Profile{}},
		{"unknown members", `{"nickName":"a","is_demote":true,"unionId":"x","more":{"nickName":"b"}}`, session.Profile{Nickname: "a"}},
		{"emoji and Chinese", `{"nickName":"小明🎨\ud83d\udd8c","city":"广州"}`, session.Profile{Nickname: "小明🎨🖌", City: "广州"}},
		{"half an emoji", `{"nickName":"a\ud83d"}`, session.Profile{Nickname: "a\ufffd"}},
		{"bytes that are not UTF-8", "{\"nickName\":\"a\xff\"}", session.Profile{Nickname: "a\ufffd"}},
		{"other types", `{"nickName":5,"gender":"1","language":null,"city":{},"country":"CN"}`, session.Profile{Country: "CN"}},
		{"names of 64 characters", `{"nickName":"` + strings.Repeat("明", 64) + `"}`, session.Profile{Nickname: strings.Repeat("明", 64)}},
		{"longer names", `{"nickName":"` + strings.Repeat("明", 65) + `","language":"` + strings.Repeat("z", 17) + `"}`, session.Profile{Nickname: strings.Repeat("明", 64), Language: strings.Repeat("z", 16)}},
		{"gender", `{"gender":2}`, session.Profile{Gender: 2}},
		{"unknown gender", `{"gender":3}`, session.Profile{}},
		{"negative gender", `{"gender":-1}`, session.Profile{}},
		{"avatar", `{"avatarUrl":"https://thirdwx.qlogo.cn/132"}`, session.Profile{AvatarURL: "https://thirdwx.qlogo.cn/132"}},
		{"avatar that is script", `{"avatarUrl":"javascript:alert(1)"}`, session.Profile{}},
		{"avatar without host", `{"avatarUrl":"/132"}`, session.Profile{}},
		{"avatar that is no URL", `{"avatarUrl":"https://\u007f"}`, session.Profile{}},
		{"avatar of 513 bytes", `{"avatarUrl":"https://a/` + strings.Repeat("x", 513-len("https://a/")) + `"}`, session.Profile{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			info, err := readUserInfo([]byte(test.text))
			if err != nil || info.profile() != test.want {
				t.Errorf("got %+v, %v; want %+v", info.profile(), err, test.want)
			}
		})
	}
}
