package gallerytest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/packing"
	"onestroke/impl/drawing/paint2017"
	"onestroke/impl/gallery"
)

const (
	modelSteps = 2_000 // unless MODEL_STEPS says otherwise
	modelQuota = 9
)

// modelHolds sends random requests from two users and three devices, some of
// them twice, some without the device ever seeing the answer, and holds every
// answer against a model of what has happened so far. MODEL_STEPS and MODEL_SEED
// make it longer, and the same again.
func modelHolds(t *testing.T, store gallery.Store) {
	steps, seed := variable(t, "MODEL_STEPS", modelSteps), variable(t, "MODEL_SEED", rand.Uint64())
	t.Logf("MODEL_STEPS=%d MODEL_SEED=%d", steps, seed)
	s := gallery.New(store, gallery.Options{Quota: modelQuota, Now: Clock()})
	c := &course{
		T: t, Rand: rand.New(rand.NewPCG(seed, 0)), service: s,
		galleries: map[string]drawings{alice: {}, bob: {}}, etags: map[string]bool{}, tokens: map[string]bool{},
	}
	devices := []*device{{owner: alice, etags: map[drawing.ID]string{}}, {owner: alice, etags: map[drawing.ID]string{}}, {owner: bob, etags: map[drawing.ID]string{}}}
	for step := range steps {
		c.step(devices[c.IntN(len(devices))])
		if t.Failed() {
			t.Fatalf("at step %d of MODEL_SEED=%d", step, seed)
		}
	}
}

// course is what has happened so far.
type course struct {
	*testing.T
	*rand.Rand
	service   *gallery.Service
	galleries map[string]drawings
	etags     map[string]bool // every one ever given
	tokens    map[string]bool
	born      int
}

type drawings map[drawing.ID]*expected

// expected is a drawing as the store should have it.
type expected struct {
	drawing.Content
	id             drawing.ID
	paintID        string
	actions        *string // as saved, while they are the drawing
	incomplete     bool    // they draw more than the strokes
	revision       int
	etag, previous string
	share          gallery.Share
	born           int // its place in the order of creation
}

// device knows the etags of the answers that reached it.
type device struct {
	owner string
	etags map[drawing.ID]string
}

func (c *course) step(d *device) {
	g := c.galleries[d.owner]
	id := drawingtest.ID(c.IntN(8))
	paintID := []string{"jc0a1b2c3d4e5f", "$ne", "画", id.String(), id.String()}[c.IntN(5)]
	if c.IntN(2) == 0 {
		id = paint2017.DrawingID(paintID)
	}
	var request func()
	switch n := c.IntN(100); {
	case n < 25:
		content, condition := c.content(), c.condition(d, id)
		request = func() { c.put(d.owner, id, content, condition) }
	case n < 40:
		p := paint2017.Paint{ID: paintID, Actions: c.actions()}
		if k := g[paint2017.DrawingID(paintID)]; k != nil && c.IntN(4) == 0 {
			p.Actions = k.paint().Actions
		}
		request = func() { c.savePaint(d.owner, p) }
	case n < 55:
		request = func() { c.get(d.owner, id) }
	case n < 62:
		request = func() { c.list(d.owner) }
	case n < 68:
		request = func() { c.paints(d.owner) }
	case n < 74:
		condition := c.condition(d, id)
		request = func() { c.delete(d.owner, id, condition) }
	case n < 79:
		request = func() {
			succeeds(c.T, c.service.DeletePaint(c.Context(), d.owner, paintID))
			delete(g, paint2017.DrawingID(paintID))
		}
	case n < 86:
		request = func() { c.share(d.owner, id) }
	case n < 89:
		request = func() { c.unshare(d.owner, id) }
	case n < 98:
		token := c.token()
		request = func() { c.shared(token) }
	case n < 99:
		request = func() { c.export(d.owner) }
	default:
		request = func() { succeeds(c.T, c.service.DeleteAll(c.Context(), d.owner)); clear(g) }
	}
	for range 1 + c.IntN(5)/4 {
		request()
	}
	if lost := c.IntN(6) == 0; !lost && g[id] != nil {
		d.etags[id] = g[id].etag
	}
}

// condition is a precondition for the model, which has no other way to know it.
type condition struct {
	gallery.Precondition
	absent, present, incomplete bool
	etag                        string
}

