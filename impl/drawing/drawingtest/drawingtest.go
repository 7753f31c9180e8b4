// Package drawingtest holds every [drawing.Store] to the same behaviour, and
// makes drawings for tests.
package drawingtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"onestroke/impl/drawing"
)

// Run holds the stores that open returns, each of them empty, to what
// [drawing.Store] says and [drawing.Service] makes of it.
func Run(t *testing.T, open func(*testing.T) drawing.Store) {
	for _, behaviour := range []struct {
		name string
		test func(*testing.T, drawing.Store)
	}{
		{"what was put comes back equal", comesBackEqual},
		{"an id is taken once", takenOnce},
		{"only the stored etag can be replaced", replacedByETag},
		{"owners do not see each other", ownersApart},
		{"a list is ordered, and pages cover it", listOrdered},
		{"pages hold while drawings come and go", pagesHold},
		{"each success of concurrent writers is one revision", oneRevisionEach},
		{"one of concurrent creators wins", oneCreatorWins},
		{"a creation sent many times at once is one drawing", creationRepeated},
		{"a replacement does not bring back what was deleted", notResurrected},
		{"a stale replacement does not touch what was made anew", staleReplacement},
		{"paints come back byte for byte, oldest first", paintsComeBack},
		{"a paint saved at once from many sides is one paint", onePaint},
	} {
		t.Run(behaviour.name, func(t *testing.T) { behaviour.test(t, open(t)) })
	}
}

const (
	alice = "alice-----------------"
	bob   = "bob-------------------"
)

// ID returns the n-th of the ids that tests use.
func ID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }

// Clock is a clock that moves on by a millisecond each time it is read.
func Clock() func() time.Time {
	ticks := make(chan time.Time, 1)
	ticks <- time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	return func() time.Time {
		now := <-ticks
		ticks <- now.Add(time.Millisecond)
		return now
	}
}

func service(s drawing.Store) *drawing.Service {
	service := drawing.New(s)
	service.Now = Clock()
	return service
}

func comesBackEqual(t *testing.T, store drawing.Store) {
	s := service(store)
	contents := []drawing.Content{
		Content("", 1, 1),
		Content(strings.Repeat("画", drawing.MaxTitle), 1, 2),
		Content("👩‍👩‍👧‍👦 \"quoted\" \x00 \u2028 $where {} <b> é e\u0301", 2, 30),
		Content("$set.a.b", 3, 40),
		Content("many strokes", drawing.MaxStrokes, drawing.MaxStrokes),
		Content("many points", 4, drawing.MaxPoints),
	}
	contents[1].Canvas.Background = ""
	contents[2].Strokes[0].P = make([]uint8, len(contents[2].Strokes[0].X))
	contents[2].Strokes[1].T = nil
	contents[2].Strokes[1].Tool = drawing.Eraser
	contents[2].Strokes[1].Color = "#abcDEF80"
	for i, c := range contents {
		put, created, err := s.Put(t.Context(), alice, ID(i), c, drawing.IfAbsent())
		if err != nil || !created {
			t.Fatalf("put %q: created %v, %v", c.Title, created, err)
		}
		got, err := s.Get(t.Context(), alice, ID(i))
		if err != nil {
			t.Fatalf("get %q: %v", c.Title, err)
		}
		equal(t, got, put)
		equal(t, drawing.Content{Title: got.Title, Canvas: got.Canvas, Strokes: got.Strokes}, c)
	}
	items, _, err := s.List(t.Context(), alice, drawing.MaxPage, "")
	if err != nil {
		t.Fatal(err)
	}
	for i, item := range items {
		got, err := s.Get(t.Context(), alice, ID(len(contents)-1-i))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, item, got.Summary)
	}
}

func takenOnce(t *testing.T, store drawing.Store) {
	first, second := record(1, "first"), record(1, "second")
	succeeds(t, store.Insert(t.Context(), alice, first))
	fails(t, store.Insert(t.Context(), alice, second), drawing.ErrChanged)
	got, err := store.Get(t.Context(), alice, ID(1))
	succeeds(t, err)
	equal(t, got, first)

	succeeds(t, store.Delete(t.Context(), alice, ID(1)))
	succeeds(t, store.Delete(t.Context(), alice, ID(1)))
	_, err = store.Get(t.Context(), alice, ID(1))
	fails(t, err, drawing.ErrNotFound)
	succeeds(t, store.Insert(t.Context(), alice, second))
}

