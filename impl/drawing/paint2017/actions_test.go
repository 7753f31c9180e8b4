package paint2017_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/paint2017"
)

// window is the canvas of what was drawn within the window of a phone.
var window = drawing.Canvas{Width: 3750, Height: 6030}

func TestActionsOf2017AreShownAsStrokes(t *testing.T) {
	const (
		style = `{"method":"setStrokeStyle","data":["normal",[102,102,102,255]]}`
		width = `{"method":"setLineWidth","data":[5]}`
		line  = `{"method":"strokePath","data":[{"method":"moveTo","data":[10,20]},{"method":"lineTo","data":[11,22]}]}`
	)
	black, gray := stroke("#000000", 10), stroke("#666666", 50)
	for name, c := range map[string]struct {
		actions string
		want    []drawing.Stroke
	}{
		"as seen in the wild":        {`[{"method":"save"},` + style + "," + width + "," + line + `,{"method":"restore"}]`, []drawing.Stroke{gray}},
		"before any style":           {"[" + line + "]", []drawing.Stroke{black}},
		"restored":                   {`[{"method":"save"},` + style + "," + width + `,{"method":"restore"},` + line + "]", []drawing.Stroke{black}},
		"restored without a save":    {`[{"method":"restore"},` + line + "]", []drawing.Stroke{black}},
		"unknown calls":              {`[{"method":"setShadow","data":[1,2]},null,7,"x",[],{},{"method":9},` + line + "]", []drawing.Stroke{black}},
		"two runs":                   {`[{"method":"strokePath","data":[` + steps(10, 20, 11, 22) + "," + steps(10, 20, 11, 22) + `]}]`, []drawing.Stroke{black, black}},
		"nothing but moves":          {`[{"method":"strokePath","data":[{"method":"moveTo","data":[1,2]},{"method":"moveTo","data":[3,4]}]}]`, nil},
		"a line without a move":      {`[{"method":"strokePath","data":[{"method":"lineTo","data":[10,20]},{"method":"lineTo","data":[11,22]}]}]`, []drawing.Stroke{black}},
		"steps that are none":        {`[{"method":"strokePath","data":[{"method":"moveTo","data":[10,20]},{"method":"arc","data":[1,2,3,4]},{"method":"lineTo","data":["1",2]},{"method":"lineTo","data":[1e999,2]},{"method":"lineTo"},{"method":"lineTo","data":[11,22]}]}]`, []drawing.Stroke{black}},
		"fractions and far away":     {`[{"method":"strokePath","data":[` + steps(1.26, -0.04, 1e9, -1e300) + `]}]`, []drawing.Stroke{{Tool: drawing.Pen, Color: "#000000", Width: 10, X: []int32{13, 65_535}, Y: []int32{0, -65_535}}}},
		"width that is none":         {`[{"method":"setLineWidth","data":["wide"]},{"method":"setLineWidth"},` + line + "]", []drawing.Stroke{black}},
		"least width":                {`[{"method":"setLineWidth","data":[0]},` + line + "]", []drawing.Stroke{stroke("#000000", 1)}},
		"most width":                 {`[{"method":"setLineWidth","data":[1e9]},` + line + "]", []drawing.Stroke{stroke("#000000", 65_535)}},
		"a stroke that is not valid": {`[{"method":"strokePath","data":[` + steps(10, 20, 11, 22) + `],"stroke":{"tool":"pen","color":"#000000","width":1,"x":[1],"y":[]}}]`, []drawing.Stroke{black}},
		"a stroke, time backwards":   {`[{"method":"strokePath","data":[],"stroke":{"tool":"pen","color":"#123456","width":1,"x":[1,2],"y":[3,4],"t":[9,5],"p":[0,255]}}]`, []drawing.Stroke{{Tool: drawing.Pen, Color: "#123456", Width: 1, X: []int32{1, 2}, Y: []int32{3, 4}, T: []int32{9, 9}, P: []uint8{0, 255}}}},
		"pressure that is none":      {`[{"method":"strokePath","data":[],"stroke":{"tool":"pen","color":"#123456","width":1,"x":[1],"y":[3],"p":[256]}}]`, nil},
		"on a canvas of today":       {`[{"method":"save","canvas":{"width":750,"height":750}},` + line + "]", []drawing.Stroke{{Tool: drawing.Pen, Color: "#000000", Width: 2, X: []int32{20, 22}, Y: []int32{40, 44}}}},
		"nothing":                    {"", nil},
		"not JSON":                   {"[" + line, nil},
		"not an array":               {line, nil},
		"empty":                      {"[]", nil},
		"deep":                       {strings.Repeat("[", 200_000), nil},
	} {
		got := fromActions(c.actions)
		if !reflect.DeepEqual(got.Strokes, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got.Strokes, c.want)
		}
	}
}