func (c *course) condition(d *device, id drawing.ID) condition {
	one := c.anyCondition(d, id)
	if one.incomplete = c.IntN(2) == 0; one.incomplete {
		one.Precondition = one.OrIncomplete()
	}
	return one
}

func (c *course) anyCondition(d *device, id drawing.ID) condition {
	switch etag := cmp.Or(d.etags[id], "unknown"); c.IntN(5) {
	case 0, 1:
		return condition{Precondition: gallery.IfAbsent(), absent: true}
	case 2:
		return condition{Precondition: gallery.IfPresent(), present: true}
	default:
		return condition{Precondition: gallery.IfMatch(etag), etag: etag}
	}
}

func (c *course) content() drawing.Content {
	n := c.IntN(3)
	return drawingtest.Content(fmt.Sprint("title ", c.IntN(2)), 1+n, 4+n)
}

func (c *course) actions() string {
	line := fmt.Sprintf(`{"method":"strokePath","data":[{"method":"moveTo","data":[10,20]},{"method":"lineTo","data":[%d,22]}]}`, c.IntN(3))
	return []string{"[" + line + "]", " [" + line + "] ", "no JSON", "[]", "\xff"}[c.IntN(5)]
}

// token is one that leads somewhere, did, or never will.
func (c *course) token() string {
	if all := slices.Sorted(maps.Keys(c.tokens)); len(all) > 0 && c.IntN(5) > 0 {
		return all[c.IntN(len(all))]
	}
	return "AAAAAAAAAAAAAAAAAAAAAA"
}

func (c *course) put(owner string, id drawing.ID, content drawing.Content, condition condition) {
	g := c.galleries[owner]
	k := g[id]
	d, created, err := c.service.Put(c.Context(), owner, id, content, condition.Precondition)
	same := k != nil && k.holds(content)
	switch {
	case k == nil && condition.absent && len(g) >= modelQuota:
		fails(c.T, err, gallery.ErrQuota)
		return
	case k == nil && condition.absent:
		k = c.create(owner, id)
		k.Content = content
	case k == nil:
		fails(c.T, err, gallery.ErrChanged)
		return
	case same && (condition.absent && k.revision == 1 || condition.present || condition.etag == k.etag || condition.etag != "" && condition.etag == k.previous):
		// what it asks for has been done
	case condition.present || condition.etag == k.etag:
		switch retitled := (drawing.Content{Properties: content.Properties, Strokes: k.Strokes}); {
		case k.Canvas == content.Canvas && k.holdsStrokes(content):
			k.Content = retitled
		case k.incomplete && !condition.incomplete:
			fails(c.T, err, gallery.ErrIncomplete)
			return
		default:
			k.Content, k.actions, k.incomplete = content, nil, false
		}
		k.changed()
	default:
		fails(c.T, err, gallery.ErrChanged)
		return
	}
	succeeds(c.T, err)
	equal(c.T, created, condition.absent)
	c.check(k, d)
}

func (c *course) delete(owner string, id drawing.ID, condition condition) {
	err := c.service.Delete(c.Context(), owner, id, condition.Precondition)
	if k := c.galleries[owner][id]; k != nil && !condition.present && condition.etag != k.etag {
		fails(c.T, err, gallery.ErrChanged)
		return
	}
	succeeds(c.T, err)
	delete(c.galleries[owner], id)
}

func (c *course) savePaint(owner string, p paint2017.Paint) {
	g, id := c.galleries[owner], paint2017.DrawingID(p.ID)
	k := g[id]
	err := c.service.SavePaint(c.Context(), owner, p)
	switch {
	case k == nil && len(g) >= modelQuota:
		fails(c.T, err, gallery.ErrQuota)
		return
	case k == nil:
		k = c.create(owner, id)
		k.paintID = p.ID
	case k.paint().Actions == p.Actions:
		succeeds(c.T, err)
		c.get(owner, id)
		return
	default:
		k.changed()
	}
	succeeds(c.T, err)
	content, incomplete := paint2017.FromActions([]byte(p.Actions))
	k.Canvas, k.Strokes, k.actions, k.incomplete = content.Canvas, content.Strokes, &p.Actions, incomplete
	c.get(owner, id)
}

func (c *course) get(owner string, id drawing.ID) {
	d, err := c.service.Get(c.Context(), owner, id)
	k := c.galleries[owner][id]
	if k == nil {
		fails(c.T, err, gallery.ErrNotFound)
		return
	}
	succeeds(c.T, err)
	c.check(k, d)
}

