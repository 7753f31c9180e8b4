package main

import (
	"math"

	onestroke "github.com/onestroke/onestroke/clients/go"
)

// Sizes of the demo's own drawings, in canvas units: side and middle of the square
// canvas, and width of the pen.
const (
	side   = 3000
	nib    = 70
	centre = side / 2
)

// point is a point on the canvas.
type point struct{ x, y float64 }

// own yields the demo's own drawings.
func own() drawings {
	return func(yield func(drawing, error) bool) {
		for _, c := range ownContents() {
			d := drawing{id: nameID("urn:onestroke:demo:" + *c.Title), source: *c.Title, content: c}
			if !yield(d, nil) {
				return
			}
		}
	}
}

// ownContents returns the demo's own drawings. All but the last have one stroke, as
// 一笔到底 means "one stroke to the end".
func ownContents() []onestroke.DrawingContent {
	return []onestroke.DrawingContent{
		inOneStroke("螺旋 spiral", "#0F766E", spiral()),
		inOneStroke("爱心 heart", "#DC2626", heart()),
		inOneStroke("房子 house", "#7C3AED", house()),
		inOneStroke("星星 star", "#D97706", star()),
		inOneStroke("小鱼 fish", "#0369A1", fish()),
		inOneStroke("花 flower", "#DB2777", flower()),
		inOneStroke("一笔猫 cat", "#374151", cat()),
		newContent("山水 mountains",
			strokeOf("#DC2626", 0, sun()),
			strokeOf("#166534", 1500, mountains()),
			strokeOf("#0369A1", 3600, water()),
		),
	}
}

func spiral() []point {
	return curve(420, func(u float64) point {
		return polar(60+1140*u, 10*math.Pi*u)
	})
}

func heart() []point {
	return curve(240, func(u float64) point {
		a := 2 * math.Pi * u
		return point{
			centre + 68*16*math.Pow(math.Sin(a), 3),
			centre - 100 - 68*(13*math.Cos(a)-5*math.Cos(2*a)-2*math.Cos(3*a)-math.Cos(4*a)),
		}
	})
}

// house draws each of its eight lines once.
func house() []point {
	return along(
		point{700, 2500}, point{700, 1300}, point{2300, 1300}, point{1500, 500},
		point{700, 1300}, point{2300, 2500}, point{2300, 1300}, point{700, 2500}, point{2300, 2500},
	)
}

func star() []point {
	var tips []point
	for i := range 6 {
		tips = append(tips, polar(1200, float64(2*i)*2*math.Pi/5-math.Pi/2))
	}
	return along(tips...)
}

func fish() []point {
	return curve(240, func(u float64) point {
		a := 2*math.Pi*u + math.Pi/4
		sin, cos := math.Sincos(a)
		return point{centre + 150 - 1050*(cos-sin*sin/math.Sqrt2), centre + 1250*cos*sin}
	})
}

func flower() []point {
	return curve(420, func(u float64) point {
		a := 2 * math.Pi * u
		return polar(750+430*math.Cos(8*a), a)
	})
}

// cat begins at the tip of its tail.
func cat() []point {
	return smooth(
		point{2480, 1830}, point{2590, 2150}, point{2380, 2440}, point{1930, 2520}, point{1380, 2530},
		point{880, 2510}, point{850, 2200}, point{1040, 1860}, point{780, 1640}, point{680, 1280},
		point{700, 900}, point{730, 540}, point{930, 720}, point{1110, 900}, point{1300, 870},
		point{1490, 900}, point{1670, 720}, point{1870, 540}, point{1900, 900}, point{1920, 1280},
		point{1820, 1640}, point{1560, 1860}, point{1790, 2160}, point{1860, 2500},
	)
}

func sun() []point {
	return curve(90, func(u float64) point {
		p := polar(260, 2*math.Pi*u)
		return point{p.x + 1000, p.y - 800}
	})
}

func mountains() []point {
	return smooth(
		point{250, 2050}, point{620, 1500}, point{880, 1180}, point{1120, 1520}, point{1300, 1680},
		point{1620, 1150}, point{1880, 820}, point{2150, 1280}, point{2450, 1720}, point{2750, 2050},
	)
}

func water() []point {
	return curve(180, func(u float64) point {
		return point{350 + 2300*u, 2420 + 90*math.Sin(8*math.Pi*u)}
	})
}

// polar returns the point at a radius and an angle in radians from the middle of
// the canvas.
func polar(radius, angle float64) point {
	sin, cos := math.Sincos(angle)
	return point{centre + radius*cos, centre + radius*sin}
}

// curve returns at(u) for u from 0 to 1 in n steps.
func curve(n int, at func(u float64) point) []point {
	points := make([]point, n+1)
	for i := range points {
		points[i] = at(float64(i) / float64(n))
	}
	return points
}

// along returns points on straight lines between the corners, closer together near
// each corner, where a hand slows down.
func along(corners ...point) []point {
	const steps = 32
	points := corners[:1:1]
	for i, to := range corners[1:] {
		from := corners[i]
		for step := 1; step <= steps; step++ {
			u := (1 - math.Cos(math.Pi*float64(step)/steps)) / 2
			points = append(points, point{from.x + (to.x-from.x)*u, from.y + (to.y-from.y)*u})
		}
	}
	return points
}

// smooth returns points on a Catmull-Rom spline through the knots.
func smooth(knots ...point) []point {
	const steps = 12
	at := func(i int) point { return knots[min(max(i, 0), len(knots)-1)] }
	spline := func(a, b, c, d, u float64) float64 {
		return b + u/2*(c-a+u*(2*a-5*b+4*c-d+u*(3*(b-c)+d-a)))
	}
	points := knots[:1:1]
	for i := range knots[1:] {
		a, b, c, d := at(i-1), at(i), at(i+1), at(i+2)
		for step := 1; step <= steps; step++ {
			u := float64(step) / steps
			points = append(points, point{spline(a.x, b.x, c.x, d.x, u), spline(a.y, b.y, c.y, d.y, u)})
		}
	}
	return points
}

func inOneStroke(title, color string, points []point) onestroke.DrawingContent {
	return newContent(title, strokeOf(color, 0, points))
}

func newContent(title string, strokes ...onestroke.Stroke) onestroke.DrawingContent {
	return onestroke.DrawingContent{
		Title:   &title,
		Format:  onestroke.Format1,
		Canvas:  onestroke.Canvas{Width: side, Height: side, Background: new("#FFFFFF")},
		Strokes: strokes,
	}
}

// strokeOf returns a stroke that begins at start, in ms, with a point every 16 ms,
// as a touch screen of 60 Hz has.
func strokeOf(color string, start int32, points []point) onestroke.Stroke {
	n := len(points)
	x, y, t := make([]int32, n), make([]int32, n), make([]int32, n)
	for i, p := range points {
		x[i], y[i] = int32(math.Round(p.x)), int32(math.Round(p.y))
		t[i] = start + int32(16*i)
	}
	return onestroke.Stroke{Tool: onestroke.Pen, Color: color, Width: nib, X: x, Y: y, T: &t}
}
