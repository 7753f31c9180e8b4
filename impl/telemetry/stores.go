package telemetry

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"onestroke/impl/breaker"
	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/operator"
	"onestroke/impl/profile"
	"onestroke/impl/session"
)

// SessionStore stores sessions, login attempts, buckets and notes.
type SessionStore interface {
	session.Store
	session.Buckets
	session.Notes
}

// DrawingStore stores drawings, profiles, the checks of what others see, and what
// operators did.
type DrawingStore interface {
	gallery.Store
	moderation.Store
	profile.Store
	operator.Store
}

// Sessions returns a store whose calls are measured, and made through the breakers.
func (t *Telemetry) Sessions(system System, store SessionStore, b breaker.Breakers) SessionStore {
	return sessions{reads: measured{t, system, b.Reads}, writes: measured{t, system, b.Writes}, store: store}
}

// Drawings returns a store whose calls are measured, and made through the breakers.
func (t *Telemetry) Drawings(system System, store DrawingStore, b breaker.Breakers) DrawingStore {
	return drawings{reads: measured{t, system, b.Reads}, writes: measured{t, system, b.Writes}, store: store}
}

// measured are the calls of a store that read, or those that write.
type measured struct {
	telemetry *Telemetry
	system    System
	breaker   *breaker.Breaker // nil if they have none
}

func (m measured) begin(ctx context.Context, name string) (context.Context, call) {
	return m.telemetry.begin(ctx, m.system, name)
}

// do measures a call.
func (m measured) do(ctx context.Context, name string, do func(context.Context) error) error {
	_, err := ask(ctx, m, name, func(ctx context.Context) (struct{}, error) { return struct{}{}, do(ctx) })
	return err
}

// ask measures a call that has a result.
func ask[T any](ctx context.Context, m measured, name string, do func(context.Context) (T, error)) (T, error) {
	ctx, c := m.begin(ctx, name)
	result, err := breaker.Do(ctx, m.breaker, do)
	c.end(outcome(err))
	return result, err
}

// outcome is what the error of a store's call means.
func outcome(err error) Outcome {
	switch {
	case err == nil, errors.Is(err, session.ErrExpired), errors.Is(err, gallery.ErrNotFound), errors.Is(err, gallery.ErrChanged):
		return OK
	case errors.Is(err, breaker.ErrOpen):
		return NotSent
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, gallery.ErrFull):
		return Full
	case errors.Is(err, session.ErrUnavailable), errors.Is(err, gallery.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return Unavailable
	default:
		return Failed
	}
}

type sessions struct {
	reads, writes measured
	store         SessionStore
}

func (s sessions) Find(ctx context.Context, userID, id string) (session.Session, error) {
	return ask(ctx, s.reads, "find_session", func(ctx context.Context) (session.Session, error) { return s.store.Find(ctx, userID, id) })
}

func (s sessions) Renew(ctx context.Context, from, to session.Session) (bool, error) {
	return ask(ctx, s.writes, "renew_session", func(ctx context.Context) (bool, error) { return s.store.Renew(ctx, from, to) })
}

func (s sessions) List(ctx context.Context, userID string) ([]session.Session, error) {
	return ask(ctx, s.reads, "list_sessions", func(ctx context.Context) ([]session.Session, error) { return s.store.List(ctx, userID) })
}

func (s sessions) End(ctx context.Context, userID, id string) error {
	return s.writes.do(ctx, "end_session", func(ctx context.Context) error { return s.store.End(ctx, userID, id) })
}

func (s sessions) EndOthers(ctx context.Context, userID, keep string) error {
	return s.writes.do(ctx, "end_other_sessions", func(ctx context.Context) error { return s.store.EndOthers(ctx, userID, keep) })
}

func (s sessions) SetProfile(ctx context.Context, userID string, from, to session.Profile) (bool, error) {
	return ask(ctx, s.writes, "set_profile", func(ctx context.Context) (bool, error) { return s.store.SetProfile(ctx, userID, from, to) })
}

func (s sessions) Claim(ctx context.Context, codeID string, a session.Attempt, hold time.Duration) (session.Attempt, error) {
	return ask(ctx, s.writes, "claim_login", func(ctx context.Context) (session.Attempt, error) { return s.store.Claim(ctx, codeID, a, hold) })
}

func (s sessions) Settle(ctx context.Context, codeID string, from, to session.Attempt, hold time.Duration) error {
	return s.writes.do(ctx, "settle_login", func(ctx context.Context) error { return s.store.Settle(ctx, codeID, from, to, hold) })
}

func (s sessions) Complete(ctx context.Context, x session.Session, codeID string, from, to session.Attempt, hold time.Duration) (session.Session, error) {
	return ask(ctx, s.writes, "complete_login", func(ctx context.Context) (session.Session, error) {
		return s.store.Complete(ctx, x, codeID, from, to, hold)
	})
}

func (s sessions) Attempt(ctx context.Context, codeID string) (session.Attempt, error) {
	return ask(ctx, s.reads, "find_login", func(ctx context.Context) (session.Attempt, error) { return s.store.Attempt(ctx, codeID) })
}

