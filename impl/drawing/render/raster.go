package render

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

const (
	// coverSteps is in how many steps a stroke covers a pixel. More are not visible,
	// and with so few a palette is enough for a drawing of a few colors; black on
	// white takes half a byte a pixel.
	coverSteps = 15
	// arcTolerance is how far, in pixels, the polygon of an arc is off.
	arcTolerance = 0.05
	// maxRadius is the largest radius of a pen that is drawn, in pixels: within a
	// picture, the edge of a wider one is a straight line, too.
	maxRadius = 2 * MaxHeight
)

// raster is a picture made of strokes.
type raster struct {
	picture *image.RGBA
	outline vector.Rasterizer // of the stroke at hand, from the origin on
	origin  xy
	cover   []uint8 // of its pixels
}

func newRaster(width, height int, paper color.Color) *raster {
	bounds := image.Rect(0, 0, width, height)
	r := &raster{picture: image.NewRGBA(bounds), cover: make([]uint8, width*height)}
	draw.Draw(r.picture, bounds, image.NewUniform(paper), image.Point{}, draw.Src)
	return r
}

// stroke draws a line with round ends and corners, as one shape: a translucent line
// is not darker where it crosses itself.
func (r *raster) stroke(line []xy, radius float64, c color.Color) {
	radius = min(radius, maxRadius)
	low, high := extent(line)
	box := image.Rect(
		int(math.Floor(low.x-radius)), int(math.Floor(low.y-radius)),
		int(math.Ceil(high.x+radius)), int(math.Ceil(high.y+radius)),
	).Intersect(r.picture.Rect)
	if box.Empty() {
		return
	}
	r.outline.Reset(box.Dx(), box.Dy())
	r.outline.DrawOp = draw.Src
	r.origin = xy{float64(box.Min.X), float64(box.Min.Y)}
	r.trace(line, radius)

	mask := &image.Alpha{Pix: r.cover[:box.Dx()*box.Dy()], Stride: box.Dx(), Rect: box}
	r.outline.Draw(mask, box, image.Opaque, image.Point{})
	for i, cover := range mask.Pix {
		mask.Pix[i] = coverStep[cover]
	}
	draw.DrawMask(r.picture, box, image.NewUniform(c), image.Point{}, mask, box.Min, draw.Over)
}

var coverStep = func() (steps [256]uint8) {
	for cover := range steps {
		steps[cover] = uint8((cover*coverSteps + 127) / 255 * (255 / coverSteps))
	}
	return steps
}()

// trace makes the outline from pieces of the same orientation, so that they add up:
// a rectangle for each step, and parts of a disc at the ends of the line and on the
// outer side of its corners. Nowhere else do two pieces meet at the edge, or its
// pixels would be covered twice.
func (r *raster) trace(line []xy, radius float64) {
	var way xy // of the step before, as long as the radius
	for i, to := range line[1:] {
		from := line[i]
		length := from.distance(to)
		if length == 0 {
			continue
		}
		ahead := to.minus(from).times(radius / length)
		switch turn := math.Atan2(way.cross(ahead), way.dot(ahead)); {
		case way == xy{}:
			r.fan(from, ahead.turned(), math.Pi)
		case turn > 0:
			r.fan(from, way.turned().times(-1), turn)
		default:
			r.fan(from, ahead.turned(), -turn)
		}
		r.step(from, to, ahead.turned())
		way = ahead
	}
	end := line[len(line)-1]
	if way == (xy{}) {
		r.fan(end, xy{radius, 0}, 2*math.Pi)
	} else {
		r.fan(end, way.turned().times(-1), math.Pi)
	}
}

// step adds the rectangle around the way from a to b, as far as the picture
// may show it.
func (r *raster) step(a, b, side xy) {
	if a, b, ok := r.reach(a, b, side); ok {
		r.polygon(a.minus(side), b.minus(side), b.plus(side), a.plus(side))
	}
}

// fan adds the part of a disc around a center from one side on.
func (r *raster) fan(center, side xy, angle float64) {
	if _, _, ok := r.reach(center, center, side); !ok {
		return
	}
	radius := math.Hypot(side.x, side.y)
	steps := math.Ceil(angle / (2 * math.Acos(max(0, 1-arcTolerance/radius))))
	corners := make([]xy, 1, 2+int(steps))
	corners[0] = center
	for i := range int(steps) + 1 {
		sin, cos := math.Sincos(angle * float64(i) / max(steps, 1))
		corners = append(corners, center.plus(xy{side.x*cos - side.y*sin, side.x*sin + side.y*cos}))
	}
	r.polygon(corners...)
}

// reach cuts the way from a to b to where it is within side of the picture; ok
// is false where it nowhere is.
func (r *raster) reach(a, b, side xy) (from, to xy, ok bool) {
	margin := math.Hypot(side.x, side.y) + 1
	way := b.minus(a)
	begin, end := 0.0, 1.0
	for _, axis := range [...]struct{ at, way, size float64 }{
		{a.x, way.x, float64(r.picture.Rect.Max.X)},
		{a.y, way.y, float64(r.picture.Rect.Max.Y)},
	} {
		// Divided by a way of 0 these are infinite, on either side of 0 or on the same.
		low, high := (-margin-axis.at)/axis.way, (axis.size+margin-axis.at)/axis.way
		begin, end = max(begin, min(low, high)), min(end, max(low, high))
	}
	return a.plus(way.times(begin)), a.plus(way.times(end)), begin <= end
}

func (r *raster) polygon(corners ...xy) {
	for i, p := range corners {
		p = p.minus(r.origin)
		if i == 0 {
			r.outline.MoveTo(float32(p.x), float32(p.y))
		} else {
			r.outline.LineTo(float32(p.x), float32(p.y))
		}
	}
	r.outline.ClosePath()
}
