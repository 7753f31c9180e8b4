package render

import (
	"image"
	"iter"

	"onestroke/impl/drawing"
)

// Pictures yields the pictures on a sheet.
func (s *Sheet) Pictures() iter.Seq[image.Image] { return s.pictures() }

// Pieces is how many pieces of lines are looked at to find the moments of a drawing.
func Pieces(c drawing.Content) int {
	s := &Sheet{content: c, scale: sheetScale(c.Canvas)}
	m := newMoments(c.Canvas, s.scale)
	s.findMoments(m)
	return len(m.size) - 1
}
