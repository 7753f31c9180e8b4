package endtoend

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// twoLines is a drawing as the program of 2017 records it. The space after the first
// bracket shows whether it is stored byte for byte.
const twoLines = `[ {"method":"save"},{"method":"setStrokeStyle","data":["normal",[255,0,102,128]]},{"method":"setLineWidth","data":[5]},` +
	`{"method":"strokePath","data":[{"method":"moveTo","data":[10,20.5]},{"method":"lineTo","data":[11.25,22]}]},` +
	`{"method":"setShadow","data":[1,2,3]},{"method":"strokePath","data":[{"method":"moveTo","data":[1,2]},{"method":"lineTo","data":[3,4]}]},{"method":"restore"}]`

func TestADrawingOf2017CanBeReadAndChangedInV1(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		caller := s.LogIn2017(t, service.NewUser())
		savePaint(t, caller, "j8x3k2m1q9w0zt", twoLines)
		items := list(t, caller)
		if len(items) != 1 || items[0].StrokeCount != 2 || items[0].Thumbnail == nil || items[0].Title != "" {
			t.Fatalf("listed as %+v", items)
		}
		id := items[0].ID.String()
		want := []gen.Stroke{
			{Tool: gen.Pen, Color: "#FF006680", Width: 50, X: []int32{100, 113}, Y: []int32{205, 220}},
			{Tool: gen.Pen, Color: "#FF006680", Width: 50, X: []int32{10, 30}, Y: []int32{20, 40}},
		}
		d := get(t, caller, id)
		if fmt.Sprintf("%+v", d.Strokes) != fmt.Sprintf("%+v", want) {
			t.Errorf("got %+v, want %+v", d.Strokes, want)
		}
		caller.Do(t, http.MethodGet, path(id)+"/image", nil).Expect(t, http.StatusOK)

		savePaint(t, caller, "j8x3k2m1q9w0zt", twoLines) // again, as after a lost answer
		if d := get(t, caller, id); d.Revision != 1 {
			t.Errorf("a repeat made revision %d", d.Revision)
		}
		if got := paints(t, caller); !reflect.DeepEqual(got, map[string]string{"j8x3k2m1q9w0zt": twoLines}) {
			t.Errorf("got %q", got)
		}

		// setShadow cannot be shown: a title leaves it, other strokes do not.
		if d.Incomplete == nil || !*d.Incomplete || items[0].Incomplete == nil {
			t.Errorf("nothing says that it is incomplete: %+v", items[0])
		}
		titled := gen.DrawingContent{Title: new("titled"), Canvas: d.Canvas, Format: d.Format, Strokes: d.Strokes}
		caller.Do(t, http.MethodPut, path(id), titled, replacing("*")).Expect(t, http.StatusOK)
		if got := paints(t, caller); got["j8x3k2m1q9w0zt"] != twoLines {
			t.Errorf("with a title it is %q", got)
		}
		for _, parameter := range []string{"", "?replaceIncomplete=false"} {
			caller.Do(t, http.MethodPut, path(id)+parameter, oneStroke("today"), replacing("*")).
				ExpectProblem(t, http.StatusPreconditionRequired, gen.ErrPreconditionRequired)
		}
		if got := get(t, caller, id); got.Title != "titled" || got.StrokeCount != 2 || paints(t, caller)["j8x3k2m1q9w0zt"] != twoLines {
			t.Errorf("the refused request changed it: %+v", got)
		}

		caller.Do(t, http.MethodPut, path(id)+"?replaceIncomplete=true", oneStroke("today"), replacing("*")).Expect(t, http.StatusOK)
		if d := get(t, caller, id); d.Incomplete != nil {
			t.Errorf("replaced, it is %+v", d)
		}
		got := paints(t, caller)
		if len(got) != 1 || got["j8x3k2m1q9w0zt"] == twoLines || len(strokesOf(t, got["j8x3k2m1q9w0zt"])) != 1 {
			t.Errorf("changed in /v1, it is %q", got)
		}
		caller.Do(t, http.MethodDelete, path(id), nil).Expect(t, http.StatusNoContent)
		if got := paints(t, caller); len(got) != 0 {
			t.Errorf("deleted in /v1, it is %q", got)
		}
	})
}

