package render

import (
	"math"

	"onestroke/impl/drawing"
)

const (
	// thinnest is the width of a line that is not pressed, as a part of that at full
	// pressure.
	thinnest = 0.3
	// finestLevels is how many widths a line with pressure has in an SVG. The steps
	// between so many are not visible.
	finestLevels = 24
	// mostParts is the most parts of lines with pressure in an SVG.
	mostParts = 4_000
)

// widthAt is how wide a stroke is at a pressure from 0 to 255. Its own width is that
// at full pressure.
func widthAt(s drawing.Stroke, pressure float64) float64 {
	return float64(s.Width) * (thinnest + (1-thinnest)*pressure/255)
}

// part is a part of a stroke that has one width.
type part struct {
	drawing.Stroke
	width float64
}

// levelsOf is with how many widths strokes are drawn in an SVG, so that they are not
// too many parts.
func levelsOf(strokes []drawing.Stroke) int {
	for levels := finestLevels; levels > 1; levels /= 2 {
		n := 0
		for _, s := range strokes {
			if s.P != nil {
				n += partCount(s, levels)
			}
		}
		if n <= mostParts {
			return levels
		}
	}
	return 1
}

// partCount is how many parts [partsOf] cuts a stroke into. Nothing is cut to find that
// out: there may be half a million.
func partCount(s drawing.Stroke, levels int) int {
	n := 1
	for i := 1; i < len(s.P); i++ {
		from, to := levelAt(s.P[i-1], levels), levelAt(s.P[i], levels)
		n += max(from-to, to-from)
	}
	return n
}

// levelAt is which of so many widths a stroke has at a pressure, from 0 on.
func levelAt(pressure uint8, levels int) int { return int(float64(pressure) / levelStep(levels)) }

// levelStep is how much pressure is between two of so many widths.
func levelStep(levels int) float64 { return 256 / float64(levels) }

// partsOf cuts a stroke into parts with one of so many widths each. A stroke
// without pressure is one part.
func partsOf(s drawing.Stroke, levels int) []part {
	if s.P == nil {
		return []part{{s, float64(s.Width)}}
	}
	step, level := levelStep(levels), float64(levelAt(s.P[0], levels))
	var parts []part
	begin := func() {
		empty := drawing.Stroke{Tool: s.Tool, Color: s.Color, Width: s.Width}
		parts = append(parts, part{empty, widthAt(s, (level+0.5)*step)})
	}
	// add extends the last part to a place between point i and the next.
	add := func(i int, share float64) {
		between := func(column []int32) int32 {
			v := float64(column[i])
			if share > 0 {
				v += share * (float64(column[i+1]) - v)
			}
			return int32(math.Round(v))
		}
		last := &parts[len(parts)-1]
		last.X, last.Y = append(last.X, between(s.X)), append(last.Y, between(s.Y))
		if s.T != nil {
			last.T = append(last.T, between(s.T))
		}
	}
	begin()
	add(0, 0)
	for i := 1; i < len(s.X); i++ {
		from, to, next := float64(s.P[i-1]), float64(s.P[i]), float64(levelAt(s.P[i], levels))
		for level != next {
			limit := level * step
			way := -1.0
			if to > from {
				limit, way = limit+step, 1
			}
			share := min((limit-from)/(to-from), 1)
			add(i-1, share)
			level += way
			begin()
			add(i-1, share)
		}
		add(i, 0)
	}
	return parts
}
