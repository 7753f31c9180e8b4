package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// profileFor is how long each row runs under the profiler.
const profileFor = 5 * time.Second

// writeProfiles writes a CPU and an allocation profile of each row with many
// connections, as wake-ups hide little then, on both stores: those on SQLite are
// in files whose names end with SQLite. Each row has its own process, so that its
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
	sqlite, accounts, err := b.runOnSQLite()
	if err != nil {
		return err
	}
	sqlite.stop() // the profiled processes have its file, one after the other
	for _, s := range []struct {
		suffix string
		env    []string
		rows   []row
	}{
		{"", b.env, append(b.pictures(), b.rows(b.accounts)...)},
		{"SQLite", b.sqliteEnv(), b.rows(accounts)},
	} {
		for _, r := range s.rows {
			if !only.MatchString(r.operation) {
				continue
			}
			name := filepath.Join(folder, r.operation+s.suffix)
			if err := b.writeProfile(binary, name, s.env, r); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			fmt.Printf("%s.cpu, .allocs: %s\n", name, r.name)
		}
	}
	return nil
}

func (b *bench) writeProfile(binary, name string, env []string, r row) error {
	p, err := start(b.ctx, binary, append(slices.Clone(env), "GOMAXPROCS=1", "PROFILE="+name)...)
	if err != nil {
		return err
	}
	defer p.stop()
	together, err := b.apart(p)
	if err != nil {
		return err
	}
	defer together()
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
