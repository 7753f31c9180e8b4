package drawing_test

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
)

const owner = "owner-----------------"

var (
	id = drawingtest.ID(1)
	a  = drawingtest.Content("a", 1, 3)
	b  = drawingtest.Content("b", 1, 3)
	c  = drawingtest.Content("c", 1, 3)
)

// phone is a client of a service on an empty store.
type phone struct {
	*testing.T
	service *drawing.Service
}

func newPhone(t *testing.T) phone {
	service := drawing.New(drawingtest.NewMemory(), drawing.Options{})
	service.Now = drawingtest.Clock()
	return phone{t, service}
}

func (p phone) put(content drawing.Content, condition drawing.Precondition) drawing.Summary {
	p.Helper()
	d, _, err := p.service.Put(p.Context(), owner, id, content, condition)
	if err != nil {
		p.Fatal(err)
	}
	return d.Summary
}

func (p phone) refused(content drawing.Content, condition drawing.Precondition) {
	p.Helper()
	before, errBefore := p.service.Get(p.Context(), owner, id)
	if _, _, err := p.service.Put(p.Context(), owner, id, content, condition); !errors.Is(err, drawing.ErrChanged) {
		p.Errorf("got %v, want %v", err, drawing.ErrChanged)
	}
	after, errAfter := p.service.Get(p.Context(), owner, id)
	if after.Summary != before.Summary || errAfter != errBefore {
		p.Errorf("refused, and yet %+v, %v became %+v, %v", before.Summary, errBefore, after.Summary, errAfter)
	}
}

