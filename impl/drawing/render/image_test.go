package render_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/render"
)

var update = flag.Bool("update", false, "draw the reference pictures anew")

const pictureWidth = 256

// picture is a drawing that has a reference, named testdata/pictures/name.png.
type picture struct {
	name    string
	drawing drawing.Content
}

func TestPicturesLookAsTheirReferences(t *testing.T) {
	for _, p := range append(madeUpPictures(), realPictures(t)...) {
		got := pngOf(t, p.drawing, pictureWidth)
		file := filepath.Join("testdata", "pictures", p.name+".png")
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(decode(t, got), decode(t, want)); d > 0.01 {
			t.Errorf("%s differs from its reference by %.3f", p.name, d)
		}
	}
}

func TestPNGShowsTheCanvasInItsShape(t *testing.T) {
	for _, c := range []struct{ canvasWidth, canvasHeight, asked, width, height int }{
		{3750, 6670, 256, 256, 455},
		{3750, 6670, 2048, 2048, 3643},
		{100, 100, 1, 16, 16},
		{100, 100, 1 << 30, 2048, 2048},
		{1, 1, 100, 100, 100},
		{65_535, 1, 2048, 2048, 1},
		{1, 65_535, 2048, 1, 4096},
		{1000, 4000, 2048, 1024, 4096},
	} {
		d := drawingOf(drawing.Canvas{Width: c.canvasWidth, Height: c.canvasHeight}, pen("#000000", 1, 0, 0))
		got := decode(t, pngOf(t, d, c.asked)).Bounds()
		if got != image.Rect(0, 0, c.width, c.height) {
			t.Errorf("%d×%d asked for %d wide is %v", c.canvasWidth, c.canvasHeight, c.asked, got)
		}
	}
}

