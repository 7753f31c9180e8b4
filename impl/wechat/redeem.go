package wechat

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"onestroke/impl/session"
	"onestroke/impl/text"
)

// causes are the errcodes of WeChat's server API "code2Session". Any other
// errcode is [session.CauseBadAnswer].
var causes = map[int]session.Cause{
	-1:    session.CauseBusy,
	40029: session.CauseInvalidCode,
	40163: session.CauseUsedCode,
	45011: session.CauseTooOften,
	40226: session.CauseBlocked,
	40013: session.CauseMisconfig, // invalid appid
	40125: session.CauseMisconfig, // invalid secret
	41002: session.CauseMisconfig, // appid missing
	41004: session.CauseMisconfig, // secret missing
	41008: session.CauseMissingCode,
}

// maxUnionID bounds a unionid, in characters. WeChat's have 28 or 29.
const maxUnionID = 128

// grant is what WeChat returns for a code.
type grant struct {
	OpenID     string
	UnionID    string // empty unless the program belongs to an account of the WeChat Open Platform
	SessionKey SessionKey
}

// redeem exchanges code for a grant. Its errors are [*session.ExchangeError].
func (c *Client) redeem(ctx context.Context, code string) (grant, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
	defer cancel()
	body, unsent, err := c.ask(ctx, code)
	if err != nil && unsent {
		body, _, err = c.ask(ctx, code)
	}
	if err != nil {
		return grant{}, err
	}
	return readGrant(body)
}

// ask sends code to WeChat once; see [Client.send].
func (c *Client) ask(ctx context.Context, code string) (body []byte, unsent bool, err error) {
	query := url.Values{
		"appid":      {c.appID},
		"secret":     {c.appSecret},
		"js_code":    {code},
		"grant_type": {"authorization_code"},
	}
	a, unsent, err := c.send(ctx, http.MethodGet, c.endpoint+"?"+query.Encode(), sentOnce{}, maxAnswer)
	return a.body, unsent, err
}

// sentOnce is an empty body that cannot be read again. If an idle connection
// breaks, net/http repeats a GET without a body, even if it was already written
// completely: WeChat would see the code twice. net/http does not repeat a request
// with such a body. On the wire, the request is the same as without a body.
type sentOnce struct{}

func (sentOnce) Read([]byte) (int, error) { return 0, io.EOF }

// readGrant reads the answer to an exchange. Its errors do not quote body, which
// may contain a session key.
func readGrant(body []byte) (grant, error) {
	var answer struct {
		ErrCode    int        `json:"errcode"` // on success absent or 0
		ErrMsg     string     `json:"errmsg"`
		OpenID     string     `json:"openid"`
		UnionID    string     `json:"unionid"`
		SessionKey SessionKey `json:"session_key"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return grant{}, badAnswer("not the expected JSON")
	}
	if answer.ErrCode != 0 {
		cause, known := causes[answer.ErrCode]
		if !known {
			cause = session.CauseBadAnswer
		}
		return grant{}, &session.ExchangeError{
			Cause:   cause,
			ErrCode: answer.ErrCode,
			Err:     explained(answer.ErrCode, answer.ErrMsg),
		}
	}
	if answer.OpenID == "" {
		return grant{}, badAnswer("no openid")
	}
	// Decoding JSON puts this character in place of what is no text. Two openids with it
	// may be those of two users.
	if strings.ContainsRune(answer.OpenID, utf8.RuneError) {
		return grant{}, badAnswer("openid is not valid UTF-8")
	}
	if _, err := decodeBlock(string(answer.SessionKey)); err != nil {
		return grant{}, badAnswer("no session_key of 16 bytes in base64")
	}
	return grant{OpenID: answer.OpenID, UnionID: text.First(maxUnionID, answer.UnionID), SessionKey: answer.SessionKey}, nil
}
