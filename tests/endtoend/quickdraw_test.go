package endtoend

import (
	"bufio"
	"encoding/json"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/tests/root"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// sample is a drawing in the format of Quick, Draw!: strokes with x and y in pixels and
// t in milliseconds.
type sample struct {
	Word    string        `json:"word"`
	Strokes [][][]float64 `json:"drawing"`
}

func TestADrawingIsReadBackWithEachPoint(t *testing.T) {
	t.Parallel()
	drawings := samples(t)
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		api := s.LogIn(t, service.NewUser()).API(t)
		for _, d := range drawings {
			id, sent := uuid.New(), d.content()
			put, err := api.PutDrawingWithResponse(t.Context(), id, &gen.PutDrawingParams{IfNoneMatch: new(gen.Asterisk)}, sent)
			if err != nil {
				t.Fatal(err)
			}
			if put.JSON201 == nil {
				t.Fatalf("%s: %s %s", d.Word, put.Status(), put.Body)
			}
			got, err := api.GetDrawingWithResponse(t.Context(), id, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.JSON200 == nil {
				t.Fatalf("%s: %s %s", d.Word, got.Status(), got.Body)
			}
			if want := lifted(sent.Strokes); !reflect.DeepEqual(got.JSON200.Strokes, want) {
				t.Errorf("%s %s: got %v, want %v", d.Word, id, got.JSON200.Strokes, want)
			}
			if int(got.JSON200.PointCount) != d.points() {
				t.Errorf("%s: %d points, want %d", d.Word, got.JSON200.PointCount, d.points())
			}
		}
	})
}

func TestAPaintIsReadBackByteForByte(t *testing.T) {
	t.Parallel()
	drawings := samples(t)
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		old := s.LogIn2017(t, service.NewUser())
		want := map[string]string{}
		for _, d := range drawings {
			id := newID()[:14]
			want[id] = d.actions(t)
			savePaint(t, old, id, want[id])
		}
		if got := paints(t, old); !reflect.DeepEqual(got, want) {
			t.Errorf("%d of %d drawings are read back, or some have changed", len(got), len(want))
		}
	})
}

// samples returns drawings with the special cases of real ones, and real ones if
// QUICKDRAW names a folder.
func samples(t *testing.T) []sample {
	t.Helper()
	long := [][]float64{nil, nil, nil}
	for i := range 1174 {
		long[0] = append(long[0], 400+300*math.Sin(float64(i)/40))
		long[1] = append(long[1], float64(i)/2)
		long[2] = append(long[2], float64(16*i))
	}
	made := []sample{
		{"dots", [][][]float64{{{10}, {20}, {0}}, {{11.5}, {20.25}, {340}}}},
		{"negative", [][][]float64{{{-101.3, 4}, {-0.04, -7}, {0, 16}}}},
		{"time backwards", [][][]float64{{{1, 2, 3, 4}, {1, 2, 3, 4}, {0, 30, 25, 26}}, {{9, 8}, {9, 8}, {7, 6}}}},
		{"the same point twice", [][][]float64{{{5, 5, 5, 6}, {5, 5, 5, 6}, {0, 0, 17, 17}}}},
		{"the farthest points", [][][]float64{{{-6553.5, 6553.5}, {6553.5, -6553.5}, {0, math.MaxInt32}}}},
		{"1,174 points", [][][]float64{long}},
	}
	return append(made, realOnes(t)...)
}

func realOnes(t *testing.T) (all []sample) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root.Dir(), "..", "shared", "quickdraw", "*.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var d sample
			if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
				t.Fatal(err)
			}
			all = append(all, d)
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// content returns the drawing in tenths of a pixel.
func (d sample) content() gen.DrawingContent {
	c := gen.DrawingContent{Title: &d.Word, Canvas: gen.Canvas{Width: 30_000, Height: 30_000}, Format: gen.Format1}
	for _, s := range d.Strokes {
		t := column(s[2], 1)
		c.Strokes = append(c.Strokes, gen.Stroke{Tool: gen.Pen, Color: "#666666FF", Width: 50, X: column(s[0], 10), Y: column(s[1], 10), T: &t})
	}
	return c
}

// actions returns the calls that the program of 2017 records.
func (d sample) actions(t *testing.T) string {
	t.Helper()
	type call struct {
		Method string `json:"method"`
		Data   []any  `json:"data,omitempty"`
	}
	calls := []call{{"save", nil}, {"setStrokeStyle", []any{"normal", []int{102, 102, 102, 255}}}, {"setLineWidth", []any{5}}}
	for _, s := range d.Strokes {
		var line []any
		for i := range s[0] {
			method := "lineTo"
			if i == 0 {
				method = "moveTo"
			}
			line = append(line, call{method, []any{s[0][i], s[1][i]}})
		}
		calls = append(calls, call{"strokePath", line})
	}
	text, err := json.Marshal(append(calls, call{"restore", nil}))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (d sample) points() (n int) {
	for _, s := range d.Strokes {
		n += len(s[0])
	}
	return n
}

func column(values []float64, scale float64) []int32 {
	out := make([]int32, len(values))
	for i, v := range values {
		out[i] = int32(math.Round(v * scale))
	}
	return out
}

// lifted returns the strokes as the service stores them: a time that is less than the
// one before it is raised to that one.
func lifted(strokes []gen.Stroke) []gen.Stroke {
	out := make([]gen.Stroke, len(strokes))
	for i, s := range strokes {
		t := append([]int32(nil), *s.T...)
		for j := 1; j < len(t); j++ {
			t[j] = max(t[j], t[j-1])
		}
		s.T = &t
		out[i] = s
	}
	return out
}

func TestAPaintWithAnyContentIsReadBack(t *testing.T) {
	s := start(t)
	old := s.LogIn2017(t, service.NewUser())
	want := map[string]string{
		"not-json":  `moveTo(10, 20); // "no" JSON`,
		"escapes":   "\\u0000 \u0000 \t\r\n \u2028 </script>",
		"emoji":     `[{"method":"fillText","data":["一笔到底 🎨🇨🇳"]}]`,
		"spacing":   "[ {\"method\" : \"save\"} ]\n",
		"plus":      "a+b%20c&d=e",
		"a%2Fb?c=d": "[]",
		"编号一":       "[]",
	}
	for id, actions := range want {
		savePaint(t, old, id, actions)
	}
	if got := paints(t, old); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for id := range want {
		old.Do(t, http.MethodPost, "/applet/session/paints/delete", map[string]string{"id": id}).ExpectPaintDone(t)
	}
	if got := paints(t, old); len(got) != 0 {
		t.Errorf("left over: %q", got)
	}
}