func TestPNGPixels(t *testing.T) {
	square := drawing.Canvas{Width: 100, Height: 100}
	blue := drawing.Canvas{Width: 100, Height: 100, Background: "#0000FF"}
	across := pen("#FF0000", 20, 20, 50, 80, 50)
	rubbed := pen("#FF0000", 20, 50, 50, 50, 90)
	rubbed.Tool = drawing.Eraser
	pressed := func(color string, pressure ...uint8) drawing.Stroke {
		s := pen(color, 40, 20, 50, 80, 50)
		s.P = pressure
		return s
	}
	dot := pen("#FF0000", 40, 50, 50, 50, 50)
	dot.P = []uint8{0, 255}
	for _, c := range []struct {
		what    string
		canvas  drawing.Canvas
		strokes []drawing.Stroke
		x, y    int
		want    color.RGBA
	}{
		{"paper is white", square, []drawing.Stroke{across}, 5, 5, color.RGBA{255, 255, 255, 255}},
		{"paper has its color", blue, []drawing.Stroke{across}, 5, 5, color.RGBA{0, 0, 255, 255}},
		{"a line is painted", square, []drawing.Stroke{across}, 50, 42, color.RGBA{255, 0, 0, 255}},
		{"an end reaches out", square, []drawing.Stroke{across}, 12, 50, color.RGBA{255, 0, 0, 255}},
		{"an end is round", square, []drawing.Stroke{across}, 12, 42, color.RGBA{255, 255, 255, 255}},
		{"a corner is filled", square, []drawing.Stroke{pen("#FF0000", 20, 20, 80, 50, 50, 80, 80)}, 50, 41, color.RGBA{255, 0, 0, 255}},
		{"a corner is round", square, []drawing.Stroke{pen("#FF0000", 20, 20, 80, 50, 50, 80, 80)}, 50, 38, color.RGBA{255, 255, 255, 255}},
		{"a dot is a disc", square, []drawing.Stroke{pen("#FF0000", 20, 50, 50)}, 43, 55, color.RGBA{255, 0, 0, 255}},
		{"a dot has no corners", square, []drawing.Stroke{pen("#FF0000", 20, 50, 50)}, 42, 42, color.RGBA{255, 255, 255, 255}},
		{"a pen that stays is a dot", square, []drawing.Stroke{pen("#FF0000", 20, 50, 50, 50, 50)}, 43, 55, color.RGBA{255, 0, 0, 255}},
		{"the eraser shows white paper", square, []drawing.Stroke{across, rubbed}, 50, 50, color.RGBA{255, 255, 255, 255}},
		{"the eraser shows colored paper", blue, []drawing.Stroke{across, rubbed}, 50, 50, color.RGBA{0, 0, 255, 255}},
		{"the eraser takes nothing drawn later", square, []drawing.Stroke{rubbed, across}, 50, 50, color.RGBA{255, 0, 0, 255}},
		{"a translucent line lets through", square, []drawing.Stroke{pen("#00000080", 20, 20, 50, 80, 50)}, 50, 50, color.RGBA{127, 127, 127, 255}},
		{"and is no darker where it crosses itself", square, []drawing.Stroke{pen("#00000080", 20, 20, 20, 80, 80, 80, 20, 20, 80)}, 50, 50, color.RGBA{127, 127, 127, 255}},
		{"two translucent lines are", square, []drawing.Stroke{pen("#00000080", 20, 20, 50, 80, 50), pen("#00000080", 20, 50, 20, 50, 80)}, 50, 50, color.RGBA{63, 63, 63, 255}},
		{"full pressure is the whole width", square, []drawing.Stroke{pressed("#FF0000", 255, 255)}, 50, 32, color.RGBA{255, 0, 0, 255}},
		{"and not more", square, []drawing.Stroke{pressed("#FF0000", 255, 255)}, 50, 28, color.RGBA{255, 255, 255, 255}},
		{"no pressure is a thin line", square, []drawing.Stroke{pressed("#FF0000", 0, 0)}, 50, 46, color.RGBA{255, 0, 0, 255}},
		{"and not wider", square, []drawing.Stroke{pressed("#FF0000", 0, 0)}, 50, 42, color.RGBA{255, 255, 255, 255}},
		{"a line widens: thin", square, []drawing.Stroke{pressed("#FF0000", 0, 255)}, 30, 40, color.RGBA{255, 255, 255, 255}},
		{"a line widens: wide", square, []drawing.Stroke{pressed("#FF0000", 0, 255)}, 70, 36, color.RGBA{255, 0, 0, 255}},
		{"its parts are one shape", square, []drawing.Stroke{pressed("#00000080", 0, 255)}, 50, 50, color.RGBA{127, 127, 127, 255}},
		{"a dot is as wide as it is pressed at most", square, []drawing.Stroke{dot}, 50, 32, color.RGBA{255, 0, 0, 255}},
		{"a line from far outside comes in", square, []drawing.Stroke{pen("#FF0000", 20, -65_535, 50, 65_535, 50)}, 50, 50, color.RGBA{255, 0, 0, 255}},
		{"a pen wider than all covers all", square, []drawing.Stroke{pen("#FF0000", 65_535, 50, 50, 60, 60)}, 1, 99, color.RGBA{255, 0, 0, 255}},
	} {
		got := color.RGBAModel.Convert(decode(t, pngOf(t, drawingOf(c.canvas, c.strokes...), 100)).At(c.x, c.y)).(color.RGBA)
		if far(got.R, c.want.R) || far(got.G, c.want.G) || far(got.B, c.want.B) || got.A != c.want.A {
			t.Errorf("%s: (%d, %d) is %v, want %v", c.what, c.x, c.y, got, c.want)
		}
	}
}

func TestPNGOfManyColors(t *testing.T) {
	var strokes []drawing.Stroke
	for i := range 300 {
		strokes = append(strokes, pen(fmt.Sprintf("#%02X%02X00", i%256, i/2), 1, int32(i), 0, int32(i), 300))
	}
	p := decode(t, pngOf(t, drawingOf(drawing.Canvas{Width: 300, Height: 300}, strokes...), 300))
	if _, paletted := p.(*image.Paletted); paletted {
		t.Error("a palette held more than 256 colors")
	}
}

func TestPNGAtTheLimitsIsAsWideAsAsked(t *testing.T) {
	for name, d := range drawingsAtTheLimits() {
		got := decode(t, pngOf(t, d, 1_000)).Bounds()
		if got != image.Rect(0, 0, 1_000, 2_000) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func BenchmarkPNG(b *testing.B) {
	benchmark(b, func(d drawing.Content) int { return len(pngOf(b, d, pictureWidth)) })
}

func BenchmarkPNGAtTheLimits(b *testing.B) {
	for name, d := range drawingsAtTheLimits() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				pngOf(b, d, render.MaxWidth)
			}
		})
	}
}

