// Package render turns a drawing into pictures: SVG, animated SVG, PNG and
// thumbnails.
package render

import (
	"math"
	"slices"

	"onestroke/impl/drawing"
)

// Limits of a picture, in pixels.
const (
	MinWidth  = 16
	MaxWidth  = 2_048
	MaxHeight = 4_096
)

// Options of [SVG] and [PNG]. Both show the same: the whole canvas on its
// background, which is white by default, and every stroke as one shape with
// round ends and corners. The eraser draws in the color of the background. A
// stroke with pressure is narrower where it was pressed less. A drawing in one
// stroke has its seal in the top right corner.
type Options struct {
	// Width in pixels, from MinWidth to MaxWidth; a value outside is replaced by
	// the nearest of the two. The height follows from the shape of the canvas. If
	// it is above MaxHeight, the height is MaxHeight and the width follows. Both are at
	// least 1.
	Width int
	// Animate replays the strokes at the speed they were drawn at. [PNG] ignores
	// it.
	Animate bool
}

// scale is how many pixels a canvas unit is long.
func (o Options) scale(c drawing.Canvas) float64 {
	width := min(max(o.Width, MinWidth), MaxWidth)
	return min(float64(width)/float64(c.Width), MaxHeight/float64(c.Height))
}

// pixels converts canvas units to whole pixels, at least one.
func pixels(units int, scale float64) int {
	return max(1, int(math.Round(float64(units)*scale)))
}

// xy is a point of the canvas or of a picture, or the vector between two.
type xy struct{ x, y float64 }

func (p xy) plus(q xy) xy          { return xy{p.x + q.x, p.y + q.y} }
func (p xy) minus(q xy) xy         { return xy{p.x - q.x, p.y - q.y} }
func (p xy) times(k float64) xy    { return xy{p.x * k, p.y * k} }
func (p xy) dot(q xy) float64      { return p.x*q.x + p.y*q.y }
func (p xy) cross(q xy) float64    { return p.x*q.y - p.y*q.x }
func (p xy) turned() xy            { return xy{-p.y, p.x} } // by a quarter, from x to y
func (p xy) distance(q xy) float64 { return math.Hypot(p.x-q.x, p.y-q.y) }
func (p xy) angle(q xy) float64    { return math.Atan2(p.cross(q), p.dot(q)) } // from p to q, from x to y
func (p xy) round() (x, y int)     { return int(math.Round(p.x)), int(math.Round(p.y)) }

// extent is the smallest rectangle that holds a line.
func extent(line []xy) (low, high xy) {
	low, high = line[0], line[0]
	for _, p := range line[1:] {
		low = xy{min(low.x, p.x), min(low.y, p.y)}
		high = xy{max(high.x, p.x), max(high.y, p.y)}
	}
	return low, high
}

// lineOf is the path of a stroke, with scale pixels to a canvas unit.
func lineOf(s drawing.Stroke, scale float64) []xy {
	line := make([]xy, len(s.X))
	for i := range line {
		line[i] = xy{float64(s.X[i]) * scale, float64(s.Y[i]) * scale}
	}
	return line
}

// touches reports whether the stroke, with its ends and corners, may touch the
// canvas.
func touches(s drawing.Stroke, c drawing.Canvas) bool {
	reach := int32(s.Width)
	return slices.Max(s.X) >= -reach && slices.Min(s.X) <= int32(c.Width)+reach &&
		slices.Max(s.Y) >= -reach && slices.Min(s.Y) <= int32(c.Height)+reach
}
