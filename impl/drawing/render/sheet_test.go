package render_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/render"
)

func sheetOf(c drawing.Content) (whole bool, pictures []*image.RGBA) {
	s := render.NewSheet(c)
	for p := range s.Pictures() {
		pictures = append(pictures, rgba(p))
	}
	return s.Whole(), pictures
}

func rgba(p image.Image) *image.RGBA {
	made := image.NewRGBA(p.Bounds())
	draw.Draw(made, made.Rect, p, image.Point{}, draw.Src)
	return made
}

// word is a line that looks like writing, from a place on, so many units high.
func word(tool drawing.Tool, c string, width int, x, y, height int32) drawing.Stroke {
	s := drawing.Stroke{Tool: tool, Color: c, Width: width}
	for i := range int32(20) {
		s.X, s.Y = append(s.X, x+i*height/3), append(s.Y, y+(i%2)*height)
	}
	return s
}

// Whatever covers something in the replay, the sheet shows it as it was before.
func TestASheetShowsWhatIsCovered(t *testing.T) {
	block := func(tool drawing.Tool, c string, width int) drawing.Stroke {
		return drawing.Stroke{Tool: tool, Color: c, Width: width, X: []int32{0, 1000}, Y: []int32{500, 500}}
	}
	red := word(drawing.Pen, "#FF0000", 12, 100, 470, 60)
	var inDots []drawing.Stroke
	for i := range int32(20) {
		inDots = append(inDots, drawing.Stroke{Tool: drawing.Pen, Color: "#FF0000", Width: int(5 + i), X: []int32{100 + 30*i}, Y: []int32{500}})
	}
	for name, strokes := range map[string][]drawing.Stroke{
		"erased":                     {red, block(drawing.Eraser, "#000000", 300)},
		"painted over":               {red, block(drawing.Pen, "#FFFFFF", 300)},
		"painted over in red":        {red, block(drawing.Pen, "#FF0000", 300), block(drawing.Pen, "#FFFFFF", 900)},
		"painted over by many":       append([]drawing.Stroke{red}, hatching("#0000FF", 450, 560)...),
		"painted over bit by bit":    {red, block(drawing.Pen, "#0000FF40", 300), block(drawing.Pen, "#0000FF40", 300), block(drawing.Pen, "#0000FF40", 300), block(drawing.Pen, "#0000FF40", 300), block(drawing.Pen, "#0000FF40", 300), block(drawing.Pen, "#0000FF40", 300), block(drawing.Pen, "#0000FF40", 300)},
		"dots":                       append(inDots, block(drawing.Pen, "#0000FF", 300)),
		"covered, drawn and covered": {block(drawing.Pen, "#0000FF", 300), red, block(drawing.Pen, "#0000FF", 300), block(drawing.Pen, "#00FF00", 300)},
	} {
		c := drawing.Content{Strokes: strokes}
		c.Canvas = drawing.Canvas{Width: 1000, Height: 1000}
		whole, pictures := sheetOf(c)
		if n := reds(pictures); !whole || n < 3_000 {
			t.Errorf("%s: whole %v, and %d pixels show it", name, whole, n)
		}
	}
}

// hatching covers a strip line by line.
func hatching(c string, top, bottom int32) (lines []drawing.Stroke) {
	for y := top; y <= bottom; y += 10 {
		lines = append(lines, drawing.Stroke{Tool: drawing.Pen, Color: c, Width: 14, X: []int32{0, 1000}, Y: []int32{y, y}})
	}
	return lines
}

