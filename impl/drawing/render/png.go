package render

import (
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"

	"golang.org/x/image/draw"

	"onestroke/impl/drawing"
)

const (
	// pngTolerance is how far, in pixels, a line may be off if that saves points.
	pngTolerance = 0.05
	// pngEffort is the most work for one picture, as [effort] counts it: about half
	// a second. Real drawings take far less at any width.
	pngEffort = 128e6
)

// PNG writes a picture of a drawing as a PNG file, with a palette if it has at most
// 256 colors. A drawing that would take seconds, such as hundreds of long strokes in
// a large picture, is drawn with a lower resolution.
func PNG(w io.Writer, c drawing.Content, o Options) error {
	return png.Encode(w, withPalette(picture(c, o.scale(c.Canvas))))
}

// picture draws a drawing with so many pixels to a canvas unit.
func picture(c drawing.Content, scale float64) *image.RGBA {
	width, height := pixels(c.Canvas.Width, scale), pixels(c.Canvas.Height, scale)
	zoom := 1
	for effort(c, scale/float64(zoom)) > pngEffort {
		zoom *= 2
	}
	scale /= float64(zoom)
	r := newRaster((width+zoom-1)/zoom, (height+zoom-1)/zoom, c.Canvas.BackgroundColor())
	for _, s := range c.Strokes {
		if touches(s, c.Canvas) {
			line, radii := outlined(s, scale)
			r.stroke(line, radii, s.ColorOn(c.Canvas))
		}
	}
	if c.IsSealed() {
		r.seal(sealOn(c.Canvas), scale)
	}
	if zoom == 1 {
		return r.picture
	}
	large := image.NewRGBA(image.Rect(0, 0, width, height))
	size := r.picture.Rect.Max.Mul(zoom)
	draw.NearestNeighbor.Scale(large, image.Rectangle{Max: size}, r.picture, r.picture.Rect, draw.Src, nil)
	return large
}

// outlined is the line of a stroke in pixels, and its radius at each point.
func outlined(s drawing.Stroke, scale float64) (line []xy, radii []float64) {
	line = lineOf(s, scale)
	if s.P == nil {
		line = simplify(line, pngTolerance)
		return line, slices.Repeat([]float64{float64(s.Width) * scale / 2}, len(line))
	}
	radii = make([]float64, len(line))
	for i, p := range s.P {
		radii[i] = widthAt(s, float64(p)) * scale / 2
	}
	return line, radii
}

// effort is about how many pixels are worked on to draw a drawing.
func effort(c drawing.Content, scale float64) (sum float64) {
	const edge = 8 // a pixel of an edge takes this many times one of an area
	width, height := float64(c.Canvas.Width)*scale, float64(c.Canvas.Height)*scale
	for _, s := range c.Strokes {
		if !touches(s, c.Canvas) {
			continue
		}
		line, thick := lineOf(s, scale), min(float64(s.Width)*scale+1, 2*maxRadius)
		low, high := extent(line)
		sum += overlap(low.x, high.x, thick, width) * overlap(low.y, high.y, thick, height)
		for i, p := range line {
			from := line[max(i-1, 0)]
			sum += edge * (overlap(from.x, p.x, thick, width) + overlap(from.y, p.y, thick, height) + thick)
		}
	}
	return sum
}

// overlap is the length of the part of a thick line, from a to b, that is between 0
// and size.
func overlap(a, b, thick, size float64) float64 {
	return max(0, min(max(a, b)+thick/2, size)-max(min(a, b)-thick/2, 0))
}

// withPalette returns the picture with a palette of its colors, or as it is
// where they are too many.
func withPalette(picture *image.RGBA) image.Image {
	indexed := image.NewPaletted(picture.Rect, nil)
	indexes := map[color.RGBA]uint8{}
	var last color.RGBA // no color of a picture: these are opaque
	var index uint8
	for i := range indexed.Pix {
		p := picture.Pix[4*i : 4*i+4 : 4*i+4]
		if c := (color.RGBA{p[0], p[1], p[2], p[3]}); c != last {
			var known bool
			if index, known = indexes[c]; !known {
				if len(indexed.Palette) == 256 {
					return picture
				}
				index = uint8(len(indexed.Palette))
				indexes[c] = index
				indexed.Palette = append(indexed.Palette, c)
			}
			last = c
		}
		indexed.Pix[i] = index
	}
	return indexed
}
