//go:build profile

// Profiling is added to the service's main package (go build -overlay) in the builds
// of `make profile` and `go test ./tests/bench` only. It does nothing until the first
// SIGUSR1.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"syscall"
)

// The first signal starts the profiles, the next one ends them and writes them to
// $PROFILE.cpu and $PROFILE.allocs. SIGUSR2 writes what was allocated so far,
// in objects and bytes, to $PROFILE.mem.
func init() {
	runtime.MemProfileRate = 0
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	name := os.Getenv("PROFILE")
	go func() {
		var running *os.File
		for s := range signals {
			switch {
			case s == syscall.SIGUSR2:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				publish(name+".mem", func(f *os.File) error {
					_, err := fmt.Fprintln(f, m.Mallocs, m.TotalAlloc)
					return err
				})
			case running == nil:
				running, _ = os.Create(name + ".cpu")
				runtime.MemProfileRate = 512 << 10
				if err := pprof.StartCPUProfile(running); err != nil {
					panic(err)
				}
			default:
				pprof.StopCPUProfile()
				_ = running.Close()
				running = nil
				publish(name+".allocs", func(f *os.File) error {
					return pprof.Lookup("allocs").WriteTo(f, 0)
				})
			}
		}
	}()
}

// publish writes a file atomically.
func publish(name string, write func(*os.File) error) {
	f, err := os.Create(name + ".new")
	if err == nil {
		err = write(f)
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		panic(err)
	}
}