// Where colors do not tell a stroke from what covers it, the lines do.
func TestASheetShowsEachLine(t *testing.T) {
	hidden := func(tool drawing.Tool, c string) drawing.Stroke { return word(tool, c, 12, 100, 470, 60) }
	scribbled := hidden(drawing.Pen, "#000000") // and over itself, in one stroke
	for i := range int32(30) {
		scribbled.X, scribbled.Y = append(scribbled.X, 950*(i%2)), append(scribbled.Y, 440+4*i)
	}
	block := func(c string) drawing.Stroke {
		return drawing.Stroke{Tool: drawing.Pen, Color: c, Width: 300, X: []int32{0, 1000}, Y: []int32{500, 500}}
	}
	outside := hidden(drawing.Pen, "#000000")
	for i := range outside.Y {
		outside.Y[i] += 640
	}
	for name, strokes := range map[string][]drawing.Stroke{
		"scribbled over in one stroke":  {scribbled},
		"black on black":                {hidden(drawing.Pen, "#000000"), block("#000000")},
		"white on white":                {hidden(drawing.Pen, "#FFFFFF")},
		"written by the eraser":         {block("#000000"), hidden(drawing.Eraser, "#000000"), block("#000000")},
		"beside the canvas":             {outside},
		"transparent":                   {hidden(drawing.Pen, "#00000001")},
		"thinner than a pixel":          {word(drawing.Pen, "#000000", 1, 100, 470, 300)},
		"under what is replayed before": {block("#FFFFFF"), hidden(drawing.Pen, "#FFFFFF")},
	} {
		c := drawing.Content{Strokes: strokes}
		c.Canvas = drawing.Canvas{Width: 1000, Height: 1000}
		if name == "thinner than a pixel" {
			c.Canvas = drawing.Canvas{Width: 4000, Height: 4000}
		}
		whole, pictures := sheetOf(c)
		if len(strokes) > 1 && strokes[0].Width == 300 {
			strokes = strokes[1:]
		}
		scale := 1024 / float64(max(c.Canvas.Height, int(slices.Max(strokes[0].Y))))
		if !whole || !slices.ContainsFunc(pictures, func(p *image.RGBA) bool { return hasLine(p, strokes[0], scale) }) {
			t.Errorf("%s: whole %v, and no line shows it", name, whole)
		}
	}
}

// hasLine reports whether a picture has a dark line along the first 19 steps of a word,
// that is lighter around it.
func hasLine(p *image.RGBA, word drawing.Stroke, scale float64) bool {
	dark, light := 0, 0
	for i := range 19 {
		x, y := float64(2*word.X[i]+word.X[i+1])/3*scale, float64(2*word.Y[i]+word.Y[i+1])/3*scale
		isDark, isLight := false, false
		for dx := -1; dx <= 1; dx++ {
			isDark = isDark || p.RGBAAt(int(x)+dx, int(y)).R < 0xb0
		}
		for d := -5; d <= 5; d++ {
			isLight = isLight || p.RGBAAt(int(x)+d, int(y)+d/2).R > 0xd0
		}
		if isDark {
			dark++
		}
		if isLight {
			light++
		}
	}
	return dark >= 17 && light >= 12
}

