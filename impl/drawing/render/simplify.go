package render

import "math"

// simplify leaves out the points of a line that are no further than tolerance
// from what remains, by Ramer-Douglas-Peucker. Its ends remain.
func simplify(line []xy, tolerance float64) []xy {
	return above(line, ratings(line, tolerance), tolerance)
}

// above keeps the points that are rated higher than the tolerance.
func above(line []xy, ratings []float64, tolerance float64) []xy {
	rest := make([]xy, 0, len(line))
	for i, p := range line {
		if ratings[i] > tolerance {
			rest = append(rest, p)
		}
	}
	return rest
}

// unevenLooks is how often each point of a line is looked at, on average, while the line is
// split where it is farthest off: that may be next to an end each time. From then on it is
// split in the middle, which keeps more points than are needed.
const unevenLooks = 64

// ratings holds for each point the tolerance up to which
// Ramer-Douglas-Peucker keeps it, so that a line is looked through once for
// all tolerances from the finest up. Points not worth the finest are rated 0.
func ratings(line []xy, finest float64) []float64 {
	ratings := make([]float64, len(line))
	looks := unevenLooks * len(line) // that are left
	var split func(first, last int, limit float64)
	split = func(first, last int, limit float64) {
		at, distance := 0, finest*finest
		for i := first + 1; i < last; i++ {
			if d := squaredDistance(line[i], line[first], line[last]); d > distance {
				at, distance = i, d
			}
		}
		if at == 0 {
			return
		}
		if looks -= last - first; looks < 0 {
			at = (first + last) / 2
		}
		ratings[at] = min(limit, math.Sqrt(distance))
		split(first, at, ratings[at])
		split(at, last, ratings[at])
	}
	last := len(line) - 1
	ratings[0], ratings[last] = math.Inf(1), math.Inf(1)
	split(0, last, math.Inf(1))
	return ratings
}

// squaredDistance is that of p from the straight line between a and b.
func squaredDistance(p, a, b xy) float64 {
	away := offset(p, a, b)
	return away.dot(away)
}

// offset is the way to p from the nearest point of the straight line between a and b.
func offset(p, a, b xy) xy {
	p, b = p.minus(a), b.minus(a)
	if length := b.dot(b); length > 0 {
		p = p.minus(b.times(min(max(p.dot(b)/length, 0), 1)))
	}
	return p
}