func (c *course) list(owner string) {
	limit, thumbnails := 1+c.IntN(modelQuota+1), c.IntN(2) == 0
	var items []gallery.Summary
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := c.service.List(c.Context(), owner, limit, cursor, thumbnails)
		succeeds(c.T, err)
		items, cursor = append(items, page...), next
	}
	slices.Reverse(items)
	want := c.galleries[owner].oldestFirst()
	equal(c.T, len(items), len(want))
	for i, k := range want {
		equal(c.T, fmt.Sprint(items[i].ID, items[i].ETag), fmt.Sprint(k.id, k.etag))
		equal(c.T, items[i].Thumbnail != "", thumbnails)
	}
}

func (c *course) paints(owner string) {
	var want []paint2017.Paint
	for _, k := range c.galleries[owner].oldestFirst() {
		want = append(want, k.paint())
	}
	equal(c.T, slices.Collect(each(c.T, c.service.Paints(c.Context(), owner))), want)
}

func (c *course) export(owner string) {
	want := c.galleries[owner].oldestFirst()
	all := slices.Collect(each(c.T, c.service.Export(c.Context(), owner)))
	equal(c.T, len(all), len(want))
	for i, e := range all {
		c.check(want[i], e.Drawing)
		equal(c.T, e.PaintID, want[i].paint().ID)
	}
}

func (c *course) share(owner string, id drawing.ID) {
	token, created, err := share(c.T, c.service, owner, id)
	k := c.galleries[owner][id]
	if k == nil {
		fails(c.T, err, gallery.ErrNotFound)
		return
	}
	succeeds(c.T, err)
	if k.share.Token == "" {
		equal(c.T, c.tokens[token], false)
		k.share, c.tokens[token] = gallery.Share{Token: token}, true
		equal(c.T, created, true)
		return
	}
	equal(c.T, fmt.Sprint(token, created), fmt.Sprint(k.share.Token, false))
}

func (c *course) unshare(owner string, id drawing.ID) {
	succeeds(c.T, c.service.Unshare(c.Context(), owner, id))
	if k := c.galleries[owner][id]; k != nil {
		k.share = gallery.Share{}
	}
}

func (c *course) shared(token string) {
	d, visited, err := c.service.Visit(c.Context(), token)
	for owner, g := range c.galleries {
		for _, k := range g {
			if k.share.Token == token {
				succeeds(c.T, err)
				equal(c.T, visited, owner)
				c.check(k, d)
				return
			}
		}
	}
	fails(c.T, err, gallery.ErrNotFound)
}

func (c *course) create(owner string, id drawing.ID) *expected {
	c.born++
	k := &expected{id: id, paintID: id.String(), revision: 1, born: c.born}
	c.galleries[owner][id] = k
	return k
}

// check holds a drawing against the model, which learns a new etag from it.
func (c *course) check(k *expected, d gallery.Drawing) {
	if k.etag == "" {
		equal(c.T, c.etags[d.ETag], false)
		k.etag, c.etags[d.ETag] = d.ETag, true
	}
	equal(c.T, fmt.Sprint(d.ID, d.Revision, d.ETag), fmt.Sprint(k.id, k.revision, k.etag))
	equal(c.T, d.Incomplete, k.incomplete)
	equal(c.T, k.holds(drawing.Content{Properties: drawing.Properties{Title: d.Title, Canvas: d.Canvas}, Strokes: d.Strokes}), true)
}

func (k *expected) changed() {
	k.previous, k.etag = k.etag, ""
	k.revision++
}

func (k *expected) holds(c drawing.Content) bool {
	return k.Properties == c.Properties && k.holdsStrokes(c)
}

func (k *expected) holdsStrokes(c drawing.Content) bool {
	return bytes.Equal(packing.Pack(k.Strokes), packing.Pack(c.Strokes))
}

func (k *expected) paint() paint2017.Paint {
	if k.actions != nil {
		return paint2017.Paint{ID: k.paintID, Actions: *k.actions}
	}
	return paint2017.Paint{ID: k.paintID, Actions: paint2017.ToActions(k.Content)}
}

func (g drawings) oldestFirst() []*expected {
	return slices.SortedFunc(maps.Values(g), func(a, b *expected) int { return cmp.Compare(a.born, b.born) })
}

func variable[N int | uint64](t *testing.T, name string, otherwise N) N {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(errors.Join(errors.New(name+" is no number"), err))
	}
	return N(n)
}