// Bounded pictures cannot show a drawing that covers itself again and again.
func TestASheetThatDoesNotShowAllSaysSo(t *testing.T) {
	var again, dense, far []drawing.Stroke
	for i := range int32(20) {
		again = append(again, word(drawing.Pen, fmt.Sprintf("#FF00%02X", 8*i), 12, 100, 470, 60), drawing.Stroke{Tool: drawing.Eraser, Color: "#000000", Width: 300, X: []int32{0, 1000}, Y: []int32{500, 500}})
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 900 {
		s := drawing.Stroke{Tool: drawing.Pen, Color: "#000000", Width: 4}
		for range 20 {
			s.X, s.Y = append(s.X, random.Int32N(1000)), append(s.Y, random.Int32N(1000))
		}
		dense = append(dense, s)
	}
	far = append(far, word(drawing.Pen, "#000000", 12, 100, 3000, 60))
	for name, strokes := range map[string][]drawing.Stroke{"again and again": again, "dense": dense, "far beside the canvas": far} {
		c := drawing.Content{Strokes: strokes}
		c.Canvas = drawing.Canvas{Width: 1000, Height: 1000}
		if render.NewSheet(c).Whole() {
			t.Errorf("%s: the sheet is whole", name)
		}
	}
}

// Of every stroke, what was visible when it was drawn is visible on one of the pictures.
func TestEveryStrokeIsOnASheet(t *testing.T) {
	wholes := 0
	for seed := range uint64(2) {
		random := rand.New(rand.NewPCG(seed, 17))
		c := drawing.Content{}
		c.Canvas = drawing.Canvas{Width: 256, Height: 256}
		for i := range 3 + random.IntN(12) {
			s := drawing.Stroke{Tool: drawing.Pen, Color: fmt.Sprintf("#%02X%02X%02X", 60*(i%4), 60*(i/4), 200), Width: 4 + random.IntN(12)}
			if random.IntN(4) == 0 {
				s.Width = 40 + random.IntN(120)
			}
			for range 1 + random.IntN(5) {
				s.X, s.Y = append(s.X, random.Int32N(256)), append(s.Y, random.Int32N(256))
			}
			c.Strokes = append(c.Strokes, s)
		}
		whole, pictures := sheetOf(c)
		if !whole {
			continue
		}
		wholes++
		for i, s := range c.Strokes {
			after := c
			after.Strokes = c.Strokes[:i+1]
			want := rgba(decode(t, pngOf(t, after, 1024)))
			own := color.RGBA{uint8(60 * (i % 4)), uint8(60 * (i / 4)), 200, 255}
			drawn, seen := 0, 0
			for y := 0; y < 1024; y += 8 {
				for x := 0; x < 1024; x += 8 {
					if want.RGBAAt(x, y) != own {
						continue
					}
					drawn++
					if slices.ContainsFunc(pictures, func(p *image.RGBA) bool { return p.RGBAAt(x, y) == own }) {
						seen++
					}
				}
			}
			if 2*seen < drawn {
				t.Errorf("drawing %d: of stroke %d, %s, the sheet shows %d of %d pixels", seed, i, s.Color, seen, drawn)
			}
		}
	}
	if wholes < 2 {
		t.Errorf("only %d sheets are whole", wholes)
	}
	t.Logf("%d sheets are whole", wholes)
}

// Long strokes to and fro have more pieces than anyone could see. They are not all looked
// at, also those of one stroke.
func TestASheetOfLongStrokesIsGivenUpInTime(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	c := drawing.Content{}
	c.Canvas = drawing.Canvas{Width: 1000, Height: 1000}
	for range 4 {
		s := drawing.Stroke{Tool: drawing.Pen, Color: "#000000", Width: 1}
		for range drawing.MaxStrokePoints {
			s.X, s.Y = append(s.X, random.Int32N(1000)), append(s.Y, random.Int32N(1000))
		}
		c.Strokes = append(c.Strokes, s)
	}
	if n := render.Pieces(c); n > 60_000 {
		t.Errorf("%d pieces are looked at", n)
	}
}

// What people draw needs no person.
func TestSheetsOfRealDrawingsAreWhole(t *testing.T) {
	all := drawingtest.QuickDraw(t)
	step := max(1, len(all)/30)
	n, whole := 0, 0
	for i := 0; i < len(all); i += step {
		n++
		if render.NewSheet(fitted(all[i])).Whole() {
			whole++
		}
	}
	t.Logf("%d of %d sheets are whole", whole, n)
	if whole < n*98/100 {
		t.Errorf("%d of %d sheets are whole", whole, n)
	}
}

func BenchmarkSheet(b *testing.B) {
	for name, d := range drawingsAtTheLimits() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				pngOfSheet(b, d)
			}
		})
	}
	all := drawingtest.QuickDraw(b)
	b.Run("real", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			pngOfSheet(b, fitted(all[n%len(all)]))
		}
	})
}

func pngOfSheet(b *testing.B, c drawing.Content) {
	if err := render.NewSheet(c).PNG(io.Discard); err != nil {
		b.Fatal(err)
	}
}

// reds counts the red pixels of all pictures.
func reds(pictures []*image.RGBA) (n int) {
	for _, p := range pictures {
		for i := 0; i < len(p.Pix); i += 4 {
			if p.Pix[i] > 200 && p.Pix[i+1] < 100 && p.Pix[i+2] < 100 {
				n++
			}
		}
	}
	return n
}

// The PNG has the pictures side by side.
func TestASheetIsOnePNG(t *testing.T) {
	c := drawing.Content{Strokes: []drawing.Stroke{word(drawing.Pen, "#FF0000", 12, 100, 470, 60)}}
	for _, test := range []struct {
		canvas drawing.Canvas
		want   image.Point
	}{{drawing.Canvas{Width: 1000, Height: 1000}, image.Pt(2056, 1024)}, {drawing.Canvas{Width: 2000, Height: 1000}, image.Pt(2056, 512)}} {
		c.Canvas = test.canvas
		var b bytes.Buffer
		if err := render.NewSheet(c).PNG(&b); err != nil {
			t.Fatal(err)
		}
		p := decode(t, b.Bytes())
		if size := p.Bounds().Size(); size != test.want || reds([]*image.RGBA{rgba(p)}) < 3_000 {
			t.Errorf("the sheet has %v, want %v", size, test.want)
		}
	}
}
