package render

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"iter"
	"math"

	"onestroke/impl/drawing"
)

const (
	// sheetSide is how long the longer side of each picture on a sheet is, in pixels.
	sheetSide = 1_024
	// sheetPictures is how many pictures a sheet has at most.
	sheetPictures = 12
	// sheetGap is between two pictures.
	sheetGap = 8
	// spreadRatio is how much larger than the canvas the drawing may be, so that it can be
	// seen with what is beside the canvas.
	spreadRatio = 1.25
)

// Sheet is everything that anyone may see of a drawing, in its picture, in its replay or
// in its strokes, as one picture for those who must judge it. See
// docs/decisions/0082-what-is-checked.md. It has, side by side:
//
//   - the picture;
//   - its moments: how the drawing looked each time before something in it was covered;
//   - its lines: every stroke, also of the eraser and beside the canvas, as a thin dark
//     line, the first ones darkest. Where they are too dense to be read, more pages follow.
type Sheet struct {
	content drawing.Content
	scale   float64
	moments []int // how many strokes are drawn
	pages   []*image.Gray
	whole   bool
}

// NewSheet finds what a sheet must show.
func NewSheet(c drawing.Content) *Sheet {
	s := &Sheet{content: c, scale: sheetScale(c.Canvas)}
	bare, isSmall := spread(c)
	s.whole = isSmall && effort(c, s.scale) <= pngEffort
	if s.whole {
		s.whole = s.findMoments(newMoments(c.Canvas, s.scale))
	}
	if c.IsSealed() { // the seal covers what is below it
		s.moments = append(s.moments, len(c.Strokes))
	}
	room := max(sheetPictures-1-len(s.moments), 1)
	var complete bool
	s.pages, complete = linesOf(bare, room)
	s.whole = s.whole && complete && 1+len(s.moments)+len(s.pages) <= sheetPictures
	if most := sheetPictures - 1 - len(s.pages); len(s.moments) > most {
		s.moments = s.moments[:most]
	}
	return s
}

// Whole reports whether the sheet shows everything. It does not if the drawing covers
// itself too often, is too dense, or is mostly beside its canvas.
func (s *Sheet) Whole() bool { return s.whole }

// PNG writes the sheet.
func (s *Sheet) PNG(w io.Writer) error {
	count := 1 + len(s.moments) + len(s.pages)
	width, height := pixels(s.content.Canvas.Width, s.scale), pixels(s.content.Canvas.Height, s.scale)
	for _, page := range s.pages {
		width, height = max(width, page.Rect.Dx()), max(height, page.Rect.Dy())
	}
	width, height = width+sheetGap, height+sheetGap
	columns := min(count, int(math.Ceil(math.Sqrt(float64(count*height)/float64(width)))))
	rows := (count + columns - 1) / columns
	sheet := image.NewRGBA(image.Rect(0, 0, columns*width-sheetGap, rows*height-sheetGap))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(color.Gray{0x80}), image.Point{}, draw.Src)
	n := 0
	for p := range s.pictures() {
		at := image.Pt(n%columns*width, n/columns*height)
		draw.Draw(sheet, p.Bounds().Add(at), p, image.Point{}, draw.Src)
		n++
	}
	return png.Encode(w, withPalette(sheet))
}

// pictures yields the pictures on the sheet.
func (s *Sheet) pictures() iter.Seq[image.Image] {
	return func(yield func(image.Image) bool) {
		if !yield(picture(s.content, s.scale)) {
			return
		}
		for _, strokes := range s.moments {
			c := s.content
			c.Strokes, c.OneStroke = c.Strokes[:strokes], false
			if !yield(picture(c, s.scale)) {
				return
			}
		}
		for _, page := range s.pages {
			if !yield(page) {
				return
			}
		}
	}
}

func sheetScale(c drawing.Canvas) float64 {
	return min(sheetSide/float64(c.Width), sheetSide/float64(c.Height))
}

// spread returns a drawing on a canvas that holds all its points, and reports whether
// that is not much larger than its own.
func spread(c drawing.Content) (drawing.Content, bool) {
	b := c.Measure().Bounds
	left, top := int32(min(b.MinX, 0)), int32(min(b.MinY, 0))
	width, height := max(c.Canvas.Width, b.MaxX)-int(left), max(c.Canvas.Height, b.MaxY)-int(top)
	isSmall := float64(width) <= spreadRatio*float64(c.Canvas.Width) && float64(height) <= spreadRatio*float64(c.Canvas.Height)
	if c.Canvas.Width, c.Canvas.Height = width, height; left == 0 && top == 0 {
		return c, isSmall
	}
	moved := make([]drawing.Stroke, len(c.Strokes))
	for i, s := range c.Strokes {
		x, y := make([]int32, len(s.X)), make([]int32, len(s.Y))
		for j := range x {
			x[j], y[j] = s.X[j]-left, s.Y[j]-top
		}
		s.X, s.Y = x, y
		moved[i] = s
	}
	c.Strokes = moved
	return c, isSmall
}
