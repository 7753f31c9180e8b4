package render

import (
	"cmp"
	"image/color"
	"slices"

	"onestroke/impl/drawing"
)

// MaxThumbnail is the most a thumbnail takes, in bytes.
const MaxThumbnail = 2_048

const (
	thumbnailSide      = 256                  // pixels of the longer side
	thumbnailUnits     = 2                    // of the coordinates in a pixel: whole pixels would be visible
	thumbnailTolerance = 0.5 * thumbnailUnits // a simplified stroke may be off, where that fits
	thumbnailLevels    = 4                    // widths of a stroke with pressure, where that fits
)

// Thumbnail returns a small picture of a drawing: an SVG document of at most
// [MaxThumbnail] bytes, without title, script or reference, that is safe to
// embed. Strokes are smooth, and as coarse as makes them fit; where that is not
// enough, the shortest are left out. It has no seal.
func Thumbnail(c drawing.Canvas, strokes []drawing.Stroke) string {
	visible := slices.DeleteFunc(slices.Clone(strokes), func(s drawing.Stroke) bool { return !touches(s, c) })
	levels, parts := thumbnailLevels, 0
	for _, s := range visible {
		parts += partCount(s, levels)
	}
	if parts > MaxThumbnail { // each takes more than a byte
		levels = 1
	}
	s := newSketch(c, visible, levels)
	svg := s.svg(thumbnailTolerance, len(s.strokes))
	if len(svg) > MaxThumbnail && levels > 1 {
		s = newSketch(c, visible, 1)
		svg = s.svg(thumbnailTolerance, len(s.strokes))
	}
	for tolerance := thumbnailTolerance; len(svg) > MaxThumbnail && tolerance < thumbnailSide*thumbnailUnits; {
		tolerance *= 1.25
		svg = s.svg(tolerance, len(s.strokes))
	}
	for n := len(s.strokes); len(svg) > MaxThumbnail; {
		n = n * 15 / 16
		svg = s.svg(thumbnailSide*thumbnailUnits, n)
	}
	return string(svg)
}

// sketch is a drawing at the size of a thumbnail, to be written at several
// tolerances.
type sketch struct {
	width, height int
	paper         color.NRGBA
	strokes       []sketchStroke
}

// sketchStroke is a stroke, or a part of one with pressure.
type sketchStroke struct {
	of      int  // the place of the stroke in the drawing
	grouped bool // with the other parts of a translucent stroke: they are one shape
	color   color.NRGBA
	width   float64
	line    []xy
	ratings []float64
	rank    int // 0 for the longest
}

// newSketch makes a sketch of the strokes that touch the canvas.
func newSketch(c drawing.Canvas, strokes []drawing.Stroke, levels int) sketch {
	scale := thumbnailSide / float64(max(c.Width, c.Height))
	s := sketch{width: pixels(c.Width, scale), height: pixels(c.Height, scale), paper: c.BackgroundColor()}
	for i, stroke := range strokes {
		color, parts := stroke.ColorOn(c), partsOf(stroke, levels)
		for _, p := range parts {
			line := lineOf(p.Stroke, scale*thumbnailUnits)
			s.strokes = append(s.strokes, sketchStroke{
				of:      i,
				grouped: color.A < 0xff && len(parts) > 1,
				color:   color,
				width:   max(1, p.width*scale) * thumbnailUnits, // thinner is too faint to see
				line:    line,
				ratings: ratings(line, thumbnailTolerance),
			})
		}
	}
	s.rank()
	return s
}

func (s *sketch) rank() {
	order := make([]int, len(s.strokes))
	lengths := make([]float64, len(s.strokes))
	for i, stroke := range s.strokes {
		order[i] = i
		low, high := extent(stroke.line)
		lengths[i] = low.distance(high)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lengths[b], lengths[a]) })
	for rank, i := range order {
		s.strokes[i].rank = rank
	}
}

// svg writes the n longest strokes. It ends early when that is more than
// [MaxThumbnail], as it is then written again. Neighbours of one opaque paint share a
// path; of a translucent one they do not, as it would no longer show where they
// cross.
func (s *sketch) svg(tolerance float64, n int) svg {
	doc := make(svg, 0, MaxThumbnail)
	doc.open(float64(s.width), float64(s.height), s.width*thumbnailUnits, s.height*thumbnailUnits)
	doc.paper(s.width*thumbnailUnits, s.height*thumbnailUnits, s.paper)
	var previous *sketchStroke
	for i := range s.strokes {
		stroke := &s.strokes[i]
		if stroke.rank >= n {
			continue
		}
		if len(doc) > MaxThumbnail {
			return doc
		}
		if previous == nil || previous.color != stroke.color || previous.width != stroke.width || stroke.color.A < 0xff {
			inGroup := previous != nil && previous.grouped && previous.of == stroke.of
			if previous != nil {
				doc.endPath(previous.grouped && !inGroup)
			}
			if stroke.grouped && !inGroup {
				doc.group(stroke.color)
			}
			doc.add(`<path`)
			if !stroke.grouped {
				doc.ink(stroke.color)
			}
			doc.width(stroke.width)
			doc.add(` d="`)
		}
		doc.curve(above(stroke.line, stroke.ratings, tolerance), tolerance, MaxThumbnail)
		previous = stroke
	}
	if previous != nil {
		doc.endPath(previous.grouped)
	}
	doc.add(`</svg>`)
	return doc
}

// endPath ends a path, and the group that it is the last of.
func (b *svg) endPath(last bool) {
	b.add(`"/>`)
	if last {
		b.add(`</g>`)
	}
}
