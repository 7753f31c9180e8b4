package render_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/render"
)

// What is erased or painted over is seen in the replay, so it is on the sheet.
func TestASheetShowsWhatThePictureHides(t *testing.T) {
	canvas := drawing.Canvas{Width: 1000, Height: 1000, Background: "#FFFFFF"}
	line := func(tool drawing.Tool, c string, width int) drawing.Stroke {
		return drawing.Stroke{Tool: tool, Color: c, Width: width, X: []int32{100, 900}, Y: []int32{500, 500}}
	}
	for name, cover := range map[string]drawing.Stroke{
		"erased":       line(drawing.Eraser, "#000000", 400),
		"painted over": line(drawing.Pen, "#FFFFFF", 400),
	} {
		c := drawing.Content{Strokes: []drawing.Stroke{line(drawing.Pen, "#FF0000", 40), cover}}
		c.Canvas = canvas
		if hasRed(t, render.PNG, c) {
			t.Errorf("%s: the picture shows it", name)
		}
		isErased := cover.Tool == drawing.Eraser
		if !isErased {
			// Another stroke at the same place leaves nothing of a thin line.
			c.Strokes[1].Y = []int32{520, 520}
		}
		if !hasRed(t, render.Sheet, c) {
			t.Errorf("%s: the sheet does not show it", name)
		}
	}
	one := drawing.Content{Strokes: []drawing.Stroke{line(drawing.Pen, "#FF0000", 40)}}
	one.Canvas = canvas
	if size := pictureOf(t, render.Sheet, one).Bounds().Size(); size != image.Pt(256, 256) {
		t.Errorf("the sheet of one stroke has %v", size)
	}
}

func hasRed(t *testing.T, draw func(io.Writer, drawing.Content, render.Options) error, c drawing.Content) bool {
	t.Helper()
	picture := pictureOf(t, draw, c)
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			if at := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA); at.R > 200 && at.G < 120 {
				return true
			}
		}
	}
	return false
}

func pictureOf(t *testing.T, draw func(io.Writer, drawing.Content, render.Options) error, c drawing.Content) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := draw(&b, c, render.Options{Width: 256}); err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}
