package main

import (
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// openConnections of an open loop are more than a program needs at its rate.
const openConnections = 64

// latencies are sorted, the shortest first.
type latencies []time.Duration

// at returns a percentile of the latencies, part being from 0 to 1.
func (l latencies) at(part float64) time.Duration {
	return l[min(int(part*float64(len(l))), len(l)-1)].Round(10 * time.Microsecond)
}

// closedLoop sends each request once, the next one as soon as an answer arrives.
func closedLoop(address string, requests [][]byte, connections int) (perSecond float64, all latencies, err error) {
	begin := time.Now()
	all, err = onConnections(address, connections, func(n int, c *connection) (took latencies, err error) {
		for i := n; i < len(requests); i += connections {
			sent := time.Now()
			if _, err := c.do(requests[i]); err != nil {
				return nil, err
			}
			took = append(took, time.Since(sent))
		}
		return took, nil
	})
	return float64(len(all)) / time.Since(begin).Seconds(), all, err
}

// openLoop sends each request once, at a fixed rate. The latency of a request includes
// the time that it waits for a connection.
func openLoop(address string, requests [][]byte, perSecond float64) (latencies, error) {
	interval := time.Duration(float64(time.Second) / perSecond)
	begin := time.Now()
	return onConnections(address, openConnections, func(n int, c *connection) (took latencies, err error) {
		for i := n; i < len(requests); i += openConnections {
			due := begin.Add(time.Duration(i) * interval)
			time.Sleep(time.Until(due))
			if _, err := c.do(requests[i]); err != nil {
				return nil, err
			}
			took = append(took, time.Since(due))
		}
		return took, nil
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
