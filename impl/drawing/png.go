package drawing

import (
	"image"
	colors "image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/vector"
)

// pngTolerance is how far, in pixels, a line or an arc may be off where that
// spares points.
const pngTolerance = 0.05

// PNG writes a picture of a drawing as a PNG file, the smallest that loses
// nothing.
func PNG(w io.Writer, d Drawing, o ImageOptions) error {
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return encoder.Encode(w, fewColors(raster(d, o.scale(d.Canvas))))
}

func raster(d Drawing, scale float64) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, pixels(d.Canvas.Width, scale), pixels(d.Canvas.Height, scale)))
	draw.Draw(picture, picture.Rect, image.NewUniform(d.Canvas.paper()), image.Point{}, draw.Src)
	var shape vector.Rasterizer
	for _, s := range d.Strokes {
		if s.on(d.Canvas) {
			b := brush{shape: &shape, radius: float64(s.Width) * scale / 2}
			b.paint(picture, simplify(s.line(scale), pngTolerance), s.paint(d.Canvas))
		}
	}
	return picture
}

// brush draws a line as pieces that are convex and all turn the same way: a
// rectangle along each step, a fan around the outside of each corner, half a
// disc at each end. They hardly overlap but where the line crosses itself,
// which matters because the rasterizer adds up what they cover of a pixel at
// an edge.
type brush struct {
	shape     *vector.Rasterizer
	radius    float64
	low, high xy // of the part of the picture drawn upon
	piece     []xy
	clipped   []xy
}

func (b *brush) paint(picture *image.RGBA, line []xy, c colors.NRGBA) {
	low, high := extent(line)
	reach := xy{b.radius, b.radius}
	low, high = low.minus(reach), high.plus(reach)
	edge := xy{float64(picture.Rect.Dx()), float64(picture.Rect.Dy())}
	low, high = xy{max(low.x, 0), max(low.y, 0)}, xy{min(high.x, edge.x), min(high.y, edge.y)}
	part := image.Rect(int(low.x), int(low.y), int(math.Ceil(high.x)), int(math.Ceil(high.y)))
	if part.Empty() {
		return
	}
	b.low = xy{float64(part.Min.X), float64(part.Min.Y)}
	b.high = xy{float64(part.Max.X), float64(part.Max.Y)}

	b.shape.Reset(part.Dx(), part.Dy())
	b.draw(line)
	b.shape.Draw(picture, part, image.NewUniform(c), image.Point{})
}

func (b *brush) draw(line []xy) {
	at, direction, moved := line[0], xy{}, false
	for _, to := range line[1:] {
		step := to.minus(at)
		length := math.Hypot(step.x, step.y)
		if length == 0 {
			continue
		}
		next := step.times(1 / length)
		if moved {
			b.join(at, direction, next)
		} else {
			b.fan(at, angle(next)+math.Pi/2, math.Pi)
		}
		side := xy{-next.y, next.x}.times(b.radius)
		b.add(at.minus(side), to.minus(side), to.plus(side), at.plus(side))
		at, direction, moved = to, next, true
	}
	if moved {
		b.fan(at, angle(direction)-math.Pi/2, math.Pi)
	} else {
		b.fan(at, 0, 2*math.Pi)
	}
}

// join fills the outside of a corner.
func (b *brush) join(at, before, after xy) {
	turn := math.Atan2(before.cross(after), before.dot(after))
	if turn >= 0 {
		b.fan(at, angle(before)-math.Pi/2, turn)
	} else {
		b.fan(at, angle(after)+math.Pi/2, -turn)
	}
}

// fan fills a part of the disc around a center.
func (b *brush) fan(center xy, from, sweep float64) {
	// A chord over the angle a leaves the arc by radius × (1 - cos a/2), about
	// radius × a²/8. The brush may be thousands of pictures wide: 512 chords do.
	n := min(max(math.Ceil(sweep*math.Sqrt(b.radius/pngTolerance/8)), 2), 512)
	b.piece = b.piece[:0]
	if sweep <= math.Pi {
		b.piece = append(b.piece, center)
	}
	for i := range int(n) + 1 {
		sin, cos := math.Sincos(from + sweep*float64(i)/n)
		b.piece = append(b.piece, center.plus(xy{cos, sin}.times(b.radius)))
	}
	b.add(b.piece...)
}

// add adds a convex piece, cut to the part that is drawn upon: by
// Sutherland-Hodgman, one edge after the other.
func (b *brush) add(piece ...xy) {
	piece = b.cut(piece, func(p xy) float64 { return p.x - b.low.x })
	piece = b.cut(piece, func(p xy) float64 { return b.high.x - p.x })
	piece = b.cut(piece, func(p xy) float64 { return p.y - b.low.y })
	piece = b.cut(piece, func(p xy) float64 { return b.high.y - p.y })
	for i, p := range piece {
		p = p.minus(b.low)
		if i == 0 {
			b.shape.MoveTo(float32(p.x), float32(p.y))
		} else {
			b.shape.LineTo(float32(p.x), float32(p.y))
		}
	}
	b.shape.ClosePath()
}

// cut keeps what of a piece is inside an edge, where inside is not negative.
func (b *brush) cut(piece []xy, inside func(xy) float64) []xy {
	var kept []xy
	for i, p := range piece {
		previous := piece[(i+len(piece)-1)%len(piece)]
		here, there := inside(p), inside(previous)
		if here < 0 != (there < 0) {
			kept = append(kept, previous.plus(p.minus(previous).times(there/(there-here))))
		}
		if here >= 0 {
			kept = append(kept, p)
		}
	}
	return kept
}

func angle(direction xy) float64 { return math.Atan2(direction.y, direction.x) }

// fewColors returns the picture with a palette if one can hold all its colors,
// and as it is if not.
func fewColors(picture *image.RGBA) image.Image {
	indexed := image.NewPaletted(picture.Rect, nil)
	index := map[[4]uint8]uint8{}
	var color4 [4]uint8
	var current uint8
	for i := range indexed.Pix {
		next := [4]uint8(picture.Pix[4*i:])
		if len(index) > 0 && next == color4 {
			indexed.Pix[i] = current
			continue
		}
		known := false
		color4 = next
		if current, known = index[color4]; !known {
			if len(index) == 256 {
				return picture
			}
			current = uint8(len(index))
			index[color4] = current
			indexed.Palette = append(indexed.Palette, colors.RGBA{color4[0], color4[1], color4[2], color4[3]})
		}
		indexed.Pix[i] = current
	}
	return indexed
}