func TestADrawingOfV1CanBeReadAndSavedByProgramsOf2017(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	id := create(t, caller, "today")
	shown := paints(t, caller)[id]
	want := [][][2]float64{{{10, 20}, {11, 22}, {12, 23}}}
	if got := strokesOf(t, shown); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v in %s", got, want, shown)
	}
	before := get(t, caller, id)
	savePaint(t, caller, id, shown) // a program of 2017 saves what it shows
	if after := get(t, caller, id); !reflect.DeepEqual(after, before) {
		t.Errorf("got %+v, want %+v", after, before)
	}
	savePaint(t, caller, id, twoLines)
	if after := get(t, caller, id); after.Title != "today" || after.Revision != 2 || after.StrokeCount != 2 {
		t.Errorf("changed by a program of 2017, it is %+v", after)
	}
}

func TestActionsThatAreNotADrawingAreStored(t *testing.T) {
	s := start(t)
	caller := s.LogIn2017(t, service.NewUser())
	for id, actions := range map[string]string{
		"not-json": `moveTo(10, 20); // "no" JSON`,
		"unknown":  `[{"method":"fillText","data":["一笔到底",1,2]}]`,
		"object":   `{"method":"strokePath"}`,
	} {
		savePaint(t, caller, id, actions)
		if got := paints(t, caller)[id]; got != actions {
			t.Errorf("got %q, want %q", got, actions)
		}
		d := list(t, caller)[0]
		if d.StrokeCount != 0 || len(get(t, caller, d.ID.String()).Strokes) != 0 {
			t.Errorf("%s shows %+v", id, d)
		}
		empty := map[string]any{"format": 1, "title": "titled " + id, "canvas": d.Canvas, "strokes": []any{}}
		caller.Do(t, http.MethodPut, path(d.ID.String()), empty, replacing("*")).Expect(t, http.StatusOK)
		if got := get(t, caller, d.ID.String()); got.Title != "titled "+id || got.Incomplete == nil || paints(t, caller)[id] != actions {
			t.Errorf("%s, titled, is %+v", id, got)
		}
		picture := caller.Do(t, http.MethodGet, path(d.ID.String())+"/image", nil, header("Accept", "image/png"))
		isPNG(t, picture.Body, 512)
	}
}

func TestFiftyConcurrentWritersLoseNoChange(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		caller := s.LogIn(t, service.NewUser())
		id := create(t, caller, "0")
		var mu sync.Mutex
		revisions := map[int32]string{}
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				title := fmt.Sprint("by writer ", i)
				for {
					seen := caller.Do(t, http.MethodGet, path(id), nil)
					answer := caller.Do(t, http.MethodPut, path(id), oneStroke(title), replacing(seen.Header.Get("ETag")))
					if answer.Status == http.StatusPreconditionFailed {
						continue
					}
					var d gen.DrawingSummary
					if answer.Status != http.StatusOK || json.Unmarshal(answer.Body, &d) != nil {
						t.Errorf("%s: %d %s", title, answer.Status, answer.Body)
						return
					}
					mu.Lock()
					if by, taken := revisions[d.Revision]; taken || d.Title != title {
						t.Errorf("%s got revision %d as %s, which was %s", title, d.Revision, d.Title, by)
					}
					revisions[d.Revision] = title
					mu.Unlock()
					return
				}
			})
		}
		wg.Wait()
		for n := range int32(50) {
			if revisions[n+2] == "" {
				t.Errorf("nobody wrote revision %d", n+2)
			}
		}
		if d := get(t, caller, id); d.Revision != 51 || d.Title != revisions[51] {
			t.Errorf("revision %d is %q, which was written as %q", d.Revision, d.Title, revisions[d.Revision])
		}
	})
}

