package paint2017

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"onestroke/impl/drawing"
)

// The canvas of a drawing that a program of 2017 made is in tenths of its
// pixels, and at least as large as the window it was drawn in: 375 × 603 pixels
// on the phone that mini programs are laid out for. It grows to the right and
// down with what was drawn.
const (
	perPixel     = 10
	windowWidth  = 375 * perPixel
	windowHeight = 603 * perPixel
	tabletWidth  = 1024 * perPixel
)

// FromActions returns what the canvas calls recorded by a program of 2017 draw,
// without a title. It understands save, restore, setStrokeStyle, setLineWidth and
// strokePath with moveTo and lineTo, and ignores every other call. The points from
// one moveTo to the next are one stroke, without times. A stroke that [ToActions]
// wrote is read exactly. Text that is not JSON, or draws nothing, is a drawing
// without strokes.
//
// Coordinates are rounded to tenths of a pixel. Those beyond the limits of a drawing
// are replaced by the limit, and strokes and points beyond them are left out.
func FromActions(actions []byte) drawing.Content {
	r := recording{style: style{color: "#000000", width: 1}}
	if readCalls(actions, r.play) != nil {
		r = recording{}
	}
	return r.content()
}

// ToActions returns the canvas calls by which a program of 2017 draws a valid,
// normalized content. The eraser is a pen in the color of the background, and a
// stroke of one point a line as long as it is wide.
//
// A canvas as wide as a phone or a tablet in tenths of a pixel (3,750 to 10,240)
// is drawn in its size, so that what programs of 2017 drew shows where it was;
// any other is scaled to 375 pixels. The first call has a member canvas, and each strokePath
// a member stroke, which hold exactly what 2017 cannot express: programs of that
// time ignore them, and FromActions returns the same content, except for its title.
func ToActions(c drawing.Content) string {
	own := jsonCanvas(c.Canvas)
	calls := append(make([]written, 0, 3*len(c.Strokes)+2), written{Method: "save", Canvas: &own})
	scale := unitsPerPixel(c.Canvas)
	for _, s := range c.Strokes {
		shown := s.ColorOn(c.Canvas)
		rgba := [4]int{int(shown.R), int(shown.G), int(shown.B), int(shown.A)}
		calls = append(calls,
			written{Method: "setStrokeStyle", Data: []any{"normal", rgba}},
			written{Method: "setLineWidth", Data: []any{inPixels(s.Width, scale)}},
			written{Method: "strokePath", Data: pathOf(s, scale), Stroke: jsonStrokeOf(s)})
	}
	calls = append(calls, written{Method: "restore"})
	text, _ := json.Marshal(calls) // strings and finite numbers: it cannot fail
	return string(text)
}

// written is a call in JSON.
type written struct {
	Method string      `json:"method"`
	Data   any         `json:"data,omitempty"`
	Canvas *jsonCanvas `json:"canvas,omitempty"`
	Stroke *jsonStroke `json:"stroke,omitempty"`
}

// jsonCanvas and jsonStroke are a canvas and a stroke within actions, in the form of
// the contract.
type jsonCanvas struct {
	Width      int    `json:"width"`
	Height     int    `json:"height"`
	Background string `json:"background,omitempty"`
}

type jsonStroke struct {
	Tool  drawing.Tool `json:"tool"`
	Color string       `json:"color"`
	Width int          `json:"width"`
	X     []int32      `json:"x"`
	Y     []int32      `json:"y"`
	T     []int32      `json:"t,omitempty"`
	P     []uint16     `json:"p,omitempty"` // 0 to 255; bytes would be written as base64
}

// recording is what the calls that were read so far have drawn.
type recording struct {
	style
	saved   []style
	canvas  drawing.Canvas // zero until known
	strokes []drawing.Stroke
	points  int
}

type style struct {
	color string
	width float64 // pixels
}

func (r *recording) play(c call) {
	switch c.method {
	case "save":
		r.saved = append(r.saved, r.style)
		if canvas, ok := readCanvas(c.canvas); ok && r.canvas == (drawing.Canvas{}) && len(r.strokes) == 0 {
			r.canvas = canvas
		}
	case "restore":
		if n := len(r.saved) - 1; n >= 0 {
			r.style, r.saved = r.saved[n], r.saved[:n]
		}
	case "setStrokeStyle":
		if text, ok := readColor(c.arguments); ok {
			r.color = text
		}
	case "setLineWidth":
		if numbers := c.arguments.numbers; len(numbers) > 0 && !math.IsNaN(numbers[0]) {
			r.width = numbers[0]
		}
	case "strokePath":
		if s, ok := readStroke(c.stroke); ok {
			r.add(s)
		} else {
			r.path(c.arguments.steps)
		}
	}
}

// path adds a stroke for each moveTo that a lineTo follows.
func (r *recording) path(steps []step) {
	scale := float64(perPixel)
	if r.canvas != (drawing.Canvas{}) {
		scale = unitsPerPixel(r.canvas)
	}
	pen := drawing.Stroke{Tool: drawing.Pen, Color: r.color, Width: max(1, units(r.width, scale, drawing.MaxWidth))}
	run := pen
	end := func() {
		if len(run.X) > 1 {
			r.add(run)
		}
		run = pen
	}
	for _, step := range steps {
		if step.method != "moveTo" && step.method != "lineTo" || math.IsNaN(step.x) || math.IsNaN(step.y) {
			continue
		}
		if step.method == "moveTo" {
			end()
		}
		if n := len(run.X); n == drawing.MaxStrokePoints { // too long for one stroke: another goes on where it ends
			lastX, lastY := run.X[n-1], run.Y[n-1]
			end()
			run.X, run.Y = []int32{lastX}, []int32{lastY}
		}
		run.X = append(run.X, int32(units(step.x, scale, drawing.MaxSide)))
		run.Y = append(run.Y, int32(units(step.y, scale, drawing.MaxSide)))
	}
	end()
}