func TestColorsOf2017(t *testing.T) {
	for arguments, want := range map[string]string{
		`["normal",[102,102,102,255]]`:   "#666666",
		`["normal",[1,2,3,128]]`:         "#01020380",
		`["normal",[1,2,3]]`:             "#010203",
		`["normal",[300,-1,2.5,0]]`:      "#FF000300",
		`["#AbCdEf"]`:                    "#AbCdEf",
		`["#AbCdEf80"]`:                  "#AbCdEf80",
		`["#abc"]`:                       "#aabbcc",
		`["#abc8"]`:                      "#aabbcc88",
		`["rgb(1, 2, 3)"]`:               "#010203",
		`["rgba(255,128,0,0.5)"]`:        "#FF800080",
		`["rgba(255,128,0,1)"]`:          "#FF8000",
		`["normal",[1,2]]`:               "#000000",
		`["normal",["1",2,3]]`:           "#000000",
		`["normal"]`:                     "#000000",
		`["linear",[1,2,3,4]]`:           "#000000",
		`["tomato"]`:                     "#000000",
		`["rgb(1,2)"]`:                   "#000000",
		`["rgb(1..2,3,4)"]`:              "#000000",
		`[]`:                             "#000000",
		`[7]`:                            "#000000",
		`"#123456"`:                      "#000000",
		`{"0":"#123456"}`:                "#000000",
		`["#123456\n"]`:                  "#000000",
		`["url(javascript:alert('1'))"]`: "#000000",
	} {
		got := fromActions(`[{"method":"setStrokeStyle","data":` + arguments + `},{"method":"strokePath","data":[` + steps(1, 2, 3, 4) + `]}]`)
		if len(got.Strokes) != 1 || got.Strokes[0].Color != want {
			t.Errorf("%s: got %+v, want %s", arguments, got.Strokes, want)
		}
	}
}

func TestCanvasOf2017GrowsWithWhatWasDrawn(t *testing.T) {
	for actions, want := range map[string]drawing.Canvas{
		"no JSON": window,
		`[{"method":"strokePath","data":[` + steps(10, 20, 11, 22) + `]}]`:     window,
		`[{"method":"strokePath","data":[` + steps(-10, -20, 414, 22) + `]}]`:  {Width: 4140, Height: 6030},
		`[{"method":"strokePath","data":[` + steps(10, 20, 1e6, 700.5) + `]}]`: {Width: 65_535, Height: 7005},
		`[{"method":"save","canvas":{"width":7,"height":9,"background":"#FFFFFE"}}]`: {
			Width: 7, Height: 9, Background: "#FFFFFE",
		},
		`[{"method":"save","canvas":{"width":0,"height":9}}]`:  window,
		`[{"method":"save","canvas":{"width":"7"}}]`:           window,
		`[{"method":"other","canvas":{"width":7,"height":9}}]`: window,
	} {
		if got := fromActions(actions).Canvas; got != want {
			t.Errorf("%s: got %+v, want %+v", actions, got, want)
		}
	}
}

func TestWhatIsMoreThanADrawingMayHoldIsLeftOut(t *testing.T) {
	run := func(n int) string {
		numbers := make([]float64, 2*n)
		for i := range numbers {
			numbers[i] = float64(i % 2000)
		}
		return `{"method":"strokePath","data":[` + steps(numbers...) + `]}`
	}
	for _, c := range []struct {
		actions         string
		strokes, points int
	}{
		{"[" + strings.Repeat(run(2)+",", 1_200) + run(2) + "]", 1_000, 2_000},
		{"[" + strings.Repeat(run(4_000)+",", 7) + run(2) + "]", 5, 20_000},
		{"[" + run(5_000) + "]", 1, 5_000},
		{"[" + run(5_001) + "]", 2, 5_002}, // the second begins where the first ends
		{"[" + run(30_000) + "]", 4, 20_000},
	} {
		got := fromActions(c.actions)
		points := 0
		for _, s := range got.Strokes {
			points += len(s.X)
		}
		if len(got.Strokes) != c.strokes || points != c.points || got.Validate() != nil {
			t.Errorf("%d strokes, %d points, want %d, %d: %v", len(got.Strokes), points, c.strokes, c.points, got.Validate())
		}
	}
}

