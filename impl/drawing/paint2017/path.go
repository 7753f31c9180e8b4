package paint2017

import "math"

// point is a place on the canvas of 2017, in pixels.
type point struct{ x, y float64 }

func (p point) isFinite() bool {
	return !math.IsNaN(p.x+p.y) && !math.IsInf(p.x, 0) && !math.IsInf(p.y, 0)
}

// matrix is a transform: the place (x,y) becomes (a x + c y + e, b x + d y + f).
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

// then returns the transform that does n first, and then m.
func (m matrix) then(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[2]*n[1], m[1]*n[0] + m[3]*n[1],
		m[0]*n[2] + m[2]*n[3], m[1]*n[2] + m[3]*n[3],
		m[0]*n[4] + m[2]*n[5] + m[4], m[1]*n[4] + m[3]*n[5] + m[5],
	}
}

func (m matrix) apply(p point) point {
	return point{m[0]*p.x + m[2]*p.y + m[4], m[1]*p.x + m[3]*p.y + m[5]}
}

// widening is the factor by which a line gets wider: the mean of all directions.
func (m matrix) widening() float64 { return math.Sqrt(math.Abs(m[0]*m[3] - m[1]*m[2])) }

// stretch is at least the factor by which any distance grows.
func (m matrix) stretch() float64 { return math.Hypot(math.Hypot(m[0], m[1]), math.Hypot(m[2], m[3])) }

// transforms are the calls that change the matrix, by name.
var transforms = map[string]func(current matrix, n []float64) (changed matrix, ok bool){
	"translate": func(m matrix, n []float64) (matrix, bool) {
		return m.then(matrix{1, 0, 0, 1, at(n, 0), at(n, 1)}), len(n) >= 2
	},
	"scale": func(m matrix, n []float64) (matrix, bool) {
		return m.then(matrix{at(n, 0), 0, 0, at(n, 1), 0, 0}), len(n) >= 2
	},
	"rotate": func(m matrix, n []float64) (matrix, bool) {
		sin, cos := math.Sincos(at(n, 0))
		return m.then(matrix{cos, sin, -sin, cos, 0, 0}), len(n) >= 1
	},
	"transform": func(m matrix, n []float64) (matrix, bool) {
		return m.then(matrix{at(n, 0), at(n, 1), at(n, 2), at(n, 3), at(n, 4), at(n, 5)}), len(n) >= 6
	},
	"setTransform": func(_ matrix, n []float64) (matrix, bool) {
		return matrix{at(n, 0), at(n, 1), at(n, 2), at(n, 3), at(n, 4), at(n, 5)}, len(n) >= 6
	},
	"resetTransform": func(matrix, []float64) (matrix, bool) { return identity, true },
}

// at returns a number that may not be there.
func at(n []float64, i int) float64 {
	if i < len(n) {
		return n[i]
	}
	return math.NaN()
}

// flatness is how far the chords of a curve may be from it, in units of the canvas.
// Rounding to whole units adds less than half of a diagonal.
const flatness = 0.25

// maxChords is of one curve. None within the limits of a drawing needs more.
const maxChords = 1_000

// tracer follows the steps of a path. It calls move where a line begins, and line
// where it goes on, with places that are transformed.
type tracer struct {
	matrix
	unit         float64 // units of the canvas in a pixel
	move, line   func(point)
	start, place point // of the line, before the transform
	begun        bool
}

// stepKind is a call that makes a part of a path.
type stepKind struct {
	numbers int // that it needs
	trace   func(t *tracer, n []float64) (ok bool)
}

var moveTo = &stepKind{2, func(t *tracer, n []float64) bool {
	t.moveTo(point{n[0], n[1]})
	return true
}}

// steps are the calls that make a path, by name.
var steps = map[string]*stepKind{
	"moveTo": moveTo,
	"lineTo": {2, func(t *tracer, n []float64) bool {
		t.lineTo(point{n[0], n[1]})
		return true
	}},
	"rect": {4, func(t *tracer, n []float64) bool {
		x, y, width, height := n[0], n[1], n[2], n[3]
		t.moveTo(point{x, y})
		t.lineTo(point{x + width, y})
		t.lineTo(point{x + width, y + height})
		t.lineTo(point{x, y + height})
		t.close()
		return true
	}},
	"closePath": {0, func(t *tracer, _ []float64) bool {
		t.close()
		return true
	}},
	"quadraticCurveTo": {4, func(t *tracer, n []float64) bool {
		t.begin(point{n[0], n[1]})
		from, control, to := t.place, point{n[0], n[1]}, point{n[2], n[3]}
		t.cubic(between(from, control, 2./3), between(to, control, 2./3), to)
		return true
	}},
	"bezierCurveTo": {6, func(t *tracer, n []float64) bool {
		t.begin(point{n[0], n[1]})
		t.cubic(point{n[0], n[1]}, point{n[2], n[3]}, point{n[4], n[5]})
		return true
	}},
	"arc": {5, func(t *tracer, n []float64) bool {
		return t.arc(point{n[0], n[1]}, n[2], n[3], n[4], at(n, 5) == 1)
	}},
	"arcTo": {5, func(t *tracer, n []float64) bool {
		return t.arcTo(point{n[0], n[1]}, point{n[2], n[3]}, n[4])
	}},
}

