package render

import (
	"image"
	"math"

	"onestroke/impl/drawing"
)

const (
	// lineRadius is half the width of a line on a page, in pixels.
	lineRadius = 0.6
	// lineRoom is how far around a line it must be possible to tell it from others.
	lineRoom = 4
	// lineLightest is the gray of the last line; the first is black.
	lineLightest = 0x90
	// lineInk is the gray up to which a pixel counts as that of a line.
	lineInk = 0xc0
	// pagesEffort is the most work for the pages of one drawing, in pixels.
	pagesEffort = 64e6
)

// linesOf draws the strokes of a drawing as thin lines on at most so many pages, and
// reports whether they all can be read: the surroundings of no piece were more than half
// full of other lines when it was drawn.
func linesOf(c drawing.Content, most int) (pages []*image.Gray, complete bool) {
	scale := sheetScale(c.Canvas)
	r := newRaster(pixels(c.Canvas.Width, scale), pixels(c.Canvas.Height, scale), image.White.C)
	begin := func() *image.Gray {
		page := image.NewGray(r.picture.Rect)
		for i := range page.Pix {
			page.Pix[i] = 0xff
		}
		pages = append(pages, page)
		return page
	}
	page := begin()
	work, done, whole := 0, 0.0, 0.0 // done and whole are lengths, in pixels
	for _, s := range c.Strokes {
		ways := waysOf(s)
		whole += ways[len(ways)-1] * scale
	}
	for _, s := range c.Strokes {
		for _, p := range piecesOf(visibleLine(s, scale), nil, pieceLength) {
			isFull := false
			if room := r.mask(p.line, p.evenly(lineRoom)); room != nil {
				isFull = fullness(page, room) > 0.5
				work += len(room.Pix)
			}
			if work > pagesEffort || isFull && len(pages) == most {
				return pages, false
			}
			if isFull {
				page = begin()
			}
			if mask := r.mask(p.line, p.evenly(lineRadius)); mask != nil {
				darken(page, mask, uint8(lineLightest*min(done/max(whole, 1), 1)))
			}
			for i, at := range p.line[1:] {
				done += at.distance(p.line[i])
			}
		}
	}
	return pages, true
}

// visibleLine is the line of a stroke in pixels. That of a dot goes around it: its size
// is all that there is to see.
func visibleLine(s drawing.Stroke, scale float64) []xy {
	line := lineOf(s, scale)
	low, high := extent(line)
	radius := min(widthAt(s, 0xff)*scale/2, sheetSide)
	if low.distance(high) > radius || radius < 2*lineRadius {
		return line
	}
	const corners = 48
	for i := range corners + 1 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		line = append(line, line[0].plus(xy{cos, sin}.times(radius)))
	}
	return line
}

// fullness is how much of a shape is covered by the lines on a page, from 0 to 1.
func fullness(page *image.Gray, shape *image.Alpha) float64 {
	inside, inked := 0, 0
	for y := shape.Rect.Min.Y; y < shape.Rect.Max.Y; y++ {
		row := page.Pix[page.PixOffset(shape.Rect.Min.X, y):]
		for i, cover := range shape.Pix[shape.PixOffset(shape.Rect.Min.X, y):][:shape.Rect.Dx()] {
			if cover >= 0x80 {
				inside++
				if row[i] <= lineInk {
					inked++
				}
			}
		}
	}
	return float64(inked) / float64(max(inside, 1))
}

// darken draws a shape in a gray where the page is lighter.
func darken(page *image.Gray, shape *image.Alpha, gray uint8) {
	for y := shape.Rect.Min.Y; y < shape.Rect.Max.Y; y++ {
		row := page.Pix[page.PixOffset(shape.Rect.Min.X, y):]
		for i, cover := range shape.Pix[shape.PixOffset(shape.Rect.Min.X, y):][:shape.Rect.Dx()] {
			row[i] = min(row[i], 0xff-uint8(int(cover)*int(0xff-gray)/0xff))
		}
	}
}
