package render

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"io"

	"onestroke/impl/drawing"
)

// sheetLines is how many of the lines on the right of a sheet, side by side, are as
// wide as the picture.
const sheetLines = 200

// Sheet writes all that a drawing shows while it is replayed, as a PNG: on the left
// the picture, and on the right each stroke as a thin line, also those that were
// erased or painted over. A drawing of one stroke is the picture alone.
func Sheet(w io.Writer, c drawing.Content, o Options) error {
	if len(c.Strokes) < 2 {
		return PNG(w, c, o)
	}
	left, err := decoded(c, o)
	if err != nil {
		return err
	}
	right, err := decoded(thin(c), o)
	if err != nil {
		return err
	}
	sheet := image.NewRGBA(image.Rect(0, 0, left.Bounds().Dx()+right.Bounds().Dx(), max(left.Bounds().Dy(), right.Bounds().Dy())))
	draw.Draw(sheet, left.Bounds(), left, image.Point{}, draw.Src)
	draw.Draw(sheet, right.Bounds().Add(image.Pt(left.Bounds().Dx(), 0)), right, image.Point{}, draw.Src)
	return png.Encode(w, sheet)
}

// thin returns a drawing with the same lines, none of which covers another.
func thin(c drawing.Content) drawing.Content {
	var strokes []drawing.Stroke
	for _, s := range c.Strokes {
		if s.Tool == drawing.Eraser {
			continue
		}
		s.Width, s.P = min(s.Width, max(c.Canvas.Width/sheetLines, 1)), nil
		strokes = append(strokes, s)
	}
	c.Strokes = strokes
	return c
}

func decoded(c drawing.Content, o Options) (image.Image, error) {
	var b bytes.Buffer
	if err := PNG(&b, c, o); err != nil {
		return nil, err
	}
	return png.Decode(&b)
}
