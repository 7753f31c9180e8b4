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

// ratings holds for each point the tolerance up to which
// Ramer-Douglas-Peucker keeps it, so that a line is looked through once for
// all tolerances from the finest up. Points not worth the finest are rated 0.
func ratings(line []xy, finest float64) []float64 {
	ratings := make([]float64, len(line))
	var split func(first, last int, limit float64)
	split = func(first, last int, limit float64) {
		farthest, distance := 0, finest*finest
		for i := first + 1; i < last; i++ {
			if d := squaredDistance(line[i], line[first], line[last]); d > distance {
				farthest, distance = i, d
			}
		}
		if farthest == 0 {
			return
		}
		ratings[farthest] = min(limit, math.Sqrt(distance))
		split(first, farthest, ratings[farthest])
		split(farthest, last, ratings[farthest])
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
