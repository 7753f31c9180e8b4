package render_test

import (
	"fmt"
	"image"
	"image/draw"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/render"
	"onestroke/tests/chromium"
)

// By how much of what is drawn Chromium's pictures may differ from ours: most
// where lines are thinner than a pixel, by some 0.02 where they are not.
const (
	apart          = 0.2
	thumbnailApart = 0.5 // it is simplified, and its lines are no thinner than a pixel
)

func TestChromiumShowsSVGAsPNG(t *testing.T) {
	var still, thumbnails [][]byte
	pictures := append(madeUpPictures(), realPictures(t)...)
	for _, p := range pictures {
		still = append(still, svgOf(t, p.drawing, false))
		thumbnails = append(thumbnails, []byte(render.Thumbnail(p.drawing.Canvas, p.drawing.Strokes)))
	}
	shown := show(t, still)
	small := show(t, thumbnails)
	for i, p := range pictures {
		want := decode(t, pngOf(t, p.drawing, pictureWidth))
		d := difference(want, crop(shown[i], want))
		if d > apart {
			t.Errorf("%s differs by %.3f", p.name, d)
		}
		// A thumbnail's longer side is as long as these pictures are wide.
		side := pictureWidth * p.drawing.Canvas.Width / max(p.drawing.Canvas.Width, p.drawing.Canvas.Height)
		want = decode(t, pngOf(t, p.drawing, side))
		if d := difference(want, crop(small[i], want)); d > thumbnailApart {
			t.Errorf("the thumbnail of %s differs by %.3f", p.name, d)
		}
	}
}

func TestChromiumEndsAnimationsAsStillPictures(t *testing.T) {
	var still, animated, reduced [][]byte
	pictures := append(madeUpPictures(), realPictures(t)...)
	for _, p := range pictures {
		still = append(still, svgOf(t, p.drawing, false))
		animated = append(animated, svgOf(t, p.drawing, true))
		reduced = append(reduced, svgOf(t, later(p.drawing), true))
	}
	want := show(t, still)
	for what, got := range map[string][]image.Image{
		"after a minute":      show(t, animated, "--virtual-time-budget=60000"),
		"with reduced motion": show(t, reduced, "--force-prefers-reduced-motion"),
	} {
		for i, p := range pictures {
			if d := difference(want[i], got[i]); d > 0.005 {
				t.Errorf("%s %s differs by %.3f", p.name, what, d)
			}
		}
	}
}

func TestChromiumShowsWhatIsDrawnByThen(t *testing.T) {
	canvas := drawing.Canvas{Width: 100, Height: 100}
	timed := func(s drawing.Stroke, times ...int32) drawing.Stroke {
		s.T = times
		return s
	}
	const hour = 3_600_000
	first := timed(pen("#CC0000", 9, 10, 10, 90, 10), 0, 800)
	dot := timed(pen("#0000CC", 20, 20, 80), 900)
	never := timed(pen("#00CC00", 9, 10, 50, 90, 50), hour, hour+800)
	neverDot := timed(pen("#00CC00", 20, 80, 80), hour)
	half := timed(pen("#222222", 9, 10, 30, 50, 30, 90, 30), 0, 1_000, 2*hour) // 50 to 90 at a snail's pace

	got := show(t, [][]byte{svgOf(t, drawingOf(canvas, first, dot, never, neverDot, half), true)}, "--virtual-time-budget=60000")
	want := decode(t, pngOf(t, drawingOf(canvas, first, dot, pen("#222222", 9, 10, 30, 50, 30)), pictureWidth))
	if d := difference(want, crop(got[0], want)); d > apart {
		t.Errorf("differs by %.3f", d)
	}
}

// later is the drawing begun an hour later.
func later(d drawing.Content) drawing.Content {
	strokes := append([]drawing.Stroke(nil), d.Strokes...)
	for i, s := range strokes {
		strokes[i].T = make([]int32, len(s.X))
		for j := range strokes[i].T {
			strokes[i].T[j] = 3_600_000
		}
	}
	d.Strokes = strokes
	return d
}

// show has Chromium show SVG documents, each in a cell of its own, and returns the
// cells.
func show(t *testing.T, documents [][]byte, flags ...string) (cells []image.Image) {
	t.Helper()
	program := chromium.Path(t)
	const width, height, columns = pictureWidth, 600, 5
	dir := t.TempDir()
	var page strings.Builder
	page.WriteString(`<!doctype html><body style="margin:0;background:#fff">`)
	for i, document := range documents {
		name := fmt.Sprintf("%d.svg", i)
		if err := os.WriteFile(filepath.Join(dir, name), document, 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&page, `<object type="image/svg+xml" data="%s" style="position:absolute;left:%dpx;top:%dpx"></object>`,
			name, i%columns*width, i/columns*height)
	}
	index, screenshot := filepath.Join(dir, "index.html"), filepath.Join(dir, "screenshot.png")
	if err := os.WriteFile(index, []byte(page.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := (len(documents) + columns - 1) / columns
	command := exec.CommandContext(t.Context(), program, append(flags,
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--force-device-scale-factor=1", "--user-data-dir="+filepath.Join(dir, "profile"),
		fmt.Sprintf("--window-size=%d,%d", columns*width, rows*height), "--screenshot="+screenshot, "file://"+index)...)
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	file, err := os.ReadFile(screenshot)
	if err != nil {
		t.Fatal(err)
	}
	all := decode(t, file)
	for i := range documents {
		corner := image.Pt(i%columns*width, i/columns*height)
		part := image.NewRGBA(image.Rect(0, 0, width, height))
		draw.Draw(part, part.Rect, all, corner, draw.Src)
		cells = append(cells, part)
	}
	return cells
}

// crop is as much of a cell as another picture shows.
func crop(cell, like image.Image) image.Image {
	return cell.(*image.RGBA).SubImage(image.Rect(0, 0, like.Bounds().Dx(), like.Bounds().Dy()))
}
