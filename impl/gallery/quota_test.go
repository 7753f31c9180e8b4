package gallery_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
)

// asked is a store that knows how often it was asked about a quota.
type asked struct {
	gallery.Store
	admitted, counted int
}

func (a *asked) Admit(ctx context.Context, owner string, n, limit int) (bool, error) {
	a.admitted++
	return a.Store.Admit(ctx, owner, n, limit)
}

func (a *asked) Count(ctx context.Context, owner string, limit int) (int, error) {
	a.counted++
	return a.Store.Count(ctx, owner, limit)
}

func TestTheStoreIsAskedOnceForAHundredthOfTheQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &asked{Store: gallerytest.NewMemory()}
		s := gallery.New(store, gallery.Options{Quota: 1_000})
		next := 0
		// create creates n drawings, for which the store is asked so often.
		create := func(n, admitted, counted int) {
			t.Helper()
			store.admitted, store.counted = 0, 0
			for range n {
				next++
				if _, _, err := s.Put(t.Context(), owner, drawingtest.ID(next), a, gallery.IfAbsent()); err != nil {
					t.Fatal(err)
				}
			}
			if store.admitted != admitted || store.counted != counted {
				t.Errorf("%d drawings: %d admissions, %d counts, want %d and %d", n, store.admitted, store.counted, admitted, counted)
			}
		}
		create(10, 1, 1) // no tally yet
		create(1, 1, 0)
		create(9, 0, 0)
		create(1, 1, 0)
		time.Sleep(time.Minute) // the other nine are lost until the next recount
		create(20, 2, 0)
		if err := s.DeleteAll(t.Context(), owner); err != nil {
			t.Fatal(err)
		}
		create(10, 1, 1)
		create(980, 98, 0)
		create(10, 1, 0)
		store.admitted, store.counted = 0, 0
		for range 2 {
			_, _, err := s.Put(t.Context(), owner, drawingtest.ID(0), a, gallery.IfAbsent())
			if !errors.Is(err, gallery.ErrQuota) {
				t.Errorf("one more than the quota: %v", err)
			}
		}
		if store.admitted != 2 || store.counted != 2 {
			t.Errorf("two too many: %d admissions, %d counts", store.admitted, store.counted)
		}
	})
}