func (p phone) same(got, want drawing.Summary) {
	p.Helper()
	if got != want {
		p.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCreating(t *testing.T) {
	p := newPhone(t)
	first := p.put(a, drawing.IfAbsent())
	if first.Revision != 1 || first.CreatedAt != first.UpdatedAt || first.CreatedAt.Location() != time.UTC {
		t.Errorf("created as %+v", first)
	}
	_, created, err := p.service.Put(t.Context(), owner, id, a, drawing.IfAbsent())
	if !created || err != nil {
		t.Errorf("sent again: created %v, %v", created, err)
	}
	p.same(p.put(a, drawing.IfAbsent()), first)
	p.refused(b, drawing.IfAbsent())

	second := p.put(b, drawing.IfMatch(first.ETag))
	p.refused(b, drawing.IfAbsent())
	third := p.put(a, drawing.IfMatch(second.ETag))
	p.refused(a, drawing.IfAbsent()) // the content is the first again, the drawing is not
	if third.ETag == first.ETag {
		t.Error("a drawing changed there and back kept its etag")
	}
}

func TestReplacing(t *testing.T) {
	p := newPhone(t)
	p.refused(a, drawing.IfMatch("anything"))
	p.refused(a, drawing.IfPresent())
	p.refused(a, drawing.Precondition{})
	first := p.put(a, drawing.IfAbsent())
	p.same(p.put(a, drawing.IfMatch(first.ETag)), first)
	p.same(p.put(a, drawing.IfPresent()), first)
	p.refused(b, drawing.IfMatch())
	p.refused(a, drawing.IfMatch(""))
	p.refused(b, drawing.Precondition{})

	second := p.put(b, drawing.IfMatch("other", first.ETag))
	if second.Revision != 2 || second.ETag == first.ETag || second.CreatedAt != first.CreatedAt || !second.UpdatedAt.After(first.UpdatedAt) {
		t.Errorf("%+v became %+v", first, second)
	}
	p.same(p.put(b, drawing.IfMatch(first.ETag)), second) // the answer was lost
	p.same(p.put(b, drawing.IfMatch(second.ETag)), second)
	p.refused(c, drawing.IfMatch(first.ETag))

	third := p.put(c, drawing.IfPresent())
	p.refused(c, drawing.IfMatch(first.ETag)) // not the one before, but one earlier
	p.refused(b, drawing.IfMatch(first.ETag))
	p.same(p.put(c, drawing.IfMatch(second.ETag)), third)
}

func TestDeletedAndMadeAgainIsAnotherDrawing(t *testing.T) {
	p := newPhone(t)
	first := p.put(a, drawing.IfAbsent())
	for range 2 {
		if err := p.service.Delete(t.Context(), owner, id, drawing.IfPresent()); err != nil {
			t.Fatal(err)
		}
	}
	p.refused(a, drawing.IfMatch(first.ETag))
	again := p.put(a, drawing.IfAbsent())
	if again.ETag == first.ETag || again.Revision != 1 {
		t.Errorf("made again as %+v", again)
	}
	p.refused(b, drawing.IfMatch(first.ETag))
}

func TestETagTellsEveryFieldApart(t *testing.T) {
	changes := map[string]func(*drawing.Content){
		"nothing":    func(c *drawing.Content) {},
		"title":      func(c *drawing.Content) { c.Title = "other" },
		"width":      func(c *drawing.Content) { c.Canvas.Width++ },
		"height":     func(c *drawing.Content) { c.Canvas.Height++ },
		"background": func(c *drawing.Content) { c.Canvas.Background = "#fffffe" },
		"no paper":   func(c *drawing.Content) { c.Canvas.Background = "" },
		"tool":       func(c *drawing.Content) { c.Strokes[0].Tool = drawing.Eraser },
		"color":      func(c *drawing.Content) { c.Strokes[0].Color = "#333333FF" },
		"stroke":     func(c *drawing.Content) { c.Strokes[0].Width++ },
		"x":          func(c *drawing.Content) { c.Strokes[0].X[1]++ },
		"y":          func(c *drawing.Content) { c.Strokes[0].Y[1]++ },
		"t":          func(c *drawing.Content) { c.Strokes[0].T[1]++ },
		"no t":       func(c *drawing.Content) { c.Strokes[0].T = nil },
		"p":          func(c *drawing.Content) { c.Strokes[0].P = []uint8{0, 0, 0} },
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	seen := map[string]string{}
	for name, change := range changes {
		p := newPhone(t)
		p.service.Now = func() time.Time { return now }
		content := drawingtest.Content("a", 1, 3)
		change(&content)
		etag := p.put(content, drawing.IfAbsent()).ETag
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`).MatchString(etag) {
			t.Errorf("etag %q", etag)
		}
		if other, taken := seen[etag]; taken {
			t.Errorf("%s and %s have one etag", name, other)
		}
		seen[etag] = name
	}
}

func TestSummaryFollowsFromTheContent(t *testing.T) {
	p := newPhone(t)
	content := a
	content.Strokes = []drawing.Stroke{
		{Tool: drawing.Pen, Color: "#000000", Width: 1, X: []int32{5, -9}, Y: []int32{7, 8}, T: []int32{400, 300}},
		{Tool: drawing.Pen, Color: "#000000", Width: 1, X: []int32{6, 2, 3}, Y: []int32{-70, 1, 2}},
	}
	got := p.put(content, drawing.IfAbsent())
	want := got
	want.StrokeCount, want.PointCount, want.DurationMs = 2, 5, 400
	want.Bounds = drawing.Bounds{MinX: -9, MinY: -70, MaxX: 6, MaxY: 8}
	p.same(got, want)
	if want := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC); got.CreatedAt != want {
		t.Errorf("created at %v, want %v", got.CreatedAt, want)
	}
}

func TestLiftedTimeIsTheSameContent(t *testing.T) {
	p := newPhone(t)
	backwards, lifted := drawingtest.Content("", 1, 3), drawingtest.Content("", 1, 3)
	backwards.Strokes[0].T, lifted.Strokes[0].T = []int32{10, 30, 20}, []int32{10, 30, 30}
	first := p.put(backwards, drawing.IfAbsent())
	p.same(p.put(lifted, drawing.IfAbsent()), first)
	d, err := p.service.Get(t.Context(), owner, id)
	if err != nil || d.Strokes[0].T[2] != 30 {
		t.Errorf("got %+v, %v", d.Strokes, err)
	}
}

func TestIDsAreUUIDsOfEitherCase(t *testing.T) {
	p := newPhone(t)
	const upper, lower = "ABCDEF01-2345-4678-9ABC-DEF012345678", "abcdef01-2345-4678-9abc-def012345678"
	if _, _, err := p.service.Put(t.Context(), owner, upper, a, drawing.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{upper, lower} {
		if d, err := p.service.Get(t.Context(), owner, id); err != nil || d.ID != lower {
			t.Errorf("get %s: %s, %v", id, d.ID, err)
		}
	}
	if err := p.service.Delete(t.Context(), owner, upper, drawing.IfPresent()); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{lower, "", "$ne", "../" + lower, lower + "\n", "{" + lower + "}"} {
		if _, err := p.service.Get(t.Context(), owner, id); !errors.Is(err, drawing.ErrNotFound) {
			t.Errorf("get %q: %v", id, err)
		}
		if err := p.service.Delete(t.Context(), owner, id, drawing.IfPresent()); err != nil {
			t.Errorf("delete %q: %v", id, err)
		}
		if id == lower {
			continue
		}
		if _, _, err := p.service.Put(t.Context(), owner, id, a, drawing.IfAbsent()); findings(err) != "id format" {
			t.Errorf("put %q: %v", id, err)
		}
	}
}

func TestInvalidContentIsNotStored(t *testing.T) {
	p := newPhone(t)
	content := drawingtest.Content("", 4, 8)
	content.Strokes[3].Y = nil
	if _, _, err := p.service.Put(t.Context(), owner, id, content, drawing.IfAbsent()); findings(err) != "strokes[3].y equalLength" {
		t.Errorf("put: %v", err)
	}
	if _, err := p.service.Get(t.Context(), owner, id); !errors.Is(err, drawing.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
}

func TestPaintLimits(t *testing.T) {
	p := newPhone(t)
	long := string(make([]byte, drawing.MaxActions+1))
	for want, paint := range map[string]drawing.Paint{
		"":                                {ID: "é", Actions: long[1:]},
		"id minLength":                    {},
		"id maxLength":                    {ID: long[:drawing.MaxPaintID+1]},
		"id format":                       {ID: "\xff"},
		"actions maxLength":               {ID: "1", Actions: long},
		"id minLength, actions maxLength": {Actions: long},
	} {
		if got := findings(p.service.SavePaint(t.Context(), owner, paint)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if want != "" {
			if err := p.service.DeletePaint(t.Context(), owner, paint.ID); err != nil {
				t.Error(err)
			}
		}
	}
	paints := maps.Collect(p.service.Paints(t.Context(), owner))
	if len(paints) != 1 || paints[drawing.Paint{ID: "é", Actions: long[1:]}] != nil {
		t.Errorf("paints are %.100v", paints)
	}
}

func TestPaintsKeepTheDrawingTheyWereStoredAs(t *testing.T) {
	for paintID, want := range map[string]string{
		"jc0a1b2c3d4e5f":                       "7678edb9-e491-5690-bf55-d7fdc5c0df19",
		"画":                                    "7e241f3b-af01-5c6f-809b-58188b44c652",
		"0190d6a4-52e0-7cc3-a4c0-5b7f1f0c9a11": "0190d6a4-52e0-7cc3-a4c0-5b7f1f0c9a11",
		"0190D6A4-52E0-7CC3-A4C0-5B7F1F0C9A11": "a706dbf0-e831-5dcf-9c51-777cc93e96a9", // in capitals it is a name as any other
	} {
		if got := drawing.PaintDrawingID(paintID); got != want {
			t.Errorf("%s is %s, was %s", paintID, got, want)
		}
	}
}

func TestAPaintIDThatOnlyLooksLikeADrawingIsAName(t *testing.T) {
	const id = "0190d6a4-52e0-7cc3-a4c0-5b7f1f0c9a11"
	for _, paintID := range []string{
		"urn:uuid:" + id, "{" + id + "}", strings.ReplaceAll(id, "-", ""), "g" + id[1:], id[1:9] + id[:1] + id[9:],
	} {
		if got := drawing.PaintDrawingID(paintID); got == id || got == paintID {
			t.Errorf("%s is %s", paintID, got)
		}
	}
}

func TestPageIsHeldToItsLimits(t *testing.T) {
	p := newPhone(t)
	for n := range drawing.MaxPage + 1 {
		if _, _, err := p.service.Put(t.Context(), owner, drawingtest.ID(n), a, drawing.IfAbsent()); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[int]int{-1: 1, 0: 1, 7: 7, 100: 100, 101: 100, 1 << 40: 100} {
		if items, next, err := p.service.List(t.Context(), owner, limit, "", false); err != nil || len(items) != want || next == "" {
			t.Errorf("limit %d: %d items, next %q, %v", limit, len(items), next, err)
		}
	}
	if _, _, err := p.service.List(t.Context(), owner, 10, "not a cursor", false); !errors.Is(err, drawing.ErrCursor) {
		t.Errorf("bad cursor: %v", err)
	}
}

// away is a store that cannot be reached.
type away struct{ drawing.Store }

func (away) Insert(context.Context, string, drawing.Record) error { return drawing.ErrUnavailable }
func (away) Get(context.Context, string, string) (drawing.Record, error) {
	return drawing.Record{}, drawing.ErrUnavailable
}

func TestStoreThatIsAwayIsNoAnswerAboutTheDrawing(t *testing.T) {
	s := drawing.New(away{}, drawing.Options{})
	for name, condition := range map[string]drawing.Precondition{"create": drawing.IfAbsent(), "replace": drawing.IfPresent()} {
		d, created, err := s.Put(t.Context(), owner, id, a, condition)
		if !errors.Is(err, drawing.ErrUnavailable) || created || d.ID != "" {
			t.Errorf("%s: %+v, %v, %v", name, d, created, err)
		}
	}
	if _, err := s.Get(t.Context(), owner, id); !errors.Is(err, drawing.ErrUnavailable) || errors.Is(err, drawing.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
}
