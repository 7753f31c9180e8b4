package gallery_test

import (
	"context"
	"log/slog"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
	"onestroke/impl/moderation"
)

// late is a store in which something else happens before the next check is stored.
type late struct {
	*gallerytest.Memory
	before func()
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
