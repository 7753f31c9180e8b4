package api

// Push is how WeChat pushes messages, as set in its console.
type Push struct {
	AppID  string
	Token  string // empty: messages are refused
	AESKey string // EncodingAESKey of safe mode; empty: plain mode
}
