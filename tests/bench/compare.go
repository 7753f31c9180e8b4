package main

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// compare prints the cost of a request of each row, for the service and the reference.
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
	for _, r := range b.rows(b.accounts) {
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

// picture prints the cost of a row without a reference.
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

// comparison is the cost of a request in each round, in µs, for both programs.
type comparison struct{ first, second, ratios []float64 }

// measure alternates between the two programs. The first round is a warm-up and does
// not count.
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

// turn is how many requests a program answers before the other one continues. It is
// small, so that other load on the machine affects both.
const turn = 20

// round returns the CPU time of a request, in µs, for each program. The requests are
// created before the measurement.
func (r row) round(programs ...*program) (took []float64, err error) {
	requests := make([][][]byte, len(programs))
	for i := range programs {
		if requests[i], err = r.make(); err != nil {
			return nil, err
		}
	}
	costs, err := takeTurns(programs, requests)
	for _, c := range costs {
		took = append(took, c.perRequest())
	}
	return took, err
}

// cost is the CPU time of some requests and the latency of each.
type cost struct {
	cpu     time.Duration
	answers latencies // not sorted
}

// perRequest is the CPU time of a request, in µs.
func (c cost) perRequest() float64 {
	return float64(c.cpu.Nanoseconds()) / 1e3 / float64(len(c.answers))
}

// takeTurns sends the requests of both programs alternately.
func takeTurns(programs []*program, requests [][][]byte) ([]cost, error) {
	costs := make([]cost, len(programs))
	connections := make([]*connection, len(programs))
	for at := 0; at < len(requests[0]); at += turn {
		for i, p := range programs {
			if at == 0 { // connect late, as servers close idle connections
				c, err := dial(p.address)
				if err != nil {
					return nil, err
				}
				defer c.Close()
				connections[i] = c
			}
			c, err := p.spend(connections[i], requests[i][at:min(at+turn, len(requests[i]))])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			costs[i].cpu += c.cpu
			costs[i].answers = append(costs[i].answers, c.answers...)
		}
	}
	return costs, nil
}

// spend sends some requests to a program.
func (p *program) spend(c *connection, requests [][]byte) (spent cost, err error) {
	before, err := p.cpu()
	if err != nil {
		return spent, err
	}
	for _, request := range requests {
		sent := time.Now()
		if _, err := c.do(request); err != nil {
			return spent, err
		}
		spent.answers = append(spent.answers, time.Since(sent))
	}
	after, err := p.cpu()
	spent.cpu = after - before
	return spent, err
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
