package render

import (
	"image"
	"image/color"
	"image/draw"
	"slices"

	"onestroke/impl/drawing"
)

const (
	// pieceLength is how long a piece of a stroke is, in pixels: about a letter. A piece of
	// a thick stroke is twice as long as it is thick.
	pieceLength = 64
	// visibleStep is by how much two colors differ that can be told apart, as the sum of
	// the differences of red, green and blue.
	visibleStep = 48
	// lostEdges is how many edges may vanish between two moments without a change of color
	// on a line, such as when black is drawn around black: those of some 1,000 pixels of
	// lines.
	lostEdges = 4_000
	// momentsEffort is the most work to find the moments of a drawing, in pixels. One of a
	// piece, whose shape is made for it, takes as long as pieceEffort others.
	momentsEffort = 256e6
	pieceEffort   = 4
)

// piece is a part of a line in pixels, with its radius at each point.
type piece struct {
	line  []xy
	radii []float64
}

// evenly returns the same radius for each point.
func (p piece) evenly(radius float64) []float64 {
	return slices.Repeat([]float64{radius}, len(p.line))
}

// piecesOf cuts a line in pieces of at most a length. radii may be nil.
func piecesOf(line []xy, radii []float64, length float64) (pieces []piece) {
	var p piece
	rest := length
	add := func(at xy, radius float64) {
		p.line = append(p.line, at)
		if radii != nil {
			p.radii = append(p.radii, radius)
		}
	}
	radiusAt := func(i int) float64 {
		if radii == nil {
			return 0
		}
		return radii[i]
	}
	add(line[0], radiusAt(0))
	for i := 1; i < len(line); i++ {
		from, fromRadius := line[i-1], radiusAt(i-1)
		for from.distance(line[i]) > rest {
			share := rest / from.distance(line[i])
			from = from.plus(line[i].minus(from).times(share))
			fromRadius += (radiusAt(i) - fromRadius) * share
			add(from, fromRadius)
			pieces = append(pieces, p)
			p, rest = piece{}, length
			add(from, fromRadius)
		}
		rest -= from.distance(line[i])
		add(line[i], radiusAt(i))
	}
	return append(pieces, p)
}

// moments finds when something is covered that is on no moment yet.
type moments struct {
	now    *raster
	before *image.RGBA // how now was before the stroke at hand
	paper  color.RGBA

	piece   []int32      // that a pixel shows, from 1 on; 0: none
	ink     []color.RGBA // of the pixel, as that piece drew it
	changed []int        // the stroke that changed the pixel last, from 1 on

	size, lost []int // pixels of each piece
	seen       int32 // the last piece that is on a moment
	from       int   // strokes that are on a moment
	edges      int   // that vanished since
	work       int
}

// newMoments begins with an empty picture.
func newMoments(c drawing.Canvas, scale float64) *moments {
	width, height := pixels(c.Width, scale), pixels(c.Height, scale)
	m := &moments{
		now: newRaster(width, height, c.BackgroundColor()), before: image.NewRGBA(image.Rect(0, 0, width, height)),
		paper: color.RGBAModel.Convert(c.BackgroundColor()).(color.RGBA),
		piece: make([]int32, width*height), ink: make([]color.RGBA, width*height), changed: make([]int, width*height),
		size: make([]int, 1), lost: make([]int, 1),
	}
	copy(m.before.Pix, m.now.picture.Pix)
	return m
}

// findMoments finds the moments of the drawing, and reports whether it found all. Before
// more than half of a piece is covered, there is a moment that shows it.
func (s *Sheet) findMoments(m *moments) bool {
	c := s.content
	for i, stroke := range c.Strokes {
		if !touches(stroke, c.Canvas) {
			continue
		}
		line, radii := outlined(stroke, s.scale)
		mask := m.now.mask(line, slices.Clone(radii))
		if mask == nil {
			continue
		}
		box := mask.Rect
		draw.DrawMask(m.now.picture, box, image.NewUniform(stroke.ColorOn(c.Canvas)), image.Point{}, mask, box.Min, draw.Over)
		if m.covers(box) {
			if s.moments = append(s.moments, i); len(s.moments) >= sheetPictures {
				return false
			}
			m.seen, m.from, m.edges = int32(len(m.size)-1), i, 0
		}
		m.note(box, i)
		for _, p := range piecesOf(line, radii, max(pieceLength, 4*slices.Max(radii))) {
			if m.own(p); m.work > momentsEffort {
				return false
			}
		}
	}
	return true
}

