package wechat

import (
	"context"
	"errors"
	"strconv"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"onestroke/impl/session"
	"onestroke/impl/telemetry"
)

// Observe is told of a call; see [Options].
type Observe func(ctx context.Context, path string) (context.Context, func(o telemetry.Outcome, errcode string))

// LoginsStopped reports whether the circuit breaker of logins is open.
func (c *Client) LoginsStopped() bool { return c.breaker.IsOpen() }

// CallsStopped reports whether the circuit breaker of all other calls is open.
func (c *Client) CallsStopped() bool { return c.apiBreaker.IsOpen() }

// outcomeOf says how a call ended that returned err. An errcode that is not known is
// "other": so there are few of them, whatever is answered.
func outcomeOf(err error) (o telemetry.Outcome, errcode string) {
	var (
		exchange *session.ExchangeError
		failed   *CallError
		code     int
	)
	switch {
	case errors.As(err, &exchange):
		code = exchange.ErrCode
	case errors.As(err, &failed):
		code = failed.ErrCode
	}
	if code != 0 {
		return telemetry.Refused, knownErrCode(code)
	}
	switch {
	case err == nil:
		return telemetry.OK, ""
	case errors.Is(err, circuitbreaker.ErrOpen):
		return telemetry.NotSent, ""
	case errors.Is(err, context.Canceled):
		return telemetry.Canceled, ""
	case isOutage(err):
		return telemetry.Unavailable, ""
	default:
		return telemetry.Failed, ""
	}
}

// knownErrCodes are those errcodes that are counted one by one.
var knownErrCodes = func() map[int]bool {
	known := map[int]bool{errBusy: true, errOpenID: true, errOtherApp: true, errAway: true}
	for _, code := range tokenErrors {
		known[code] = true
	}
	for code := range causes {
		known[code] = true
	}
	for code := range advice {
		known[code] = true
	}
	return known
}()

func knownErrCode(code int) string {
	if knownErrCodes[code] {
		return strconv.Itoa(code)
	}
	return "other"
}
