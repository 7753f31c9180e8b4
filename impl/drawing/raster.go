package drawing

import (
	"bytes"
	"encoding/binary"
	colors "image/color"
	"math"
)

// raster is a picture made of strokes. How much of a pixel a stroke covers
// follows from how far the pixel's center is from the stroke's line, so that
// ends and corners are round and a stroke may run over itself without a trace.
// Rasterizers of outlines, golang.org/x/image/vector for one, add up what
// overlaps at an edge, and visit every pixel between a stroke's outermost
// points.
type raster struct {
	width, height int
	pixels        []pixel
	cover         []uint8 // of each pixel, by the stroke at hand
	touched       []span  // of each row, by the stroke at hand
	solid         []uint8 // a row that is all covered
}

// span is a part of a row: from low to before high.
type span struct{ low, high int }

func newRaster(width, height int, paper colors.NRGBA) *raster {
	r := &raster{
		width: width, height: height,
		pixels:  make([]pixel, width*height),
		cover:   make([]uint8, width*height),
		touched: make([]span, height),
		solid:   bytes.Repeat([]byte{0xff}, width),
	}
	for i := range r.pixels {
		r.pixels[i] = opaque(paper)
	}
	return r
}

// stroke draws a line with round ends and corners.
func (r *raster) stroke(line []xy, radius float64, c colors.NRGBA) {
	if len(line) == 1 {
		line = append(line, line[0])
	}
	for i, to := range line[1:] {
		r.step(line[i], to, radius)
	}
	for y := range r.touched {
		r.paint(y, c)
	}
}

// paint puts the color where it covers the row, and clears the cover.
func (r *raster) paint(y int, c colors.NRGBA) {
	touched := r.touched[y]
	if touched == (span{}) {
		return
	}
	row := r.pixels[y*r.width+touched.low : y*r.width+touched.high]
	cover := r.cover[y*r.width+touched.low : y*r.width+touched.high]
	above, alpha := opaque(c), uint32(c.A)

	// Neighbours are mostly alike.
	var below, mixed pixel
	var covered uint8
	for x := 0; x < len(row); x++ {
		if cover[x] == 0 {
			for x+8 < len(row) && binary.NativeEndian.Uint64(cover[x+1:]) == 0 {
				x += 8
			}
			continue
		}
		if row[x] != below || cover[x] != covered {
			below, covered = row[x], cover[x]
			mixed = below.under(above, uint32(covered)*alpha)
		}
		row[x] = mixed
	}
	clear(cover)
	r.touched[y] = span{}
}

// step covers what is within the radius of the way from a to b.
func (r *raster) step(a, b xy, radius float64) {
	outer, inner := newCapsule(a, b, radius+0.5), newCapsule(a, b, radius-0.5)
	first := max(0, math.Floor(min(a.y, b.y)-outer.radius))
	last := min(float64(r.height-1), math.Ceil(max(a.y, b.y)+outer.radius))
	for row := first; row <= last; row++ {
		y := int(row)
		edge := outer.row(row+0.5, r.width)
		if edge.low >= edge.high {
			continue
		}
		full := inner.row(row+0.5, r.width)
		if full.low >= full.high {
			full = span{edge.high, edge.high}
		}
		cover := r.cover[y*r.width : (y+1)*r.width]
		for x := edge.low; x < full.low; x++ {
			cover[x] = max(cover[x], outer.cover(xy{float64(x) + 0.5, row + 0.5}))
		}
		copy(cover[full.low:full.high], r.solid)
		for x := full.high; x < edge.high; x++ {
			cover[x] = max(cover[x], outer.cover(xy{float64(x) + 0.5, row + 0.5}))
		}
		if t := &r.touched[y]; *t == (span{}) {
			*t = edge
		} else {
			*t = span{min(t.low, edge.low), max(t.high, edge.high)}
		}
	}
}

// capsule is all that is within a radius of the way from a to b.
type capsule struct {
	a, b, side xy // side leads from the way to one of its long edges
	radius     float64
}

func newCapsule(a, b xy, radius float64) capsule {
	c := capsule{a: a, b: b, radius: radius}
	if length := a.distance(b); length > 0 {
		c.side = xy{a.y - b.y, b.x - a.x}.times(radius / length)
	}
	return c
}

// row is the pixels of a row whose centers are inside, where y is that of the
// centers. A capsule has no hollows: it is from the leftmost place on its
// round ends and long edges to the rightmost.
func (c *capsule) row(y float64, width int) span {
	if c.radius <= 0 {
		return span{}
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, end := range [...]xy{c.a, c.b} {
		if square := c.radius*c.radius - (y-end.y)*(y-end.y); square >= 0 {
			half := math.Sqrt(square)
			low, high = min(low, end.x-half), max(high, end.x+half)
		}
	}
	for _, side := range [...]xy{c.side, c.side.times(-1)} {
		from, to := c.a.plus(side), c.b.plus(side)
		if (from.y <= y) != (to.y <= y) {
			x := from.x + (to.x-from.x)*(y-from.y)/(to.y-from.y)
			low, high = min(low, x), max(high, x)
		}
	}
	edge := float64(width)
	return span{
		int(math.Ceil(min(max(low-0.5, 0), edge))),
		int(math.Floor(min(max(high-0.5, -1), edge-1))) + 1,
	}
}

// cover is how much the stroke, whose radius is half a pixel less, covers of
// the pixel around a center: what a pixel's width around its distance shares
// with the stroke's own. It comes in 16 steps, which the eye does not tell from
// more, so that a palette holds a drawing of a few colors and one of black on
// white takes half a byte a pixel.
func (c *capsule) cover(center xy) uint8 {
	const steps = 15
	distance, radius := math.Sqrt(squaredDistance(center, c.a, c.b)), c.radius-0.5
	share := min(distance+0.5, radius) - max(distance-0.5, -radius)
	return uint8(math.Round(max(share, 0)*steps)) * (0xff / steps)
}
