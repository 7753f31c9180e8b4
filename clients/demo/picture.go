package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"

	onestroke "github.com/onestroke/onestroke/clients/go"
)

// Sizes in the picture, in its own units.
const (
	columns = 4
	cell    = 200 // width of a drawing with its margin
	frame   = 180 // width and height of a drawing
	caption = 30  // height of its title
)

// picture returns an SVG document of all drawings that animates each stroke at the
// speed at which it was drawn. With prefers-reduced-motion it is not animated.
func picture(contents []onestroke.DrawingContent) []byte {
	rows := (len(contents) + columns - 1) / columns
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" text-anchor="middle">
<style>
path{fill:none;stroke-linecap:round;stroke-linejoin:round}
@media (prefers-reduced-motion:no-preference){path{animation:draw linear backwards}}
@keyframes draw{from{stroke-dasharray:1;stroke-dashoffset:1}to{stroke-dasharray:1;stroke-dashoffset:0}}
</style>
`, columns*cell, rows*(frame+caption)+cell-frame)
	for i, c := range contents {
		x, y := i%columns*cell+(cell-frame)/2, i/columns*(frame+caption)+(cell-frame)/2
		fmt.Fprintf(&b, `<svg x="%d" y="%d" width="%d" height="%d" viewBox="0 0 %d %d">`+"\n", x, y, frame, frame, c.Canvas.Width, c.Canvas.Height)
		fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="4%%" fill="%s"/>`+"\n", *c.Canvas.Background)
		for _, s := range c.Strokes {
			drawStroke(&b, s)
		}
		fmt.Fprintf(&b, "</svg>\n"+`<text x="%d" y="%d" fill="#808080">`, x+frame/2, y+frame+caption/2+4)
		_ = xml.EscapeText(&b, []byte(*c.Title)) // writing to a buffer does not fail
		b.WriteString("</text>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// drawStroke writes a path of relative coordinates, which are shorter than absolute
// ones.
func drawStroke(w io.Writer, s onestroke.Stroke) {
	t := *s.T
	begins, ends := t[0], t[len(t)-1]
	fmt.Fprintf(w, `<path pathLength="1" stroke="%s" stroke-width="%d" style="animation-duration:%dms;animation-delay:%dms" d="M%d %d`,
		s.Color, s.Width, ends-begins, begins, s.X[0], s.Y[0])
	fmt.Fprint(w, "l")
	for i := 1; i < len(t); i++ {
		fmt.Fprintf(w, "%d %d ", s.X[i]-s.X[i-1], s.Y[i]-s.Y[i-1])
	}
	fmt.Fprint(w, `"/>`+"\n")
}
