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
	if o.Animate {
		c.Strokes = timed(c)
	}
	levels := levelsOf(c.Strokes)
	var replays []replay // of the parts of all strokes
	end := 0
	if o.Animate {
		for _, s := range c.Strokes {
			for _, p := range partsOf(s, levels) {
				r := newReplay(p.Stroke)
				replays = append(replays, r)
				end = max(end, r.begin+r.duration)
			}
		}
		doc.style(replays)
	}
	doc.paper(c.Canvas.Width, c.Canvas.Height, c.Canvas.BackgroundColor())
	n := 0
	for _, s := range c.Strokes {
		parts, color := partsOf(s, levels), s.ColorOn(c.Canvas)
		grouped := len(parts) > 1
		if grouped {
			doc.group(color)
		}
		for _, p := range parts {
			doc.add(`<path`)
			if o.Animate {
				doc.animation(n, replays[n])
			}
			if !grouped {
				doc.ink(color)
			}
			doc.width(p.width)
			doc.add(` d="`)
			doc.path(lineOf(p.Stroke, 1))
			doc.add(`"/>`)
			n++
		}
		if grouped {
			doc.add(`</g>`)
		}
	}
	if c.IsSealed() {
		doc.seal(sealOn(c.Canvas), o.Animate, end)
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

// open begins the document. It is at least one pixel wide and high; a canvas that is
// thinner is stretched.
func (b *svg) open(width, height float64, viewWidth, viewHeight int) {
	b.add(`<svg xmlns="http://www.w3.org/2000/svg" width="`)
	b.decimal(max(width, 1))
	b.add(`" height="`)
	b.decimal(max(height, 1))
	if min(width, height) < 1 {
		b.add(`" preserveAspectRatio="none`)
	}
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

// ink adds the attributes of a path that say its color.
func (b *svg) ink(c color.NRGBA) {
	b.add(` stroke="`)
	b.color(c)
	if c.A < 0xff {
		b.add(`" stroke-opacity="`)
		b.decimal(float64(c.A) / 0xff)
	}
	b.add(`"`)
}

// group opens a group of paths of one color, which are one shape: a translucent
// color is not darker where they overlap.
func (b *svg) group(c color.NRGBA) {
	b.add(`<g stroke="`)
	b.color(c)
	if c.A < 0xff {
		b.add(`" opacity="`)
		b.decimal(float64(c.A) / 0xff)
	}
	b.add(`">`)
}

// width adds the attribute of a path that says how wide it is.
func (b *svg) width(v float64) {
	b.add(` stroke-width="`)
	b.decimal(v)
	b.add(`"`)
}

// next adds a number behind another: a minus sets itself apart.
func (b *svg) next(v int) {
	if v >= 0 {
		b.add(` `)
	}
	b.integer(v)
}