// benchmark shows all real drawings in turn and reports the mean and the
// largest size.
func benchmark(b *testing.B, show func(drawing.Content) int) {
	var all []drawing.Content
	for _, c := range drawingtest.QuickDraw(b) {
		all = append(all, fitted(c))
	}
	total, most, n := 0, 0, 0
	for b.Loop() {
		size := show(all[n%len(all)])
		total, most, n = total+size, max(most, size), n+1
	}
	b.ReportMetric(float64(total)/float64(n), "bytes/picture")
	b.ReportMetric(float64(most), "bytes/largest")
}

func madeUpPictures() []picture {
	phone := drawing.Canvas{Width: 3750, Height: 4000, Background: "#FFF8E7"}
	scribble := drawingtest.Content("scribble", 6, 240)
	rubbed := drawingtest.Content("rubbed out", 2, 120)
	rubbed.Strokes[1].Tool, rubbed.Strokes[1].Width = drawing.Eraser, 120
	translucent := drawingtest.Content("translucent", 4, 160)
	for i, c := range []string{"#FF000080", "#00AA0080", "#0000FF80", "#00000040"} {
		translucent.Strokes[i].Color, translucent.Strokes[i].Width = c, 150
	}
	for _, c := range []drawing.Content{scribble, rubbed, translucent} {
		for i, s := range c.Strokes {
			c.Strokes[i] = drawing.Stroke{Tool: s.Tool, Color: s.Color, Width: s.Width, X: scaled(s.X, 2, -500), Y: scaled(s.Y, 2, -2500), T: s.T}
		}
	}
	return []picture{
		{"scribble", drawingOf(phone, scribble.Strokes...)},
		{"rubbed-out", drawingOf(phone, rubbed.Strokes...)},
		{"translucent", drawingOf(phone, translucent.Strokes...)},
		{"dots-and-corners", drawingOf(
			drawing.Canvas{Width: 100, Height: 80},
			pen("#3366CC", 20, 20, 20), pen("#CC3333", 6, 50, 20, 50, 20), pen("#222222", 1, 80, 20),
			pen("#228833", 12, 15, 70, 30, 45, 45, 70, 50, 48, 55, 70), pen("#22222299", 9, 70, 45, 95, 70, 70, 70, 95, 45),
		)},
		{"pressure", drawingOf(phone, brushed("#222222", 260, 800), brushed("#AA220080", 400, 2_400))},
		{"one-stroke", drawing.Content{Properties: drawing.Properties{Canvas: phone, OneStroke: true}, Strokes: []drawing.Stroke{brushed("#666666", 200, 2_000)}}},
		{"beyond-the-edges", drawingOf(
			drawing.Canvas{Width: 400, Height: 300, Background: "#EEEEFF"},
			pen("#AA2200", 30, -60_000, -50_000, 60_000, 50_000), pen("#0022AA", 200, -80, 150), pen("#00AA22", 40, 200, 400, 200, 310, 300, 310),
		)},
	}
}

// brushed is a wave across a canvas of 3,750 units that is pressed more and less.
func brushed(color string, width, top int32) drawing.Stroke {
	s := drawing.Stroke{Tool: drawing.Pen, Color: color, Width: int(width)}
	for i := range int32(200) {
		s.X = append(s.X, 300+i*16)
		s.Y = append(s.Y, top+int32(600*math.Sin(float64(i)/15)))
		s.T = append(s.T, i*12)
		s.P = append(s.P, uint8(127+120*math.Sin(float64(i)/20)))
	}
	return s
}

// realPictures are ten of quickdraw, named after word and place among those of
// that word; none where the folder is missing.
func realPictures(t *testing.T) (all []picture) {
	t.Helper()
	wanted := []string{
		"beard-3", "bicycle-2", "cat-0", "cat-5", "cello-1", "line-7", "pineapple-4", "snowman-6", "strawberry-8", "zigzag-3",
	}
	seen := map[string]int{}
	for _, c := range drawingtest.QuickDraw(t) {
		name := fmt.Sprintf("%s-%d", c.Title, seen[c.Title])
		seen[c.Title]++
		if slices.Contains(wanted, name) {
			all = append(all, picture{name, fitted(c)})
		}
	}
	return all
}