// Each call of stroke follows the whole path again: it is given up.
func TestAPathThatIsDrawnAgainAndAgainIsIncomplete(t *testing.T) {
	moves, strokes := strings.Repeat(`{"method":"moveTo","data":[1,1]},`, 7_000), strings.Repeat(`{"method":"stroke"},`, 12_000)
	c, incomplete := paint2017.FromActions([]byte("[" + moves + strokes + `{"method":"stroke"}]`))
	if !incomplete || c.Strokes != nil {
		t.Errorf("%d strokes, incomplete: %t", len(c.Strokes), incomplete)
	}
}

func TestActionsAreDrawnBy2017Programs(t *testing.T) {
	for _, c := range []struct {
		canvas drawing.Canvas
		stroke drawing.Stroke
		want   string // the calls, without the members that 2017 does not know
	}{
		{window, stroke("#66666680", 50), `setStrokeStyle["normal",[102,102,102,128]] setLineWidth[5] strokePath[moveTo[10,20] lineTo[11,22]]`},
		{drawing.Canvas{Width: 4140, Height: 8960}, stroke("#666666", 50), `setStrokeStyle["normal",[102,102,102,255]] setLineWidth[5] strokePath[moveTo[10,20] lineTo[11,22]]`},
		{drawing.Canvas{Width: 750, Height: 750}, stroke("#666666", 50), `setStrokeStyle["normal",[102,102,102,255]] setLineWidth[25] strokePath[moveTo[50,100] lineTo[55,110]]`},
		{
			drawing.Canvas{Width: 3750, Height: 1, Background: "#FFEEDD"},
			drawing.Stroke{Tool: drawing.Eraser, Color: "#00000080", Width: 40, X: []int32{100}, Y: []int32{7}},
			`setStrokeStyle["normal",[255,238,221,255]] setLineWidth[4] strokePath[moveTo[8,0.7] lineTo[12,0.7]]`,
		},
		{
			drawing.Canvas{Width: 3750, Height: 1},
			drawing.Stroke{Tool: drawing.Eraser, Color: "#000000", Width: 10, X: []int32{0, 1}, Y: []int32{0, 0}},
			`setStrokeStyle["normal",[255,255,255,255]] setLineWidth[1] strokePath[moveTo[0,0] lineTo[0.1,0]]`,
		},
	} {
		actions := paint2017.ToActions(drawing.Content{Properties: drawing.Properties{Canvas: c.canvas}, Strokes: []drawing.Stroke{c.stroke}})
		if got, want := calls(t, actions), "save "+c.want+" restore"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// A program of 2017 that draws on, and writes back the calls it knows and
// nothing else, moves nothing.
func TestStrokesStayInPlaceWithoutTheMembersOfToday(t *testing.T) {
	c := drawingtest.Content("", 5, 60)
	first := fromActions(paint2017.ToActions(c))
	second := fromActions(of2017(t, paint2017.ToActions(first)))
	if len(second.Strokes) != len(c.Strokes) {
		t.Fatalf("%d strokes", len(second.Strokes))
	}
	for i, s := range second.Strokes {
		if want := c.Strokes[i]; !slices.Equal(s.X, want.X) || !slices.Equal(s.Y, want.Y) || s.Width != want.Width || s.Color != want.Color {
			t.Errorf("stroke %d is %+v, was %+v", i, s, want)
		}
	}
}

func TestStrokesToActionsAndBackAreEqual(t *testing.T) {
	contents := append(drawingtest.QuickDraw(t), drawingtest.EveryKind(), drawingtest.Content("", 1_000, 20_000), drawing.Content{Properties: drawing.Properties{Canvas: window}})
	for _, side := range []int{1, 2, 375, 3749, 3750, 10_240, 10_241, 65_535} {
		c := drawingtest.EveryKind()
		c.Canvas.Width = side
		contents = append(contents, c)
	}
	size, points := 0, 0
	for i, c := range contents {
		c = c.Normalize()
		c.Title = ""
		actions := paint2017.ToActions(c)
		if got := fromActions(actions); !reflect.DeepEqual(got, c) {
			t.Fatalf("drawing %d came back as %.300s, was %.300s", i, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", c))
		}
		size += len(actions)
		for _, s := range c.Strokes {
			points += len(s.X)
		}
	}
	t.Logf("%d drawings, %.1f bytes of actions a point", len(contents), float64(size)/float64(points))
}

// A field of a stroke or of the canvas that actions do not carry fails here. A
// save of programs of 2017 leaves all other properties as they are stored.
func TestActionsCarryEveryField(t *testing.T) {
	for field, c := range drawingtest.Changes(drawingtest.Full()) {
		got := fromActions(paint2017.ToActions(c))
		if got.Canvas != c.Canvas || !reflect.DeepEqual(got.Strokes, c.Strokes) {
			t.Errorf("%s: %+v came back as %+v", field, c, got)
		}
	}
}

func FuzzFromActions(f *testing.F) {
	f.Add(paint2017.ToActions(drawingtest.EveryKind()))
	f.Add(paint2017.ToActions(drawingtest.Content("", 2, 6)))
	f.Add(`[{"method":"save"},{"method":"setStrokeStyle","data":["normal",[102,102,102,255]]},{"method":"setLineWidth","data":[5]},` +
		`{"method":"strokePath","data":[` + steps(10, 20, 11, 22) + `]},{"method":"restore"}]`)
	f.Add(`[{"method":"setStrokeStyle","data":["rgba(1,2,3,0.5)"]},{"method":"strokePath","data":[` + steps(-1e9, 0.5, 7, 7, 1e9, -7) + `]}]`)
	f.Add(`[{"data":[0.`)
	f.Add(`[{"method":"translate","data":[9,9]},{"method":"rotate","data":[1]},{"method":"scale","data":[-2,1e9]},{"method":"fillPath","data":[` +
		`{"method":"arc","data":[1,2,1e300,0,7,true]},{"method":"arcTo","data":[1,2,3,4,5]},{"method":"quadraticCurveTo","data":[1,2,3,4]},` +
		`{"method":"bezierCurveTo","data":[1,-1e308,3,4,1e308,6]},{"method":"rect","data":[1,2,3,4]},{"method":"closePath"}]}]`)
	f.Add(`[{"method":"moveTo","data":[1,2]},{"method":"lineTo","data":[3,4]},{"method":"stroke"},{"method":"fill"},{"method":"setTransform","data":[0,0,0,0,0,0]}]`)
	f.Add(`[null,{"method":"restore"},{"method":"strokePath","data":{}},"\xff"]`)
	f.Fuzz(func(t *testing.T, actions string) {
		if len(actions) > paint2017.MaxActions {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, incomplete := paint2017.FromActions([]byte(actions))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(4<<20+400*len(actions)) {
			t.Fatalf("%d bytes cost %d bytes of memory", len(actions), used)
		}
		if err := c.Validate(); err != nil && len(c.Strokes) > 0 {
			t.Fatalf("shown as what no content may hold: %v", err)
		}
		again, lost := paint2017.FromActions([]byte(paint2017.ToActions(c)))
		if !reflect.DeepEqual(again, c) || lost {
			t.Fatalf("came back as %+v, was %+v", again, c)
		}
		if len(actions) > 0 && !json.Valid([]byte(actions)) && !incomplete && utf8.ValidString(actions) {
			t.Fatalf("no JSON, and nothing is missing")
		}
	})
}

func BenchmarkFromActions(b *testing.B) {
	today := paint2017.ToActions(drawingtest.Content("", 12, 1_174))
	for name, actions := range map[string]string{"today": today, "2017": of2017(b, today)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(actions)))
			for b.Loop() {
				fromActions(actions)
			}
		})
	}
}

