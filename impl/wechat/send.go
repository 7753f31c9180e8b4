package wechat

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"onestroke/impl/session"
)

const (
	// maxAnswer limits what is read of an answer, in bytes. WeChat's answers have
	// fewer than 1,000.
	maxAnswer = 64 << 10
	// maxPicture limits an answer that may be a picture.
	maxPicture = 2 << 20
)

// answer is what WeChat answered with status 200.
type answer struct {
	mediaType string
	body      []byte
}

// send sends one request. unsent means that the failed request certainly did not
// reach WeChat. Its errors are [*session.ExchangeError]: the login was here first.
//
// It uses a RoundTripper instead of an http.Client, which follows redirects and
// quotes the URL, with the app secret or the access token, in its errors.
func (c *Client) send(ctx context.Context, method, url string, body io.Reader, most int64) (a answer, unsent bool, err error) {
	var traced, wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { traced.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				wrote.Store(true)
			}
		},
	})
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return a, false, &session.ExchangeError{Cause: session.CauseMisconfig, Err: errors.New("malformed base URL")}
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		// A transport without trace events may have sent the request.
		return a, traced.Load() && !wrote.Load(), unreachable(err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode >= 500:
		return a, false, &session.ExchangeError{Cause: session.CauseUnreachable, Err: fmt.Errorf("HTTP status %d", response.StatusCode)}
	case response.StatusCode != http.StatusOK:
		return a, false, badAnswer(fmt.Sprintf("HTTP status %d", response.StatusCode))
	}
	a.mediaType = response.Header.Get("Content-Type")
	a.body, err = io.ReadAll(io.LimitReader(response.Body, most+1))
	switch {
	case err != nil:
		return answer{}, false, unreachable(err)
	case int64(len(a.body)) > most:
		return answer{}, false, badAnswer("too long")
	}
	return a, false, nil
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