func (s sessions) Forget(ctx context.Context, codeID string) error {
	return s.writes.do(ctx, "forget_login", func(ctx context.Context) error { return s.store.Forget(ctx, codeID) })
}

func (s sessions) Take(ctx context.Context, subject string, r session.Rate, n int) (int, session.Allowance, error) {
	var left session.Allowance
	taken, err := ask(ctx, s.writes, "take_from_limit", func(ctx context.Context) (taken int, err error) {
		taken, left, err = s.store.Take(ctx, subject, r, n)
		return taken, err
	})
	return taken, left, err
}

func (s sessions) Note(ctx context.Context, name string) (string, error) {
	return ask(ctx, s.reads, "read_note", func(ctx context.Context) (string, error) { return s.store.Note(ctx, name) })
}

func (s sessions) SwapNote(ctx context.Context, name, from, to string, hold time.Duration) (bool, error) {
	return ask(ctx, s.writes, "swap_note", func(ctx context.Context) (bool, error) { return s.store.SwapNote(ctx, name, from, to, hold) })
}

type drawings struct {
	reads, writes measured
	store         DrawingStore
}

func (d drawings) Insert(ctx context.Context, owner string, r gallery.Record) error {
	return d.writes.do(ctx, "insert_drawing", func(ctx context.Context) error { return d.store.Insert(ctx, owner, r) })
}

func (d drawings) Replace(ctx context.Context, owner, etag string, r gallery.Record) error {
	return d.writes.do(ctx, "replace_drawing", func(ctx context.Context) error { return d.store.Replace(ctx, owner, etag, r) })
}

func (d drawings) Get(ctx context.Context, owner string, id drawing.ID) (gallery.Record, error) {
	return ask(ctx, d.reads, "get_drawing", func(ctx context.Context) (gallery.Record, error) { return d.store.Get(ctx, owner, id) })
}

func (d drawings) Delete(ctx context.Context, owner string, id drawing.ID, p gallery.Precondition) error {
	return d.writes.do(ctx, "delete_drawing", func(ctx context.Context) error { return d.store.Delete(ctx, owner, id, p) })
}

func (d drawings) List(ctx context.Context, owner string, after gallery.Position, limit int, thumbnails bool) ([]gallery.Summary, error) {
	return ask(ctx, d.reads, "list_drawings", func(ctx context.Context) ([]gallery.Summary, error) {
		return d.store.List(ctx, owner, after, limit, thumbnails)
	})
}

// All measures the time that the store takes, without what is done with each drawing.
func (d drawings) All(ctx context.Context, owner string) iter.Seq2[gallery.Record, error] {
	return func(yield func(gallery.Record, error) bool) {
		ctx, c := d.reads.begin(ctx, "all_drawings")
		var took time.Duration
		var last error
		defer func() { c.endAfter(took, outcome(last)) }()
		if last = d.reads.breaker.Allow(); last != nil {
			yield(gallery.Record{}, last)
			return
		}
		// The first answer says whether the store is there.
		record := sync.OnceFunc(func() { d.reads.breaker.Record(ctx, last) })
		defer record()
		from := c.start
		for r, err := range d.store.All(ctx, owner) {
			took, last = took+time.Since(from), err
			record()
			if !yield(r, err) {
				return
			}
			from = time.Now()
		}
		took += time.Since(from)
	}
}

func (d drawings) DeleteAll(ctx context.Context, owner string) error {
	return d.writes.do(ctx, "delete_all_drawings", func(ctx context.Context) error { return d.store.DeleteAll(ctx, owner) })
}

func (d drawings) Count(ctx context.Context, owner string, limit int) (int, error) {
	return ask(ctx, d.reads, "count_drawings", func(ctx context.Context) (int, error) { return d.store.Count(ctx, owner, limit) })
}

func (d drawings) Admit(ctx context.Context, owner string, n, limit int) (bool, error) {
	return ask(ctx, d.writes, "admit_drawings", func(ctx context.Context) (bool, error) { return d.store.Admit(ctx, owner, n, limit) })
}

func (d drawings) Tally(ctx context.Context, owner string) (gallery.Tally, error) {
	return ask(ctx, d.reads, "read_tally", func(ctx context.Context) (gallery.Tally, error) { return d.store.Tally(ctx, owner) })
}

func (d drawings) Recount(ctx context.Context, owner string, from gallery.Tally, admitted int) (bool, error) {
	return ask(ctx, d.writes, "recount_drawings", func(ctx context.Context) (bool, error) { return d.store.Recount(ctx, owner, from, admitted) })
}

func (d drawings) Share(ctx context.Context, owner string, id drawing.ID, s gallery.Share) (gallery.Share, error) {
	return ask(ctx, d.writes, "share_drawing", func(ctx context.Context) (gallery.Share, error) { return d.store.Share(ctx, owner, id, s) })
}

func (d drawings) Unshare(ctx context.Context, owner string, id drawing.ID) error {
	return d.writes.do(ctx, "unshare_drawing", func(ctx context.Context) error { return d.store.Unshare(ctx, owner, id) })
}