func (t *tracer) moveTo(p point) {
	t.start, t.place, t.begun = p, p, true
	t.move(t.apply(p))
}

// begin begins a line at p unless there is one, as every step but moveTo does.
func (t *tracer) begin(p point) {
	if !t.begun {
		t.moveTo(p)
	}
}

func (t *tracer) lineTo(p point) {
	if !t.begun {
		t.moveTo(p)
		return
	}
	t.place = p
	t.line(t.apply(p))
}

// close goes back to where the line began. What follows begins there.
func (t *tracer) close() {
	if t.begun && t.place != t.start {
		t.lineTo(t.start)
	}
	if t.begun {
		t.moveTo(t.start)
	}
}

// cubic draws a Bézier curve as chords of equal parts of its parameter: as many as
// the bound of its second derivative asks for (Wang's formula).
func (t *tracer) cubic(a, b, to point) {
	from := t.place
	bend := math.Max(
		math.Hypot(from.x-2*a.x+b.x, from.y-2*a.y+b.y),
		math.Hypot(a.x-2*b.x+to.x, a.y-2*b.y+to.y)) * t.stretch() * t.unit
	n := chords(math.Sqrt(6. / 8 * bend / flatness))
	for i := 1; i < n; i++ {
		s := float64(i) / float64(n)
		r := 1 - s
		p, q, u, v := r*r*r, 3*r*r*s, 3*r*s*s, s*s*s
		t.lineTo(point{p*from.x + q*a.x + u*b.x + v*to.x, p*from.y + q*a.y + u*b.y + v*to.y})
	}
	t.lineTo(to)
}

// arc draws a part of a circle, after a line to where that begins.
func (t *tracer) arc(center point, radius, from, to float64, counterclockwise bool) bool {
	const turn = 2 * math.Pi
	if radius < 0 {
		return false
	}
	sweep := to - from
	if counterclockwise {
		sweep = -sweep
	}
	if sweep >= turn {
		sweep = turn
	} else if sweep = math.Mod(sweep, turn); sweep < 0 {
		sweep += turn
	}
	if counterclockwise {
		sweep = -sweep
	}
	t.circle(center, radius, from, sweep)
	return true
}

func (t *tracer) circle(center point, radius, from, sweep float64) {
	n := 1
	if size := radius * t.stretch() * t.unit; size > flatness {
		n = chords(math.Abs(sweep) / (2 * math.Acos(1-flatness/size)))
	}
	for i := range n + 1 {
		sin, cos := math.Sincos(from + sweep*float64(i)/float64(n))
		t.lineTo(point{center.x + radius*cos, center.y + radius*sin})
	}
}

// arcTo rounds the corner at the place a, on the way to b.
func (t *tracer) arcTo(a, b point, radius float64) bool {
	if radius < 0 {
		return false
	}
	t.begin(a)
	in, out := direction(a, t.place), direction(a, b)
	cos := in.x*out.x + in.y*out.y
	cross := in.x*out.y - in.y*out.x
	if radius == 0 || !in.isFinite() || !out.isFinite() || math.Abs(cross) < 1e-9 {
		t.lineTo(a) // there is no corner
		return true
	}
	tangent := radius * (1 + cos) / math.Abs(cross) // from the corner to where the circle begins
	first := point{a.x + in.x*tangent, a.y + in.y*tangent}
	last := point{a.x + out.x*tangent, a.y + out.y*tangent}
	side := math.Copysign(radius, cross)
	center := point{first.x - in.y*side, first.y + in.x*side}
	from := math.Atan2(first.y-center.y, first.x-center.x)
	sweep := math.Remainder(math.Atan2(last.y-center.y, last.x-center.x)-from, 2*math.Pi)
	t.circle(center, radius, from, sweep)
	return true
}

// direction is of length 1, and not finite if both places are the same.
func direction(from, to point) point {
	length := math.Hypot(to.x-from.x, to.y-from.y)
	return point{(to.x - from.x) / length, (to.y - from.y) / length}
}

func between(from, to point, part float64) point {
	return point{from.x + (to.x-from.x)*part, from.y + (to.y-from.y)*part}
}

// chords rounds up, to at least 1 and at most maxChords, also for what is no number.
func chords(n float64) int {
	if !(n < maxChords) {
		return maxChords
	}
	return max(1, int(math.Ceil(n)))
}
