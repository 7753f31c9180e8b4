package wechat

import (
	"context"
	"errors"

	"onestroke/impl/session"
)

// Check asks WeChat for the user of a code that cannot be: it answers that the
// code is invalid (40029) where it takes the app id and the secret. The error
// says, to whoever operates the service, what is wrong and what to do about it.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.redeem(ctx, "onestroke-check")
	var failed *session.ExchangeError
	if !errors.As(err, &failed) {
		return errors.New("it takes any code: this is not WeChat; look at WECHAT_API_URL")
	}
	advice := ""
	switch failed.Cause {
	case session.CauseInvalidCode, session.CauseUsedCode:
		return nil
	case session.CauseMisconfig:
		advice = "it does not know the app id: copy WECHAT_APP_ID from the console, Development settings"
		if failed.ErrCode == 40125 {
			advice = "it refuses the secret: copy WECHAT_APP_SECRET from the console, Development settings, or make a new one there"
		}
	case session.CauseUnreachable:
		advice = "it cannot be reached; does this machine reach " + c.endpoint + "? behind a proxy, set HTTPS_PROXY"
	case session.CauseBusy, session.CauseTooOften:
		advice = "it is busy: try again"
	default:
		advice = "what answers is not WeChat: look at WECHAT_API_URL and at proxies between"
	}
	return errors.Join(errors.New(advice), err)
}
