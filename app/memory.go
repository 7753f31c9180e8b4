package app

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// gcPercent lets the heap grow to five times what is in use before garbage is
	// collected. Little is in use, a few MB, so that at the default of 100 garbage is
	// collected every few hundred requests.
	gcPercent = 400
	// goPart is how much of the memory limit the Go runtime may use. The rest is for
	// what it does not count, above all the memory of SQLite and buffers of sockets.
	goPart = 0.8
)

// limitMemory sets how much memory the process uses and when it collects garbage,
// unless the operator has set that with GOGC or GOMEMLIMIT. The limit is that of the
// cgroup, or the memory of the machine. See docs/decisions/0011-garbage-collection.md.
func limitMemory() error {
	_, percent := os.LookupEnv("GOGC")
	_, limit := os.LookupEnv("GOMEMLIMIT")
	if !percent && !limit {
		debug.SetGCPercent(gcPercent)
	}
	provider := memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)
	if _, err := memlimit.Set(memlimit.WithProvider(provider), memlimit.WithRatio(goPart)); err != nil {
		return fmt.Errorf("read the memory limit: %w", err)
	}
	return nil
}

// bodyMemory is how many bytes the bodies of requests may take if MAX_BODY_MEMORY
// does not say it: a quarter of what the Go runtime may use. A body takes its size
// again when it is decoded and packed.
func bodyMemory() int64 { return debug.SetMemoryLimit(-1) / 4 }

// pageMemory is how many bytes of its file SQLite may hold in memory, besides what
// the Go runtime uses.
func pageMemory() int64 { return debug.SetMemoryLimit(-1) / 8 }