func (d drawings) FindShare(ctx context.Context, token string) (string, drawing.ID, error) {
	var id drawing.ID
	owner, err := ask(ctx, d.reads, "find_share", func(ctx context.Context) (owner string, err error) {
		owner, id, err = d.store.FindShare(ctx, token)
		return owner, err
	})
	return owner, id, err
}

func (d drawings) Shared(ctx context.Context, owner string, after *drawing.ID, limit int) ([]drawing.ID, error) {
	return ask(ctx, d.reads, "list_shares", func(ctx context.Context) ([]drawing.ID, error) { return d.store.Shared(ctx, owner, after, limit) })
}

func (d drawings) Code(ctx context.Context, owner, token string) ([]byte, error) {
	return ask(ctx, d.reads, "read_code", func(ctx context.Context) ([]byte, error) { return d.store.Code(ctx, owner, token) })
}

func (d drawings) SetCode(ctx context.Context, owner, token string, code []byte) error {
	return d.writes.do(ctx, "set_code", func(ctx context.Context) error { return d.store.SetCode(ctx, owner, token, code) })
}

func (d drawings) SwapCheck(ctx context.Context, owner string, id drawing.ID, from, to moderation.Check) error {
	return d.writes.do(ctx, "swap_check", func(ctx context.Context) error { return d.store.SwapCheck(ctx, owner, id, from, to) })
}

func (d drawings) Task(ctx context.Context, thing moderation.Thing) (moderation.Task, error) {
	return ask(ctx, d.reads, "find_task", func(ctx context.Context) (moderation.Task, error) { return d.store.Task(ctx, thing) })
}

func (d drawings) TaskOf(ctx context.Context, trace string) (moderation.Task, error) {
	return ask(ctx, d.reads, "find_task_of_result", func(ctx context.Context) (moderation.Task, error) { return d.store.TaskOf(ctx, trace) })
}

func (d drawings) DueTasks(ctx context.Context, at time.Time, limit int) ([]moderation.Task, error) {
	return ask(ctx, d.reads, "list_due_tasks", func(ctx context.Context) ([]moderation.Task, error) { return d.store.DueTasks(ctx, at, limit) })
}

func (d drawings) AwayTasks(ctx context.Context, owners []string, at time.Time) ([]moderation.Task, error) {
	return ask(ctx, d.reads, "list_away_tasks", func(ctx context.Context) ([]moderation.Task, error) { return d.store.AwayTasks(ctx, owners, at) })
}

func (d drawings) Tasks(ctx context.Context, after moderation.Thing, limit int) ([]moderation.Task, error) {
	return ask(ctx, d.reads, "list_tasks", func(ctx context.Context) ([]moderation.Task, error) { return d.store.Tasks(ctx, after, limit) })
}

func (d drawings) SwapTask(ctx context.Context, from, to moderation.Task) (bool, error) {
	return ask(ctx, d.writes, "swap_task", func(ctx context.Context) (bool, error) { return d.store.SwapTask(ctx, from, to) })
}

func (d drawings) Profile(ctx context.Context, userID string) (profile.Record, error) {
	return ask(ctx, d.reads, "read_profile", func(ctx context.Context) (profile.Record, error) { return d.store.Profile(ctx, userID) })
}

func (d drawings) SwapProfile(ctx context.Context, userID, turn string, to profile.Record) (bool, error) {
	return ask(ctx, d.writes, "swap_profile", func(ctx context.Context) (bool, error) { return d.store.SwapProfile(ctx, userID, turn, to) })
}

func (d drawings) Suspension(ctx context.Context, user string) (operator.Suspension, error) {
	return ask(ctx, d.reads, "read_suspension", func(ctx context.Context) (operator.Suspension, error) { return d.store.Suspension(ctx, user) })
}

func (d drawings) PutSuspension(ctx context.Context, s operator.Suspension) error {
	return d.writes.do(ctx, "write_suspension", func(ctx context.Context) error { return d.store.PutSuspension(ctx, s) })
}

func (d drawings) RemoveSuspension(ctx context.Context, user string) error {
	return d.writes.do(ctx, "remove_suspension", func(ctx context.Context) error { return d.store.RemoveSuspension(ctx, user) })
}

func (d drawings) Suspensions(ctx context.Context, after string, limit int) ([]operator.Suspension, error) {
	return ask(ctx, d.reads, "list_suspensions", func(ctx context.Context) ([]operator.Suspension, error) {
		return d.store.Suspensions(ctx, after, limit)
	})
}

func (d drawings) PutEntry(ctx context.Context, e operator.Entry) error {
	return d.writes.do(ctx, "write_trail", func(ctx context.Context) error { return d.store.PutEntry(ctx, e) })
}

func (d drawings) Entries(ctx context.Context, before string, limit int) ([]operator.Entry, error) {
	return ask(ctx, d.reads, "list_trail", func(ctx context.Context) ([]operator.Entry, error) { return d.store.Entries(ctx, before, limit) })
}
