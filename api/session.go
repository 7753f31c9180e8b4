package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"onestroke/gen"
	"onestroke/impl/session"
)

// The session headers of 2017, as Go spells header names.
const (
	headerCode      = "X-Wx-Code"
	headerRawData   = "X-Wx-Rawdata"
	headerSignature = "X-Wx-Signature"
)

// caller is who sends a request.
type caller struct {
	session    session.Session
	credential session.Credential
}

func callerOf(ctx context.Context) *caller { return noteOf(ctx).caller }

func owner(ctx context.Context) string { return callerOf(ctx).session.User.ID }

// identify finds out who sends a request. Authorization goes before the headers
// of 2017. The result is noted for the operation.
func (s *server) identify(op *operation, r *http.Request) error {
	if fields := op.checkSessionHeaders(r); fields != nil {
		return invalidRequest(fields...)
	}
	c, err := s.resolve(r.Context(), r)
	if errors.Is(err, session.ErrExpired) && op.endsSession {
		err = nil // it has ended, as was asked
	}
	if err != nil {
		return err
	}
	e := note(r)
	e.caller, e.user = &c, c.session.User.ID
	return nil
}

func (s *server) resolve(ctx context.Context, r *http.Request) (c caller, err error) {
	if s.TrustCloudRun {
		if openID := r.Header.Get("X-WX-OPENID"); openID != "" && r.Header.Get("X-WX-SOURCE") != "" {
			return cloudRunCaller(openID), nil
		}
	}
	code, rawData := r.Header.Get(headerCode), r.Header.Get(headerRawData)
	switch token, ok := bearer(r.Header.Get("Authorization")); {
	case ok:
		c.credential = session.Credential{Kind: session.Token, Secret: token}
	case code != "":
		c.credential = session.Credential{Kind: session.Code, Secret: code}
	default:
		return c, errLoginRequired
	}
	if c.credential.Kind == session.Token || rawData == "" {
		c.session, err = s.Sessions.Resolve(ctx, c.credential)
		return c, err
	}
	if err := s.limitLogin(ctx, code); err != nil {
		return c, err
	}
	// As encodeURIComponent made it: a plus is a plus.
	decoded, err := url.PathUnescape(rawData)
	if err != nil {
		return c, &session.RawDataError{Err: errors.New("rawData is not percent-encoded")}
	}
	c.session, err = s.Sessions.LogInWithCode(ctx, session.Login{
		Code: code, RawData: decoded, Signature: r.Header.Get(headerSignature), Label: label(r.Header),
	})
	return c, err
}

// cloudRunCaller is whom the gateway of WeChat Cloud Run vouches for, request by
// request: there is no session to end or to expire. The gateway adds
// X-WX-SOURCE to what comes from WeChat.
func cloudRunCaller(openID string) caller {
	now := time.Now().UTC().Truncate(time.Second)
	return caller{session: session.Session{
		User: session.User{ID: session.UserID(openID)}, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Minute),
	}}
}