func BenchmarkToActions(b *testing.B) {
	c := drawingtest.Content("", 12, 1_174)
	for b.Loop() {
		paint2017.ToActions(c)
	}
}

func fromActions(actions string) drawing.Content {
	c, _ := paint2017.FromActions([]byte(actions))
	return c
}

// of2017 leaves out the members of actions that programs of 2017 do not know.
func of2017(t testing.TB, actions string) string {
	var all []map[string]any
	if err := json.Unmarshal([]byte(actions), &all); err != nil {
		t.Fatal(err)
	}
	for _, call := range all {
		delete(call, "canvas")
		delete(call, "stroke")
	}
	text, _ := json.Marshal(all)
	return string(text)
}

// stroke is the one that the tests draw from (10,20) to (11,22).
func stroke(color string, width int) drawing.Stroke {
	return drawing.Stroke{Tool: drawing.Pen, Color: color, Width: width, X: []int32{100, 110}, Y: []int32{200, 220}}
}

// steps is a path through points given as x, y, x, y.
func steps(numbers ...float64) string {
	var b strings.Builder
	method := "moveTo"
	for p := range slices.Chunk(numbers, 2) {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"method":%q,"data":[%g,%g]}`, method, p[0], p[1])
		method = "lineTo"
	}
	return b.String()
}

// calls puts down actions as a program of 2017 reads them.
func calls(t *testing.T, actions string) string {
	var all []struct {
		Method string
		Data   json.RawMessage
	}
	if err := json.Unmarshal([]byte(actions), &all); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, c := range all {
		text := string(c.Data)
		if c.Method == "strokePath" {
			text = "[" + calls(t, text) + "]"
		}
		texts = append(texts, c.Method+text)
	}
	return strings.Join(texts, " ")
}
