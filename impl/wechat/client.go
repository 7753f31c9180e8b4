// Package wechat is the one client of WeChat's servers. It exchanges login codes
// for the user's openid, verifies the profile that a client sends with the session
// key that WeChat returns, and makes the calls that need an access token.
//
// It handles three secrets: the app secret, the session key and the access token.
// None is part of a result or an error. The package logs nothing.
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

	"onestroke/impl/seal"
	"onestroke/impl/session"
	"onestroke/impl/telemetry"
)

// DefaultBaseURL is WeChat's own server.
const DefaultBaseURL = "https://api.weixin.qq.com"

// cloudRunBaseURL is the same server as WeChat Cloud Run reaches it, where calls
// need no access token.
const cloudRunBaseURL = "http://api.weixin.qq.com"

// loginPath is that of the exchange of login codes.
const loginPath = "/sns/jscode2session"

// Settings of the circuit breaker. While it is open, an exchange fails at once,
// without a request. Only signs of an outage count as a failure: errcode -1, HTTP
// 5xx, a timeout, a failed connection. A rejected code is a normal answer and
// counts as a success.
const (
	breakerFailures  = 5  // it opens when this many ...
	breakerWindow    = 10 // ... of this many exchanges in a row failed
	breakerTrials    = 3  // half open, it lets this many exchanges through ...
	breakerSuccesses = 2  // ... and this many successes close it
	// It stays open for this many timeouts. By then every exchange that began
	// before it opened has ended, and does not count as a trial.
	breakerOpenTimeouts = 2
)

// Options of a [Client]. AppID, AppSecret, Timeout and MaxDataAge are required.
type Options struct {
	AppID     string
	AppSecret string
	// BaseURL is the http or https URL before /sns/jscode2session, with or without
	// a path; DefaultBaseURL when empty.
	BaseURL string
	// Timeout bounds one exchange, including a retry.
	Timeout time.Duration
	// MaxDataAge bounds the age of encrypted data, by the timestamp in its
	// watermark. A login code is valid for 5 minutes.
	MaxDataAge time.Duration
	// Transport sends the requests; nil for one with a connection pool. It must
	// not record URLs, as tracing transports do: the URL contains the app secret.
	Transport http.RoundTripper
	// Observe is called when a call of WeChat begins, with its path without a query,
	// and what it returns is called when it ends, with the errcode that WeChat answered, empty
	// if none. Nil: nobody is told.
	Observe Observe
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Notes holds the access token for all replicas, sealed with Seal. Nil: each
	// client fetches its own; WeChat gives all of them the same.
	Notes session.Notes
	Seal  *seal.Key
	// CodePage is the page that a mini program code opens, without a leading slash, and
	// CodeVersion that version of the mini program: release, trial or develop.
	CodePage, CodeVersion string
	// WithoutToken calls the server API without an access token, as WeChat Cloud Run
	// allows, and over HTTP if there is no BaseURL.
	WithoutToken bool
}

// Client calls WeChat. It implements [session.Exchanger],
// [moderation.Checker] and [gallery.CodeMaker], and is safe for concurrent use.
type Client struct {
	appID                 string
	appSecret             string
	endpoint              string // of the exchange of login codes
	api                   string // what comes before the path of any other call
	timeout               time.Duration
	maxDataAge            time.Duration
	transport             http.RoundTripper
	now                   func() time.Time
	observe               Observe
	breaker               circuitbreaker.CircuitBreaker[grant]  // of the exchange of login codes
	apiBreaker            circuitbreaker.CircuitBreaker[answer] // of all other calls
	codePage, codeVersion string
	token                 *tokens // nil if calls need none
}

// New returns a client. It sends no request.
func New(o Options) *Client {
	c := &Client{
		appID:      o.AppID,
		appSecret:  o.AppSecret,
		endpoint:   strings.TrimRight(cmp.Or(o.BaseURL, DefaultBaseURL), "/") + loginPath,
		timeout:    o.Timeout,
		maxDataAge: o.MaxDataAge,
		transport:  o.Transport,
		observe:    o.Observe,
		now:        o.Now,
		codePage:   o.CodePage, codeVersion: o.CodeVersion,
	}
	if c.observe == nil {
		c.observe = func(ctx context.Context, _ string) (context.Context, func(telemetry.Outcome, string)) {
			return ctx, func(telemetry.Outcome, string) {}
		}
	}
	if c.transport == nil {
		c.transport = newTransport(c.timeout)
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.breaker, c.apiBreaker = newBreaker[grant](c.timeout), newBreaker[answer](c.timeout)
	c.api = strings.TrimRight(cmp.Or(o.BaseURL, DefaultBaseURL), "/")
	if o.WithoutToken {
		c.api = strings.TrimRight(cmp.Or(o.BaseURL, cloudRunBaseURL), "/")
	} else {
		c.token = &tokens{client: c, notes: o.Notes, seal: o.Seal, tokenNote: "wechat-token " + o.AppID, claimNote: "wechat-token-claim " + o.AppID}
	}
	return c
}

// AppID is the id of the mini program.
func (c *Client) AppID() string { return c.appID }

// Exchange uses up login.Code and returns its user, with the profile from the
// signed or encrypted data of the login.
//
// Data that no session key can verify is rejected before the code is used. Once
// the exchange has begun it runs to its end, at most [Options.Timeout], even if
// ctx is cancelled: otherwise the code would be used up without a login.
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
	ctx, observed := c.observe(ctx, loginPath)
	granted, err := failsafe.With[grant](c.breaker).Get(func() (grant, error) {
		return c.redeem(ctx, login.Code)
	})
	observed(outcomeOf(err))
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
	return session.Identity{OpenID: granted.OpenID, UnionID: granted.UnionID, Profile: profile}, nil
}

func newBreaker[T any](timeout time.Duration) circuitbreaker.CircuitBreaker[T] {
	return circuitbreaker.NewBuilder[T]().
		HandleIf(func(_ T, err error) bool { return isOutage(err) }).
		WithFailureThresholdRatio(breakerFailures, breakerWindow).
		WithDelay(breakerOpenTimeouts*timeout).
		WithSuccessThresholdRatio(breakerSuccesses, breakerTrials).
		Build()
}

// isOutage reports whether err is an outage of WeChat, and not the rejection of
// this login or call.
func isOutage(err error) bool {
	if call := (*CallError)(nil); errors.As(err, &call) {
		return call.outage
	}
	var failed *session.ExchangeError
	return errors.As(err, &failed) &&
		(failed.Cause == session.CauseBusy || failed.Cause == session.CauseUnreachable)
}

// newTransport returns a transport with a connection pool, as a TLS handshake
// takes longer than the exchange. It closes an idle connection before WeChat does.
func newTransport(timeout time.Duration) *http.Transport {
	var http1 http.Protocols
	http1.SetHTTP1(true)
	// A third of the timeout to connect leaves time for a second attempt.
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