// bearer reads the token of an Authorization header (RFC 6750). Another scheme
// is somebody else's business.
func bearer(authorization string) (token string, ok bool) {
	scheme, token, ok := strings.Cut(authorization, " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}

// referer is what WeChat sends with every request of a mini program.
var referer = regexp.MustCompile(`^https://servicewechat\.com/[0-9A-Za-z]+/([0-9A-Za-z]+)/page-frame\.html$`)

// label says in a few words what a session was opened from.
func label(h http.Header) string {
	if m := referer.FindStringSubmatch(h.Get("Referer")); m != nil {
		return cut("mini program "+m[1], 64)
	}
	return cut(h.Get("User-Agent"), 64)
}

func (s *server) LogIn(ctx context.Context, r gen.LogInRequestObject) (gen.LogInResponseObject, error) {
	l := session.Login{
		Code:          r.Body.Code,
		RawData:       value(r.Body.RawData),
		Signature:     value(r.Body.Signature),
		EncryptedData: value(r.Body.EncryptedData),
		IV:            value(r.Body.Iv),
		Label:         label(noteOf(ctx).header),
	}
	if fields := missingCounterparts(l); fields != nil {
		return nil, invalidRequest(fields...)
	}
	if err := s.limitLogin(ctx, l.Code); err != nil {
		return nil, err
	}
	token, opened, err := s.Sessions.LogIn(ctx, l)
	if err != nil {
		return nil, err
	}
	noteOf(ctx).user = opened.User.ID
	return answer{status: http.StatusCreated, body: &gen.LoggedIn{
		Token: token, ExpiresAt: opened.ExpiresAt, User: userBody(opened.User),
	}}, nil
}

func (s *server) GetSession(ctx context.Context, _ gen.GetSessionRequestObject) (gen.GetSessionResponseObject, error) {
	current := callerOf(ctx).session
	return answer{status: http.StatusOK, body: &gen.Session{
		ExpiresAt: current.ExpiresAt, User: userBody(current.User),
	}}, nil
}

func (s *server) LogOut(ctx context.Context, _ gen.LogOutRequestObject) (gen.LogOutResponseObject, error) {
	if err := s.Sessions.LogOut(ctx, callerOf(ctx).credential); err != nil {
		return nil, err
	}
	return gen.LogOut204Response{}, nil
}

func (s *server) ListSessions(ctx context.Context, _ gen.ListSessionsRequestObject) (gen.ListSessionsResponseObject, error) {
	sessions, err := s.Sessions.Sessions(ctx, owner(ctx))
	if err != nil {
		return nil, err
	}
	current := callerOf(ctx).session.ID
	body := gen.SessionList{Items: make([]gen.SessionSummary, len(sessions))}
	for i, x := range sessions {
		body.Items[i] = gen.SessionSummary{
			ID: x.ID, Kind: gen.SessionSummaryKind(x.Kind), Label: x.Label, Current: x.ID == current,
			CreatedAt: x.CreatedAt, LastUsedAt: x.LastUsedAt, ExpiresAt: x.ExpiresAt,
		}
	}
	return gen.ListSessions200JSONResponse{Body: body}, nil
}

func (s *server) EndSession(ctx context.Context, r gen.EndSessionRequestObject) (gen.EndSessionResponseObject, error) {
	if err := s.Sessions.End(ctx, owner(ctx), r.ID); err != nil {
		return nil, err
	}
	return gen.EndSession204Response{}, nil
}

func (s *server) EndOtherSessions(ctx context.Context, _ gen.EndOtherSessionsRequestObject) (gen.EndOtherSessionsResponseObject, error) {
	if err := s.Sessions.EndOthers(ctx, owner(ctx), callerOf(ctx).session.ID); err != nil {
		return nil, err
	}
	return gen.EndOtherSessions204Response{}, nil
}

// missingCounterparts: a signature proves nothing without its data, nor data
// without its signature. A schema of OpenAPI 3.0 cannot say so.
func missingCounterparts(l session.Login) (fields []gen.FieldError) {
	for _, pair := range [][2]struct{ name, value string }{
		{{"rawData", l.RawData}, {"signature", l.Signature}},
		{{"encryptedData", l.EncryptedData}, {"iv", l.IV}},
	} {
		for i, f := range pair {
			if other := pair[1-i]; f.value == "" && other.value != "" {
				fields = append(fields, gen.FieldError{Field: f.name, Rule: "required", Detail: "is needed with " + other.name})
			}
		}
	}
	return fields
}

func userBody(u session.User) gen.User {
	p := &u.Profile
	body := gen.User{
		ID:        u.ID,
		Nickname:  unlessEmpty(&p.Nickname),
		AvatarURL: unlessEmpty(&p.AvatarURL),
		Language:  unlessEmpty(&p.Language),
		Country:   unlessEmpty(&p.Country),
		Province:  unlessEmpty(&p.Province),
		City:      unlessEmpty(&p.City),
	}
	if *p != (session.Profile{}) {
		body.Gender = new(int32(p.Gender))
	}
	return body
}

// optional is a member that is left out where it is empty.
func optional(text string) *string { return unlessEmpty(&text) }

func unlessEmpty(text *string) *string {
	if *text == "" {
		return nil
	}
	return text
}

// value is the other way round.
func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
