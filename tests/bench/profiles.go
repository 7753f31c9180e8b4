package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// profileFor is how long each row runs under the profiler.
const profileFor = 5 * time.Second

// writeProfiles writes a CPU and an allocation profile of each row with many
// connections, as wake-ups hide little then. Each row has its own process, so that its
// profile has no other row.
func (b *bench) writeProfiles(folder string, only *regexp.Regexp) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	flags, err := profiled(b.dir)
	if err != nil {
		return err
	}
	binary, err := build(b.ctx, b.dir, "profiled", ".", flags...)
	if err != nil {
		return err
	}
	for _, r := range append(b.pictures(), b.rows(b.accounts)...) {
		if !only.MatchString(r.operation) {
			continue
		}
		if err := b.writeProfile(binary, filepath.Join(folder, r.operation), r); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		fmt.Printf("%s.cpu, .allocs: %s\n", filepath.Join(folder, r.operation), r.name)
	}
	return nil
}

func (b *bench) writeProfile(binary, name string, r row) error {
	p, err := start(b.ctx, binary, append(b.env, "GOMAXPROCS=1", "PROFILE="+name)...)
	if err != nil {
		return err
	}
	defer p.stop()
	load := func() error {
		requests, err := r.make()
		if err != nil {
			return err
		}
		_, _, err = closedLoop(p.address, requests, busyConnections)
		return err
	}
	if err := load(); err != nil { // warm-up
		return err
	}
	_ = os.Remove(name + ".allocs")
	if err := p.toggleProfile(); err != nil {
		return err
	}
	for begin := time.Now(); time.Since(begin) < profileFor; {
		if err := load(); err != nil {
			return err
		}
	}
	if err := p.toggleProfile(); err != nil {
		return err
	}
	_, err = await(name + ".allocs")
	return err
}
