package api

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"onestroke/gen"
	"onestroke/impl/account"
	"onestroke/impl/operator"
	"onestroke/impl/profile"
	"onestroke/impl/session"
)

// caller is the user who sends a request.
type caller struct {
	session    session.Session
	credential session.Credential // empty if the gateway of Cloud Run names the user
}

// callerOf returns the caller of a secured operation.
func callerOf(ctx context.Context) *caller { return &infoOf(ctx).caller }

// owner returns the id of the caller, who owns the drawings that the request is
// about.
func owner(ctx context.Context) string { return callerOf(ctx).session.User.ID }

// callers finds out who sends a request. A program of 2017 sends its first request
// with the data to log in with. That login is done only when the whole request has
// been found valid: WeChat accepts a code once, and the login ends the session
// that the user had.
type callers struct {
	sessions      *session.Service
	profiles      *profile.Service
	account       *account.Service
	limits        limiter
	trustCloudRun bool
	operators     *operator.Service
}

// identify looks up the session of a request's credential, or records the login
// that [callers.logInIfDue] has to do. Authorization takes precedence over the
// headers of 2017.
func (c callers) identify(op *operation, r *http.Request) error {
	if err := check(op.sessionHeaders, r, nil); err != nil {
		return err
	}
	ctx := r.Context()
	openID, ok, err := c.cloudRunUser(r.Header)
	if err != nil {
		return err
	}
	if ok {
		if err := c.recognizeAndCount(ctx, cloudRunCaller(openID)); err != nil {
			return err
		}
		c.sessions.Present(ctx, openID)
		return nil
	}
	authorization, err := only(r.Header, "Authorization")
	if err != nil {
		return err
	}
	if token, ok := bearer(authorization); ok {
		return c.lookUp(ctx, op, session.Credential{Kind: session.Token, Secret: token})
	}
	login, ok, err := login2017(r.Header)
	switch {
	case err != nil:
		return err
	case !ok:
		return loginRequired(r.Header)
	case login.RawData == "":
		return c.lookUp(ctx, op, session.Credential{Kind: session.Code, Secret: login.Code})
	}
	infoOf(ctx).login = &login
	return c.limits.countLogin(ctx, login.Code)
}

// lookUp finds the session that a credential opens.
func (c callers) lookUp(ctx context.Context, op *operation, credential session.Credential) error {
	found, err := c.sessions.Resolve(ctx, credential)
	if errors.Is(err, session.ErrExpired) && op.endsSession {
		err = nil // it has ended, as the request asks
	}
	if err != nil {
		return err
	}
	return c.recognizeAndCount(ctx, caller{session: found, credential: credential})
}

// logInIfDue does the login of a program of 2017, if the request has one.
func (c callers) logInIfDue(r *http.Request) error {
	ctx := r.Context()
	login := infoOf(ctx).login
	if login == nil {
		return nil
	}
	opened, err := c.sessions.LogInWithCode(ctx, *login)
	if err != nil {
		return err
	}
	credential := session.Credential{Kind: session.Code, Secret: login.Code}
	c.fillProfile(ctx, *login, credential, opened.User)
	return c.recognizeAndCount(ctx, caller{session: opened, credential: credential})
}

// confirm looks the caller up again, as a body may take a minute to arrive: the session
// may have ended since, with the account or without.
func (c callers) confirm(ctx context.Context) error {
	who := callerOf(ctx)
	if who.credential != (session.Credential{}) {
		if _, err := c.sessions.Resolve(ctx, who.credential); err != nil {
			return err
		}
	}
	return c.refuseSuspended(ctx)
}

// recognizeAndCount records the caller, counts the request against the limit of the
// user, and refuses one that writes if the user is suspended.
func (c callers) recognizeAndCount(ctx context.Context, who caller) error {
	info := infoOf(ctx)
	info.caller, info.user = who, who.session.User.ID
	if err := c.limits.countRequest(ctx, info.user); err != nil {
		return err
	}
	return c.refuseSuspended(ctx)
}

// refuseSuspended refuses a request that writes if the user is suspended.
func (c callers) refuseSuspended(ctx context.Context) error {
	info := infoOf(ctx)
	if !info.writes {
		return nil
	}
	suspended, err := c.operators.Suspended(ctx, info.user)
	if suspended {
		err = errSuspended
	}
	return err
}

// cloudRunUser returns the openid of a user for whom the gateway of WeChat Cloud
// Run vouches. The gateway adds X-WX-SOURCE to requests that come from WeChat.
func (c callers) cloudRunUser(h http.Header) (openID string, ok bool, err error) {
	if !c.trustCloudRun || h.Get("X-WX-SOURCE") == "" {
		return "", false, nil
	}
	openID, err = only(h, "X-WX-OPENID")
	return openID, openID != "", err
}

// cloudRunCaller returns a caller without a session that could end or expire: the
// gateway vouches for each request.
func cloudRunCaller(openID string) caller {
	now := time.Now().UTC().Truncate(time.Second)
	return caller{session: session.Session{
		User: session.User{ID: session.UserID(openID)}, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Minute),
	}}
}

// only returns a header that names the caller. It is no list (RFC 9110, section 5.3): of
// two, a proxy may have checked or set the one that is not used here.
func only(h http.Header, name string) (string, error) {
	if len(h.Values(name)) > 1 {
		return "", invalidRequest(gen.FieldError{Field: name, Rule: "duplicate", Detail: "must be there once only"})
	}
	return h.Get(name), nil
}

// bearer returns the token of an Authorization header (RFC 6750). A header with
// another scheme is ignored.
func bearer(authorization string) (token string, ok bool) {
	scheme, token, ok := strings.Cut(authorization, " ")
	token = strings.TrimSpace(token)
	return token, ok && token != "" && strings.EqualFold(scheme, "Bearer")
}

// loginRequired returns the error of a request without a credential.
func loginRequired(h http.Header) error {
	authorization := strings.TrimSpace(h.Get("Authorization"))
	scheme, _, _ := strings.Cut(authorization, " ")
	detail := "the request carries no credential"
	switch {
	case authorization == "":
	case strings.EqualFold(scheme, "Bearer"):
		detail = "Authorization has no token after Bearer"
	case strings.HasPrefix(authorization, session.TokenPrefix):
		detail = "Authorization has a token without its scheme: send Authorization: Bearer <token>"
	default:
		detail = "Authorization has another scheme than Bearer: send Authorization: Bearer <token>"
	}
	return &problem{code: gen.ErrLoginRequired, detail: detail}
}

// isLoginRequired reports whether an error is that of [loginRequired].
func isLoginRequired(err error) bool {
	var p *problem
	return errors.As(err, &p) && p.code == gen.ErrLoginRequired
}

// referer is what WeChat sends with every request of a mini program:
// https://servicewechat.com/{appid}/{version}/page-frame.html.
var referer = regexp.MustCompile(`^https://servicewechat\.com/[0-9A-Za-z]+/([0-9A-Za-z]+)/page-frame\.html$`)

// sessionLabel describes where a session is opened, for the user's list of
// sessions.
func sessionLabel(h http.Header) string {
	if m := referer.FindStringSubmatch(h.Get("Referer")); m != nil {
		return "mini program " + m[1]
	}
	return h.Get("User-Agent")
}
