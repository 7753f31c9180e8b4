package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// operations is a service that reports its allocations. It starts on first use.
var operations = sync.OnceValues(func() (*bench, error) {
	if err := os.Chdir("../.."); err != nil {
		return nil, err
	}
	b, err := prepare(context.Background(), settings{data: os.Getenv("BENCH_DATA"), sessions: 1000})
	if err != nil {
		return nil, err
	}
	flags, err := profiled(b.dir)
	if err != nil {
		return nil, err
	}
	profile := filepath.Join(b.dir, "profile")
	b.ours, err = b.run("profiled", ".", flags, "PROFILE="+profile)
	if err == nil {
		b.ours.profile = profile
	}
	return b, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if opened {
		b, _ := operations()
		b.close()
	}
	os.Exit(code)
}

var opened bool

// BenchmarkOperation reports what a request of each operation costs the service's
// process, network and drivers included: CPU time, allocated objects and bytes.
func BenchmarkOperation(b *testing.B) {
	s, err := operations()
	if err != nil {
		b.Fatal(err)
	}
	opened = true
	for _, r := range append(s.pictures(), s.rows(s.accounts)...) {
		b.Run(r.operation, func(b *testing.B) {
			requests := make([][]byte, b.N)
			for i := range requests {
				if requests[i], err = r.next(i); err != nil {
					b.Fatal(err)
				}
			}
			c, err := dial(s.ours.address)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			objects, bytes, err := s.ours.allocated()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs() // otherwise the reported metrics are not shown
			b.ResetTimer()
			took, err := s.ours.spend(c, requests)
			b.StopTimer()
			if err != nil {
				b.Fatal(err)
			}
			objectsAfter, bytesAfter, err := s.ours.allocated()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(1e3*took.perRequest(), "cpu-ns/op")
			b.ReportMetric(float64(objectsAfter-objects)/float64(b.N), "allocs/op")
			b.ReportMetric(float64(bytesAfter-bytes)/float64(b.N), "B/op")
		})
	}
}
