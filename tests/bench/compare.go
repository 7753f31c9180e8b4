package main

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// compare prints what a request of each row costs, and what it costs the reference.
func (b *bench) compare(rounds int, only *regexp.Regexp) error {
	fmt.Printf("CPU time a request, median of %d rounds; Redis: %s\n\n", rounds, b.stores.redisName)
	fmt.Printf("%-34s %10s %10s %8s %6s  %s\n", "", "ours", "reference", "ratio", "aim", "spread")
	for _, r := range b.rows() {
		if !only.MatchString(r.operation) {
			continue
		}
		ours, reference, ratios, err := b.measure(r, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		fmt.Printf("%-34s %7.0f µs %7.0f µs %6.2f × %6.2f  %.2f to %.2f\n", r.name,
			median(ours), median(reference), median(ratios), r.aim, slices.Min(ratios), slices.Max(ratios))
	}
	return nil
}

// measure returns what a request of a row costs either program, round by round.
// The first round, in which they grow warm, does not count.
func (b *bench) measure(r row, rounds int) (ours, reference, ratios []float64, err error) {
	for i := range rounds + 1 {
		took, err := r.round(b.ours, b.reference)
		if err != nil {
			return nil, nil, nil, err
		}
		if i > 0 {
			ours, reference, ratios = append(ours, took[0]), append(reference, took[1]), append(ratios, took[0]/took[1])
		}
	}
	return ours, reference, ratios, nil
}

// turn is how many requests a program answers before it is the other's turn: so
// few that what else the machine does befalls both.
const turn = 20

// round returns the CPU time that a request took each program, in µs. Requests
// come one after the other, and are made before the clock runs.
func (r row) round(programs ...*program) (took []float64, err error) {
	took = make([]float64, len(programs))
	requests := make([][][]byte, len(programs))
	connections := make([]*connection, len(programs))
	for i, p := range programs {
		if requests[i], err = r.make(); err != nil {
			return nil, err
		}
		if connections[i], err = dial(p.address); err != nil {
			return nil, err
		}
		defer connections[i].Close()
	}
	for at := 0; at < r.requests; at += turn {
		for i, p := range programs {
			d, err := p.spend(connections[i], requests[i][at:min(at+turn, r.requests)])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			took[i] += float64(d.Nanoseconds()) / 1e3 / float64(r.requests)
		}
	}
	return took, nil
}

// spend returns the CPU time that some requests took a program.
func (p *program) spend(c *connection, requests [][]byte) (time.Duration, error) {
	before, err := p.cpu()
	if err != nil {
		return 0, err
	}
	for _, request := range requests {
		if _, err := c.do(request); err != nil {
			return 0, err
		}
	}
	after, err := p.cpu()
	return after - before, err
}

// make makes the requests of a round.
func (r row) make() (requests [][]byte, err error) {
	requests = make([][]byte, r.requests)
	for i := range requests {
		if requests[i], err = r.next(i); err != nil {
			return nil, err
		}
	}
	return requests, nil
}

func median(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return sorted[len(sorted)/2]
}
