package main

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	throughputConnections = 32
	openConnections       = 64
	loadFor               = 4 * time.Second
)

// latencies are sorted, the shortest first.
type latencies []time.Duration

func (l latencies) String() string {
	return fmt.Sprintf("p50 %v, p99 %v, p99.9 %v", l.at(0.5), l.at(0.99), l.at(0.999))
}

// at returns a percentile of the latencies, part being from 0 to 1.
func (l latencies) at(part float64) time.Duration {
	return l[min(int(part*float64(len(l))), len(l)-1)].Round(10 * time.Microsecond)
}

// throughput prints how many requests per second the service answers on all cores,
// and the latencies at that rate and at lower ones.
func (b *bench) throughput() error {
	p, err := start(b.ctx, b.ours.command.Path, b.env...)
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Printf("\nRequests a second on all cores, which client and stores share\n\n")
	for _, r := range b.rows() {
		if r.operation != "SessionHot" && r.operation != "GetDrawing" {
			continue
		}
		requests, err := r.make()
		if err != nil {
			return err
		}
		if _, _, err := closedLoop(p.address, requests, throughputConnections, loadFor/4); err != nil { // warm-up
			return err
		}
		perSecond, took, err := closedLoop(p.address, requests, throughputConnections, loadFor)
		if err != nil {
			return err
		}
		fmt.Printf("%-34s %7.0f a second, %d connections: %v\n", r.name, perSecond, throughputConnections, took)
		for _, share := range []float64{0.5, 0.8} {
			took, err := openLoop(p.address, requests, share*perSecond, loadFor)
			if err != nil {
				return err
			}
			fmt.Printf("%-34s %7.0f a second, open loop at %.0f %%: %v\n", "", share*perSecond, 100*share, took)
		}
	}
	return nil
}

// closedLoop sends the next request as soon as an answer arrives.
func closedLoop(address string, requests [][]byte, connections int, d time.Duration) (perSecond float64, all latencies, err error) {
	begin := time.Now()
	all, err = onConnections(address, connections, func(n int, c *connection) (took latencies, err error) {
		for i := n; time.Since(begin) < d; i += connections {
			sent := time.Now()
			if _, err := c.do(requests[i%len(requests)]); err != nil {
				return nil, err
			}
			took = append(took, time.Since(sent))
		}
		return took, nil
	})
	return float64(len(all)) / time.Since(begin).Seconds(), all, err
}

// openLoop sends requests at a fixed rate. The latency of a request includes the time
// that it waits for a connection.
func openLoop(address string, requests [][]byte, perSecond float64, d time.Duration) (latencies, error) {
	interval := time.Duration(float64(time.Second) / perSecond)
	begin := time.Now()
	return onConnections(address, openConnections, func(n int, c *connection) (took latencies, err error) {
		for i := n; ; i += openConnections {
			due := begin.Add(time.Duration(i) * interval)
			if due.Sub(begin) > d {
				return took, nil
			}
			time.Sleep(time.Until(due))
			if _, err := c.do(requests[i%len(requests)]); err != nil {
				return nil, err
			}
			took = append(took, time.Since(due))
		}
	})
}

func onConnections(address string, n int, load func(n int, c *connection) (latencies, error)) (latencies, error) {
	each := make([]latencies, n)
	var running errgroup.Group
	for i := range each {
		running.Go(func() error {
			c, err := dial(address)
			if err != nil {
				return err
			}
			defer c.Close()
			each[i], err = load(i, c)
			return err
		})
	}
	err := running.Wait()
	all := slices.Concat(each...)
	slices.Sort(all)
	return all, err
}
