package drawing

import (
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Limits of a picture, in pixels.
const (
	MinImageWidth  = 16
	MaxImageWidth  = 2_048
	MaxImageHeight = 4_096
)

// ImageOptions say how a drawing is shown by [SVG] and [PNG]. Both show the
// same: the canvas from edge to edge on its paper, white where it names none,
// and every stroke as one shape with round ends and corners. The eraser paints
// with the paper. Pressure is not shown: a stroke is as wide as it says.
type ImageOptions struct {
	// Width in pixels, held to MinImageWidth to MaxImageWidth. The height
	// follows from the canvas; where it would pass MaxImageHeight, that is the
	// height, and the width follows.
	Width int
	// Animate replays the strokes in the time they took. Only [SVG] can.
	Animate bool
}

// scale is how many pixels a canvas unit is long.
func (o ImageOptions) scale(c Canvas) float64 {
	width := min(max(o.Width, MinImageWidth), MaxImageWidth)
	return min(float64(width)/float64(c.Width), MaxImageHeight/float64(c.Height))
}

// pixels is how many whole pixels show so many canvas units.
func pixels(units int, scale float64) int {
	return max(1, int(math.Round(float64(units)*scale)))
}

// xy is a place on the canvas or on a picture of it, or the way between two.
type xy struct{ x, y float64 }

func (p xy) plus(q xy) xy          { return xy{p.x + q.x, p.y + q.y} }
func (p xy) minus(q xy) xy         { return xy{p.x - q.x, p.y - q.y} }
func (p xy) times(k float64) xy    { return xy{p.x * k, p.y * k} }
func (p xy) dot(q xy) float64      { return p.x*q.x + p.y*q.y }
func (p xy) cross(q xy) float64    { return p.x*q.y - p.y*q.x }
func (p xy) turned() xy            { return xy{-p.y, p.x} } // by a quarter, from x to y
func (p xy) distance(q xy) float64 { return math.Hypot(p.x-q.x, p.y-q.y) }
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

// line is the path of a stroke, with scale pixels to a canvas unit.
func (s Stroke) line(scale float64) []xy {
	line := make([]xy, len(s.X))
	for i := range line {
		line[i] = xy{float64(s.X[i]) * scale, float64(s.Y[i]) * scale}
	}
	return line
}

// on says whether the stroke, ends and corners included, may touch the canvas.
func (s Stroke) on(c Canvas) bool {
	reach := int32(s.Width)
	return slices.Max(s.X) >= -reach && slices.Min(s.X) <= int32(c.Width)+reach &&
		slices.Max(s.Y) >= -reach && slices.Min(s.Y) <= int32(c.Height)+reach
}

// paint is what the stroke leaves on the canvas: the eraser leaves paper.
func (s Stroke) paint(c Canvas) color.NRGBA {
	if s.Tool == Eraser {
		return c.paper()
	}
	return parseColor(s.Color)
}

func (c Canvas) paper() color.NRGBA {
	if c.Background == "" {
		return color.NRGBA{0xff, 0xff, 0xff, 0xff}
	}
	return parseColor(c.Background)
}

// parseColor reads #RRGGBB or #RRGGBBAA. What is neither is black.
func parseColor(text string) color.NRGBA {
	digits := strings.TrimPrefix(text, "#")
	if len(digits) == 6 {
		digits += "ff"
	}
	v, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || len(digits) != 8 {
		return color.NRGBA{A: 0xff}
	}
	return color.NRGBA{uint8(v >> 24), uint8(v >> 16), uint8(v >> 8), uint8(v)}
}
