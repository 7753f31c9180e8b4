// Package gallerytest checks that every [gallery.Store] behaves alike.
package gallerytest

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/packing"
	"onestroke/impl/gallery"
)

// Run holds the stores that open returns, each of them empty, to what
// [gallery.Store] says and [gallery.Service] makes of it.
func Run(t *testing.T, open func(*testing.T) gallery.Store) {
	for _, behaviour := range []struct {
		name string
		test func(*testing.T, gallery.Store)
	}{
		{"what was put comes back equal", comesBackEqual},
		{"every field of a record comes back, and is replaced", everyFieldComesBack},
		{"an id is taken once", takenOnce},
		{"only the stored etag can be replaced", replacedByETag},
		{"only an allowed etag can be deleted", deletedByETag},
		{"owners do not see each other", ownersApart},
		{"a list is ordered, and pages cover it", listOrdered},
		{"pages hold while drawings come and go", pagesHold},
		{"each success of concurrent writers is one revision", oneRevisionEach},
		{"one of concurrent creators wins", oneCreatorWins},
		{"a creation sent many times at once is one drawing", creationRepeated},
		{"a replacement does not bring back what was deleted", notResurrected},
		{"a stale replacement does not touch what was made anew", staleReplacement},
		{"of a replacement and a deletion of the same etag, one succeeds", replacedOrDeleted},
		{"paints come back byte for byte, oldest first", paintsComeBack},
		{"a drawing of either kind is in both galleries", oneGallery},
		{"a paint saved by many at once is one drawing", onePaint},
		{"every one of different paints saved at once is a revision", paintsInTurn},
		{"a share outlasts changes, and leads nowhere once revoked", shareOutlasts},
		{"a token leads to its drawing or nowhere, whatever goes on", shareRaces},
		{"many who share at once get one token", oneToken},
		{"a code goes with its share", codeGoesWithShare},
		{"pages cover the shared drawings of an owner", sharedInPages},
		{"a code is made once, however many ask for it at the same time", oneCode},
		{"a check is stored for its revision only, and outlasts no change", checkOfOneRevision},
		{"the quota holds creations back, and nothing else", quotaHolds},
		{"a tally is replaced only as it was read", tallyCompared},
		{"two processes that recount at once stay within the quota", quotaOfTwo},
		{"the quota is overshot by no more than come at once", quotaAtOnce},
		{"processes overshoot the quota by a hundredth each", quotaOfMany},
		{"an export is complete", exportComplete},
		{"an account is deleted whole, and alone", accountDeleted},
		{"a random course of requests goes as the model says", modelHolds},
	} {
		t.Run(behaviour.name, func(t *testing.T) { behaviour.test(t, open(t)) })
	}
}

const (
	alice = "alice-----------------"
	bob   = "bob-------------------"
)

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

func service(s gallery.Store) *gallery.Service {
	return gallery.New(s, gallery.Options{Now: Clock()})
}

func comesBackEqual(t *testing.T, store gallery.Store) {
	s := service(store)
	contents := []drawing.Content{
		drawingtest.Content("", 1, 1),
		drawingtest.Content(strings.Repeat("画", drawing.MaxTitle), 1, 2),
		drawingtest.Content("👩‍👩‍👧‍👦 \"quoted\" \x00 \u2028 $where {} <b> é e\u0301", 2, 30),
		drawingtest.Content("$set.a.b", 3, 40),
		drawingtest.Content("many strokes", drawing.MaxStrokes, drawing.MaxStrokes),
		drawingtest.Content("many points", 4, drawing.MaxPoints),
	}
	contents[1].Canvas.Background = ""
	contents[2].Strokes[0].P = make([]uint8, len(contents[2].Strokes[0].X))
	contents[2].Strokes[1].T = nil
	contents[2].Strokes[1].Tool = drawing.Eraser
	contents[2].Strokes[1].Color = "#abcDEF80"
	for i, c := range contents {
		put, created, err := s.Put(t.Context(), alice, drawingtest.ID(i), c, gallery.IfAbsent())
		if err != nil || !created {
			t.Fatalf("put %q: created %v, %v", c.Title, created, err)
		}
		got, err := s.Get(t.Context(), alice, drawingtest.ID(i))
		if err != nil {
			t.Fatalf("get %q: %v", c.Title, err)
		}
		equal(t, got, put)
		equal(t, drawing.Content{Properties: drawing.Properties{Title: got.Title, Canvas: got.Canvas}, Strokes: got.Strokes}, c)
	}
	items, _, err := s.List(t.Context(), alice, gallery.MaxPage, "", true)
	if err != nil {
		t.Fatal(err)
	}
	for i, item := range items {
		got, err := s.Get(t.Context(), alice, drawingtest.ID(len(contents)-1-i))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, item, got.Summary)
	}
}

