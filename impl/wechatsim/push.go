package wechatsim

// Push says where and how messages are pushed, as in WeChat's console. Without a
// URL, none is pushed.
type Push struct {
	URL    string // of /wechat/push
	Token  string
	AESKey string // the EncodingAESKey of safe mode; empty: plain mode
	XML    bool   // the format; JSON otherwise
}
