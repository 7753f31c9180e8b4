package gallery_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
	"onestroke/impl/moderation"
	"onestroke/impl/seal"
)

// late is a store in which something else happens before the next check is stored, or the
// next share ends.
type late struct {
	*gallerytest.Memory
	before, beforeEnd func()
}

func (l *late) Unshare(ctx context.Context, owner string, id drawing.ID) error {
	if before := l.beforeEnd; before != nil {
		l.beforeEnd = nil
		before()
	}
	return l.Memory.Unshare(ctx, owner, id)
}

func (l *late) SwapCheck(ctx context.Context, owner string, id drawing.ID, from, to moderation.Check) error {
	if before := l.before; before != nil {
		l.before = nil
		before()
	}
	return l.Memory.SwapCheck(ctx, owner, id, from, to)
}

// approves is a checker that approves every title.
type approves struct{}

func (approves) Text(context.Context, string, moderation.Text) (moderation.Verdict, error) {
	return moderation.Verdict{State: moderation.Approved}, nil
}

func (approves) Picture(context.Context, string, moderation.Scene, string) (string, error) {
	panic("without a public address no picture is handed in")
}

// Whatever happens just before the checker's verdict is stored is not overwritten.
func TestAVerdictThatIsStoredTooLate(t *testing.T) {
	refused := moderation.Verdict{State: moderation.Refused, Reason: moderation.Abuse}
	noResult := moderation.Verdict{State: moderation.Review, Reason: moderation.NoResult}
	for name, test := range map[string]struct {
		before func(t *testing.T, s *gallery.Service, checks *moderation.Service)
		want   moderation.Verdict
	}{
		"a person refuses the drawing": {func(t *testing.T, _ *gallery.Service, checks *moderation.Service) {
			seen, _, err := checks.Shown(t.Context(), owner, moderation.Thing{}, 1)
			if err == nil {
				err = checks.Settle(t.Context(), seen[0].Thing, seen[0].Content.Version, refused)
			}
			if err != nil {
				t.Error(err)
			}
		}, refused},
		"the drawing is changed": {func(t *testing.T, s *gallery.Service, _ *moderation.Service) {
			if _, _, err := s.Put(t.Context(), owner, id, b, gallery.IfPresent()); err != nil {
				t.Error(err)
			}
		}, noResult}, // that of the drawing as it is now
	} {
		t.Run(name, func(t *testing.T) {
			store := &late{Memory: gallerytest.NewMemory()}
			checks := moderation.New(moderation.Options{
				Checker: approves{}, Store: store, Logger: slog.New(slog.DiscardHandler),
				OpenID: func(context.Context, string) (string, error) { return "openid", nil },
			})
			s := gallery.New(store, gallery.Options{Checks: checks, Now: gallerytest.Clock()})
			if _, _, err := s.Put(t.Context(), owner, id, a, gallery.IfAbsent()); err != nil {
				t.Fatal(err)
			}
			store.before = func() { test.before(t, s, checks) }
			shared, _, err := s.Share(t.Context(), owner, id)
			if err != nil || shared.Verdict != test.want || store.before != nil {
				t.Errorf("the share is %+v, %v, want %+v", shared.Verdict, err, test.want)
			}
		})
	}
}

// One operator approves a drawing while another one takes it down: it stays refused.
func TestATakeDownWinsOverAnApprovalAtTheSameTime(t *testing.T) {
	store := &late{Memory: gallerytest.NewMemory()}
	checks := moderation.New(moderation.Options{Store: store, Logger: slog.New(slog.DiscardHandler)})
	s := gallery.New(store, gallery.Options{Checks: checks, Now: gallerytest.Clock()})
	d, _, err := s.Put(t.Context(), owner, id, a, gallery.IfAbsent())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Share(t.Context(), owner, id); err != nil {
		t.Fatal(err)
	}
	thing := moderation.Thing{Kind: gallery.CheckKind, Owner: owner, ID: id.String()}
	store.beforeEnd = func() {
		if err := checks.Settle(t.Context(), thing, d.ETag, moderation.Verdict{State: moderation.Approved}); err != nil {
			t.Error(err)
		}
	}
	if err := checks.TakeDown(t.Context(), thing, d.ETag, moderation.Abuse); err != nil || store.beforeEnd != nil {
		t.Fatal(err)
	}
	again, _, err := s.Share(t.Context(), owner, id)
	if refused := (moderation.Verdict{State: moderation.Refused, Reason: moderation.Abuse}); err != nil || again.Verdict != refused {
		t.Errorf("shared again, it is %+v, %v", again.Verdict, err)
	}
}

// hangsUp is a store whose client leaves while a drawing is written.
type hangsUp struct{ writes }

func (h *hangsUp) Task(ctx context.Context, t moderation.Thing) (moderation.Task, error) {
	if err := ctx.Err(); err != nil {
		return moderation.Task{}, err
	}
	return h.Memory.Task(ctx, t)
}

