package drawing_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
)

func TestNormalizeLiftsTimeThatRunsBackwards(t *testing.T) {
	for _, c := range []struct{ given, stored [][]int32 }{
		{[][]int32{{0, 5, 9}}, [][]int32{{0, 5, 9}}},
		{[][]int32{{0, 9, 5, 7, 12}}, [][]int32{{0, 9, 9, 9, 12}}},
		{[][]int32{{40, 50}, {10, 8}}, [][]int32{{40, 50}, {10, 10}}}, // strokes stand alone
		{[][]int32{nil, {3, 2}}, [][]int32{nil, {3, 3}}},
	} {
		given, stored := drawing.Content{}, drawing.Content{}
		for i := range c.given {
			given.Strokes = append(given.Strokes, drawing.Stroke{T: slices.Clone(c.given[i])})
			stored.Strokes = append(stored.Strokes, drawing.Stroke{T: c.stored[i]})
		}
		if got := given.Normalize(); !reflect.DeepEqual(got, stored) {
			t.Errorf("%v became %v", c.given, got)
		}
		for i, s := range given.Strokes {
			if !slices.Equal(s.T, c.given[i]) {
				t.Errorf("the caller's %v was changed to %v", c.given[i], s.T)
			}
		}
	}
}

func TestValidateNamesFieldAndRule(t *testing.T) {
	for _, c := range []struct {
		spoil func(*drawing.Content)
		want  string
	}{
		{func(c *drawing.Content) {}, ""},
		{func(c *drawing.Content) { c.Title = strings.Repeat("画", 80) }, ""},
		{func(c *drawing.Content) { c.Title = strings.Repeat("画", 81) }, "title maxLength"},
		{func(c *drawing.Content) { c.Title = "\xff" }, "title format"},
		{func(c *drawing.Content) { c.Canvas.Width = 0 }, "canvas.width minimum"},
		{func(c *drawing.Content) { c.Canvas.Height = 65_536 }, "canvas.height maximum"},
		{func(c *drawing.Content) { c.Canvas.Background = "" }, ""},
		{func(c *drawing.Content) { c.Canvas.Background = "#12345678" }, "canvas.background pattern"},
		{func(c *drawing.Content) { c.Canvas.Background = "#aAbBcC\n" }, "canvas.background pattern"},
		{func(c *drawing.Content) { c.Strokes = nil }, ""},
		{func(c *drawing.Content) { c.OneStroke = true }, "strokes oneStroke"},
		{func(c *drawing.Content) { c.OneStroke, c.Strokes = true, c.Strokes[:1] }, ""},
		{func(c *drawing.Content) { *c = drawingtest.Content("", 1_000, 20_000) }, ""},
		{func(c *drawing.Content) { *c = drawingtest.Content("", 1_001, 1_001) }, "strokes maxItems"},
		{func(c *drawing.Content) { *c = drawingtest.Content("", 5, 20_001) }, "strokes maxPoints"},
		{func(c *drawing.Content) { *c = drawingtest.Content("", 1, 5_001) }, "strokes[0].x maxItems"},
		{func(c *drawing.Content) { c.Strokes[1].Tool = "brush" }, "strokes[1].tool enum"},
		{func(c *drawing.Content) { c.Strokes[1].Tool = drawing.Eraser }, ""},
		{func(c *drawing.Content) { c.Strokes[2].Color = "red" }, "strokes[2].color pattern"},
		{func(c *drawing.Content) { c.Strokes[2].Color = "#fffF" }, "strokes[2].color pattern"},
		{func(c *drawing.Content) { c.Strokes[2].Color = "x000000" }, "strokes[2].color pattern"},
		{func(c *drawing.Content) { c.Strokes[2].Color = "#+00000" }, "strokes[2].color pattern"},
		{func(c *drawing.Content) { c.Strokes[2].Color = "#00_000" }, "strokes[2].color pattern"},
		{func(c *drawing.Content) { c.Strokes[2].Color = "" }, "strokes[2].color pattern"},
		{func(c *drawing.Content) { c.Strokes[2].Color = "#aBcDeF09" }, ""},
		{func(c *drawing.Content) { c.Strokes[0].Width = 0 }, "strokes[0].width minimum"},
		{func(c *drawing.Content) { c.Strokes[0].Width = 65_536 }, "strokes[0].width maximum"},
		{func(c *drawing.Content) { c.Strokes[3] = drawing.Stroke{Tool: "pen", Color: "#000000", Width: 1} }, "strokes[3].x minItems"},
		{func(c *drawing.Content) { c.Strokes[3].Y = c.Strokes[3].Y[1:] }, "strokes[3].y equalLength"},
		{func(c *drawing.Content) { c.Strokes[3].T = []int32{} }, "strokes[3].t equalLength"},
		{func(c *drawing.Content) { c.Strokes[3].T = nil }, ""},
		{func(c *drawing.Content) { c.Strokes[3].P = []uint8{255} }, "strokes[3].p equalLength"},
		{func(c *drawing.Content) { c.Strokes[3].X[2] = -65_536 }, "strokes[3].x[2] minimum"},
		{func(c *drawing.Content) { c.Strokes[3].Y[0] = 65_536 }, "strokes[3].y[0] maximum"},
		{func(c *drawing.Content) { c.Strokes[3].X[2], c.Strokes[3].Y[2] = -65_535, 65_535 }, ""},
		{func(c *drawing.Content) { c.Strokes[3].T[1] = -1 }, "strokes[3].t[1] minimum"},
		{func(c *drawing.Content) { c.Title, c.Strokes[0].Width = "\xff", 0 }, "title format, strokes[0].width minimum"},
	} {
		content := drawingtest.Content("a title", 4, 20)
		c.spoil(&content)
		if got := findings(content.Validate()); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestValidateStopsAtTheMostFindings(t *testing.T) {
	c := drawingtest.Content("", 30, 30)
	for i := range c.Strokes {
		c.Strokes[i].Width, c.Strokes[i].X[0] = 0, 1<<20
	}
	var found drawing.InvalidErrors
	if err := c.Validate(); !errors.As(err, &found) || len(found) != drawing.MaxFindings {
		t.Errorf("%d findings: %v", len(found), err)
	}
}

// findings puts down what is wrong as "field rule, field rule".
func findings(err error) string {
	var found drawing.InvalidErrors
	if err != nil && !errors.As(err, &found) {
		return err.Error()
	}
	var all []string
	for _, f := range found {
		all = append(all, fmt.Sprint(f.Field, " ", f.Rule))
	}
	return strings.Join(all, ", ")
}