// add adds a stroke, without the points that are beyond the limits of a drawing.
func (r *recording) add(s drawing.Stroke) {
	room := drawing.MaxPoints - r.points
	if len(r.strokes) == drawing.MaxStrokes || room == 0 {
		return
	}
	if len(s.X) > room {
		s.X, s.Y = s.X[:room], s.Y[:room]
		s.T, s.P = s.T[:min(room, len(s.T))], s.P[:min(room, len(s.P))]
	}
	r.strokes = append(r.strokes, s)
	r.points += len(s.X)
}

func (r *recording) content() drawing.Content {
	c := drawing.Content{Properties: drawing.Properties{Canvas: r.canvas}, Strokes: r.strokes}
	if c.Canvas == (drawing.Canvas{}) {
		b := c.Measure().Bounds
		c.Canvas = drawing.Canvas{Width: max(windowWidth, b.MaxX), Height: max(windowHeight, b.MaxY)}
	}
	return c.Normalize()
}

// unitsPerPixel is how many units of a canvas are a pixel of 2017.
func unitsPerPixel(c drawing.Canvas) float64 {
	if c.Width >= windowWidth && c.Width <= tabletWidth {
		return perPixel
	}
	return float64(c.Width) * perPixel / windowWidth
}

// units turns pixels into units of the canvas, at most limit either way.
func units(pixels, scale float64, limit int) int {
	return int(math.Round(max(-float64(limit), min(pixels*scale, float64(limit)))))
}

// inPixels turns units of the canvas into pixels, to a thousandth.
func inPixels[N int | int32](units N, scale float64) float64 {
	return math.Round(float64(units)/scale*1000) / 1000
}

func pathOf(s drawing.Stroke, scale float64) []written {
	if len(s.X) == 1 {
		twice, y := 2*int(s.X[0]), inPixels(s.Y[0], scale)
		left, right := inPixels(twice-s.Width, 2*scale), inPixels(twice+s.Width, 2*scale)
		return []written{{Method: "moveTo", Data: [2]float64{left, y}}, {Method: "lineTo", Data: [2]float64{right, y}}}
	}
	steps := make([]written, len(s.X))
	for i := range s.X {
		steps[i] = written{Method: "lineTo", Data: [2]float64{inPixels(s.X[i], scale), inPixels(s.Y[i], scale)}}
	}
	steps[0].Method = "moveTo"
	return steps
}

// readColor reads the arguments of setStrokeStyle: "normal" and an array of
// red, green, blue and alpha, each 0 to 255, or a color of CSS in hexadecimal or
// rgb() notation.
func readColor(a arguments) (text string, ok bool) {
	if a.text != "normal" {
		return cssColor(a.text)
	}
	parts := make([]float64, 0, 4)
	for _, n := range a.numbers {
		if !math.IsNaN(n) && len(parts) < 4 {
			parts = append(parts, n)
		}
	}
	return hexColor(parts)
}

var (
	cssHex = regexp.MustCompile(`^#[0-9A-Fa-f]{3,4}$`)
	cssRGB = regexp.MustCompile(`^rgba?\( ?([0-9.]{1,8}) ?, ?([0-9.]{1,8}) ?, ?([0-9.]{1,8}) ?(?:, ?([0-9.]{1,8}) ?)?\)$`)
)

func cssColor(text string) (string, bool) {
	if drawing.IsColor(text) {
		return text, true
	}
	if cssHex.MatchString(text) {
		long := []byte{'#'}
		for _, digit := range []byte(text[1:]) {
			long = append(long, digit, digit)
		}
		return string(long), true
	}
	var parts []float64
	for i, part := range cssRGB.FindStringSubmatch(text) {
		if i == 0 || part == "" {
			continue
		}
		n, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return "", false
		}
		if i == 4 {
			n *= 255 // CSS has alpha from 0 to 1
		}
		parts = append(parts, n)
	}
	return hexColor(parts)
}

// hexColor writes red, green, blue and, if there, alpha as #RRGGBB, or as
// #RRGGBBAA unless it is opaque.
func hexColor(parts []float64) (string, bool) {
	if len(parts) < 3 {
		return "", false
	}
	var b strings.Builder
	b.WriteByte('#')
	for i, part := range parts {
		if n := units(max(0, part), 1, 255); i < 3 || n < 255 {
			fmt.Fprintf(&b, "%02X", n)
		}
	}
	return b.String(), true
}

func readCanvas(data []byte) (drawing.Canvas, bool) {
	var own jsonCanvas
	if len(data) == 0 || json.Unmarshal(data, &own) != nil {
		return drawing.Canvas{}, false
	}
	c := drawing.Canvas(own)
	return c, c.Validate() == nil
}

func readStroke(data []byte) (s drawing.Stroke, ok bool) {
	var own jsonStroke
	if len(data) == 0 || json.Unmarshal(data, &own) != nil {
		return drawing.Stroke{}, false
	}
	s = drawing.Stroke{Tool: own.Tool, Color: own.Color, Width: own.Width, X: own.X, Y: own.Y, T: own.T}
	for _, p := range own.P {
		if p > math.MaxUint8 {
			return drawing.Stroke{}, false
		}
		s.P = append(s.P, uint8(p))
	}
	return s, s.Validate() == nil
}

func jsonStrokeOf(s drawing.Stroke) *jsonStroke {
	own := &jsonStroke{Tool: s.Tool, Color: s.Color, Width: s.Width, X: s.X, Y: s.Y, T: s.T}
	for _, p := range s.P {
		own.P = append(own.P, uint16(p))
	}
	return own
}