// everyFieldComesBack fills every field, so that a store that does not know a new
// field fails here.
func everyFieldComesBack(t *testing.T, store gallery.Store) {
	var full, changed gallery.Record
	Fill(reflect.ValueOf(&full).Elem(), 1)
	Fill(reflect.ValueOf(&changed).Elem(), 2)
	changed.ID, changed.CreatedAt = full.ID, full.CreatedAt
	comesBack := func(want gallery.Record) {
		t.Helper()
		got, err := store.Get(t.Context(), alice, full.ID)
		succeeds(t, err)
		equal(t, got, want)
		equal(t, slices.Collect(each(t, store.All(t.Context(), alice))), []gallery.Record{want})
		for _, thumbnails := range []bool{true, false} {
			items, err := store.List(t.Context(), alice, gallery.Position{}, 10, thumbnails)
			succeeds(t, err)
			summary := want.Summary
			if !thumbnails {
				summary.Thumbnail = ""
			}
			equal(t, items, []gallery.Summary{summary})
		}
	}
	succeeds(t, store.Insert(t.Context(), alice, full))
	comesBack(full)
	succeeds(t, store.Replace(t.Context(), alice, full.ETag, changed))
	changed.Share, changed.Check = full.Share, full.Check
	comesBack(changed)
}

// Fill gives every field a value that is not zero and follows from n.
func Fill(v reflect.Value, n int) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.UnixMilli(1_700_000_000_000 + int64(n)).UTC()))
		return
	case drawing.ID:
		v.Set(reflect.ValueOf(drawingtest.ID(n)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			Fill(v.Field(i), n*100+i)
		}
	case reflect.String:
		v.SetString(fmt.Sprint("text ", n))
	case reflect.Int:
		v.SetInt(int64(n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice: // of bytes
		v.SetBytes(fmt.Append(nil, "bytes \xff ", n))
	default:
		panic(fmt.Sprintf("gallerytest: no value is known for a %v", v.Type()))
	}
}

func takenOnce(t *testing.T, store gallery.Store) {
	first, second := record(1, "first"), record(1, "second")
	succeeds(t, store.Insert(t.Context(), alice, first))
	fails(t, store.Insert(t.Context(), alice, second), gallery.ErrChanged)
	got, err := store.Get(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, got, first)

	succeeds(t, store.Delete(t.Context(), alice, drawingtest.ID(1), gallery.IfPresent()))
	succeeds(t, store.Delete(t.Context(), alice, drawingtest.ID(1), gallery.IfPresent()))
	_, err = store.Get(t.Context(), alice, drawingtest.ID(1))
	fails(t, err, gallery.ErrNotFound)
	succeeds(t, store.Insert(t.Context(), alice, second))
}

func replacedByETag(t *testing.T, store gallery.Store) {
	first, second := record(1, "first"), record(1, "second")
	second.PreviousETag = first.ETag
	fails(t, store.Replace(t.Context(), alice, first.ETag, second), gallery.ErrChanged)
	succeeds(t, store.Insert(t.Context(), alice, first))
	for _, etag := range []string{"", "other", second.ETag} {
		fails(t, store.Replace(t.Context(), alice, etag, second), gallery.ErrChanged)
	}
	succeeds(t, store.Replace(t.Context(), alice, first.ETag, second))
	fails(t, store.Replace(t.Context(), alice, first.ETag, first), gallery.ErrChanged)
	succeeds(t, store.Replace(t.Context(), alice, second.ETag, second))
	fails(t, store.Replace(t.Context(), bob, second.ETag, second), gallery.ErrChanged)
	got, err := store.Get(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, got, second)
}

func deletedByETag(t *testing.T, store gallery.Store) {
	first, second := record(1, "first"), record(1, "second")
	exactly := gallery.IfMatch("other", first.ETag)
	succeeds(t, store.Delete(t.Context(), alice, drawingtest.ID(1), exactly))
	succeeds(t, store.Insert(t.Context(), alice, second))
	for _, p := range []gallery.Precondition{{}, gallery.IfMatch(), gallery.IfMatch(""), exactly, gallery.IfAbsent()} {
		fails(t, store.Delete(t.Context(), alice, drawingtest.ID(1), p), gallery.ErrChanged)
	}
	got, err := store.Get(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, got, second)

	succeeds(t, store.Replace(t.Context(), alice, second.ETag, first))
	_, err = store.Share(t.Context(), alice, drawingtest.ID(1), gallery.Share{Token: "token"})
	succeeds(t, err)
	for range 2 {
		succeeds(t, store.Delete(t.Context(), alice, drawingtest.ID(1), exactly))
		_, err = store.Get(t.Context(), alice, drawingtest.ID(1))
		fails(t, err, gallery.ErrNotFound)
		_, _, err = store.FindShare(t.Context(), "token")
		fails(t, err, gallery.ErrNotFound)
	}
}

func ownersApart(t *testing.T, store gallery.Store) {
	of := map[string]gallery.Record{alice: record(1, "alice's"), bob: record(1, "bob's")}
	succeeds(t, store.Insert(t.Context(), alice, of[alice]))
	_, err := store.Get(t.Context(), bob, drawingtest.ID(1))
	fails(t, err, gallery.ErrNotFound)
	fails(t, store.Replace(t.Context(), bob, of[alice].ETag, of[bob]), gallery.ErrChanged)
	succeeds(t, store.Delete(t.Context(), bob, drawingtest.ID(1), gallery.IfPresent()))
	succeeds(t, store.Insert(t.Context(), bob, of[bob]))

	for owner, r := range of {
		got, err := store.Get(t.Context(), owner, drawingtest.ID(1))
		succeeds(t, err)
		equal(t, got, r)
		items, err := store.List(t.Context(), owner, gallery.Position{}, 10, true)
		succeeds(t, err)
		equal(t, items, []gallery.Summary{r.Summary})
		equal(t, slices.Collect(each(t, store.All(t.Context(), owner))), []gallery.Record{r})
	}

	_, err = store.Share(t.Context(), bob, drawingtest.ID(1), gallery.Share{Token: "bob's"})
	succeeds(t, err)
	succeeds(t, store.Unshare(t.Context(), alice, drawingtest.ID(1)))
	owner, id, err := store.FindShare(t.Context(), "bob's")
	succeeds(t, err)
	equal(t, fmt.Sprint(owner, id), fmt.Sprint(bob, drawingtest.ID(1)))
	succeeds(t, store.DeleteAll(t.Context(), bob))
	got, err := store.Get(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, got, of[alice])
}

func listOrdered(t *testing.T, store gallery.Store) {
	var want []drawing.ID
	for i := range 17 {
		r := record(i, "")
		r.CreatedAt = time.UnixMilli(int64(1_000 + i/5)).UTC() // five at a time are equally old
		succeeds(t, store.Insert(t.Context(), alice, r))
		want = append(want, r.ID)
	}
	slices.Reverse(want)

	s := service(store)
	for _, limit := range []int{1, 4, 16, 17, 100} {
		var got []drawing.ID
		cursor := ""
		for {
			items, next, err := s.List(t.Context(), alice, limit, cursor, false)
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
	items, next, err := s.List(t.Context(), bob, 10, "", false)
	succeeds(t, err)
	equal(t, len(items), 0)
	equal(t, next, "")
}

func pagesHold(t *testing.T, store gallery.Store) {
	s := service(store)
	create := func(n int) {
		_, _, err := s.Put(t.Context(), alice, drawingtest.ID(n), drawingtest.Content("", 1, 1), gallery.IfAbsent())
		succeeds(t, err)
	}
	const stored = 15
	for n := range 2 * stored {
		create(n) // the odd ones are deleted while the pages are read
	}
	seen := map[drawing.ID]int{}
	cursor := ""
	for page := 0; ; page++ {
		items, next, err := s.List(t.Context(), alice, 4, cursor, false)
		succeeds(t, err)
		for _, item := range items {
			seen[item.ID]++
		}
		if cursor = next; cursor == "" {
			break
		}
		create(1000 + page)
		last := items[len(items)-1].ID // the one the cursor stands on
		for n := range stored {
			if odd := drawingtest.ID(2*n + 1); odd == last || n%8 == page {
				succeeds(t, s.Delete(t.Context(), alice, odd, gallery.IfPresent()))
			}
		}
	}
	for n := range stored {
		equal(t, seen[drawingtest.ID(2*n)], 1)
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s was seen %d times", id, times)
		}
	}
}

func record(n int, title string) gallery.Record {
	c := drawingtest.Content(title, 2, 9)
	at := time.UnixMilli(1_700_000_000_123).UTC()
	return gallery.Record{
		Summary: gallery.Summary{
			ID: drawingtest.ID(n), Properties: c.Properties, Measures: c.Measure(), Revision: 1, ETag: "etag of " + title, CreatedAt: at, UpdatedAt: at,
			Thumbnail: "<svg/>",
		},
		Packed: packing.Pack(c.Strokes), PaintID: "jc0a1b2c3d4e5f", Actions: []byte("any \xff byte"),
	}
}

// each yields the values of a sequence that has no error in it.
func each[V any](t *testing.T, all iter.Seq2[V, error]) iter.Seq[V] {
	return func(yield func(V) bool) {
		for v, err := range all {
			if err != nil {
				t.Error(err)
				return
			}
			if !yield(v) {
				return
			}
		}
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

// share shares a drawing of which nothing is checked.
func share(t *testing.T, s *gallery.Service, owner string, id drawing.ID) (token string, created bool, err error) {
	t.Helper()
	shared, created, err := s.Share(t.Context(), owner, id)
	return shared.Token, created, err
}
