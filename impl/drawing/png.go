package drawing

import (
	"image"
	colors "image/color"
	"image/png"
	"io"
)

const (
	// pngTolerance is how far, in pixels, a line may be off where that spares
	// points.
	pngTolerance = 0.05
	// pngEffort is what a picture may cost, as [effort] counts: about half a
	// second. Real drawings stay far below at any width.
	pngEffort = 128e6
)

// PNG writes a picture of a drawing as a PNG file, with a palette where one
// holds all its colors. A drawing that would take seconds, hundreds of strokes
// across a large picture, is drawn in coarser pixels.
func PNG(w io.Writer, d Drawing, o ImageOptions) error {
	scale := o.scale(d.Canvas)
	width, height := pixels(d.Canvas.Width, scale), pixels(d.Canvas.Height, scale)
	zoom := 1
	for effort(d, scale/float64(zoom)) > pngEffort {
		zoom *= 2
	}
	scale /= float64(zoom)
	r := newRaster((width+zoom-1)/zoom, (height+zoom-1)/zoom, d.Canvas.paper())
	for _, s := range d.Strokes {
		if s.on(d.Canvas) {
			r.stroke(simplify(s.line(scale), pngTolerance), float64(s.Width)*scale/2, s.paint(d.Canvas))
		}
	}
	return png.Encode(w, r.image(width, height, zoom))
}

// effort is about how many pixels are worked on to draw a drawing.
func effort(d Drawing, scale float64) (sum float64) {
	width, height := float64(d.Canvas.Width)*scale, float64(d.Canvas.Height)*scale
	for _, s := range d.Strokes {
		if !s.on(d.Canvas) {
			continue
		}
		line, thick := s.line(scale), float64(s.Width)*scale+1
		low, high := extent(line)
		area := shared(low.x, high.x, thick, width) * shared(low.y, high.y, thick, height)
		covered := 0.0
		for i, p := range line {
			from := line[max(i-1, 0)]
			rows := shared(min(from.y, p.y), max(from.y, p.y), thick, height)
			covered += rows * min(thick, width)
			sum += rows * (20 + min(thick, width)/16) // each row of a step is found, then filled
		}
		sum += min(area, covered) + area/8 // what is not covered is passed over by eights
	}
	return sum
}

// shared is how long a stretch, made thicker, is within 0 to size.
func shared(from, to, thick, size float64) float64 {
	return max(0, min(to+thick/2, size)-max(from-thick/2, 0))
}

// image returns what was drawn, each pixel as zoom by zoom, with a palette or,
// when there are too many colors, without.
func (r *raster) image(width, height, zoom int) image.Image {
	bounds := image.Rect(0, 0, width, height)
	indexes := map[pixel]uint8{}
	var palette colors.Palette
	for i, p := range r.pixels {
		if i > 0 && p == r.pixels[i-1] {
			continue
		}
		if _, known := indexes[p]; known {
			continue
		}
		if len(palette) == 256 {
			full := image.NewRGBA(bounds)
			r.each(width, height, zoom, func(x, y int, p pixel) { full.SetRGBA(x, y, p.color()) })
			return full
		}
		indexes[p] = uint8(len(palette))
		palette = append(palette, p.color())
	}
	indexed := image.NewPaletted(bounds, palette)
	last, index := r.pixels[0], indexes[r.pixels[0]]
	r.each(width, height, zoom, func(x, y int, p pixel) {
		if p != last {
			last, index = p, indexes[p]
		}
		indexed.Pix[y*indexed.Stride+x] = index
	})
	return indexed
}

func (r *raster) each(width, height, zoom int, see func(x, y int, p pixel)) {
	for y := range height {
		row := r.pixels[y/zoom*r.width:]
		for x := range width {
			see(x, y, row[x/zoom])
		}
	}
}

// pixel is 0xRRGGBB: a picture has paper everywhere, so it is opaque.
type pixel uint32

func opaque(c colors.NRGBA) pixel { return pixel(c.R)<<16 | pixel(c.G)<<8 | pixel(c.B) }

func (p pixel) color() colors.RGBA {
	return colors.RGBA{uint8(p >> 16), uint8(p >> 8), uint8(p), 0xff}
}

// under returns the pixel under so much of a color, where 255² hides it.
func (p pixel) under(c pixel, cover uint32) pixel {
	const whole = 255 * 255
	var mixed pixel
	for shift := 0; shift <= 16; shift += 8 {
		below, above := uint32(p>>shift&0xff), uint32(c>>shift&0xff)
		mixed |= pixel((below*(whole-cover)+above*cover+whole/2)/whole) << shift
	}
	return mixed
}
