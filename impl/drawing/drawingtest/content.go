// Package drawingtest makes drawings for tests.
package drawingtest

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"onestroke/impl/drawing"
)

// ID returns the n-th of the IDs that tests use.
func ID(n int) drawing.ID {
	return drawing.ID(binary.BigEndian.AppendUint64([]byte{0, 0, 0, 0, 0, 0, 0x40, 0}, 0x8000<<48|uint64(n)))
}

// Content makes up a drawing of so many points, spread evenly over its
// strokes, drawn by an unsteady hand. The same arguments make the same drawing.
func Content(title string, strokes, points int) drawing.Content {
	random := rand.New(rand.NewPCG(uint64(strokes), uint64(points)))
	c := drawing.Content{Properties: drawing.Properties{
		Title: title, Canvas: drawing.Canvas{Width: 3750, Height: 6670, Background: "#FFFFFF"},
	}}
	x, y, t := int32(1000), int32(2000), int32(0)
	for i := range strokes {
		s := drawing.Stroke{Tool: drawing.Pen, Color: "#333333", Width: 30}
		for range (points + i) / strokes {
			x, y, t = x+random.Int32N(121)-60, y+random.Int32N(121)-60, t+8+random.Int32N(18)
			s.X, s.Y, s.T = append(s.X, x), append(s.Y, y), append(s.T, t)
		}
		c.Strokes = append(c.Strokes, s)
	}
	return c
}

// EveryKind returns a content whose strokes have each combination of tool, time and
// pressure, and the extremes of every column.
func EveryKind() drawing.Content {
	c := drawing.Content{Properties: drawing.Properties{Title: "every kind", Canvas: drawing.Canvas{Width: 375, Height: 667, Background: "#FfFfFf"}}}
	for i := range 8 {
		s := drawing.Stroke{Tool: drawing.Pen, Color: "#102030", Width: 5 + i, X: []int32{-65_535, 65_535}, Y: []int32{0, -1}}
		if i&1 != 0 {
			s.Tool, s.Color = drawing.Eraser, "#AbCdEf80"
		}
		if i&2 != 0 {
			s.T = []int32{int32(i), drawing.MaxTime}
		}
		if i&4 != 0 {
			s.P = []uint8{255, 0}
		}
		c.Strokes = append(c.Strokes, s)
	}
	return c
}

// QuickDraw returns the real drawings of the folder quickdraw that lies next to
// a checkout of this project, coordinates times ten and rounded. Without the
// folder it makes up drawings that are odd in the same ways.
func QuickDraw(t testing.TB) []drawing.Content {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(checkout(t), "../shared/quickdraw/*.ndjson"))
	if len(files) == 0 {
		t.Log("no folder quickdraw: using made-up drawings")
		return oddDrawings()
	}
	var all []drawing.Content
	for _, file := range files {
		all = append(all, readDrawings(t, file)...)
	}
	t.Logf("%d drawings of quickdraw", len(all))
	return all
}

// checkout returns the folder that holds go.mod, above that of the test.
func checkout(t testing.TB) string {
	folder, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(folder, "go.mod")); missing == nil {
			return folder
		}
		if filepath.Dir(folder) == folder {
			err = os.ErrNotExist
		}
		folder = filepath.Dir(folder)
	}
	t.Fatal("no go.mod above the test: ", err)
	return ""
}

func readDrawings(t testing.TB, file string) (all []drawing.Content) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Word    string
			Drawing [][3][]float64
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		c := drawing.Content{Properties: drawing.Properties{Title: line.Word, Canvas: drawing.Canvas{Width: 30_000, Height: 30_000}}}
		for _, columns := range line.Drawing {
			c.Strokes = append(c.Strokes, drawing.Stroke{
				Tool: drawing.Pen, Color: "#000000", Width: 50,
				X: rounded(columns[0], 10), Y: rounded(columns[1], 10), T: rounded(columns[2], 1),
			})
		}
		all = append(all, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return all
}

func rounded(values []float64, scale float64) []int32 {
	column := make([]int32, len(values))
	for i, v := range values {
		column[i] = int32(math.Round(v * scale))
	}
	return column
}

func oddDrawings() []drawing.Content {
	dot := Content("dot", 1, 1)
	repeated := Content("the same point twice", 1, 2)
	repeated.Strokes[0].X[1], repeated.Strokes[0].Y[1] = repeated.Strokes[0].X[0], repeated.Strokes[0].Y[0]
	negative := Content("left of the canvas", 1, 2)
	negative.Strokes[0].X = []int32{-10_130, -10_129}
	backwards := Content("time runs backwards", 2, 6)
	backwards.Strokes[1].T = []int32{90, 40, 95}
	all := []drawing.Content{dot, repeated, negative, backwards, Content("as long as any", 12, 1_174)}
	for i := range 20 {
		all = append(all, Content(fmt.Sprintf("drawing %d", i), 1+i, 160+20*i))
	}
	return all
}
