package gallerytest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/paint2017"
	"onestroke/impl/gallery"
)

func paintsComeBack(t *testing.T, store gallery.Store) {
	s := service(store)
	paints := []paint2017.Paint{
		{ID: "jc0a1b2c3d4e5f", Actions: `[{"method":"save"},{"method":"setLineWidth","data":[5]}]`},
		{ID: "$ne", Actions: ""},
		{ID: "a/b\x00\"'{}", Actions: "\x00\"'\\ \u2028\u2029 😀 \r\n\t {\"$gt\":\"\"} </script>"},
		{ID: "中文", Actions: "not UTF-8: \xff\xfe\x80"},
		{ID: strings.Repeat("画", paint2017.MaxID), Actions: strings.Repeat("[10,20],\n", 500<<10/9)},
		{ID: drawingtest.ID(7).String(), Actions: "[]"},
	}
	list := func() []paint2017.Paint { return slices.Collect(each(t, s.Paints(t.Context(), alice))) }
	equal(t, len(list()), 0)
	for _, p := range paints {
		succeeds(t, s.SavePaint(t.Context(), alice, p))
	}
	equal(t, list(), paints)

	before, err := s.Get(t.Context(), alice, paint2017.DrawingID(paints[1].ID))
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
	for p, err := range s.Paints(t.Context(), alice) { // a caller may stop early
		succeeds(t, err)
		equal(t, p, paints[1])
		break
	}
}

func oneGallery(t *testing.T, store gallery.Store) {
	const actions = `[{"method":"setStrokeStyle","data":["normal",[102,102,102,128]]},{"method":"setLineWidth","data":[5]},` +
		`{"method":"strokePath","data":[{"method":"moveTo","data":[10,20]},{"method":"lineTo","data":[11.5,22]}]}]`
	s := service(store)
	succeeds(t, s.SavePaint(t.Context(), alice, paint2017.Paint{ID: "jc0a1b2c3d4e5f", Actions: actions}))
	_, _, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content("titled", 2, 9), gallery.IfAbsent())
	succeeds(t, err)

	old, err := s.Get(t.Context(), alice, paint2017.DrawingID("jc0a1b2c3d4e5f"))
	succeeds(t, err)
	equal(t, old.Strokes, []drawing.Stroke{{Tool: drawing.Pen, Color: "#66666680", Width: 50, X: []int32{100, 115}, Y: []int32{200, 220}}})
	items, _, err := s.List(t.Context(), alice, 10, "", true)
	succeeds(t, err)
	equal(t, len(items), 2)
	equal(t, items[1], old.Summary)

	paints := slices.Collect(each(t, s.Paints(t.Context(), alice)))
	equal(t, paints[0], paint2017.Paint{ID: "jc0a1b2c3d4e5f", Actions: actions})
	equal(t, paints[1].ID, drawingtest.ID(1).String())
	titled, err := s.Get(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	shown, incomplete := paint2017.FromActions([]byte(paints[1].Actions))
	equal(t, incomplete, false)
	equal(t, shown.Strokes, titled.Strokes)

	succeeds(t, s.SavePaint(t.Context(), alice, paints[1])) // as it is shown: no change
	again, err := s.Get(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, again, titled)
	succeeds(t, s.SavePaint(t.Context(), alice, paint2017.Paint{ID: drawingtest.ID(1).String(), Actions: actions}))
	again, err = s.Get(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, again.Strokes, old.Strokes)
	equal(t, fmt.Sprint(again.Title, again.Revision), "titled2")

	// A drawing in one stroke stays one until a program of 2017 draws a second stroke.
	single := drawingtest.Content("single", 1, 9)
	single.OneStroke = true
	_, _, err = s.Put(t.Context(), alice, drawingtest.ID(2), single, gallery.IfAbsent())
	succeeds(t, err)
	for _, strokes := range []int{1, 2} {
		drawn := paint2017.ToActions(drawingtest.Content("", strokes, 8))
		succeeds(t, s.SavePaint(t.Context(), alice, paint2017.Paint{ID: drawingtest.ID(2).String(), Actions: drawn}))
		d, err := s.Get(t.Context(), alice, drawingtest.ID(2))
		succeeds(t, err)
		equal(t, fmt.Sprint(d.Title, len(d.Strokes), d.OneStroke), fmt.Sprint("single", strokes, strokes == 1))
		succeeds(t, d.Content().Validate())
	}
	succeeds(t, s.Delete(t.Context(), alice, drawingtest.ID(2), gallery.IfPresent()))

	// Changed through Put, it is shown as it is now, under the id it had.
	same := drawing.Content{Properties: drawing.Properties{Canvas: old.Canvas}, Strokes: old.Strokes}
	_, _, err = s.Put(t.Context(), alice, old.ID, same, gallery.IfPresent())
	succeeds(t, err)
	equal(t, slices.Collect(each(t, s.Paints(t.Context(), alice)))[0], paints[0])
	same.Title = "a title, which 2017 does not know"
	_, _, err = s.Put(t.Context(), alice, old.ID, same, gallery.IfMatch(old.ETag))
	succeeds(t, err)
	equal(t, slices.Collect(each(t, s.Paints(t.Context(), alice)))[0], paints[0])
	same.Strokes = titled.Strokes
	_, _, err = s.Put(t.Context(), alice, old.ID, same, gallery.IfPresent())
	succeeds(t, err)
	equal(t, slices.Collect(each(t, s.Paints(t.Context(), alice)))[0],
		paint2017.Paint{ID: "jc0a1b2c3d4e5f", Actions: paint2017.ToActions(same)})

	succeeds(t, s.DeletePaint(t.Context(), alice, old.ID.String())) // by either id
	succeeds(t, s.Delete(t.Context(), alice, drawingtest.ID(1), gallery.IfPresent()))
	equal(t, len(slices.Collect(each(t, s.Paints(t.Context(), alice)))), 0)
}

