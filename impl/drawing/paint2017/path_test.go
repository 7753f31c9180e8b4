package paint2017_test

import (
	"math"
	"reflect"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/paint2017"
)

// A curve of 2017 and its lines are nowhere further apart than half a unit of the
// canvas and the rounding to whole units, which is at most half a diagonal.
func TestCurvesOf2017AreFlattened(t *testing.T) {
	const tolerance = 0.5 + math.Sqrt2/2
	circle := func(x, y, radiusX, radiusY, from, to float64) func(s float64) (float64, float64) {
		return func(s float64) (float64, float64) {
			sin, cos := math.Sincos(from + (to-from)*s)
			return x + radiusX*cos, y + radiusY*sin
		}
	}
	for name, c := range map[string]struct {
		actions string
		curve   func(s float64) (x, y float64) // in units, s from 0 to 1
	}{
		"quadratic": {
			`[{"method":"strokePath","data":[{"method":"moveTo","data":[10,10]},{"method":"quadraticCurveTo","data":[200,20,30,300]}]}]`,
			func(s float64) (float64, float64) {
				r := 1 - s
				return r*r*100 + 2*r*s*2000 + s*s*300, r*r*100 + 2*r*s*200 + s*s*3000
			},
		},
		"cubic": {
			`[{"method":"strokePath","data":[{"method":"moveTo","data":[0,0]},{"method":"bezierCurveTo","data":[300,0,-100,500,200,500]}]}]`,
			func(s float64) (float64, float64) {
				r := 1 - s
				return 3*r*r*s*3000 - 3*r*s*s*1000 + s*s*s*2000, 3*r*s*s*5000 + s*s*s*5000
			},
		},
		"arc": {`[{"method":"strokePath","data":[{"method":"arc","data":[100,200,50,0,3]}]}]`, circle(1000, 2000, 500, 500, 0, 3)},
		"arc the other way": {
			`[{"method":"strokePath","data":[{"method":"arc","data":[100,200,50,0,3,true]}]}]`,
			circle(1000, 2000, 500, 500, 0, 3-2*math.Pi),
		},
		"whole circle": {`[{"method":"strokePath","data":[{"method":"arc","data":[100,200,50,1,8,false]}]}]`, circle(1000, 2000, 500, 500, 1, 1+2*math.Pi)},
		"negative angle": {
			`[{"method":"strokePath","data":[{"method":"arc","data":[100,200,50,0,-1]}]}]`,
			circle(1000, 2000, 500, 500, 0, 2*math.Pi-1),
		},
		"large": {`[{"method":"strokePath","data":[{"method":"arc","data":[3000,3000,2900,0,7]}]}]`, circle(30000, 30000, 29000, 29000, 0, 2*math.Pi)},
		"scaled": {
			`[{"method":"scale","data":[2,3]},{"method":"strokePath","data":[{"method":"arc","data":[50,60,40,0,2]}]}]`,
			circle(1000, 1800, 800, 1200, 0, 2),
		},
		"turned about a place": {
			`[{"method":"translate","data":[100,100]},{"method":"rotate","data":[1]},{"method":"strokePath","data":[{"method":"arc","data":[0,0,40,0,2]}]}]`,
			circle(1000, 1000, 400, 400, 1, 3),
		},
		"corner": {
			`[{"method":"strokePath","data":[{"method":"moveTo","data":[100,50]},{"method":"arcTo","data":[100,100,50,100,50]}]}]`,
			circle(500, 500, 500, 500, 0, math.Pi/2),
		},
		"step by step": {
			`[{"method":"beginPath"},{"method":"arc","data":[100,200,50,0,3]},{"method":"stroke"},{"method":"draw"}]`,
			circle(1000, 2000, 500, 500, 0, 3),
		},
	} {
		content, incomplete := paint2017.FromActions([]byte(c.actions))
		if incomplete || len(content.Strokes) != 1 || content.Validate() != nil {
			t.Errorf("%s: incomplete %t, %+v", name, incomplete, content)
			continue
		}
		line := content.Strokes[0]
		var curve drawing.Stroke
		for i := range 2_001 {
			x, y := c.curve(float64(i) / 2_000)
			if d := distance(x, y, line); d > tolerance {
				t.Errorf("%s: (%.1f,%.1f) is %.2f from the line", name, x, y, d)
				break
			}
			curve.X, curve.Y = append(curve.X, int32(math.Round(x))), append(curve.Y, int32(math.Round(y)))
		}
		for i := range line.X {
			if d := distance(float64(line.X[i]), float64(line.Y[i]), curve); d > tolerance {
				t.Errorf("%s: the point (%d,%d) is %.2f from the curve", name, line.X[i], line.Y[i], d)
			}
		}
	}
}

// distance is that of a place from the nearest part of a line.
func distance(x, y float64, line drawing.Stroke) float64 {
	nearest := math.Inf(1)
	for i := 1; i < len(line.X); i++ {
		ax, ay := float64(line.X[i-1]), float64(line.Y[i-1])
		dx, dy := float64(line.X[i])-ax, float64(line.Y[i])-ay
		part := 0.0
		if length := dx*dx + dy*dy; length > 0 {
			part = min(max(((x-ax)*dx+(y-ay)*dy)/length, 0), 1)
		}
		nearest = min(nearest, math.Hypot(x-ax-part*dx, y-ay-part*dy))
	}
	return nearest
}

