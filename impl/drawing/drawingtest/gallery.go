package drawingtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"onestroke/impl/drawing"
)

func paintsComeBack(t *testing.T, store drawing.Store) {
	s := service(store)
	paints := []drawing.Paint{
		{ID: "jc0a1b2c3d4e5f", Actions: `[{"method":"save"},{"method":"setLineWidth","data":[5]}]`},
		{ID: "$ne", Actions: ""},
		{ID: "a/b\x00\"'{}", Actions: "\x00\"'\\ \u2028\u2029 😀 \r\n\t {\"$gt\":\"\"} </script>"},
		{ID: "中文", Actions: "not UTF-8: \xff\xfe\x80"},
		{ID: strings.Repeat("画", drawing.MaxPaintID), Actions: strings.Repeat("[10,20],\n", 500<<10/9)},
		{ID: ID(7), Actions: "[]"},
	}
	list := func() []drawing.Paint { return slices.Collect(each(t, s.Paints(t.Context(), alice))) }
	equal(t, len(list()), 0)
	for _, p := range paints {
		succeeds(t, s.SavePaint(t.Context(), alice, p))
	}
	equal(t, list(), paints)

	before, err := s.Get(t.Context(), alice, drawing.PaintDrawingID(paints[1].ID))
	succeeds(t, err)
	succeeds(t, s.SavePaint(t.Context(), alice, paints[1]))
	after, err := s.Get(t.Context(), alice, before.ID)
	succeeds(t, err)
	equal(t, after, before)

	paints[1].Actions = "changed, and still second"
	succeeds(t, s.SavePaint(t.Context(), alice, paints[1]))
	equal(t, list(), paints)
	after, err = s.Get(t.Context(), alice, before.ID)
	succeeds(t, err)
	equal(t, after.Revision, 2)

	succeeds(t, s.DeletePaint(t.Context(), alice, paints[0].ID))
	succeeds(t, s.DeletePaint(t.Context(), alice, paints[0].ID))
	equal(t, list(), paints[1:])
	for p := range s.Paints(t.Context(), alice) { // who has seen enough may go
		equal(t, p, paints[1])
		break
	}
}

func oneGallery(t *testing.T, store drawing.Store) {
	const actions = `[{"method":"setStrokeStyle","data":["normal",[102,102,102,128]]},{"method":"setLineWidth","data":[5]},` +
		`{"method":"strokePath","data":[{"method":"moveTo","data":[10,20]},{"method":"lineTo","data":[11.5,22]}]}]`
	s := service(store)
	succeeds(t, s.SavePaint(t.Context(), alice, drawing.Paint{ID: "jc0a1b2c3d4e5f", Actions: actions}))
	_, _, err := s.Put(t.Context(), alice, ID(1), Content("titled", 2, 9), drawing.IfAbsent())
	succeeds(t, err)

	old, err := s.Get(t.Context(), alice, drawing.PaintDrawingID("jc0a1b2c3d4e5f"))
	succeeds(t, err)
	equal(t, old.Strokes, []drawing.Stroke{{Tool: drawing.Pen, Color: "#66666680", Width: 50, X: []int32{100, 115}, Y: []int32{200, 220}}})
	items, _, err := s.List(t.Context(), alice, 10, "", true)
	succeeds(t, err)
	equal(t, len(items), 2)
	equal(t, items[1], old.Summary)

	paints := slices.Collect(each(t, s.Paints(t.Context(), alice)))
	equal(t, paints[0], drawing.Paint{ID: "jc0a1b2c3d4e5f", Actions: actions})
	equal(t, paints[1].ID, ID(1))
	titled, err := s.Get(t.Context(), alice, ID(1))
	succeeds(t, err)
	shown := drawing.FromActions(paints[1].Actions)
	equal(t, shown.Strokes, titled.Strokes)

	succeeds(t, s.SavePaint(t.Context(), alice, paints[1])) // as it is shown: no change
	again, err := s.Get(t.Context(), alice, ID(1))
	succeeds(t, err)
	equal(t, again, titled)
	succeeds(t, s.SavePaint(t.Context(), alice, drawing.Paint{ID: ID(1), Actions: actions}))
	again, err = s.Get(t.Context(), alice, ID(1))
	succeeds(t, err)
	equal(t, again.Strokes, old.Strokes)
	equal(t, fmt.Sprint(again.Title, again.Revision), "titled2")

	// Changed through Put, it is shown as it is now, under the id it had.
	same := drawing.Content{Canvas: old.Canvas, Strokes: old.Strokes}
	_, _, err = s.Put(t.Context(), alice, old.ID, same, drawing.IfPresent())
	succeeds(t, err)
	equal(t, slices.Collect(each(t, s.Paints(t.Context(), alice)))[0], paints[0])
	same.Title = "no longer as it was"
	_, _, err = s.Put(t.Context(), alice, old.ID, same, drawing.IfMatch(old.ETag))
	succeeds(t, err)
	equal(t, slices.Collect(each(t, s.Paints(t.Context(), alice)))[0],
		drawing.Paint{ID: "jc0a1b2c3d4e5f", Actions: drawing.ToActions(same)})

	succeeds(t, s.DeletePaint(t.Context(), alice, old.ID)) // by either id
	succeeds(t, s.Delete(t.Context(), alice, ID(1), drawing.IfPresent()))
	equal(t, len(slices.Collect(each(t, s.Paints(t.Context(), alice)))), 0)
}

