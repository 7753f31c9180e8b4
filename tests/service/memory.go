package service

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
)

// StartWithin is [Binary.Start] in a container's limit on memory, in bytes: a cgroup of
// its own, which kills the process if it takes more. Where this test may not make a
// cgroup, the program gets the limit that it would have set itself, and only
// [Process.PeakMemory] says whether it takes more.
func (b Binary) StartWithin(t testing.TB, memory int64, env ...string) *Process {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has cgroups, and the peak of memory in /proc")
	}
	p := b.process(t, env)
	group, err := newCgroup(t, memory)
	if err != nil {
		t.Logf("without a cgroup: %v", err)
		p.cmd.Env = append(p.cmd.Env, fmt.Sprintf("GOMEMLIMIT=%d", memory*8/10))
	} else {
		p.cmd.Path = "/bin/sh"
		p.cmd.Args = []string{"sh", "-c", `echo $$ >"$0" && exec "$1"`, filepath.Join(group, "cgroup.procs"), b.path}
	}
	p.start(t, env)
	return p
}

// newCgroup makes a cgroup with a limit on memory, and returns its folder.
func newCgroup(t testing.TB, memory int64) (string, error) {
	parent, limit := "/sys/fs/cgroup", "memory.max"
	if _, err := os.Stat("/sys/fs/cgroup/memory/memory.limit_in_bytes"); err == nil { // version 1
		parent, limit = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
	}
	group, err := os.MkdirTemp(parent, "onestroke-test-")
	if err != nil {
		return "", err
	}
	t.Cleanup(func() { _ = os.Remove(group) }) // fails if the process does not end, which its own cleanup reports
	return group, os.WriteFile(filepath.Join(group, limit), []byte(strconv.FormatInt(memory, 10)), 0o600)
}

var peak = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// PeakMemory returns the most memory that the process has had so far, in bytes (RSS).
func (p *Process) PeakMemory(t testing.TB) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal("the process has ended: ", err)
	}
	found := peak.FindSubmatch(status)
	if found == nil {
		t.Fatal("the process has ended")
	}
	kilobytes, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