func exportComplete(t *testing.T, store gallery.Store) {
	s := service(store)
	var want []gallery.Exported
	for n := range 40 {
		if n%3 == 0 {
			p := paint2017.Paint{ID: fmt.Sprint("paint ", n), Actions: fmt.Sprint("actions ", n)}
			succeeds(t, s.SavePaint(t.Context(), alice, p))
			d, err := s.Get(t.Context(), alice, paint2017.DrawingID(p.ID))
			succeeds(t, err)
			want = append(want, gallery.Exported{Drawing: d, PaintID: p.ID, Actions: p.Actions})
			continue
		}
		d, _, err := s.Put(t.Context(), alice, drawingtest.ID(n), drawingtest.Content(fmt.Sprint("drawing ", n), 1+n, 40+n), gallery.IfAbsent())
		succeeds(t, err)
		want = append(want, gallery.Exported{Drawing: d, PaintID: d.ID.String()})
	}
	for i, e := range slices.Collect(each(t, s.Export(t.Context(), alice))) {
		equal(t, e.Summary, want[i].Summary)
		equal(t, len(e.Strokes), len(want[i].Strokes))
		equal(t, [2]string{e.PaintID, e.Actions}, [2]string{want[i].PaintID, want[i].Actions})
	}
	for _, err := range s.Export(t.Context(), bob) {
		t.Error("another user's drawing, or an error:", err)
	}
}

func accountDeleted(t *testing.T, store gallery.Store) {
	s := service(store)
	tokens := map[string][]string{}
	for _, owner := range []string{alice, bob} {
		for n := range 3 {
			_, _, err := s.Put(t.Context(), owner, drawingtest.ID(n), drawingtest.Content("", 1, 3), gallery.IfAbsent())
			succeeds(t, err)
			token, _, err := share(t, s, owner, drawingtest.ID(n))
			succeeds(t, err)
			tokens[owner] = append(tokens[owner], token)
		}
	}
	for range 2 {
		succeeds(t, s.DeleteAll(t.Context(), alice))
	}
	for n := range 3 {
		_, err := s.Get(t.Context(), alice, drawingtest.ID(n))
		fails(t, err, gallery.ErrNotFound)
		_, _, err = store.FindShare(t.Context(), tokens[alice][n])
		fails(t, err, gallery.ErrNotFound)
		d, _, err := s.Visit(t.Context(), tokens[bob][n])
		succeeds(t, err)
		equal(t, d.ID, drawingtest.ID(n))
	}
}