// A client that leaves does not get around the check of what it saves. One whose answer
// is lost asks again.
func TestWhatIsSavedIsCheckedWhetherOrNotTheClientWaits(t *testing.T) {
	for name, answer := range map[string]error{
		"the drawing is written, then the client leaves": nil,
		"the store gives up and writes all the same":     context.Canceled,
		"the answer of the store is lost":                gallery.ErrUnavailable,
	} {
		t.Run(name, func(t *testing.T) {
			store := &hangsUp{writes{Memory: gallerytest.NewMemory()}}
			checks := moderation.New(moderation.Options{Checker: approves{}, Store: store, Logger: slog.New(slog.DiscardHandler)})
			s := gallery.New(store, gallery.Options{Checks: checks, CheckSaved: true, Now: gallerytest.Clock()})
			for _, save := range []struct {
				what    string
				content drawing.Content
				when    gallery.Precondition
			}{{"created", a, gallery.IfAbsent()}, {"replaced", b, gallery.IfPresent()}} {
				ctx, cancel := context.WithCancel(t.Context())
				store.written = func() error {
					cancel()
					store.written = confirmed
					return answer
				}
				_, _, err := s.Put(ctx, owner, id, save.content, save.when)
				if !errors.Is(err, answer) {
					t.Errorf("%s: %v, want %v", save.what, err, answer)
				}
				if errors.Is(err, gallery.ErrUnavailable) {
					if _, _, err := s.Put(t.Context(), owner, id, save.content, save.when); err != nil {
						t.Errorf("%s again: %v", save.what, err)
					}
				}
				tasks, err := store.Tasks(t.Context(), moderation.Thing{}, 10)
				if err != nil || len(tasks) != 1 {
					t.Fatalf("%s: %d checks, %v, want one", save.what, len(tasks), err)
				}
				if done, err := store.SwapTask(t.Context(), tasks[0], moderation.Task{Thing: tasks[0].Thing}); err != nil || !done {
					t.Fatal(done, err)
				}
			}
		})
	}
}

// refusing is a store that cannot write checks.
type refusing struct{ *gallerytest.Memory }

func (refusing) SwapTask(context.Context, moderation.Task, moderation.Task) (bool, error) {
	return false, gallery.ErrUnavailable
}

// A share is read while a check that was never begun cannot be stored. Who shares learns
// that it was not.
func TestAShareIsReadWhileTheStoreRefusesWrites(t *testing.T) {
	store := gallerytest.NewMemory()
	unchecked := gallery.New(store, gallery.Options{Now: gallerytest.Clock()})
	if _, _, err := unchecked.Put(t.Context(), owner, id, a, gallery.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	given, _, err := unchecked.Share(t.Context(), owner, id)
	if err != nil {
		t.Fatal(err)
	}
	checks := moderation.New(moderation.Options{Checker: approves{}, Store: refusing{store}, Logger: slog.New(slog.DiscardHandler)})
	s := gallery.New(store, gallery.Options{Checks: checks, Now: gallerytest.Clock()})
	pending := gallery.Shared{Token: given.Token, Verdict: moderation.Verdict{State: moderation.Pending}}
	if shared, err := s.ShareOf(t.Context(), owner, id); err != nil || shared != pending {
		t.Errorf("the share is %+v, %v", shared, err)
	}
	if _, _, err := s.Share(t.Context(), owner, id); !errors.Is(err, gallery.ErrUnavailable) {
		t.Errorf("shared again: %v", err)
	}
}

// leaves is a store whose client leaves while a share ends or a drawing is deleted.
type leaves struct {
	*gallerytest.Memory
	leave  func()
	answer error
}

func (l *leaves) Unshare(ctx context.Context, owner string, id drawing.ID) error {
	err := l.Memory.Unshare(ctx, owner, id)
	l.leave()
	return cmp.Or(err, l.answer)
}

func (l *leaves) Delete(ctx context.Context, owner string, id drawing.ID, p gallery.Precondition) error {
	err := l.Memory.Delete(ctx, owner, id, p)
	l.leave()
	return err
}

func (l *leaves) Task(ctx context.Context, t moderation.Thing) (moderation.Task, error) {
	if err := ctx.Err(); err != nil {
		return moderation.Task{}, err
	}
	return l.Memory.Task(ctx, t)
}

// A client that leaves while it ends a share does not take from a person what was
// reported. One that leaves while it deletes a drawing leaves no report of it.
func TestAReportIsAboutWhatOthersSawWhetherOrNotTheClientWaits(t *testing.T) {
	for name, answer := range map[string]error{
		"the share has ended, then the client leaves":              nil,
		"the store gives up, and the share has ended all the same": context.Canceled,
	} {
		t.Run(name, func(t *testing.T) {
			key, err := seal.New("secret")
			if err != nil {
				t.Fatal(err)
			}
			store := &leaves{Memory: gallerytest.NewMemory(), answer: answer}
			checks := moderation.New(moderation.Options{Store: store, Seal: key})
			s := gallery.New(store, gallery.Options{Checks: checks, Now: gallerytest.Clock()})
			d, _, err := s.Put(t.Context(), owner, id, a, gallery.IfAbsent())
			if err != nil {
				t.Fatal(err)
			}
			shared, _, err := s.Share(t.Context(), owner, id)
			if err == nil {
				err = s.Report(t.Context(), shared.Token, "visitor", moderation.Abuse, "")
			}
			if err != nil {
				t.Fatal(err)
			}

			ctx, leave := context.WithCancel(t.Context())
			store.leave = leave
			if err := s.Unshare(ctx, owner, id); !errors.Is(err, answer) {
				t.Errorf("the share ends with %v, want %v", err, answer)
			}
			waiting, _, err := checks.Waiting(t.Context(), moderation.Thing{}, 10)
			if err != nil || len(waiting) != 1 || waiting[0].Changed || waiting[0].Content.Version != d.ETag || waiting[0].Picture == nil {
				t.Errorf("there wait %+v, %v", waiting, err)
			}

			ctx, leave = context.WithCancel(t.Context())
			store.leave = leave
			if err := s.Delete(ctx, owner, id, gallery.IfPresent()); err != nil {
				t.Error(err)
			}
			if tasks, err := store.Tasks(t.Context(), moderation.Thing{}, 10); err != nil || len(tasks) > 0 {
				t.Errorf("there are %+v, %v", tasks, err)
			}
		})
	}
}
