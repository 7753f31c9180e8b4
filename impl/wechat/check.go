package wechat

import (
	"context"
	"errors"

	"onestroke/impl/session"
)

// Check sends an invalid code to WeChat. If the app id and the secret are valid,
// WeChat answers that the code is invalid (40029). The error tells the operator
// of the service what is wrong and what to do.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.redeem(ctx, "onestroke-check")
	var failed *session.ExchangeError
	if !errors.As(err, &failed) {
		return errors.New("it accepts any code, so it is not WeChat: check WECHAT_API_URL")
	}
	var problem string
	switch failed.Cause {
	case session.CauseInvalidCode, session.CauseUsedCode:
		return nil
	case session.CauseUnreachable:
		problem = "it cannot be reached: check that this machine can connect to " + c.endpoint + "; behind a proxy, set HTTPS_PROXY"
	case session.CauseBusy, session.CauseTooOften:
		problem = "it is busy: try again"
	default:
		problem = "the answer is not from WeChat: check WECHAT_API_URL and any proxy"
		if failed.ErrCode != 0 {
			problem = "it refuses to exchange login codes"
		}
	}
	return errors.Join(errors.New(problem), err)
}

// CheckToken asks WeChat for the access token, which the content check needs. The
// error tells the operator what is wrong and what to do.
func (c *Client) CheckToken(ctx context.Context) error {
	if c.token == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.token.fetch(ctx)
	return err
}