func quotaHolds(t *testing.T, store drawing.Store) {
	const quota = 5
	s := drawing.New(store, drawing.Options{Quota: quota})
	put := func(owner string, n int, condition drawing.Precondition) error {
		_, _, err := s.Put(t.Context(), owner, ID(n), Content("", 1, 3), condition)
		return err
	}
	save := func(id, actions string) error {
		return s.SavePaint(t.Context(), alice, drawing.Paint{ID: id, Actions: actions})
	}
	for n := range quota - 1 {
		succeeds(t, put(alice, n, drawing.IfAbsent()))
	}
	succeeds(t, save("last", "[]"))
	for range 2 {
		fails(t, put(alice, quota, drawing.IfAbsent()), drawing.ErrQuota)
		fails(t, save("one too many", "[]"), drawing.ErrQuota)
	}
	succeeds(t, put(bob, 1, drawing.IfAbsent()))

	succeeds(t, put(alice, 1, drawing.IfAbsent())) // sent again
	succeeds(t, put(alice, 1, drawing.IfPresent()))
	succeeds(t, save("last", "[1]"))
	for n := range 3 * quota { // room, and none, over and over
		succeeds(t, s.Delete(t.Context(), alice, ID(n), drawing.IfPresent()))
		succeeds(t, put(alice, n+quota-1, drawing.IfAbsent()))
		fails(t, put(alice, 1_000, drawing.IfAbsent()), drawing.ErrQuota)
	}

	succeeds(t, drawing.New(store, drawing.Options{}).SavePaint(t.Context(), alice, drawing.Paint{ID: "without a quota"}))
	succeeds(t, s.DeleteAll(t.Context(), alice))
	succeeds(t, put(alice, 1, drawing.IfAbsent()))
}

func quotaAtOnce(t *testing.T, store drawing.Store) {
	const quota = 20
	s := drawing.New(store, drawing.Options{Quota: quota})
	for round := range 3 {
		together(writers, func(n int) {
			_, _, err := s.Put(t.Context(), alice, ID(writers*round+n), Content("", 1, 1), drawing.IfAbsent())
			if err != nil && !errors.Is(err, drawing.ErrQuota) {
				t.Error(err)
			}
		})
		kept := slices.Collect(each(t, s.Export(t.Context(), alice)))
		if len(kept) < quota || len(kept) > quota+writers {
			t.Errorf("%d drawings, the quota is %d", len(kept), quota)
		}
		_, _, err := s.Put(t.Context(), alice, ID(10_000), Content("", 1, 1), drawing.IfAbsent())
		fails(t, err, drawing.ErrQuota)
		for _, d := range kept[quota/2:] {
			succeeds(t, s.Delete(t.Context(), alice, d.ID, drawing.IfPresent()))
		}
	}
}

func exportComplete(t *testing.T, store drawing.Store) {
	s := service(store)
	var want []drawing.Exported
	for n := range 40 {
		if n%3 == 0 {
			p := drawing.Paint{ID: fmt.Sprint("paint ", n), Actions: fmt.Sprint("actions ", n)}
			succeeds(t, s.SavePaint(t.Context(), alice, p))
			d, err := s.Get(t.Context(), alice, drawing.PaintDrawingID(p.ID))
			succeeds(t, err)
			want = append(want, drawing.Exported{Drawing: d, PaintID: p.ID, Actions: p.Actions})
			continue
		}
		d, _, err := s.Put(t.Context(), alice, ID(n), Content(fmt.Sprint("drawing ", n), 1+n, 40+n), drawing.IfAbsent())
		succeeds(t, err)
		want = append(want, drawing.Exported{Drawing: d, PaintID: d.ID})
	}
	for i, e := range slices.Collect(each(t, s.Export(t.Context(), alice))) {
		equal(t, e.Summary, want[i].Summary)
		equal(t, len(e.Strokes), len(want[i].Strokes))
		equal(t, [2]string{e.PaintID, e.Actions}, [2]string{want[i].PaintID, want[i].Actions})
	}
	for range s.Export(t.Context(), bob) {
		t.Error("somebody else's drawing")
	}
}

func accountDeleted(t *testing.T, store drawing.Store) {
	s := service(store)
	tokens := map[string][]string{}
	for _, owner := range []string{alice, bob} {
		for n := range 3 {
			_, _, err := s.Put(t.Context(), owner, ID(n), Content("", 1, 3), drawing.IfAbsent())
			succeeds(t, err)
			token, _, err := s.Share(t.Context(), owner, "somebody", ID(n))
			succeeds(t, err)
			tokens[owner] = append(tokens[owner], token)
		}
	}
	for range 2 {
		succeeds(t, s.DeleteAll(t.Context(), alice))
	}
	for n := range 3 {
		_, err := s.Get(t.Context(), alice, ID(n))
		fails(t, err, drawing.ErrNotFound)
		_, _, err = store.FindShare(t.Context(), tokens[alice][n])
		fails(t, err, drawing.ErrNotFound)
		d, _, err := s.Shared(t.Context(), tokens[bob][n])
		succeeds(t, err)
		equal(t, d.ID, ID(n))
	}
}
