package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"

	"onestroke/gen"
)

// Measures of the picture, in its own units.
const (
	columns = 4
	cell    = 200 // width of a drawing with its margin
	paper   = 180 // width and height of a drawing
	caption = 30  // height of its title
)

// picture is an SVG document that shows a gallery of drawings and draws each
// stroke in the time it took. A reader who cannot or does not want to see
// movement gets the finished drawings.
func picture(contents []gen.DrawingContent) []byte {
	rows := (len(contents) + columns - 1) / columns
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" text-anchor="middle">
<style>
path{fill:none;stroke-linecap:round;stroke-linejoin:round}
@media (prefers-reduced-motion:no-preference){path{animation:draw linear backwards}}
@keyframes draw{from{stroke-dasharray:1;stroke-dashoffset:1}to{stroke-dasharray:1;stroke-dashoffset:0}}
</style>
`, columns*cell, rows*(paper+caption)+cell-paper)
	for i, c := range contents {
		x, y := i%columns*cell+(cell-paper)/2, i/columns*(paper+caption)+(cell-paper)/2
		fmt.Fprintf(&b, `<svg x="%d" y="%d" width="%d" height="%d" viewBox="0 0 %d %d">`+"\n", x, y, paper, paper, c.Canvas.Width, c.Canvas.Height)
		fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="4%%" fill="%s"/>`+"\n", *c.Canvas.Background)
		for _, s := range c.Strokes {
			drawStroke(&b, s)
		}
		fmt.Fprintf(&b, "</svg>\n"+`<text x="%d" y="%d" fill="#808080">`, x+paper/2, y+paper+caption/2+4)
		_ = xml.EscapeText(&b, []byte(*c.Title)) // a buffer takes everything
		b.WriteString("</text>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// drawStroke writes steps from point to point, which are shorter than points.
func drawStroke(w io.Writer, s gen.Stroke) {
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