func replacedByETag(t *testing.T, store drawing.Store) {
	first, second := record(1, "first"), record(1, "second")
	second.PreviousETag = first.ETag
	fails(t, store.Replace(t.Context(), alice, first.ETag, second), drawing.ErrChanged)
	succeeds(t, store.Insert(t.Context(), alice, first))
	for _, etag := range []string{"", "other", second.ETag} {
		fails(t, store.Replace(t.Context(), alice, etag, second), drawing.ErrChanged)
	}
	succeeds(t, store.Replace(t.Context(), alice, first.ETag, second))
	fails(t, store.Replace(t.Context(), alice, first.ETag, first), drawing.ErrChanged)
	got, err := store.Get(t.Context(), alice, ID(1))
	succeeds(t, err)
	equal(t, got, second)
}

func ownersApart(t *testing.T, store drawing.Store) {
	of := map[string]drawing.Record{alice: record(1, "alice's"), bob: record(1, "bob's")}
	succeeds(t, store.Insert(t.Context(), alice, of[alice]))
	_, err := store.Get(t.Context(), bob, ID(1))
	fails(t, err, drawing.ErrNotFound)
	fails(t, store.Replace(t.Context(), bob, of[alice].ETag, of[bob]), drawing.ErrChanged)
	succeeds(t, store.Delete(t.Context(), bob, ID(1)))
	succeeds(t, store.Insert(t.Context(), bob, of[bob]))

	now := time.UnixMilli(1).UTC()
	for owner := range of {
		succeeds(t, store.SavePaint(t.Context(), owner, drawing.Paint{ID: "same", Actions: owner}, now))
	}
	for owner, r := range of {
		got, err := store.Get(t.Context(), owner, ID(1))
		succeeds(t, err)
		equal(t, got, r)
		items, err := store.List(t.Context(), owner, drawing.Position{}, 10)
		succeeds(t, err)
		equal(t, items, []drawing.Summary{r.Summary})
		paints, err := store.Paints(t.Context(), owner)
		succeeds(t, err)
		equal(t, paints, []drawing.Paint{{ID: "same", Actions: owner}})
	}

	succeeds(t, store.DeletePaint(t.Context(), bob, "same"))
	paints, err := store.Paints(t.Context(), alice)
	succeeds(t, err)
	equal(t, len(paints), 1)
}

func listOrdered(t *testing.T, store drawing.Store) {
	var want []string
	for i := range 17 {
		r := record(i, "")
		r.CreatedAt = time.UnixMilli(int64(1_000 + i/5)).UTC() // five at a time are equally old
		succeeds(t, store.Insert(t.Context(), alice, r))
		want = append(want, r.ID)
	}
	slices.Reverse(want)

	s := service(store)
	for _, limit := range []int{1, 4, 16, 17, 100} {
		var got []string
		cursor := ""
		for {
			items, next, err := s.List(t.Context(), alice, limit, cursor)
			succeeds(t, err)
			for _, item := range items {
				got = append(got, item.ID)
			}
			if cursor = next; cursor == "" {
				break
			}
			equal(t, len(items), limit)
		}
		equal(t, got, want)
	}
	items, next, err := s.List(t.Context(), bob, 10, "")
	succeeds(t, err)
	equal(t, len(items), 0)
	equal(t, next, "")
}

func pagesHold(t *testing.T, store drawing.Store) {
	s := service(store)
	create := func(n int) {
		_, _, err := s.Put(t.Context(), alice, ID(n), Content("", 1, 1), drawing.IfAbsent())
		succeeds(t, err)
	}
	const kept = 15
	for n := range 2 * kept {
		create(n) // the odd ones are deleted while the pages are read
	}
	seen := map[string]int{}
	cursor := ""
	for page := 0; ; page++ {
		items, next, err := s.List(t.Context(), alice, 4, cursor)
		succeeds(t, err)
		for _, item := range items {
			seen[item.ID]++
		}
		if cursor = next; cursor == "" {
			break
		}
		create(1000 + page)
		last := items[len(items)-1].ID // the one the cursor stands on
		for n := range kept {
			if odd := ID(2*n + 1); odd == last || n%8 == page {
				succeeds(t, s.Delete(t.Context(), alice, odd))
			}
		}
	}
	for n := range kept {
		equal(t, seen[ID(2*n)], 1)
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s was seen %d times", id, times)
		}
	}
}

func record(n int, title string) drawing.Record {
	c := Content(title, 2, 9)
	at := time.UnixMilli(1_700_000_000_123).UTC()
	return drawing.Record{
		Summary: drawing.Summary{
			ID: ID(n), Title: title, Canvas: c.Canvas, StrokeCount: 2, PointCount: 9, DurationMs: 100,
			Bounds: drawing.Bounds{MinX: -5, MinY: -6, MaxX: 7, MaxY: 8}, Revision: 1, ETag: "etag of " + title, CreatedAt: at, UpdatedAt: at,
		},
		Packed: drawing.Pack(c.Strokes),
	}
}

func succeeds(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fails(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}
