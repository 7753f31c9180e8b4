package render

import "math"

// path adds a line, in whole units. A line that stays where it is is a dot.
func (b *svg) path(line []xy) {
	p := b.moveTo(line[0])
	for _, to := range line[1:] {
		p.lineTo(to)
	}
	p.end()
}

// curve adds a smooth line through the points that a line has left when it was
// simplified with this tolerance. Its corners stay corners. It ends early when the
// document has more bytes than most.
func (b *svg) curve(line []xy, tolerance float64, most int) {
	last := len(line) - 1
	cornerAfter := func(i int) int { // or the end
		for i++; i < last; i++ {
			if isCorner(line[i-1], line[i], line[i+1], tolerance) {
				break
			}
		}
		return min(i, last)
	}
	end := cornerAfter(0)
	const leastOfRing = 4
	if last >= leastOfRing && end == last && line[0].distance(line[last]) <= 2*tolerance &&
		!isCorner(line[last-1], line[0], line[1], tolerance) {
		b.ring(line[:last])
		return
	}
	p := b.moveTo(line[0])
	for first := 0; ; first, end = end, cornerAfter(end) {
		p.splineTo(line[first : end+1])
		if end == last || len(*b) > most {
			break
		}
	}
	p.end()
}

// ring adds a smooth line through these points and back to the first.
func (b *svg) ring(points []xy) {
	n := len(points)
	controls := make([]xy, n)
	for i := range points {
		controls[i] = controlOf(points[(i+n-1)%n], points[i], points[(i+1)%n])
	}
	begin := controls[n-1].plus(controls[0]).times(0.5)
	b.moveTo(begin).spline(controls, begin)
}

// isCorner reports whether a line turns more at b than a simplified arc does: an arc
// through these points would be further from the line than the tolerance allows.
func isCorner(a, b, c xy, tolerance float64) bool {
	in, out := b.minus(a), c.minus(b)
	turn := math.Abs(in.angle(out))
	return min(math.Hypot(in.x, in.y), math.Hypot(out.x, out.y))*math.Tan(turn/4) > 4*tolerance
}

// pathPen writes the commands of a path: the first place, and then steps from place
// to place, in whole units.
type pathPen struct {
	*svg
	x, y    int
	command byte // that of the last step; 0 before the first
}

func (b *svg) moveTo(place xy) *pathPen {
	x, y := place.round()
	b.add(`M`)
	b.integer(x)
	b.next(y)
	return &pathPen{svg: b, x: x, y: y}
}

func (p *pathPen) lineTo(place xy) {
	if x, y := place.round(); x != p.x || y != p.y {
		p.step('l', x, y)
		p.x, p.y = x, y
	}
}

// splineTo adds a smooth line from where the pen is, the first of these points, to
// the last.
func (p *pathPen) splineTo(points []xy) {
	last := len(points) - 1
	switch last {
	case 0:
	case 1:
		p.lineTo(points[1])
	case 2:
		p.spline([]xy{points[1].plus(offset(points[1], points[0], points[2]))}, points[2])
	default:
		controls := make([]xy, last-1)
		for i := range controls {
			controls[i] = controlOf(points[i], points[i+1], points[i+2])
		}
		p.spline(controls, points[last])
	}
}

// controlOf is the control point of a spline near b, which it passes on the inner
// side.
func controlOf(a, b, c xy) xy { return b.plus(offset(b, a, c).times(0.3)) }

// spline adds a quadratic B-spline. Where two of its parabolas meet is the middle
// between their control points, so that a step of SVG's t, which mirrors the last
// control point, takes one pair of numbers, like one of a straight line.
func (p *pathPen) spline(controls []xy, end xy) {
	x, y := controls[0].round()
	for i := range controls {
		to := end
		if i+1 < len(controls) {
			to = xy{float64(x), float64(y)}.plus(controls[i+1]).times(0.5)
		}
		toX, toY := to.round()
		if i == 0 {
			p.step('q', x, y)
			p.next(toX - p.x)
			p.next(toY - p.y)
		} else {
			p.step('t', toX, toY)
		}
		p.x, p.y = toX, toY
		x, y = 2*toX-x, 2*toY-y // the next control point, with what rounding has moved it
	}
}

// end makes a dot of a path without steps.
func (p *pathPen) end() {
	if p.command == 0 {
		p.add(`h0`)
	}
}

// step adds a command, unless it is the one before, and the way to a place.
func (p *pathPen) step(command byte, x, y int) {
	if command == p.command {
		p.next(x - p.x)
	} else {
		*p.svg = append(*p.svg, command)
		p.integer(x - p.x)
		p.command = command
	}
	p.next(y - p.y)
}
