package service

import (
	"context"
	"time"

	"onestroke/app"
	"onestroke/impl/drawing"
	"onestroke/impl/session"
)

// faultySessions fails when the service looks up or begins a session.
type faultySessions struct {
	app.SessionStore
	fault error
}

func (s faultySessions) Find(context.Context, string, string) (session.Session, error) {
	return session.Session{}, s.fault
}

func (s faultySessions) Claim(context.Context, string, session.Attempt, time.Duration) (session.Attempt, error) {
	return session.Attempt{}, s.fault
}

// faultyDrawings fails when the service looks up a share, which needs no session.
type faultyDrawings struct {
	app.DrawingStore
	fault error
}

func (s faultyDrawings) FindShare(context.Context, string) (owner string, id drawing.ID, err error) {
	return "", drawing.ID{}, s.fault
}
