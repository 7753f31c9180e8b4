package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"onestroke/impl/session"
)

// CallError says that a call of WeChat's server API failed. It quotes neither the
// URL, which has the access token, nor what was sent.
type CallError struct {
	Path    string // of the call, such as /wxa/msg_sec_check
	ErrCode int    // WeChat's; 0 if it gave none
	Err     error
	outage  bool // WeChat cannot be reached or is busy
}

func (e *CallError) Error() string { return "call WeChat's " + e.Path + ": " + e.Err.Error() }

func (e *CallError) Unwrap() error { return e.Err }

// errcodes of the server API (developers.weixin.qq.com, "Global return codes").
const (
	errBusy         = -1
	errInvalidToken = 40001
	errOpenID       = 40003 // invalid openid
	errAppID        = 40013
	errOtherToken   = 40014 // invalid access token
	errSecret       = 40125
	errAddress      = 40164 // the caller's address is not on the IP allow list
	errExpiredToken = 42001
	errOtherApp     = 43104 // the openid is not of this app
	errQuota        = 45009
	errMinuteQuota  = 45011
	errPage         = 41030 // no such page
	errNotAllowed   = 48001 // the mini program may not make this call
	errAway         = 61010 // the user has not used the program for two hours
)

// tokenErrors are answered when the access token does not hold any more.
var tokenErrors = []int{errInvalidToken, errOtherToken, errExpiredToken}

// advice says what an operator can do about an errcode.
var advice = map[int]string{
	errAppID:      "WeChat does not know the app id: copy WECHAT_APP_ID from the console, Development settings",
	errSecret:     "WeChat rejects the secret: copy WECHAT_APP_SECRET from the console, Development settings, or make a new one there",
	errAddress:    "this machine's address is not on the IP allow list: add it in the console (mp.weixin.qq.com), Development management, Development settings, IP allow list (开发管理 → 开发设置 → IP白名单)",
	errQuota:      "WeChat's quota for this call is used up: it is new at midnight in China; the console shows it at Development management, API quota (开发管理 → 接口设置)",
	errPage:       "the mini program has no page WECHAT_CODE_PAGE in its released version: publish it, or set WECHAT_CODE_VERSION=trial until then",
	errNotAllowed: "the mini program may not make this call: the console says what it needs, Development management, API permissions (开发管理 → 接口设置)",
}

// call posts a request to the server API, as JSON, and returns the answer: JSON, or
// a picture where the call answers one. If the access token does not hold, it gets
// another one and tries once more. Its error is a [*CallError], or context.Canceled.
func (c *Client) call(ctx context.Context, path string, request any) (answer, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(request); err != nil {
		return answer{}, &CallError{Path: path, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if c.token == nil {
		return c.post(ctx, path, "", body.Bytes())
	}
	token, err := c.token.current(ctx, "")
	if err != nil {
		return answer{}, err
	}
	a, err := c.post(ctx, path, token, body.Bytes())
	if failed := (*CallError)(nil); errors.As(err, &failed) && slices.Contains(tokenErrors, failed.ErrCode) {
		if token, err = c.token.current(ctx, token); err != nil {
			return answer{}, err
		}
		a, err = c.post(ctx, path, token, body.Bytes())
	}
	return a, err
}

// post sends a request once; twice if the first certainly did not reach WeChat.
func (c *Client) post(ctx context.Context, path, token string, body []byte) (answer, error) {
	ctx, observed := c.observe(ctx, path)
	a, err := failsafe.With[answer](c.apiBreaker).Get(func() (answer, error) {
		target := c.api + path
		if token != "" {
			target += "?access_token=" + url.QueryEscape(token)
		}
		a, unsent, err := c.send(ctx, http.MethodPost, target, bytes.NewReader(body), maxPicture)
		if err != nil && unsent {
			a, _, err = c.send(ctx, http.MethodPost, target, bytes.NewReader(body), maxPicture)
		}
		if err != nil {
			return answer{}, notSent(path, err)
		}
		return a, refusal(path, a)
	})
	observed(outcomeOf(err))
	switch {
	case errors.Is(err, circuitbreaker.ErrOpen):
		return answer{}, &CallError{Path: path, Err: err, outage: true}
	case err != nil && errors.Is(ctx.Err(), context.Canceled):
		return answer{}, context.Canceled
	}
	return a, err
}

// notSent turns the errors of [Client.send] into a [*CallError].
func notSent(path string, err error) error {
	failed := &CallError{Path: path, Err: err}
	if exchange := (*session.ExchangeError)(nil); errors.As(err, &exchange) {
		failed.Err, failed.outage = exchange.Err, exchange.Cause == session.CauseUnreachable
	}
	return failed
}

// refusal returns the error that an answer stands for. A picture is none.
func refusal(path string, a answer) error {
	if !bytes.HasPrefix(bytes.TrimLeft(a.body, " \t\r\n"), []byte("{")) {
		if strings.HasPrefix(a.mediaType, "image/") {
			return nil
		}
		return &CallError{Path: path, Err: errors.New("the answer is not the expected JSON")}
	}
	var status struct {
		ErrCode int    `json:"errcode"`
		ErrMsg  string `json:"errmsg"`
	}
	if json.Unmarshal(a.body, &status) != nil {
		return &CallError{Path: path, Err: errors.New("the answer is not the expected JSON")}
	}
	if status.ErrCode == 0 {
		return nil
	}
	return &CallError{Path: path, ErrCode: status.ErrCode, Err: explained(status.ErrCode, status.ErrMsg), outage: status.ErrCode == errBusy}
}

// explained says what an errcode asks an operator to do, so far as that is known.
func explained(errcode int, errmsg string) error {
	shown := fmt.Sprintf("errcode %d", errcode)
	if known := advice[errcode]; known != "" {
		shown += ": " + known
	}
	if found := address.FindString(errmsg); errcode == errAddress && found != "" {
		shown += "; WeChat sees the address " + found
	}
	return errors.New(shown)
}

// address is the first IPv4 address in errmsg, the only part of it that is shown.
var address = regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}\b`)
