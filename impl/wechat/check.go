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
	var advice string
	switch failed.Cause {
	case session.CauseInvalidCode, session.CauseUsedCode:
		return nil
	case session.CauseMisconfig:
		advice = "it does not know the app id: copy WECHAT_APP_ID from the console, Development settings"
		if failed.ErrCode == errSecret {
			advice = "it rejects the secret: copy WECHAT_APP_SECRET from the console, Development settings, or make a new one there"
		}
	case session.CauseUnreachable:
		advice = "it cannot be reached: check that this machine can connect to " + c.endpoint + "; behind a proxy, set HTTPS_PROXY"
	case session.CauseBusy, session.CauseTooOften:
		advice = "it is busy: try again"
	default:
		advice = "the answer is not from WeChat: check WECHAT_API_URL and any proxy"
	}
	return errors.Join(errors.New(advice), err)
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
