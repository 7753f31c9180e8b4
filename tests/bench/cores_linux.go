package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// apart gives the programs the first core and leaves all others to whom they talk
// to: this process with WeChat and MongoDB, and Redis. So every answer wakes
// another core, as it would another machine, and not now this one and now that,
// which costs differently. On one core it does nothing. together ends it.
func (b *bench) apart(programs ...*program) (together func(), err error) {
	var all, first unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, err
	}
	if all.Count() < 2 {
		return func() {}, nil
	}
	for core := 0; first.Count() == 0; core++ {
		if all.IsSet(core) {
			first.Set(core)
		}
	}
	others := all
	for core := range 1024 {
		if first.IsSet(core) {
			others.Clear(core)
		}
	}
	for _, p := range programs {
		if err := keepOn(&first, p.command.Process.Pid); err != nil {
			return nil, err
		}
	}
	for _, pid := range b.peers() {
		if err := keepOn(&others, pid); err != nil {
			return nil, err
		}
	}
	return func() {
		for _, pid := range b.peers() {
			_ = keepOn(&all, pid)
		}
	}, nil
}

// peers are the processes that the programs talk to.
func (b *bench) peers() []int {
	if b.stores.redis == nil {
		return []int{os.Getpid()}
	}
	return []int{os.Getpid(), b.stores.redis.Pid}
}

// keepOn keeps all threads of a process, and those they begin, on some cores.
func keepOn(cores *unix.CPUSet, pid int) error {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil {
		return err
	}
	for _, task := range tasks {
		thread, err := strconv.Atoi(filepath.Base(task))
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(thread, cores); err != nil && err != unix.ESRCH { // it may have ended
			return err
		}
	}
	return nil
}
