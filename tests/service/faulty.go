package service

import (
	"context"
	"time"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/session"
)

// faultySessions fails whoever asks who is calling.
type faultySessions struct {
	session.Store
	fault error
}

func (s faultySessions) Find(context.Context, string, string) (session.Session, error) {
	return session.Session{}, s.fault
}

func (s faultySessions) Claim(context.Context, string, session.Attempt, time.Duration) (session.Attempt, error) {
	return session.Attempt{}, s.fault
}

// faultyDrawings fails those who follow a share, and need no session.
type faultyDrawings struct {
	gallery.Store
	fault error
}

func (s faultyDrawings) FindShare(context.Context, string) (owner string, id drawing.ID, err error) {
	return "", drawing.ID{}, s.fault
}