// fitted puts a drawing on a canvas of its own size and some margin.
func fitted(c drawing.Content) drawing.Content {
	const margin = 200
	c = c.Normalize()
	left, top, right, bottom := int32(1<<30), int32(1<<30), int32(-1<<30), int32(-1<<30)
	for _, s := range c.Strokes {
		left, right = min(left, slices.Min(s.X)), max(right, slices.Max(s.X))
		top, bottom = min(top, slices.Min(s.Y)), max(bottom, slices.Max(s.Y))
	}
	strokes := slices.Clone(c.Strokes)
	for i, s := range strokes {
		strokes[i].X, strokes[i].Y = scaled(s.X, 1, margin-left), scaled(s.Y, 1, margin-top)
	}
	d := drawingOf(drawing.Canvas{Width: int(right-left) + 2*margin, Height: int(bottom-top) + 2*margin}, strokes...)
	d.Title = c.Title
	return d
}

func scaled(column []int32, factor, offset int32) []int32 {
	column = slices.Clone(column)
	for i, v := range column {
		column[i] = factor*v + offset
	}
	return column
}

// drawingsAtTheLimits are as much work as the limits allow.
func drawingsAtTheLimits() map[string]drawing.Content {
	canvas := drawing.Canvas{Width: 1000, Height: 2000}
	zigzag := func(strokes, points, width int, color string) drawing.Content {
		var all []drawing.Stroke
		for i := range strokes {
			s := drawing.Stroke{Tool: drawing.Pen, Color: color, Width: width}
			for j := range points {
				s.X = append(s.X, int32((i*331+j*617)%1000))
				s.Y = append(s.Y, int32(j%2*1500+(i*7+j*13)%500))
				s.T = append(s.T, int32(j*j))
			}
			all = append(all, s)
		}
		return drawingOf(canvas, all...)
	}
	pressed := zigzag(4, 5_000, 30, "#000000")
	for i, s := range pressed.Strokes {
		for j := range s.X {
			pressed.Strokes[i].P = append(pressed.Strokes[i].P, uint8(j*89))
		}
	}
	return map[string]drawing.Content{
		"pressed strokes":  pressed,
		"long strokes":     zigzag(4, 5_000, 3, "#000000"),
		"wide strokes":     zigzag(4, 5_000, 400, "#000000"),
		"many strokes":     zigzag(1_000, 20, 3, "#123456"),
		"many translucent": zigzag(1_000, 20, 300, "#12345678"),
		"many dots":        zigzag(1_000, 1, 3, "#12345678"),
	}
}

func drawingOf(c drawing.Canvas, strokes ...drawing.Stroke) drawing.Content {
	return drawing.Content{Properties: drawing.Properties{Canvas: c}, Strokes: strokes}
}

// pen is a stroke through points, each x and y.
func pen(color string, width int, points ...int32) drawing.Stroke {
	s := drawing.Stroke{Tool: drawing.Pen, Color: color, Width: width}
	for p := range slices.Chunk(points, 2) {
		s.X, s.Y = append(s.X, p[0]), append(s.Y, p[1])
	}
	return s
}

func pngOf(t testing.TB, d drawing.Content, width int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := render.PNG(&b, d, render.Options{Width: width}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(t testing.TB, file []byte) image.Image {
	t.Helper()
	p, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// difference is by how much the pixels of two pictures differ, as a share of
// what is drawn on their paper: the first's top left pixel. It is 0 for equal
// pictures, and about 2 for lines of which none meets another.
func difference(a, b image.Image) float64 {
	if a.Bounds().Size() != b.Bounds().Size() {
		return 2
	}
	paper := a.At(a.Bounds().Min.X, a.Bounds().Min.Y)
	apart, drawn := 0, 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			p := a.At(a.Bounds().Min.X+x, a.Bounds().Min.Y+y)
			q := b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y)
			apart += distance(p, q)
			drawn += max(distance(p, paper), distance(q, paper))
		}
	}
	return float64(apart) / float64(max(drawn, 1))
}

func distance(a, b color.Color) int {
	p, q := color.RGBAModel.Convert(a).(color.RGBA), color.RGBAModel.Convert(b).(color.RGBA)
	return abs(p.R, q.R) + abs(p.G, q.G) + abs(p.B, q.B)
}

func far(a, b uint8) bool { return abs(a, b) > 1 }

func abs(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
