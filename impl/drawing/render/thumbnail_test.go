package render_test

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

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
	circle := drawing.Stroke{Tool: drawing.Pen, Color: "#000000", Width: 10}
	for i := range 1_000 {
		sin, cos := math.Sincos(float64(i) / 500 * math.Pi)
		circle.X, circle.Y = append(circle.X, int32(1280+1000*cos)), append(circle.Y, int32(1280+1000*sin))
	}
	got := checkThumbnail(t, drawingOf(drawing.Canvas{Width: 2560, Height: 2560}, circle))
	points := pointsOf(t, got)
	if len(points) > 80 || len(points) < 20 {
		t.Errorf("%d points make a circle", len(points))
	}
	for _, p := range points {
		if off := math.Abs(math.Hypot(p[0]-128, p[1]-128) - 100); off > 1 {
			t.Errorf("%v is %.2f off the circle", p, off)
		}
	}
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

var svgNumber = regexp.MustCompile(`-?\d+`)

// pointsOf are those of the only path in a document.
func pointsOf(t testing.TB, document string) (all [][2]float64) {
	t.Helper()
	_, path, _ := strings.Cut(document, ` d="`)
	path, _, _ = strings.Cut(path, `"`)
	var at [2]float64
	for step := range slices.Chunk(svgNumber.FindAllString(path, -1), 2) {
		for i, text := range step {
			v, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			at[i] += float64(v)
		}
		all = append(all, at)
	}
	return all
}
