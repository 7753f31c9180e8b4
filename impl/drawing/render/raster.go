package render

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"

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

// stroke draws a line with round ends and corners, which is as wide at each point as
// its radius there, as one shape: a translucent line is not darker where it crosses
// itself.
func (r *raster) stroke(line []xy, radii []float64, c color.Color) {
	if mask := r.mask(line, radii); mask != nil {
		draw.DrawMask(r.picture, mask.Rect, image.NewUniform(c), image.Point{}, mask, mask.Rect.Min, draw.Over)
	}
}

// mask is the shape of a line, until the next one is made; nil if none of it is in the
// picture.
func (r *raster) mask(line []xy, radii []float64) *image.Alpha {
	radius := 0.0
	for i := range radii {
		radii[i] = min(radii[i], maxRadius)
		radius = max(radius, radii[i])
	}
	low, high := extent(line)
	box := image.Rect(
		int(math.Floor(low.x-radius)), int(math.Floor(low.y-radius)),
		int(math.Ceil(high.x+radius)), int(math.Ceil(high.y+radius)),
	).Intersect(r.picture.Rect)
	if box.Empty() {
		return nil
	}
	r.outline.Reset(box.Dx(), box.Dy())
	r.outline.DrawOp = draw.Src
	r.origin = xy{float64(box.Min.X), float64(box.Min.Y)}
	r.trace(line, radii)

	mask := &image.Alpha{Pix: r.cover[:box.Dx()*box.Dy()], Stride: box.Dx(), Rect: box}
	r.outline.Draw(mask, box, image.Opaque, image.Point{})
	for i, cover := range mask.Pix {
		mask.Pix[i] = coverStep[cover]
	}
	return mask
}

var coverStep = func() (steps [256]uint8) {
	for cover := range steps {
		steps[cover] = uint8((cover*coverSteps + 127) / 255 * (255 / coverSteps))
	}
	return steps
}()

// trace makes the outline from pieces of the same orientation, so that they add up:
// for each step what is between the tangents of its two discs, and parts of the discs
// at the ends of the line and on the outer side of its corners. Nowhere else do two
// pieces meet at the edge, or its pixels would be covered twice.
func (r *raster) trace(line []xy, radii []float64) {
	var before *step
	for i, to := range line[1:] {
		if line[i] == to {
			continue
		}
		s := newStep(line[i], to, radii[i], radii[i+1])
		if before == nil {
			r.fan(s.from, s.left.times(s.radius), math.Pi+2*math.Asin(s.tilt))
		} else {
			r.fan(s.from, before.right.times(s.radius), before.right.angle(s.right))
			r.fan(s.from, s.left.times(s.radius), s.left.angle(before.left))
		}
		r.step(s)
		before = &s
	}
	last := len(line) - 1
	if before == nil {
		r.fan(line[last], xy{slices.Max(radii), 0}, 2*math.Pi)
	} else {
		r.fan(line[last], before.right.times(radii[last]), math.Pi-2*math.Asin(before.tilt))
	}
}

// step is the way between two points of a line.
type step struct {
	from, to    xy
	radius, end float64 // at from, and at to
	left, right xy      // of length 1, from the points to where the tangents touch the discs
	tilt        float64 // how far these point ahead, from -1 to 1: 0 where the radius stays
}

func newStep(from, to xy, radius, end float64) step {
	way := to.minus(from)
	length := from.distance(to)
	ahead := way.times(1 / length)
	tilt := min(max((radius-end)/length, -1), 1)
	side := ahead.turned().times(math.Sqrt(1 - tilt*tilt))
	return step{
		from: from, to: to, radius: radius, end: end, tilt: tilt,
		left: ahead.times(tilt).plus(side), right: ahead.times(tilt).minus(side),
	}
}

// step adds what is between the tangents, as far as the picture may show it.
func (r *raster) step(s step) {
	begin, end, ok := r.reach(s.from, s.to, max(s.radius, s.end))
	if !ok {
		return
	}
	at := func(share float64) (middle xy, radius float64) {
		return s.from.plus(s.to.minus(s.from).times(share)), s.radius + (s.end-s.radius)*share
	}
	a, radiusA := at(begin)
	b, radiusB := at(end)
	r.polygon(a, a.plus(s.right.times(radiusA)), b.plus(s.right.times(radiusB)), b, b.plus(s.left.times(radiusB)), a.plus(s.left.times(radiusA)))
}

// fan adds the part of a disc around a center from one side on, unless the angle is
// negative.
func (r *raster) fan(center, side xy, angle float64) {
	if angle <= 0 {
		return
	}
	radius := math.Hypot(side.x, side.y)
	if _, _, ok := r.reach(center, center, radius); !ok {
		return
	}
	steps := math.Ceil(angle / (2 * math.Acos(max(0, 1-arcTolerance/radius))))
	corners := make([]xy, 1, 2+int(steps))
	corners[0] = center
	for i := range int(steps) + 1 {
		sin, cos := math.Sincos(angle * float64(i) / max(steps, 1))
		corners = append(corners, center.plus(xy{side.x*cos - side.y*sin, side.x*sin + side.y*cos}))
	}
	r.polygon(corners...)
}

// reach is the part of the way from a to b, from 0 to 1, that is within so many
// pixels of the picture; ok is false where none is.
func (r *raster) reach(a, b xy, radius float64) (begin, end float64, ok bool) {
	margin := radius + 1
	way := b.minus(a)
	begin, end = 0, 1
	for _, axis := range [...]struct{ at, way, size float64 }{
		{a.x, way.x, float64(r.picture.Rect.Max.X)},
		{a.y, way.y, float64(r.picture.Rect.Max.Y)},
	} {
		// Divided by a way of 0 these are infinite, on either side of 0 or on the same.
		low, high := (-margin-axis.at)/axis.way, (axis.size+margin-axis.at)/axis.way
		begin, end = max(begin, min(low, high)), min(end, max(low, high))
	}
	return begin, end, begin <= end
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
