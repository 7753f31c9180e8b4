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
	thumbnailSide      = 256 // units of the longer side
	thumbnailTolerance = 0.5 // units a simplified stroke may be off, where that fits
)

// Thumbnail returns a small picture of a drawing: an SVG document of at most
// [MaxThumbnail] bytes, without title, script or reference, that is safe to
// embed. Strokes are as coarse as makes them fit; where that is not enough, the
// shortest are left out.
func Thumbnail(c drawing.Canvas, strokes []drawing.Stroke) string {
	s := newSketch(c, strokes)
	svg := s.svg(thumbnailTolerance, len(s.strokes))
	for tolerance := thumbnailTolerance; len(svg) > MaxThumbnail && tolerance < thumbnailSide; {
		tolerance *= 1.25
		svg = s.svg(tolerance, len(s.strokes))
	}
	for n := len(s.strokes); len(svg) > MaxThumbnail; {
		n = n * 15 / 16
		svg = s.svg(thumbnailSide, n)
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

type sketchStroke struct {
	color   color.NRGBA
	width   float64
	line    []xy
	ratings []float64
	rank    int // 0 for the longest
}

func newSketch(c drawing.Canvas, strokes []drawing.Stroke) sketch {
	scale := thumbnailSide / float64(max(c.Width, c.Height))
	s := sketch{width: pixels(c.Width, scale), height: pixels(c.Height, scale), paper: c.BackgroundColor()}
	for _, stroke := range strokes {
		if !touches(stroke, c) {
			continue
		}
		line := lineOf(stroke, scale)
		s.strokes = append(s.strokes, sketchStroke{
			color:   stroke.ColorOn(c),
			width:   max(1, float64(stroke.Width)*scale), // thinner is too faint to see
			line:    line,
			ratings: ratings(line, thumbnailTolerance),
		})
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

// svg writes the n longest strokes. Neighbours of one opaque paint share a
// path; of a translucent one they do not, as it would no longer show where they
// cross.
func (s *sketch) svg(tolerance float64, n int) svg {
	doc := make(svg, 0, MaxThumbnail)
	doc.open(float64(s.width), float64(s.height), s.width, s.height)
	doc.paper(s.width, s.height, s.paper)
	var previous *sketchStroke
	for i := range s.strokes {
		stroke := &s.strokes[i]
		if stroke.rank >= n {
			continue
		}
		if previous == nil || previous.color != stroke.color || previous.width != stroke.width || stroke.color.A < 0xff {
			if previous != nil {
				doc.add(`"/>`)
			}
			doc.add(`<path`)
			doc.stroke(stroke.color, stroke.width)
			doc.add(` d="`)
		}
		doc.path(above(stroke.line, stroke.ratings, tolerance))
		previous = stroke
	}
	if previous != nil {
		doc.add(`"/>`)
	}
	doc.add(`</svg>`)
	return doc
}
