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
// without a title, and whether that is all they draw. It understands save and
// restore; transforms; setStrokeStyle, setFillStyle and setLineWidth; strokePath and
// fillPath, or stroke and fill, with all steps of a path. The points from one moveTo
// to the next are one stroke, without times. A stroke that [ToActions] wrote is read
// exactly. Text that is not JSON, or draws nothing, is a drawing without strokes.
//
// Coordinates are rounded to tenths of a pixel, and curves are lines that are at
// most half of that away from them. What a drawing cannot hold makes it incomplete:
// what is filled is only its outline, other calls are ignored, coordinates beyond the
// limits of a drawing are replaced by the limit, strokes and points beyond them are
// left out.
func FromActions(actions []byte) (c drawing.Content, incomplete bool) {
	r := recording{style: style{stroke: "#000000", fill: "#000000", width: 1, matrix: identity}}
	if !readCalls(actions, r.play) {
		r.incomplete = true
	}
	return r.content(), r.incomplete
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
	saved      []style
	canvas     drawing.Canvas // zero until known
	strokes    []drawing.Stroke
	points     int
	path       []step // of beginPath, moveTo and so on, for stroke and fill
	followed   int    // steps of paths
	incomplete bool
}

type style struct {
	stroke, fill string  // colors
	width        float64 // pixels
	matrix       matrix
}

const (
	// maxSaved is how many styles may be saved at a time.
	maxSaved = 1_000
	// maxFollowed is how many steps of paths are followed. No recording has so many: but
	// stroke follows the same path each time, and one without a line never fills the
	// drawing.
	maxFollowed = 100_000
)

// unseen are calls that change nothing that a stroke shows: lines have round ends
// and corners.
var unseen = map[string]bool{"setLineCap": true, "setLineJoin": true, "setMiterLimit": true, "setTextAlign": true, "setTextBaseline": true, "setFontSize": true, "draw": true}

func (r *recording) play(c call) {
	numbers, ok := c.arguments.numbers, true
	switch c.method {
	case "save":
		if ok = len(r.saved) < maxSaved; ok {
			r.saved = append(r.saved, r.style)
		}
		if canvas, ok := readCanvas(c.canvas); ok && r.canvas == (drawing.Canvas{}) && len(r.strokes) == 0 {
			r.canvas = canvas
		}
	case "restore":
		if n := len(r.saved) - 1; n >= 0 {
			r.style, r.saved = r.saved[n], r.saved[:n]
		}
	case "setStrokeStyle":
		ok = setColor(&r.stroke, c.arguments)
	case "setFillStyle":
		ok = setColor(&r.fill, c.arguments)
	case "setLineWidth":
		if ok = len(numbers) > 0 && !math.IsNaN(numbers[0]); ok {
			r.width = numbers[0]
		}
	case "setGlobalAlpha":
		ok = len(numbers) > 0 && (numbers[0] == 1 || numbers[0] == math.MaxUint8)
	case "strokePath":
		if s, isOurs := readStroke(c.stroke); isOurs {
			r.add(s)
		} else {
			r.draw(r.stroke, r.width, c.arguments.steps, false)
		}
	case "fillPath":
		r.draw(r.fill, 1, c.arguments.steps, true)
		ok = false
	case "beginPath":
		r.path = nil
	case "stroke":
		r.draw(r.stroke, r.width, r.path, false)
	case "fill":
		r.draw(r.fill, 1, r.path, true)
		ok = false
	default:
		ok = r.otherCall(c.method, numbers)
	}
	r.incomplete = r.incomplete || !ok
}

// otherCall plays a transform or a step of a path, and reports whether the call is
// known.
func (r *recording) otherCall(method string, numbers []float64) bool {
	if transform, ok := transforms[method]; ok {
		changed, ok := transform(r.matrix, numbers)
		if ok = ok && !math.IsNaN(changed.stretch()+changed[4]+changed[5]); ok {
			r.matrix = changed
		}
		return ok
	}
	if kind := steps[method]; kind != nil {
		s := step{kind: kind}
		s.count = copy(s.numbers[:], numbers)
		r.path = append(r.path, s)
		return true
	}
	return unseen[method]
}

func setColor(color *string, a arguments) bool {
	text, ok := readColor(a)
	if ok {
		*color = text
	}
	return ok
}

// draw adds a stroke for each line of a path.
func (r *recording) draw(color string, width float64, path []step, closed bool) {
	scale := float64(perPixel)
	if r.canvas != (drawing.Canvas{}) {
		scale = unitsPerPixel(r.canvas)
	}
	pen := drawing.Stroke{Tool: drawing.Pen, Color: color, Width: max(1, units(width*r.matrix.widening(), scale, drawing.MaxWidth))}
	run := pen
	end := func() {
		if len(run.X) > 1 {
			r.add(run)
		}
		run = pen
	}
	extend := func(p point) {
		if r.isFull() {
			r.incomplete = true
			return
		}
		if n := len(run.X); n == drawing.MaxStrokePoints { // too long for one stroke: another goes on where it ends
			lastX, lastY := run.X[n-1], run.Y[n-1]
			end()
			run.X, run.Y = []int32{lastX}, []int32{lastY}
		}
		r.incomplete = r.incomplete || math.Abs(p.x*scale) > drawing.MaxSide || math.Abs(p.y*scale) > drawing.MaxSide
		run.X = append(run.X, int32(units(p.x, scale, drawing.MaxSide)))
		run.Y = append(run.Y, int32(units(p.y, scale, drawing.MaxSide)))
	}
	t := tracer{matrix: r.matrix, unit: scale, line: extend}
	t.move = func(p point) {
		end()
		extend(p)
	}
	for i := range path {
		if r.isFull() || r.followed == maxFollowed {
			r.incomplete = true
			break
		}
		r.followed++
		s := &path[i]
		if closed && s.kind == moveTo {
			t.close()
		}
		if !s.isWhole() || !s.kind.trace(&t, s.numbers[:s.count]) {
			r.incomplete = true
		}
	}
	if closed {
		t.close()
	}
	end()
}

func (r *recording) isFull() bool {
	return len(r.strokes) == drawing.MaxStrokes || r.points == drawing.MaxPoints
}

// add adds a stroke, without the points that are beyond the limits of a drawing.
func (r *recording) add(s drawing.Stroke) {
	if r.isFull() {
		r.incomplete = true
		return
	}
	if room := drawing.MaxPoints - r.points; len(s.X) > room {
		r.incomplete = true
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
