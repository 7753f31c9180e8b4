package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

const starts = 5

// footprint prints the size of the service: bytes on disk, milliseconds to start,
// megabytes of memory.
func (b *bench) footprint(connections int) error {
	fmt.Printf("\nSize, start and memory\n\n")
	alone := []string{"PORT=0", "REDIS_URL=", "MONGODB_URI=", "DATA_DIR=" + filepath.Join(b.dir, "data")}
	for _, v := range []struct {
		name, binary    string
		env             []string
		ready, resident int64 // aims, in ms and MB
	}{
		{"with Redis and MongoDB", b.ours.command.Path, b.env, 150, 25},
		{"with SQLite", b.ours.command.Path, alone, 100, 30},
	} {
		info, err := os.Stat(v.binary)
		if err != nil {
			return err
		}
		var ready, resident []float64
		for range starts {
			p, err := start(b.ctx, v.binary, v.env...)
			if err != nil {
				return err
			}
			ready = append(ready, float64(p.ready.Milliseconds()))
			n, err := p.resident()
			p.stop()
			if err != nil {
				return err
			}
			resident = append(resident, megabytes(n))
		}
		fmt.Printf("%-30s %5.1f MB binary, ready in %.0f ms (aim %d), %.1f MB resident when idle (aim %d)\n",
			v.name, megabytes(info.Size()), median(ready), v.ready, median(resident), v.resident)
	}
	return b.manyConnections(b.ours.command.Path, connections)
}

// afterwards is how many requests follow when the many connections are closed.
const afterwards = 20_000

// manyConnections prints the memory of open connections, and after they are closed.
func (b *bench) manyConnections(binary string, n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	n = min(n, int(limit.Max)-200)
	p, err := start(b.ctx, binary, b.env...)
	if err != nil {
		return err
	}
	defer p.stop()
	ask := request(http.MethodGet, "/v1/session", bearer(b.tokens[0]), nil)
	var open []*connection
	for range n {
		c, err := dial(p.address)
		if err != nil {
			return err
		}
		open = append(open, c)
		if _, err := c.do(ask); err != nil {
			return err
		}
	}
	with, err := p.resident()
	if err != nil {
		return err
	}
	for _, c := range open {
		c.Close()
	}
	if _, _, err := closedLoop(p.address, slices.Repeat([][]byte{ask}, afterwards), busyConnections); err != nil {
		return err
	}
	after, err := p.resident()
	fmt.Printf("%-30s %5.1f MB resident with them (aim 150), %.1f MB after they are closed and %d more requests\n",
		fmt.Sprintf("%d connections", n), megabytes(with), megabytes(after), afterwards)
	return err
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }

func median(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return sorted[len(sorted)/2]
}
