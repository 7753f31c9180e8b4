package gallerytest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/paint2017"
	"onestroke/impl/gallery"
)

func quotaHolds(t *testing.T, store gallery.Store) {
	const quota = 5
	s := gallery.New(store, gallery.Options{Quota: quota})
	put := func(owner string, n int, condition gallery.Precondition) error {
		_, _, err := s.Put(t.Context(), owner, drawingtest.ID(n), drawingtest.Content("", 1, 3), condition)
		return err
	}
	save := func(id, actions string) error {
		return s.SavePaint(t.Context(), alice, paint2017.Paint{ID: id, Actions: actions})
	}
	for n := range quota - 1 {
		succeeds(t, put(alice, n, gallery.IfAbsent()))
	}
	succeeds(t, save("last", "[]"))
	for range 2 {
		fails(t, put(alice, quota, gallery.IfAbsent()), gallery.ErrQuota)
		fails(t, save("one too many", "[]"), gallery.ErrQuota)
	}
	succeeds(t, put(bob, 1, gallery.IfAbsent()))

	succeeds(t, put(alice, 1, gallery.IfAbsent())) // sent again
	succeeds(t, put(alice, 1, gallery.IfPresent()))
	succeeds(t, save("last", "[1]"))
	for n := range 3 * quota { // room, and none, over and over
		succeeds(t, s.Delete(t.Context(), alice, drawingtest.ID(n), gallery.IfPresent()))
		succeeds(t, put(alice, n+quota-1, gallery.IfAbsent()))
		fails(t, put(alice, 1_000, gallery.IfAbsent()), gallery.ErrQuota)
	}

	succeeds(t, gallery.New(store, gallery.Options{}).SavePaint(t.Context(), alice, paint2017.Paint{ID: "without a quota"}))
	succeeds(t, s.DeleteAll(t.Context(), alice))
	succeeds(t, put(alice, 1, gallery.IfAbsent()))
}

func quotaAtOnce(t *testing.T, store gallery.Store) {
	const quota = 20
	s := gallery.New(store, gallery.Options{Quota: quota})
	for round := range 3 {
		together(writers, func(n int) {
			_, _, err := s.Put(t.Context(), alice, drawingtest.ID(writers*round+n), drawingtest.Content("", 1, 1), gallery.IfAbsent())
			if err != nil && !errors.Is(err, gallery.ErrQuota) {
				t.Error(err)
			}
		})
		// A recount may have missed those that were not written yet: there is room for
		// as many.
		var err error
		for n := 0; err == nil && n <= writers; n++ {
			_, _, err = s.Put(t.Context(), alice, drawingtest.ID(10_000+writers*round+n), drawingtest.Content("", 1, 1), gallery.IfAbsent())
		}
		fails(t, err, gallery.ErrQuota)
		stored := slices.Collect(each(t, s.Export(t.Context(), alice)))
		if len(stored) < quota || len(stored) > quota+writers {
			t.Errorf("%d drawings, the quota is %d", len(stored), quota)
		}
		for _, d := range stored[quota/2:] {
			succeeds(t, s.Delete(t.Context(), alice, d.ID, gallery.IfPresent()))
		}
	}
}

func tallyCompared(t *testing.T, store gallery.Store) {
	admitted := func(n, limit int, want bool) {
		t.Helper()
		got, err := store.Admit(t.Context(), alice, n, limit)
		succeeds(t, err)
		equal(t, got, want)
	}
	recounted := func(from gallery.Tally, to int, want bool) {
		t.Helper()
		got, err := store.Recount(t.Context(), alice, from, to)
		succeeds(t, err)
		equal(t, got, want)
	}
	tallied := func(owner string, want gallery.Tally) {
		t.Helper()
		got, err := store.Tally(t.Context(), owner)
		succeeds(t, err)
		equal(t, got, want)
	}
	admitted(1, 10, false) // never counted
	tallied(alice, gallery.Tally{})
	recounted(gallery.Tally{Admitted: 1, Recounts: 1}, 5, false)
	recounted(gallery.Tally{}, 2, true)
	recounted(gallery.Tally{}, 5, false)
	admitted(1, 2, false)
	admitted(1, 3, true)
	admitted(1, 3, false)
	admitted(4, 6, false)
	admitted(3, 6, true)
	tallied(alice, gallery.Tally{Admitted: 6, Recounts: 1})
	recounted(gallery.Tally{Admitted: 5, Recounts: 1}, 0, false)
	recounted(gallery.Tally{Admitted: 6, Recounts: 2}, 0, false)
	recounted(gallery.Tally{Admitted: 6, Recounts: 1}, 6, true)
	recounted(gallery.Tally{Admitted: 6, Recounts: 1}, 0, false) // the same number again, and another tally
	tallied(alice, gallery.Tally{Admitted: 6, Recounts: 2})
	tallied(bob, gallery.Tally{})
	succeeds(t, store.DeleteAll(t.Context(), alice))
	tallied(alice, gallery.Tally{})
}

// quotaOfMany is processes that take turns at one store. Each can have a hundredth
// of the quota left when another one counts. One process alone is exact.
func quotaOfMany(t *testing.T, store gallery.Store) {
	const quota, hundredth = 200, 2
	for _, processes := range []int{1, 3} {
		services := make([]*gallery.Service, processes)
		for i := range services {
			services[i] = gallery.New(store, gallery.Options{Quota: quota})
		}
		created, refused := 0, 0
		for n := 0; refused < processes; n++ {
			_, _, err := services[n%processes].Put(t.Context(), alice, drawingtest.ID(n), drawingtest.Content("", 1, 1), gallery.IfAbsent())
			if err == nil {
				created, refused = created+1, 0
				continue
			}
			fails(t, err, gallery.ErrQuota)
			refused++
		}
		if most := quota + (processes-1)*hundredth; created < quota || created > most {
			t.Errorf("%d processes created %d drawings, want %d to %d", processes, created, quota, most)
		}
		succeeds(t, services[0].DeleteAll(t.Context(), alice))
	}
}

// quotaOfTwo is two processes at one store: while the first counts, the second
// recounts and fills the quota.
func quotaOfTwo(t *testing.T, store gallery.Store) {
	const quota = 20
	second := gallery.New(store, gallery.Options{Quota: quota})
	next := 0
	create := func(s *gallery.Service) error {
		next++
		_, _, err := s.Put(t.Context(), alice, drawingtest.ID(next), drawingtest.Content("", 1, 1), gallery.IfAbsent())
		return err
	}
	fill := func() {
		for {
			if err := create(second); err != nil {
				fails(t, err, gallery.ErrQuota)
				return
			}
		}
	}
	fill()
	for n := range next { // the tally is full, the gallery empty
		succeeds(t, second.Delete(t.Context(), alice, drawingtest.ID(n+1), gallery.IfPresent()))
	}
	first := gallery.New(&countingSlowly{store, fill}, gallery.Options{Quota: quota})
	fails(t, create(first), gallery.ErrQuota)
	n, err := store.Count(t.Context(), alice, 2*quota)
	succeeds(t, err)
	equal(t, n, quota)
}

// countingSlowly is a store at which something happens after the first count.
type countingSlowly struct {
	gallery.Store
	meanwhile func()
}

func (s *countingSlowly) Count(ctx context.Context, owner string, limit int) (int, error) {
	n, err := s.Store.Count(ctx, owner, limit)
	if s.meanwhile != nil {
		s.meanwhile()
		s.meanwhile = nil
	}
	return n, err
}
