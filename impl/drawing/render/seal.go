package render

import (
	"image/color"
	"math"
	"slices"
	"strconv"

	"onestroke/impl/drawing"
)

// The seal of a drawing in one stroke: two characters, 到底, on a red rectangle, as the
// clients show it. Its lines are in units of its own, from its top left corner.
const (
	sealWidth, sealHeight = 136, 246
	sealRadius            = 30 // of its corners
	sealPen               = 10 // the width of the characters' lines
	sealTilt              = -8 * math.Pi / 180
	sealPart              = 8  // its height is that part of the canvas' shorter side
	sealMargin            = 20 // its distance from the edges is that part
)

var (
	sealRed   = color.NRGBA{0xc8, 0x32, 0x1f, 0xff}
	sealWhite = color.NRGBA{0xff, 0xff, 0xff, 0xff}

	// sealPaper is the rectangle, as the way of a pen that is twice its radius wide.
	sealPaper = []xy{{30, 30}, {106, 30}, {106, 216}, {30, 216}, {30, 30}, {68, 30}, {68, 216}}

	sealCharacters = [][]xy{
		// 到
		{{28, 32}, {76, 32}},
		{{52, 32}, {35, 58}, {70, 55}},
		{{62, 45}, {75, 64}},
		{{32, 78}, {72, 78}},
		{{52, 62}, {52, 104}},
		{{26, 109}, {78, 100}},
		{{90, 40}, {90, 84}},
		{{108, 26}, {108, 108}, {96, 103}},
		// 底
		{{68, 132}, {73, 142}},
		{{34, 147}, {110, 147}},
		{{36, 147}, {35, 180}, {32, 198}, {24, 218}},
		{{88, 158}, {52, 169}, {52, 209}, {72, 200}},
		{{52, 184}, {102, 182}},
		{{76, 164}, {84, 194}, {100, 213}, {106, 213}, {108, 200}},
		{{76, 212}, {84, 222}},
	}
)

// seal is where the seal is on a canvas: turned, in the top right corner.
type seal struct {
	corner xy
	scale  float64
}

func sealOn(c drawing.Canvas) seal {
	side := float64(min(c.Width, c.Height))
	scale := side / sealPart / sealHeight
	margin := side / sealMargin
	return seal{xy{float64(c.Width) - margin - sealWidth*scale, margin + sealWidth*scale*math.Sin(-sealTilt)}, scale}
}

// on is where the seal has a line, with so many pixels to a canvas unit.
func (s seal) on(line []xy, scale float64) []xy {
	sin, cos := math.Sincos(sealTilt)
	placed := make([]xy, len(line))
	for i, p := range line {
		turned := xy{p.x*cos - p.y*sin, p.x*sin + p.y*cos}
		placed[i] = s.corner.plus(turned.times(s.scale)).times(scale)
	}
	return placed
}

// seal adds the seal, which an animation shows from that time on, in ms.
func (b *svg) seal(s seal, animate bool, begin int) {
	b.add(`<g transform="translate(`)
	b.decimal(s.corner.x)
	b.add(` `)
	b.decimal(s.corner.y)
	b.add(`)scale(`)
	*b = strconv.AppendFloat(*b, s.scale, 'f', 6, 64) // three decimals are visible on a small canvas
	b.add(`)rotate(`)
	b.decimal(sealTilt * 180 / math.Pi)
	b.add(`)">`)
	line := func(c color.NRGBA, width float64, lines ...[]xy) {
		b.add(`<path`)
		if animate {
			b.animation(0, replay{begin: begin, duration: 1})
		}
		b.ink(c)
		b.width(width)
		b.add(` d="`)
		for _, l := range lines {
			b.path(l)
		}
		b.add(`"/>`)
	}
	line(sealRed, 2*sealRadius, sealPaper)
	line(sealWhite, sealPen, sealCharacters...)
	b.add(`</g>`)
}

// seal draws the seal.
func (r *raster) seal(s seal, scale float64) {
	line := func(c color.NRGBA, width float64, line []xy) {
		r.stroke(s.on(line, scale), slices.Repeat([]float64{width / 2 * s.scale * scale}, len(line)), c)
	}
	line(sealRed, 2*sealRadius, sealPaper)
	for _, character := range sealCharacters {
		line(sealWhite, sealPen, character)
	}
}
