package wechat

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"onestroke/impl/session"
)

// maxAnswer limits what is read of an answer, in bytes. WeChat's answers have
// fewer than 300.
const maxAnswer = 64 << 10

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

// grant is what WeChat returns for a code.
type grant struct {
	OpenID     string
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

// ask sends code to WeChat once. unsent means that the failed request certainly
// did not reach WeChat, so the code is still valid.
//
// It uses a RoundTripper instead of an http.Client, which follows redirects and
// quotes the URL, with the app secret, in its errors.
func (c *Client) ask(ctx context.Context, code string) (body []byte, unsent bool, err error) {
	var traced, wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { traced.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				wrote.Store(true)
			}
		},
	})
	query := url.Values{
		"appid":      {c.appID},
		"secret":     {c.appSecret},
		"js_code":    {code},
		"grant_type": {"authorization_code"},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint+"?"+query.Encode(), sentOnce{})
	if err != nil {
		return nil, false, &session.ExchangeError{Cause: session.CauseMisconfig, Err: errors.New("malformed base URL")}
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		// A transport without trace events may have sent the request.
		return nil, traced.Load() && !wrote.Load(), unreachable(err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode >= 500:
		return nil, false, &session.ExchangeError{Cause: session.CauseUnreachable, Err: fmt.Errorf("HTTP status %d", response.StatusCode)}
	case response.StatusCode != http.StatusOK:
		return nil, false, badAnswer(fmt.Sprintf("HTTP status %d", response.StatusCode))
	}
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, false, unreachable(err)
	case len(body) > maxAnswer:
		return nil, false, badAnswer("too long")
	}
	return body, false, nil
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
		OpenID     string     `json:"openid"`
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
			Err:     fmt.Errorf("errcode %d", answer.ErrCode),
		}
	}
	if answer.OpenID == "" {
		return grant{}, badAnswer("no openid")
	}
	if _, err := decodeBlock(string(answer.SessionKey)); err != nil {
		return grant{}, badAnswer("no session_key of 16 bytes in base64")
	}
	return grant{OpenID: answer.OpenID, SessionKey: answer.SessionKey}, nil
}

func badAnswer(what string) error {
	return &session.ExchangeError{Cause: session.CauseBadAnswer, Err: errors.New(what)}
}

// unreachable keeps the parts of err that help an operator and are safe to show:
// the address that did not answer, the certificate that failed. Other errors of
// net/http quote what the server sent.
func unreachable(err error) error {
	var (
		network     *net.OpError
		certificate *tls.CertificateVerificationError
		timeout     interface{ Timeout() bool }
		shown       = errors.New("connection failed")
	)
	switch {
	case errors.As(err, &network):
		shown = network
	case errors.As(err, &certificate):
		shown = certificate
	case errors.As(err, &timeout) && timeout.Timeout():
		shown = context.DeadlineExceeded
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		shown = io.ErrUnexpectedEOF
	}
	return &session.ExchangeError{Cause: session.CauseUnreachable, Err: shown}
}
