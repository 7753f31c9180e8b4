package main

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// compare prints what a request of each row costs, and what it costs the reference.
func (b *bench) compare(rounds int, only *regexp.Regexp) error {
	together, err := b.apart(b.ours, b.reference)
	if err != nil {
		return err
	}
	defer together()
	fmt.Printf("\nCPU time a request, median of %d rounds; Redis: %s\n\n", rounds, b.stores.redisName)
	fmt.Printf("%-34s %10s %10s %8s %6s  %s\n", "", "ours", "reference", "ratio", "aim", "spread")
	for _, r := range b.pictures() {
		if !only.MatchString(r.operation) {
			continue
		}
		if err := b.picture(r); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	for _, r := range b.rows() {
		if !only.MatchString(r.operation) {
			continue
		}
		took, err := r.measure(rounds, b.ours, b.reference)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		fmt.Printf("%-34s %7.0f µs %7.0f µs %6.2f × %6.2f  %.2f to %.2f\n", r.name, median(took.first), median(took.second),
			median(took.ratios), r.aim, slices.Min(took.ratios), slices.Max(took.ratios))
	}
	return nil
}

// picture prints what a row without a reference costs.
func (b *bench) picture(r row) error {
	took, err := r.round(b.ours)
	if err != nil {
		return err
	}
	c, err := dial(b.ours.address)
	if err != nil {
		return err
	}
	defer c.Close()
	size := 0
	for i := range r.requests {
		request, err := r.next(i)
		if err != nil {
			return err
		}
		answer, err := c.do(request)
		if err != nil {
			return err
		}
		size += len(answer)
	}
	fmt.Printf("%-34s %7.0f µs, %d bytes\n", r.name, took[0], size/r.requests)
	return nil
}

// comparison is what a request cost either program, round by round, in µs.
type comparison struct{ first, second, ratios []float64 }

// measure lets two programs take turns. The first round, in which they grow warm,
// does not count.
func (r row) measure(rounds int, first, second *program) (c comparison, err error) {
	for i := range rounds + 1 {
		took, err := r.round(first, second)
		if err != nil {
			return c, err
		}
		if i > 0 {
			c.first, c.second = append(c.first, took[0]), append(c.second, took[1])
			c.ratios = append(c.ratios, took[0]/took[1])
		}
	}
	return c, nil
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
	for i := range programs {
		if requests[i], err = r.make(); err != nil {
			return nil, err
		}
	}
	for at := 0; at < r.requests; at += turn {
		for i, p := range programs {
			if at == 0 { // not before its turn: nobody keeps a silent connection for long
				if connections[i], err = dial(p.address); err != nil {
					return nil, err
				}
				defer connections[i].Close()
			}
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