func TestShapesAndTransformsOf2017(t *testing.T) {
	const line = `{"method":"strokePath","data":[{"method":"moveTo","data":[10,20]},{"method":"lineTo","data":[30,40]}]}`
	one := func(width int, x, y []int32) []drawing.Stroke {
		return []drawing.Stroke{{Tool: drawing.Pen, Color: "#000000", Width: width, X: x, Y: y}}
	}
	square := one(10, []int32{100, 400, 400, 100, 100}, []int32{200, 200, 600, 600, 200})
	for actions, want := range map[string][]drawing.Stroke{
		`[{"method":"strokePath","data":[{"method":"rect","data":[10,20,30,40]}]}]`: square,
		`[{"method":"strokePath","data":[{"method":"moveTo","data":[10,20]},{"method":"lineTo","data":[40,20]},{"method":"lineTo","data":[40,60]},` +
			`{"method":"lineTo","data":[10,60]},{"method":"closePath","data":[]}]}]`: square,
		`[{"method":"strokePath","data":[{"method":"rect","data":[10,20,30,40]},{"method":"lineTo","data":[0,0]}]}]`: append(square[:1:1],
			one(10, []int32{100, 0}, []int32{200, 0})...),
		`[{"method":"translate","data":[5,-5]},` + line + `]`:                                              one(10, []int32{150, 350}, []int32{150, 350}),
		`[{"method":"scale","data":[2,2]},{"method":"translate","data":[5,-5]},` + line + `]`:              one(20, []int32{300, 700}, []int32{300, 700}),
		`[{"method":"rotate","data":[1.5707963267948966]},` + line + `]`:                                   one(10, []int32{-200, -400}, []int32{100, 300}),
		`[{"method":"transform","data":[1,0,1,1,0,0]},` + line + `]`:                                       one(10, []int32{300, 700}, []int32{200, 400}),
		`[{"method":"scale","data":[9,9]},{"method":"setTransform","data":[1,0,0,1,1,2]},` + line + `]`:    one(10, []int32{110, 310}, []int32{220, 420}),
		`[{"method":"save"},{"method":"scale","data":[9,9]},{"method":"restore"},` + line + `]`:            one(10, []int32{100, 300}, []int32{200, 400}),
		`[{"method":"setLineCap","data":["round"]},{"method":"setGlobalAlpha","data":[255]},` + line + `]`: one(10, []int32{100, 300}, []int32{200, 400}),
		`[{"method":"save"},{"method":"restore"}]`:                                                         nil,
		`[]`: nil,
	} {
		content, incomplete := paint2017.FromActions([]byte(actions))
		if !equal(content.Strokes, want) || incomplete {
			t.Errorf("%s: got %+v, want %+v; incomplete %t", actions, content.Strokes, want, incomplete)
		}
	}
}

func TestWhatStrokesDoNotShowIsIncomplete(t *testing.T) {
	const line = `{"method":"strokePath","data":[{"method":"moveTo","data":[10,20]},{"method":"lineTo","data":[30,40]}]}`
	for _, other := range []string{
		`{"method":"fillText","data":["text",1,2]}`, `{"method":"drawImage"}`, `{"method":"setShadow","data":[1,2,3,[0,0,0,255]]}`, `{"method":"clearRect","data":[1,2,3,4]}`,
		`{"method":"clip"}`, `{"method":"setGlobalAlpha","data":[128]}`, `{"method":"setStrokeStyle","data":["tomato"]}`, `{"method":"setLineWidth","data":["x"]}`,
		`{"method":"translate","data":[1]}`, `{"method":"scale","data":["a","b"]}`, `{"method":"setLineDash","data":[[1,2],0]}`, `7`, `null`, `{}`,
		`{"method":"strokePath","data":[{"method":"moveTo","data":[1,2]},{"method":"ellipse","data":[1,2]}]}`,
		`{"method":"strokePath","data":[{"method":"arc","data":[1,2,-3,4,5]}]}`,
		`{"method":"strokePath","data":[{"method":"moveTo","data":[1,2]},{"method":"lineTo","data":[1e6,2]}]}`,
		`{"method":"fillPath","data":[{"method":"moveTo","data":[1,2]},{"method":"lineTo","data":[3,4]},{"method":"lineTo","data":[5,6]}]}`,
	} {
		content, incomplete := paint2017.FromActions([]byte("[" + line + "," + other + "]"))
		if !incomplete || len(content.Strokes) == 0 || content.Strokes[0].X[1] != 300 {
			t.Errorf("%s: incomplete %t, %+v", other, incomplete, content.Strokes)
		}
	}
	for _, actions := range []string{"", "no JSON", line, "[" + line, "7"} {
		if content, incomplete := paint2017.FromActions([]byte(actions)); !incomplete || len(content.Strokes) > 0 {
			t.Errorf("%s: incomplete %t, %+v", actions, incomplete, content.Strokes)
		}
	}
}

func TestWhatIsFilledIsItsOutline(t *testing.T) {
	const triangle = `{"method":"moveTo","data":[1,2]},{"method":"lineTo","data":[3,4]},{"method":"lineTo","data":[5,6]}`
	want := drawing.Stroke{Tool: drawing.Pen, Color: "#010203", Width: 10, X: []int32{10, 30, 50, 10}, Y: []int32{20, 40, 60, 20}}
	for _, fill := range []string{
		`{"method":"fillPath","data":[` + triangle + `]}`, triangle + `,{"method":"fill"}`,
	} {
		content := fromActions(`[{"method":"setFillStyle","data":["normal",[1,2,3,255]]},{"method":"setLineWidth","data":[9]},` + fill + `]`)
		if !equal(content.Strokes, []drawing.Stroke{want}) {
			t.Errorf("%s: %+v", fill, content.Strokes)
		}
	}
}

func equal(got, want []drawing.Stroke) bool {
	return len(got) == 0 && len(want) == 0 || reflect.DeepEqual(got, want)
}
