package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// apart binds the measured programs to the first core and, until together is called,
// the processes they talk to (this one with WeChat and MongoDB, and Redis, if started
// here) to the other cores. So every answer wakes another core, as it would on another
// machine; otherwise the cost would change from run to run. On one core it does nothing.
func (b *bench) apart(programs ...*program) (together func(), err error) {
	var all, first unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, err
	}
	if all.Count() < 2 {
		return func() {}, nil
	}
	others := all
	for core := 0; first.Count() == 0; core++ {
		if all.IsSet(core) {
			first.Set(core)
			others.Clear(core)
		}
	}
	for _, p := range programs {
		err = errors.Join(err, keepOn(&first, p.command.Process.Pid))
	}
	for _, pid := range b.peers() {
		err = errors.Join(err, keepOn(&others, pid))
	}
	return func() {
		for _, pid := range b.peers() {
			_ = keepOn(&all, pid)
		}
	}, err
}

// peers are the processes that the programs talk to.
func (b *bench) peers() []int {
	if b.stores == nil || b.stores.redis == nil {
		return []int{os.Getpid()}
	}
	return []int{os.Getpid(), b.stores.redis.Pid}
}

// keepOn binds all threads of a process, and the threads they start, to some cores.
func keepOn(cores *unix.CPUSet, pid int) error {
	kept := map[string]bool{}
	for known := -1; known < len(kept); { // until no new thread has started meanwhile
		known = len(kept)
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
			kept[task] = true
		}
	}
	return nil
}
