package gallery_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"regexp"
	"testing"
	"time"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/paint2017"
	"onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
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
	service *gallery.Service
}

func newPhone(t *testing.T) phone {
	return phone{t, gallery.New(gallerytest.NewMemory(), gallery.Options{Now: gallerytest.Clock()})}
}

func (p phone) put(content drawing.Content, condition gallery.Precondition) gallery.Summary {
	p.Helper()
	d, _, err := p.service.Put(p.Context(), owner, id, content, condition)
	if err != nil {
		p.Fatal(err)
	}
	return d.Summary
}

func (p phone) refused(content drawing.Content, condition gallery.Precondition) {
	p.Helper()
	before, errBefore := p.service.Get(p.Context(), owner, id)
	if _, _, err := p.service.Put(p.Context(), owner, id, content, condition); !errors.Is(err, gallery.ErrChanged) {
		p.Errorf("got %v, want %v", err, gallery.ErrChanged)
	}
	after, errAfter := p.service.Get(p.Context(), owner, id)
	if after.Summary != before.Summary || !errors.Is(errAfter, errBefore) {
		p.Errorf("refused, and yet %+v, %v became %+v, %v", before.Summary, errBefore, after.Summary, errAfter)
	}
}

func (p phone) same(got, want gallery.Summary) {
	p.Helper()
	if got != want {
		p.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCreating(t *testing.T) {
	p := newPhone(t)
	first := p.put(a, gallery.IfAbsent())
	if first.Revision != 1 || first.CreatedAt != first.UpdatedAt || first.CreatedAt.Location() != time.UTC {
		t.Errorf("created as %+v", first)
	}
	_, created, err := p.service.Put(t.Context(), owner, id, a, gallery.IfAbsent())
	if !created || err != nil {
		t.Errorf("sent again: created %v, %v", created, err)
	}
	p.same(p.put(a, gallery.IfAbsent()), first)
	p.refused(b, gallery.IfAbsent())

	second := p.put(b, gallery.IfMatch(first.ETag))
	p.refused(b, gallery.IfAbsent())
	third := p.put(a, gallery.IfMatch(second.ETag))
	p.refused(a, gallery.IfAbsent()) // the content is the first again, the drawing is not
	if third.ETag == first.ETag {
		t.Error("a drawing changed there and back stored its etag")
	}
}

func TestReplacing(t *testing.T) {
	p := newPhone(t)
	p.refused(a, gallery.IfMatch("anything"))
	p.refused(a, gallery.IfPresent())
	p.refused(a, gallery.Precondition{})
	first := p.put(a, gallery.IfAbsent())
	p.same(p.put(a, gallery.IfMatch(first.ETag)), first)
	p.same(p.put(a, gallery.IfPresent()), first)
	p.refused(b, gallery.IfMatch())
	p.refused(a, gallery.IfMatch(""))
	p.refused(b, gallery.Precondition{})

	second := p.put(b, gallery.IfMatch("other", first.ETag))
	if second.Revision != 2 || second.ETag == first.ETag || second.CreatedAt != first.CreatedAt || !second.UpdatedAt.After(first.UpdatedAt) {
		t.Errorf("%+v became %+v", first, second)
	}
	p.same(p.put(b, gallery.IfMatch(first.ETag)), second) // the answer was lost
	p.same(p.put(b, gallery.IfMatch(second.ETag)), second)
	p.refused(c, gallery.IfMatch(first.ETag))

	third := p.put(c, gallery.IfPresent())
	p.refused(c, gallery.IfMatch(first.ETag)) // not the one before, but one earlier
	p.refused(b, gallery.IfMatch(first.ETag))
	p.same(p.put(c, gallery.IfMatch(second.ETag)), third)
}

func TestDeletedAndMadeAgainIsAnotherDrawing(t *testing.T) {
	p := newPhone(t)
	first := p.put(a, gallery.IfAbsent())
	for range 2 {
		if err := p.service.Delete(t.Context(), owner, id, gallery.IfPresent()); err != nil {
			t.Fatal(err)
		}
	}
	p.refused(a, gallery.IfMatch(first.ETag))
	again := p.put(a, gallery.IfAbsent())
	if again.ETag == first.ETag || again.Revision != 1 {
		t.Errorf("made again as %+v", again)
	}
	p.refused(b, gallery.IfMatch(first.ETag))
}

// A field that is added to a drawing needs no change here, or fails by its name.
func TestEveryFieldOfAContentIsADifference(t *testing.T) {
	p := newPhone(t)
	content := drawingtest.Full()
	last := p.put(content, gallery.IfAbsent())
	for field, changed := range drawingtest.Changes(content) {
		if err := changed.Validate(); err != nil {
			t.Errorf("%s: %v", field, err)
			continue
		}
		next := p.put(changed, gallery.IfMatch(last.ETag))
		if next.Revision != last.Revision+1 || next.ETag == last.ETag {
			t.Errorf("%s was changed, and the drawing is what it was: revision %d, etag %s", field, next.Revision, next.ETag)
		}
		d, err := p.service.Get(t.Context(), owner, id)
		if err != nil || !reflect.DeepEqual(d.Content(), changed) {
			t.Errorf("%s: got %+v, %v, want %+v", field, d.Content(), err, changed)
		}
		if again := p.put(changed, gallery.IfMatch(last.ETag)); again != next {
			t.Errorf("%s: the same write again made %+v of %+v", field, again, next)
		}
		last = next
	}
}

func TestETagIsOpaque(t *testing.T) {
	p := newPhone(t)
	if etag := p.put(a, gallery.IfAbsent()).ETag; !regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`).MatchString(etag) {
		t.Errorf("etag %q", etag)
	}
}

func TestSummaryFollowsFromTheContent(t *testing.T) {
	p := newPhone(t)
	content := a
	content.Strokes = []drawing.Stroke{
		{Tool: drawing.Pen, Color: "#000000", Width: 1, X: []int32{5, -9}, Y: []int32{7, 8}, T: []int32{400, 300}},
		{Tool: drawing.Pen, Color: "#000000", Width: 1, X: []int32{6, 2, 3}, Y: []int32{-70, 1, 2}},
	}
	got := p.put(content, gallery.IfAbsent())
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
	first := p.put(backwards, gallery.IfAbsent())
	p.same(p.put(lifted, gallery.IfAbsent()), first)
	d, err := p.service.Get(t.Context(), owner, id)
	if err != nil || d.Strokes[0].T[2] != 30 {
		t.Errorf("got %+v, %v", d.Strokes, err)
	}
}

func TestInvalidContentIsNotStored(t *testing.T) {
	p := newPhone(t)
	content := drawingtest.Content("", 4, 8)
	content.Strokes[3].Y = nil
	if _, _, err := p.service.Put(t.Context(), owner, id, content, gallery.IfAbsent()); !errors.As(err, new(drawing.InvalidErrors)) {
		t.Errorf("put: %v", err)
	}
	if _, err := p.service.Get(t.Context(), owner, id); !errors.Is(err, gallery.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
}

func TestInvalidPaintIsNotStored(t *testing.T) {
	p := newPhone(t)
	err := p.service.SavePaint(t.Context(), owner, paint2017.Paint{})
	if !errors.As(err, new(drawing.InvalidErrors)) {
		t.Errorf("save: %v", err)
	}
	if err := p.service.DeletePaint(t.Context(), owner, ""); err != nil {
		t.Errorf("delete: %v", err)
	}
	if paints := maps.Collect(p.service.Paints(t.Context(), owner)); len(paints) != 0 {
		t.Errorf("paints are %.100v", paints)
	}
}

func TestPageIsHeldToItsLimits(t *testing.T) {
	p := newPhone(t)
	for n := range gallery.MaxPage + 1 {
		if _, _, err := p.service.Put(t.Context(), owner, drawingtest.ID(n), a, gallery.IfAbsent()); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[int]int{-1: 1, 0: 1, 7: 7, 100: 100, 101: 100, 1 << 40: 100} {
		if items, next, err := p.service.List(t.Context(), owner, limit, "", false); err != nil || len(items) != want || next == "" {
			t.Errorf("limit %d: %d items, next %q, %v", limit, len(items), next, err)
		}
	}
	if _, _, err := p.service.List(t.Context(), owner, 10, "not a cursor", false); !errors.Is(err, gallery.ErrCursor) {
		t.Errorf("bad cursor: %v", err)
	}
}

// away is a store that cannot be reached.
type away struct{ gallery.Store }

func (away) Insert(context.Context, string, gallery.Record) error { return gallery.ErrUnavailable }
func (away) Get(context.Context, string, drawing.ID) (gallery.Record, error) {
	return gallery.Record{}, gallery.ErrUnavailable
}

// writes is a store that has done a write when it calls written, and answers with that.
type writes struct {
	*gallerytest.Memory
	written func() error
}

func (w *writes) Insert(ctx context.Context, owner string, r gallery.Record) error {
	return w.answer(w.Memory.Insert(ctx, owner, r))
}

func (w *writes) Replace(ctx context.Context, owner, etag string, r gallery.Record) error {
	return w.answer(w.Memory.Replace(ctx, owner, etag, r))
}

func (w *writes) answer(err error) error {
	if err == nil {
		err = w.written()
	}
	return err
}

func confirmed() error   { return nil }
func unconfirmed() error { return gallery.ErrUnavailable } // it may be undone

// The last drawing of the quota is not inserted again, as there is no room for another.
func TestTheLastDrawingOfTheQuotaIsConfirmedWhenItWillLast(t *testing.T) {
	for name, save := range map[string]func(*gallery.Service) error{
		"create": func(s *gallery.Service) error {
			_, _, err := s.Put(t.Context(), owner, id, a, gallery.IfAbsent())
			return err
		},
		"save of 2017": func(s *gallery.Service) error {
			return s.SavePaint(t.Context(), owner, paint2017.Paint{ID: "a", Actions: "[]"})
		},
	} {
		store := &writes{gallerytest.NewMemory(), unconfirmed}
		s := gallery.New(store, gallery.Options{Quota: 1})
		for n := range 3 {
			if err := save(s); !errors.Is(err, gallery.ErrUnavailable) {
				t.Errorf("%s, asked for the %d. time: %v", name, n+1, err)
			}
		}
		store.written = confirmed
		if err := save(s); err != nil {
			t.Errorf("%s, when it will last: %v", name, err)
		}
	}
}

// contested is a store in which another write always comes first.
type contested struct {
	gallery.Store
	attempts int
}

func (c *contested) Replace(context.Context, string, string, gallery.Record) error {
	c.attempts++
	return gallery.ErrChanged
}

func TestAReplacementThatIsAlwaysLateEnds(t *testing.T) {
	store := &contested{Store: gallerytest.NewMemory()}
	s := gallery.New(store, gallery.Options{})
	if _, _, err := s.Put(t.Context(), owner, id, a, gallery.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, _, err := s.Put(t.Context(), owner, id, b, gallery.IfPresent())
	if !errors.Is(err, gallery.ErrUnavailable) || store.attempts < 5 || store.attempts > 50 {
		t.Errorf("%d attempts, %v", store.attempts, err)
	}
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("%d attempts in %v", store.attempts, took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Put(ctx, owner, id, b, gallery.IfPresent()); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller is gone: %v", err)
	}
}

func TestStoreThatIsAwayIsNoAnswerAboutTheDrawing(t *testing.T) {
	s := gallery.New(away{}, gallery.Options{})
	for name, condition := range map[string]gallery.Precondition{"create": gallery.IfAbsent(), "replace": gallery.IfPresent()} {
		d, created, err := s.Put(t.Context(), owner, id, a, condition)
		if !errors.Is(err, gallery.ErrUnavailable) || created || d.ID != (drawing.ID{}) {
			t.Errorf("%s: %+v, %v, %v", name, d, created, err)
		}
	}
	if _, err := s.Get(t.Context(), owner, id); !errors.Is(err, gallery.ErrUnavailable) || errors.Is(err, gallery.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
}
