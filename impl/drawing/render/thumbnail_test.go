package render_test

import (
	"math"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/render"
)

func TestThumbnailIsSmallAndHoldsWhatMatters(t *testing.T) {
	for name, d := range drawingsAtTheLimits() {
		t.Logf("%s: %d bytes", name, len(checkThumbnail(t, d)))
	}
	far := pen("#000000", 1, -65_535, -65_535, 65_535, 65_535, -65_535, 65_535)
	checkThumbnail(t, drawingOf(drawing.Canvas{Width: 1, Height: 1}, slices.Repeat([]drawing.Stroke{far}, 1_000)...))

	dots := slices.Repeat([]drawing.Stroke{pen("#FF000080", 1, 10, 10)}, 1_000)
	d := drawingOf(drawing.Canvas{Width: 99, Height: 99}, append(dots, pen("#0000FF", 2, 10, 10, 80, 80))...)
	if got := checkThumbnail(t, d); !strings.Contains(got, `stroke="#00f"`) {
		t.Errorf("the longest stroke was left out: %s", got)
	}
	outside := drawingOf(drawing.Canvas{Width: 99, Height: 99}, pen("#000000", 2, 200, 10, 300, 80))
	if got := checkThumbnail(t, outside); strings.Contains(got, "path") {
		t.Errorf("a stroke outside the canvas is in %s", got)
	}
}

func TestThumbnailStaysWithinATolerance(t *testing.T) {
	got := checkThumbnail(t, drawingOf(drawing.Canvas{Width: 2560, Height: 2560}, circle(1280, 1280, 1000, 1_000)))
	lines := linesOf(t, got)
	if len(lines) != 1 || strings.Count(got, " ")+strings.Count(got, "-") > 120 {
		t.Errorf("a circle is %s", got)
	}
	for _, p := range lines[0] {
		if off := math.Abs(math.Hypot(p.x-256, p.y-256)-200) / 2; off > 1 {
			t.Errorf("%v is %.2f pixels off the circle", p, off)
		}
	}
}

func TestThumbnailOfManyCirclesHasCircles(t *testing.T) {
	const across, radius = 6, 35
	var strokes []drawing.Stroke
	for i := range int32(across * across) {
		strokes = append(strokes, circle(i%across*100+50, i/across*100+50, radius, 555))
	}
	got := checkThumbnail(t, drawingOf(drawing.Canvas{Width: across * 100, Height: across * 100}, strokes...))
	lines := linesOf(t, got)
	if len(lines) != len(strokes) {
		t.Fatalf("%d of %d circles are left", len(lines), len(strokes))
	}
	const unit = 512. / (across * 100)
	for i, line := range lines {
		x, y := (float64(i%across*100)+50)*unit, (float64(i/across*100)+50)*unit
		for _, p := range line {
			// A square's sides are nearer to its middle by 29 %.
			if off := math.Abs(math.Hypot(p.x-x, p.y-y)/(radius*unit) - 1); off > 0.15 {
				t.Fatalf("circle %d: %v is off by %.0f %%", i, p, 100*off)
			}
		}
	}
}

func TestThumbnailKeepsCorners(t *testing.T) {
	got := checkThumbnail(t, drawingOf(drawing.Canvas{Width: 256, Height: 256}, pen("#000000", 2, 20, 20, 120, 20, 120, 120, 60, 140, 20, 20)))
	if !strings.Contains(got, `d="M40 40l200 0 0 200-120 40-80-240"`) {
		t.Errorf("corners became curves: %s", got)
	}
}

func TestThumbnailShowsPressure(t *testing.T) {
	s := pen("#000000", 40, 20, 100, 230, 100)
	s.P = []uint8{0, 255}
	got := checkThumbnail(t, drawingOf(drawing.Canvas{Width: 256, Height: 256}, s))
	if n := strings.Count(got, "<path"); n != 4 {
		t.Errorf("%d paths of one width each in %s", n, got)
	}
}

func TestThumbnailShowsThePressureOfATranslucentStrokeAsOneShape(t *testing.T) {
	pressed := pen("#00000080", 40, 20, 100, 230, 100)
	pressed.P = []uint8{0, 255}
	even := pen("#00000080", 40, 20, 200, 230, 200)
	got := checkThumbnail(t, drawingOf(drawing.Canvas{Width: 256, Height: 256}, pressed, even, pressed, pressed))
	shape := regexp.MustCompile(`<g stroke="#000" opacity="0.502">(<path stroke-width="[\d.]+" d="[^"]+"/>){4}</g>`)
	rest := shape.ReplaceAllString(got, "")
	if n := len(shape.FindAllString(got, -1)); n != 3 || strings.Count(rest, "<path") != 1 || strings.Contains(rest, "<g") {
		t.Errorf("%d of 3 shapes of four widths in %s", n, got)
	}
}

