package render

import (
	"image"
	"iter"
)

// Pictures yields the pictures on a sheet.
func (s *Sheet) Pictures() iter.Seq[image.Image] { return s.pictures() }
