// Package wechat asks WeChat whose a login code is, and checks what a client
// says about that user against the session key WeChat gives in return.
//
// Two secrets pass through it, the app secret and the session key. Neither
// leaves it: not in a result, not in an error. It logs nothing.
package wechat

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"onestroke/impl/session"
)

const (
	// DefaultBaseURL is WeChat's own server.
	DefaultBaseURL = "https://api.weixin.qq.com"
	// DefaultTimeout is how long one exchange may take, a retry included.
	DefaultTimeout = 5 * time.Second
	// DefaultMaxDataAge is how old encrypted data may be: the 5 minutes a code
	// lives, and as much again for a slow phone.
	DefaultMaxDataAge = 10 * time.Minute
)

// When the circuit breaker opens, and what closes it. While it is open an
// exchange fails at once, without a request. Only what says that WeChat itself
// is unwell counts as a failure: errcode -1, HTTP 5xx, a time-out, a connection
// that failed. A refused code is an answer, and counts as a success.
const (
	breakerFailures  = 5  // opens when so many ...
	breakerWindow    = 10 // ... of the last so many exchanges failed
	breakerTrials    = 3  // half open, so many exchanges are let through ...
	breakerSuccesses = 2  // ... and so many successes close it
	// Open for so many time-outs: every exchange begun before it opened has then
	// ended, and is not taken for the outcome of a trial.
	breakerOpenTimeouts = 2
)

// Options tell the client which mini program it speaks for. The zero value of
// an optional one is its default.
type Options struct {
	AppID     string
	AppSecret string
	// BaseURL is the http or https address before /sns/jscode2session, possibly
	// with a path; DefaultBaseURL when empty.
	BaseURL string
	// Timeout bounds one exchange; DefaultTimeout when 0.
	Timeout time.Duration
	// MaxDataAge bounds the age of encrypted data by the time in its watermark;
	// DefaultMaxDataAge when 0.
	MaxDataAge time.Duration
	// Transport sends the requests; nil for one that keeps its connections. It
	// must not record URLs, as transports for tracing do: the URL holds the secret.
	Transport http.RoundTripper
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Client exchanges login codes with WeChat. It fills [session.Exchanger] and is
// safe for concurrent use.
type Client struct {
	appID      string
	appSecret  string
	endpoint   string
	timeout    time.Duration
	maxDataAge time.Duration
	transport  http.RoundTripper
	now        func() time.Time
	breaker    failsafe.Executor[grant]
}

// New returns a client. It makes no request.
func New(o Options) *Client {
	c := &Client{
		appID:      o.AppID,
		appSecret:  o.AppSecret,
		endpoint:   strings.TrimRight(cmp.Or(o.BaseURL, DefaultBaseURL), "/") + "/sns/jscode2session",
		timeout:    cmp.Or(o.Timeout, DefaultTimeout),
		maxDataAge: cmp.Or(o.MaxDataAge, DefaultMaxDataAge),
		transport:  o.Transport,
		now:        o.Now,
	}
	if c.transport == nil {
		c.transport = newTransport(c.timeout)
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.breaker = newBreaker(c.timeout)
	return c
}

// Exchange burns login.Code and returns whom it belongs to, with the profile
// that the client's proof vouches for.
//
// A proof that cannot verify whatever the session key is, is refused before
// the code is burnt. Once the exchange has begun it runs to its end even when
// ctx is cancelled, for at most [Options.Timeout]: given up half way, the code
// would be gone and nobody logged in.
//
// The errors are those of [session.Exchanger].
func (c *Client) Exchange(ctx context.Context, login session.Login) (session.Identity, error) {
	if err := ctx.Err(); err != nil {
		return session.Identity{}, &session.ExchangeError{Cause: session.CauseUnreachable, Err: err}
	}
	if login.Code == "" {
		return session.Identity{}, &session.ExchangeError{Cause: session.CauseMissingCode}
	}
	proof, err := readProof(login)
	if err != nil {
		return session.Identity{}, err
	}
	granted, err := c.breaker.Get(func() (grant, error) {
		return c.redeem(ctx, login.Code)
	})
	if errors.Is(err, circuitbreaker.ErrOpen) {
		return session.Identity{}, &session.ExchangeError{Cause: session.CauseUnreachable, Err: err}
	}
	if err != nil {
		return session.Identity{}, err
	}
	profile, err := c.verify(proof, granted)
	if err != nil {
		return session.Identity{}, err
	}
	return session.Identity{OpenID: granted.OpenID, Profile: profile}, nil
}

func newBreaker(timeout time.Duration) failsafe.Executor[grant] {
	return failsafe.With[grant](circuitbreaker.NewBuilder[grant]().
		HandleIf(func(_ grant, err error) bool { return isOutage(err) }).
		WithFailureThresholdRatio(breakerFailures, breakerWindow).
		WithDelay(breakerOpenTimeouts*timeout).
		WithSuccessThresholdRatio(breakerSuccesses, breakerTrials).
		Build())
}

// isOutage reports whether err says that WeChat is unwell, rather than that it
// refused this login.
func isOutage(err error) bool {
	var failed *session.ExchangeError
	return errors.As(err, &failed) &&
		(failed.Cause == session.CauseBusy || failed.Cause == session.CauseUnreachable)
}

// newTransport keeps connections, for a TLS handshake costs more than the
// exchange, but drops an idle one before WeChat's end does.
func newTransport(timeout time.Duration) *http.Transport {
	var http1 http.Protocols
	http1.SetHTTP1(true)
	// A third of the time-out to connect leaves room for a second attempt.
	connect := timeout / 3
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connect}).DialContext,
		TLSHandshakeTimeout:    connect,
		Protocols:              &http1,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        10 * time.Second,
		MaxResponseHeaderBytes: maxAnswer,
	}
}
