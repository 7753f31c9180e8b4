package gallerytest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/paint2017"
	"onestroke/impl/gallery"
)

const writers = 50

func oneRevisionEach(t *testing.T, store gallery.Store) {
	s := service(store)
	_, _, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content("first", 1, 5), gallery.IfAbsent())
	succeeds(t, err)

	written := make(chan gallery.Summary, writers)
	together(writers, func(n int) {
		for range 3 {
			current, err := s.Get(t.Context(), alice, drawingtest.ID(1))
			if err != nil {
				t.Error(err)
				return
			}
			d, created, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content(fmt.Sprint("writer ", n), 1, 5), gallery.IfMatch(current.ETag))
			switch {
			case err == nil && !created && d.Revision == current.Revision+1:
				written <- d.Summary
				return
			case !errors.Is(err, gallery.ErrChanged):
				t.Errorf("revision %d after %d, created %v, %v", d.Revision, current.Revision, created, err)
				return
			}
		}
	})
	close(written)

	byRevision := map[int]gallery.Summary{}
	successes := 0
	for d := range written {
		byRevision[d.Revision] = d
		successes++
	}
	last, err := s.Get(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, last.Revision, 1+successes)
	equal(t, len(byRevision), successes)
	equal(t, last.Summary, byRevision[last.Revision])
	if successes == 0 {
		t.Error("no writer succeeded")
	}
}

func oneCreatorWins(t *testing.T, store gallery.Store) {
	s := service(store)
	won := make(chan gallery.Summary, writers)
	together(writers, func(n int) {
		d, _, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content(fmt.Sprint("creator ", n), 1, 5), gallery.IfAbsent())
		if err == nil {
			won <- d.Summary
		} else if !errors.Is(err, gallery.ErrChanged) {
			t.Error(err)
		}
	})
	close(won)
	equal(t, len(won), 1)
	got, err := s.Get(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, got.Summary, <-won)
}

func creationRepeated(t *testing.T, store gallery.Store) {
	s := service(store)
	var answers [writers]gallery.Drawing
	together(writers, func(n int) {
		var err error
		var created bool
		answers[n], created, err = s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content("sent again", 1, 5), gallery.IfAbsent())
		if err != nil || !created {
			t.Errorf("created %v, %v", created, err)
		}
	})
	for _, answer := range answers {
		equal(t, answer, answers[0])
	}
}

func notResurrected(t *testing.T, store gallery.Store) {
	s := service(store)
	for round := range 20 {
		id := drawingtest.ID(round)
		_, _, err := s.Put(t.Context(), alice, id, drawingtest.Content("doomed", 1, 5), gallery.IfAbsent())
		succeeds(t, err)
		together(4, func(n int) {
			if n == 0 {
				if err := s.Delete(t.Context(), alice, id, gallery.IfPresent()); err != nil {
					t.Error(err)
				}
				return
			}
			_, _, err := s.Put(t.Context(), alice, id, drawingtest.Content(fmt.Sprint("late ", n), 1, 5), gallery.IfPresent())
			if err != nil && !errors.Is(err, gallery.ErrChanged) {
				t.Error(err)
			}
		})
		_, err = s.Get(t.Context(), alice, id)
		fails(t, err, gallery.ErrNotFound)
	}
}

func staleReplacement(t *testing.T, store gallery.Store) {
	for round := range 20 {
		before, stale, anew := record(round, "before"), record(round, "stale"), record(round, "anew")
		succeeds(t, store.Insert(t.Context(), alice, before))
		together(2, func(n int) {
			if n == 0 {
				if err := store.Replace(t.Context(), alice, before.ETag, stale); err != nil && !errors.Is(err, gallery.ErrChanged) {
					t.Error(err)
				}
				return
			}
			if err := errors.Join(store.Delete(t.Context(), alice, before.ID, gallery.IfPresent()), store.Insert(t.Context(), alice, anew)); err != nil {
				t.Error(err)
			}
		})
		got, err := store.Get(t.Context(), alice, before.ID)
		succeeds(t, err)
		equal(t, got, anew)
	}
}

func replacedOrDeleted(t *testing.T, store gallery.Store) {
	for round := range 20 {
		before, after := record(round, "before"), record(round, "after")
		succeeds(t, store.Insert(t.Context(), alice, before))
		var replaced, deleted error
		together(2, func(n int) {
			if n == 0 {
				replaced = store.Replace(t.Context(), alice, before.ETag, after)
			} else {
				deleted = store.Delete(t.Context(), alice, before.ID, gallery.IfMatch(before.ETag))
			}
		})
		got, err := store.Get(t.Context(), alice, before.ID)
		if replaced == nil {
			fails(t, deleted, gallery.ErrChanged)
			succeeds(t, err)
			equal(t, got, after)
			continue
		}
		fails(t, replaced, gallery.ErrChanged)
		succeeds(t, deleted)
		fails(t, err, gallery.ErrNotFound)
	}
}

func onePaint(t *testing.T, store gallery.Store) {
	s := service(store)
	paint := paint2017.Paint{ID: "one", Actions: "the same"}
	together(writers, func(n int) { expect(t, s.SavePaint(t.Context(), alice, paint), nil) })
	equal(t, slices.Collect(each(t, s.Paints(t.Context(), alice))), []paint2017.Paint{paint})
	d, err := s.Get(t.Context(), alice, paint2017.DrawingID("one"))
	succeeds(t, err)
	equal(t, d.Revision, 1)
}

func paintsInTurn(t *testing.T, store gallery.Store) {
	const savers = 12 // each is tried until it comes through
	s := service(store)
	together(savers, func(n int) {
		expect(t, s.SavePaint(t.Context(), alice, paint2017.Paint{ID: "one", Actions: fmt.Sprint("writer ", n)}), nil)
	})
	d, err := s.Get(t.Context(), alice, paint2017.DrawingID("one"))
	succeeds(t, err)
	equal(t, d.Revision, savers)
}

// together runs n calls at once and waits for them.
func together(n int, call func(n int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			call(i)
		})
	}
	close(start)
	all.Wait()
}

func equal[V any](t *testing.T, got, want V) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %.500s, want %.500s", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
	}
}
