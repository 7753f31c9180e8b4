package api

import (
	"context"
	"errors"
	"fmt"

	"onestroke/gen"
	"onestroke/impl/session"
)

// sessions are the operations on sessions.
type sessions struct {
	service *session.Service
	callers callers
}

func (s sessions) LogIn(ctx context.Context, r gen.LogInRequest) (gen.LogInAnswer, error) {
	info := infoOf(ctx)
	login := session.Login{
		Code:          r.Body.Code,
		RawData:       value(r.Body.RawData),
		Signature:     value(r.Body.Signature),
		EncryptedData: value(r.Body.EncryptedData),
		IV:            value(r.Body.Iv),
		Label:         sessionLabel(info.header),
	}
	if fields := append(missingCounterparts(login), checkEncrypted(login)...); fields != nil {
		return nil, invalidRequest(fields...)
	}
	if err := s.callers.limits.countLogin(ctx, login.Code); err != nil {
		return nil, err
	}
	token, opened, err := s.service.LogIn(ctx, login)
	if err != nil {
		return nil, err
	}
	info.user = opened.User.ID
	s.callers.fillProfile(ctx, login, session.Credential{Kind: session.Token, Secret: token}, opened.User)
	return gen.LogIn201{Body: gen.LoggedIn{Token: token, ExpiresAt: opened.ExpiresAt, User: userBody(opened.User), UnionID: optional(s.service.UnionID(opened))}}, nil
}

func (s sessions) GetSession(ctx context.Context, _ gen.GetSessionRequest) (gen.GetSessionAnswer, error) {
	current := callerOf(ctx).session
	return gen.GetSession200{Body: gen.Session{ExpiresAt: current.ExpiresAt, User: userBody(current.User)}}, nil
}

func (s sessions) LogOut(ctx context.Context, _ gen.LogOutRequest) (gen.LogOutAnswer, error) {
	if err := s.service.LogOut(ctx, callerOf(ctx).credential); err != nil {
		return nil, err
	}
	return gen.LogOut204{}, nil
}

func (s sessions) ListSessions(ctx context.Context, _ gen.ListSessionsRequest) (gen.ListSessionsAnswer, error) {
	all, err := s.service.Sessions(ctx, owner(ctx))
	if err != nil {
		return nil, err
	}
	current := callerOf(ctx).session.ID
	items := make([]gen.SessionSummary, len(all))
	for i, x := range all {
		items[i] = gen.SessionSummary{
			ID: x.ID, Kind: string(x.Kind), Label: x.Label, Current: x.ID == current,
			CreatedAt: x.CreatedAt, LastUsedAt: x.LastUsedAt, ExpiresAt: x.ExpiresAt,
		}
	}
	return gen.ListSessions200{Body: gen.SessionList{Items: items}}, nil
}

func (s sessions) EndSession(ctx context.Context, r gen.EndSessionRequest) (gen.EndSessionAnswer, error) {
	if err := s.service.End(ctx, owner(ctx), r.ID); err != nil {
		return nil, err
	}
	return gen.EndSession204{}, nil
}

func (s sessions) EndOtherSessions(ctx context.Context, _ gen.EndOtherSessionsRequest) (gen.EndOtherSessionsAnswer, error) {
	if err := s.service.EndOthers(ctx, owner(ctx), callerOf(ctx).session.ID); err != nil {
		return nil, err
	}
	return gen.EndOtherSessions204{}, nil
}

// fillProfile gives a user who has no nickname, and is not suspended, the one in the data
// of a login. A login does not fail with it: the nickname is set by the next one.
func (c callers) fillProfile(ctx context.Context, l session.Login, opened session.Credential, user session.User) {
	if l.RawData == "" && l.EncryptedData == "" {
		return
	}
	defer c.account.BeginWrite(user.ID)()
	_, err := c.sessions.Resolve(ctx, opened) // it has ended if the account was deleted meanwhile
	suspended := false
	if err == nil {
		suspended, err = c.operators.Suspended(ctx, user.ID)
	}
	if err == nil && !suspended {
		err = c.profiles.Fill(ctx, user.ID, user.Profile.Nickname)
	}
	if err != nil && !errors.Is(err, session.ErrExpired) && !errors.Is(err, context.Canceled) {
		infoOf(ctx).cause = fmt.Errorf("set the nickname of a user who logs in: %w", err)
	}
}

// missingCounterparts checks that data and its signature are sent together: one
// without the other proves nothing. A schema of OpenAPI 3.0 cannot say that.
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
