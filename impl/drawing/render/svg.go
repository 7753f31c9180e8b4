package render

import (
	"bytes"
	"encoding/xml"
	"image/color"
	"io"
	"math"
	"strconv"
	"strings"

	"onestroke/impl/drawing"
)

// SVG writes a picture of a drawing as an SVG document with the canvas as its
// viewBox. It holds neither script nor reference, whatever the drawing holds,
// and no text but the title.
//
// Animated it is below 2 MB. It plays once, when it is shown, and ends as the
// still picture; a user who asks for reduced motion sees it at once. Strokes
// without times are drawn one after the other at an even pace, five seconds each at most.
func SVG(w io.Writer, c drawing.Content, o Options) error {
	scale := o.scale(c.Canvas)
	var doc svg
	doc.open(float64(c.Canvas.Width)*scale, float64(c.Canvas.Height)*scale, c.Canvas.Width, c.Canvas.Height)
	doc.title(c.Title)
	var moves []replay
	if o.Animate {
		moves = replays(c)
		doc.style(moves)
	}
	doc.paper(c.Canvas.Width, c.Canvas.Height, c.Canvas.BackgroundColor())
	for i, s := range c.Strokes {
		doc.add(`<path`)
		if o.Animate {
			doc.animation(i, moves[i])
		}
		doc.stroke(s.ColorOn(c.Canvas), float64(s.Width))
		doc.add(` d="`)
		doc.path(lineOf(s, 1))
		doc.add(`"/>`)
	}
	doc.add(`</svg>`)
	_, err := w.Write(doc)
	return err
}

// svg is a document being written. Everything but the title is made of
// constants and numbers.
type svg []byte

func (b *svg) add(text string) { *b = append(*b, text...) }

func (b *svg) integer(v int) { *b = strconv.AppendInt(*b, int64(v), 10) }

// decimal adds a number with at most three decimals.
func (b *svg) decimal(v float64) {
	*b = strconv.AppendFloat(*b, math.Round(v*1_000)/1_000, 'f', -1, 64)
}

// color adds #rgb where it says the same as #rrggbb.
func (b *svg) color(c color.NRGBA) {
	const digits = "0123456789abcdef"
	short := c.R%0x11 == 0 && c.G%0x11 == 0 && c.B%0x11 == 0
	*b = append(*b, '#')
	for _, v := range [...]uint8{c.R, c.G, c.B} {
		*b = append(*b, digits[v>>4])
		if !short {
			*b = append(*b, digits[v&0xf])
		}
	}
}

func (b *svg) open(width, height float64, viewWidth, viewHeight int) {
	b.add(`<svg xmlns="http://www.w3.org/2000/svg" width="`)
	b.decimal(width)
	b.add(`" height="`)
	b.decimal(height)
	b.add(`" viewBox="0 0 `)
	b.integer(viewWidth)
	b.add(` `)
	b.integer(viewHeight)
	b.add(`" fill="none" stroke-linecap="round" stroke-linejoin="round">`)
}

// title adds a title without what XML 1.0 cannot hold.
func (b *svg) title(title string) {
	title = strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= ' ' && r < 0xfffe, r > 0xffff:
			return r
		}
		return -1
	}, title)
	if title == "" {
		return
	}
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(title)) // writing to a Buffer never fails
	b.add(`<title>`)
	*b = append(*b, escaped.Bytes()...)
	b.add(`</title>`)
}

func (b *svg) paper(width, height int, c color.NRGBA) {
	b.add(`<rect width="`)
	b.integer(width)
	b.add(`" height="`)
	b.integer(height)
	b.add(`" fill="`)
	b.color(c)
	b.add(`"/>`)
}

// stroke adds the attributes of a path that say how it is drawn.
func (b *svg) stroke(c color.NRGBA, width float64) {
	b.add(` stroke="`)
	b.color(c)
	if c.A < 0xff {
		b.add(`" stroke-opacity="`)
		b.decimal(float64(c.A) / 0xff)
	}
	b.add(`" stroke-width="`)
	b.decimal(width)
	b.add(`"`)
}

// path adds a line in whole units, the first point by its place and the others
// by their steps. A line that stays where it is is a dot.
func (b *svg) path(line []xy) {
	x, y := line[0].round()
	b.add(`M`)
	b.integer(x)
	b.next(y)
	moved := false
	for _, p := range line[1:] {
		toX, toY := p.round()
		if toX == x && toY == y {
			continue
		}
		if moved {
			b.next(toX - x)
		} else {
			b.add(`l`)
			b.integer(toX - x)
		}
		b.next(toY - y)
		x, y, moved = toX, toY, true
	}
	if !moved {
		b.add(`h0`)
	}
}

// next adds a number behind another: a minus sets itself apart.
func (b *svg) next(v int) {
	if v >= 0 {
		b.add(` `)
	}
	b.integer(v)
}