func TestAFullGalleryAcceptsChangesButNoNewDrawing(t *testing.T) {
	s := startService(t, service.Options{DrawingQuota: 3})
	caller := s.LogIn(t, service.NewUser())
	first := create(t, caller, "one")
	create(t, caller, "two")
	savePaint(t, caller, "j8x3k2m1q9w0zt", twoLines)
	full := func() {
		t.Helper()
		caller.Do(t, http.MethodPut, path(newID()), oneStroke("more"), creating()).ExpectProblem(t, http.StatusForbidden, gen.ErrQuotaExceeded)
		caller.Do(t, http.MethodPost, "/applet/session/paints/save", map[string]string{"id": newID(), "actions": "[]"}).
			ExpectPaintFailure(t, http.StatusForbidden, string(gen.ErrQuotaExceeded))
	}
	full()
	caller.Do(t, http.MethodPut, path(first), oneStroke("one"), creating()).Expect(t, http.StatusCreated) // its answer was lost
	caller.Do(t, http.MethodPut, path(first), oneStroke("changed"), replacing("*")).Expect(t, http.StatusOK)
	savePaint(t, caller, "j8x3k2m1q9w0zt", "[]")
	full()
	if n := len(list(t, caller)); n != 3 {
		t.Errorf("%d drawings", n)
	}
	caller.Do(t, http.MethodDelete, path(first), nil).Expect(t, http.StatusNoContent)
	create(t, caller, "there is room again")
	full()
	create(t, s.LogIn(t, service.NewUser()), "another's gallery is empty")
}

// strokesOf executes actions as the program of 2017 does and returns the paths of
// its strokes.
func strokesOf(t *testing.T, actions string) (paths [][][2]float64) {
	t.Helper()
	var calls []struct {
		Method string
		Data   json.RawMessage
	}
	if err := json.Unmarshal([]byte(actions), &calls); err != nil {
		t.Fatalf("%v in %s", err, actions)
	}
	for _, c := range calls {
		if c.Method != "strokePath" {
			continue
		}
		var steps []struct {
			Method string
			Data   [2]float64
		}
		if err := json.Unmarshal(c.Data, &steps); err != nil {
			t.Fatalf("%v in %s", err, c.Data)
		}
		var path [][2]float64
		for i, step := range steps {
			if want := map[bool]string{true: "moveTo", false: "lineTo"}[i == 0]; step.Method != want {
				t.Errorf("step %d is %s", i, step.Method)
			}
			path = append(path, step.Data)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestCurvesAndShapesOf2017AreStrokes(t *testing.T) {
	s := start(t)
	caller := s.LogIn2017(t, service.NewUser())
	const actions = `[{"method":"save"},{"method":"translate","data":[100,100]},{"method":"scale","data":[2,2]},` +
		`{"method":"strokePath","data":[{"method":"moveTo","data":[0,0]},{"method":"quadraticCurveTo","data":[20,0,20,20]},{"method":"closePath","data":[]}]},` +
		`{"method":"strokePath","data":[{"method":"arc","data":[0,0,10,0,6.283185307179586]}]},{"method":"restore"}]`
	savePaint(t, caller, "curves", actions)
	d := get(t, caller, list(t, caller)[0].ID.String())
	if d.Incomplete != nil || d.StrokeCount != 2 || d.PointCount < 40 || d.Bounds != (gen.Bounds{MinX: 800, MinY: 800, MaxX: 1400, MaxY: 1400}) {
		t.Errorf("shown as %+v", d)
	}
	first := d.Strokes[0]
	if last := len(first.X) - 1; first.Width != 20 || first.X[0] != 1000 || first.X[last] != 1000 || first.Y[last] != 1000 {
		t.Errorf("the closed curve is %+v", first)
	}
}
