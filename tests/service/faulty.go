package service

import (
	"context"
	"time"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/operator"
	"onestroke/impl/session"
	"onestroke/impl/telemetry"
)

// faultySessions fails when the service looks up or begins a session, or takes a
// message of WeChat.
type faultySessions struct {
	telemetry.SessionStore
	fault error
}

func (s faultySessions) Find(context.Context, string, string) (session.Session, error) {
	return session.Session{}, s.fault
}

func (s faultySessions) Claim(context.Context, string, session.Attempt, time.Duration) (session.Attempt, error) {
	return session.Attempt{}, s.fault
}

func (s faultySessions) SwapNote(context.Context, string, string, string, time.Duration) (bool, error) {
	return false, s.fault
}

// faultyDrawings fails when the service looks up a share or a picture to be checked,
// which needs no session.
type faultyDrawings struct {
	telemetry.DrawingStore
	fault error
}

func (s faultyDrawings) FindShare(context.Context, string) (owner string, id drawing.ID, err error) {
	return "", drawing.ID{}, s.fault
}

func (s faultyDrawings) Shared(context.Context, string, *drawing.ID, int) ([]drawing.ID, error) {
	return nil, s.fault
}

func (s faultyDrawings) Tasks(context.Context, moderation.Thing, int) ([]moderation.Task, error) {
	return nil, s.fault
}

func (s faultyDrawings) Get(context.Context, string, drawing.ID) (gallery.Record, error) {
	return gallery.Record{}, s.fault
}

func (s faultyDrawings) PutEntry(context.Context, operator.Entry) error { return s.fault }

func (s faultyDrawings) Entries(context.Context, string, int) ([]operator.Entry, error) {
	return nil, s.fault
}

func (s faultyDrawings) Suspensions(context.Context, string, int) ([]operator.Suspension, error) {
	return nil, s.fault
}

func (s faultyDrawings) Task(context.Context, moderation.Thing) (moderation.Task, error) {
	return moderation.Task{}, s.fault
}
