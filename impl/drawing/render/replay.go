package render

import (
	"math"
	"slices"

	"onestroke/impl/drawing"
)

const (
	// replayTolerance is how far a stroke may run ahead of the hand that drew
	// it, or behind, as a share of its length or time.
	replayTolerance = 0.01
	// replayPace is how many ms a stroke without times takes for the length of
	// the canvas' longer side.
	replayPace = 1_000
	// replayLongest is the most a stroke without times takes, in ms.
	replayLongest = 5_000
)

// replay is the course of one stroke.
type replay struct {
	begin, duration int  // ms; the duration is at least one
	progress        []xy // share of the time, share of the way; none for a dot
}

// timed returns the strokes with times. One without times begins when those before
// it have ended, and keeps an even pace.
func timed(c drawing.Content) []drawing.Stroke {
	strokes := slices.Clone(c.Strokes)
	end := 0
	for i, s := range strokes {
		if s.T == nil {
			ways := waysOf(s)
			length := ways[len(ways)-1]
			duration := min(length/float64(max(c.Canvas.Width, c.Canvas.Height))*replayPace, replayLongest)
			s.T = make([]int32, len(ways))
			for j, way := range ways {
				at := float64(end)
				if length > 0 {
					at += way / length * duration
				}
				s.T[j] = int32(min(math.Round(at), drawing.MaxTime))
			}
			strokes[i] = s
		}
		last := len(s.T) - 1
		end = max(end, int(s.T[last]), int(s.T[0])+1)
	}
	return strokes
}

// waysOf is how long the line of a stroke is up to each point.
func waysOf(s drawing.Stroke) []float64 {
	line := lineOf(s, 1)
	ways := make([]float64, len(line))
	for i := 1; i < len(line); i++ {
		ways[i] = ways[i-1] + line[i].distance(line[i-1])
	}
	return ways
}

// newReplay is the replay of a stroke with times.
func newReplay(s drawing.Stroke) replay {
	ways := waysOf(s)
	last := len(ways) - 1
	begin, length, duration := s.T[0], ways[last], s.T[last]-s.T[0]
	r := replay{begin: int(begin), duration: max(1, int(duration))}
	switch {
	case length == 0:
	case duration == 0:
		r.progress = []xy{{0, 0}, {1, 1}}
	default:
		for i, way := range ways {
			r.progress = append(r.progress, xy{float64(s.T[i]-begin) / float64(duration), way / length})
		}
		r.progress = simplify(r.progress, replayTolerance)
	}
	return r
}

// even says that the stroke keeps one pace.
func (r replay) even() bool { return len(r.progress) == 2 }

// style adds the animations. Each path is hidden until its stroke begins (a),
// then a dash as long as itself moves in: evenly (d), or by the course of
// stroke i (si) as well. After that nothing applies to it, so that it is what
// it is in a still picture. A path counts as 1,000 long, whatever its length.
func (b *svg) style(moves []replay) {
	b.add(`<style>path{animation:1ms linear backwards}` +
		`@keyframes a{from{visibility:hidden}}` +
		`@keyframes d{from{stroke-dasharray:1000;stroke-dashoffset:1000}to{stroke-dasharray:1000;stroke-dashoffset:0}}`)
	for i, r := range moves {
		if len(r.progress) == 0 || r.even() {
			continue
		}
		b.add(`@keyframes s`)
		b.integer(i)
		b.add(`{`)
		for _, p := range r.progress {
			b.decimal(p.x * 100)
			b.add(`%{stroke-dashoffset:`)
			b.decimal(math.Round(1_000 - p.y*1_000))
			b.add(`}`)
		}
		b.add(`}`)
	}
	b.add(`@media(prefers-reduced-motion:reduce){path{animation:none!important}}</style>`)
}

// animation adds the attributes of a path that let it follow stroke i.
func (b *svg) animation(i int, r replay) {
	b.add(` pathLength="1000" style="animation-delay:`)
	b.integer(r.begin)
	b.add(`ms;animation-duration:`)
	b.integer(r.duration)
	b.add(`ms;animation-name:a`)
	if len(r.progress) > 0 {
		b.add(`,d`)
		if !r.even() {
			b.add(`,s`)
			b.integer(i)
		}
	}
	b.add(`"`)
}