// covers reports whether the stroke at hand, which changed pixels in a box, covers too
// much of what is on no moment.
func (m *moments) covers(box image.Rectangle) (covers bool) {
	m.work += box.Dx() * box.Dy()
	size := m.before.Rect.Max
	for y := max(box.Min.Y-1, 0); y < box.Max.Y; y++ {
		for x := max(box.Min.X-1, 0); x < box.Max.X; x++ {
			i := y*size.X + x
			right, below := i, i // itself at the edge of the picture: no difference
			if x+1 < size.X {
				right = i + 1
			}
			if y+1 < size.Y {
				below = i + size.X
			}
			changed := at(m.before, i) != at(m.now.picture, i)
			if changed || at(m.before, right) != at(m.now.picture, right) {
				m.edges += m.lostEdge(i, right)
			}
			if changed || at(m.before, below) != at(m.now.picture, below) {
				m.edges += m.lostEdge(i, below)
			}
			if p := m.piece[i]; changed && p > m.seen && differ(at(m.now.picture, i), m.ink[i]) {
				m.piece[i] = 0
				m.lost[p]++
				covers = covers || 2*m.lost[p] > m.size[p]
			}
		}
	}
	return covers || m.edges > lostEdges
}

// lostEdge is 1 if two pixels differed, which is on no moment, and do not any more.
func (m *moments) lostEdge(i, j int) int {
	if differ(at(m.before, i), at(m.before, j)) && !differ(at(m.now.picture, i), at(m.now.picture, j)) && max(m.changed[i], m.changed[j]) > m.from {
		return 1
	}
	return 0
}

// note notes what the stroke at hand changed.
func (m *moments) note(box image.Rectangle, stroke int) {
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			i := y*m.before.Rect.Dx() + x
			if differ(at(m.before, i), at(m.now.picture, i)) {
				m.changed[i] = stroke + 1
			}
		}
	}
	draw.Draw(m.before, box, m.now.picture, box.Min, draw.Src)
}

// own gives a piece of the stroke at hand its pixels. What looks like the paper is no
// mark: the eraser's is on the pages of lines.
func (m *moments) own(p piece) {
	id := int32(len(m.size))
	m.size, m.lost = append(m.size, 0), append(m.lost, 0)
	mask := m.now.mask(p.line, p.radii)
	if mask == nil {
		return
	}
	m.work += pieceEffort * len(mask.Pix)
	for y := mask.Rect.Min.Y; y < mask.Rect.Max.Y; y++ {
		for x, cover := range mask.Pix[mask.PixOffset(mask.Rect.Min.X, y):][:mask.Rect.Dx()] {
			i := y*m.before.Rect.Dx() + mask.Rect.Min.X + x
			color := at(m.now.picture, i)
			if cover < 0x80 || !differ(color, m.paper) {
				continue
			}
			m.size[m.piece[i]]-- // drawn over in its own color, or of no piece
			m.piece[i], m.ink[i] = id, color
			m.size[id]++
		}
	}
}

func at(p *image.RGBA, i int) color.RGBA {
	pix := p.Pix[4*i : 4*i+4 : 4*i+4]
	return color.RGBA{pix[0], pix[1], pix[2], pix[3]}
}

// differ reports whether two colors can be told apart.
func differ(a, b color.RGBA) bool {
	apart := func(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
	return apart(a.R, b.R)+apart(a.G, b.G)+apart(a.B, b.B) > visibleStep
}