func circle(x, y int32, radius float64, points int) drawing.Stroke {
	s := drawing.Stroke{Tool: drawing.Pen, Color: "#000000", Width: 10}
	for i := range points {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(points-1))
		s.X, s.Y = append(s.X, x+int32(math.Round(radius*cos))), append(s.Y, y+int32(math.Round(radius*sin)))
	}
	return s
}

func BenchmarkThumbnail(b *testing.B) {
	benchmark(b, func(d drawing.Content) int { return len(render.Thumbnail(d.Canvas, d.Strokes)) })
}

func BenchmarkThumbnailAtTheLimits(b *testing.B) {
	for name, d := range drawingsAtTheLimits() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				render.Thumbnail(d.Canvas, d.Strokes)
			}
		})
	}
}

func checkThumbnail(t testing.TB, d drawing.Content) string {
	t.Helper()
	got := render.Thumbnail(d.Canvas, d.Strokes)
	if len(got) > render.MaxThumbnail {
		t.Errorf("a thumbnail of %d bytes", len(got))
	}
	checkSVG(t, []byte(got))
	return got
}

type point struct{ x, y float64 }

var (
	svgPath    = regexp.MustCompile(` d="([^"]*)"`)
	svgCommand = regexp.MustCompile(`([Mlqth])([^Mlqth]*)`)
	svgNumber  = regexp.MustCompile(`-?\d+`)
)

// linesOf are the lines of all paths in a document, curves by ten points each.
func linesOf(t testing.TB, document string) (lines [][]point) {
	t.Helper()
	for _, path := range svgPath.FindAllStringSubmatch(document, -1) {
		var at, control point
		for _, command := range svgCommand.FindAllStringSubmatch(path[1], -1) {
			var numbers []float64
			for _, text := range svgNumber.FindAllString(command[2], -1) {
				v, err := strconv.ParseFloat(text, 64)
				if err != nil {
					t.Fatal(err)
				}
				numbers = append(numbers, v)
			}
			line := len(lines) - 1
			switch command[1] {
			case "M":
				at = point{numbers[0], numbers[1]}
				lines = append(lines, []point{at})
			case "l":
				for step := range slices.Chunk(numbers, 2) {
					at = point{at.x + step[0], at.y + step[1]}
					lines[line] = append(lines[line], at)
				}
			case "q", "t":
				size := map[string]int{"q": 4, "t": 2}[command[1]]
				for step := range slices.Chunk(numbers, size) {
					from := at
					control = point{2*at.x - control.x, 2*at.y - control.y}
					if size == 4 {
						control = point{at.x + step[0], at.y + step[1]}
					}
					at = point{at.x + step[size-2], at.y + step[size-1]}
					for i := range 10 {
						p := float64(i+1) / 10
						q := 1 - p
						lines[line] = append(lines[line], point{
							q*q*from.x + 2*q*p*control.x + p*p*at.x,
							q*q*from.y + 2*q*p*control.y + p*p*at.y,
						})
					}
				}
			}
		}
	}
	return lines
}

// What does not fit is not written to its end, for each of the tolerances that are tried.
func TestThumbnailOfLongStrokesTakesLittleMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	canvas := drawing.Canvas{Width: 1000, Height: 1000}
	var strokes []drawing.Stroke
	for range 4 {
		s := drawing.Stroke{Tool: drawing.Pen, Color: "#000000", Width: 1}
		for range drawing.MaxStrokePoints {
			s.X, s.Y = append(s.X, random.Int32N(1000)), append(s.Y, random.Int32N(1000))
		}
		strokes = append(strokes, s)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	render.Thumbnail(canvas, strokes)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 10<<20 {
		t.Errorf("it takes %d bytes", used)
	}
}

// In a line that swings ever less, what is farthest off is always next to its end.
func TestALineThatSwingsEverLessTakesNoLongerThanOthers(t *testing.T) {
	canvas := drawing.Canvas{Width: 60_000, Height: 60_000}
	swinging := func(amplitude func(i int) int32) drawing.Stroke {
		s := drawing.Stroke{Tool: drawing.Pen, Color: "#000000", Width: 10}
		for i := range drawing.MaxStrokePoints {
			s.X, s.Y = append(s.X, int32(10*i)), append(s.Y, 30_000+int32(1-i%2*2)*amplitude(i))
		}
		return s
	}
	took := func(s drawing.Stroke) time.Duration {
		least := time.Hour
		for range 3 { // the machine may be busy
			begun := time.Now()
			render.Thumbnail(canvas, []drawing.Stroke{s})
			least = min(least, time.Since(begun))
		}
		return least
	}
	evenly := took(swinging(func(i int) int32 { return int32(i * 7_919 % 25_000) }))
	less := took(swinging(func(i int) int32 { return int32(25_000 - 4*i) }))
	if less > 8*evenly {
		t.Errorf("it takes %s, and another one %s", less, evenly)
	}
}
