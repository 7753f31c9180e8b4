package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// program is a running server.
type program struct {
	name    string
	address string
	ready   time.Duration // from its start until it answered /livez
	command *exec.Cmd
	profile string // prefix of its profiles; empty in a build without profiling
}

// build builds the package in a folder as it is released, with more flags.
func build(ctx context.Context, dir, name, folder string, flags ...string) (binary string, err error) {
	binary = filepath.Join(dir, name)
	args := append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", binary}, flags...)
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = folder // which may be a module of its own
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return binary, nil
}

// profiled adds the profiling to the service's main package.
func profiled(dir string) (flags []string, err error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(root, "profiling.go"): filepath.Join(root, "tests/bench/profiling/profiling.go"),
	}})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "overlay.json")
	return []string{"-tags=profile", "-overlay=" + file}, os.WriteFile(file, overlay, 0o644)
}

var servesAt = regexp.MustCompile(`(?:"url":"|serves )http://([^\s"]+)`)

// start runs a server until ctx ends, and waits until it answers.
func start(ctx context.Context, binary string, env ...string) (*program, error) {
	p := &program{name: filepath.Base(binary), command: exec.CommandContext(ctx, binary)}
	p.command.Env = append(os.Environ(), env...)
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		m := servesAt.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		p.address = m[1]
		go func() { // the program must not block on its output
			for lines.Scan() {
			}
		}()
		c, err := dial(p.address)
		if err == nil {
			_, err = c.do(request("GET", "/livez", "", nil))
			c.Close()
		}
		if err != nil {
			p.stop()
			return nil, err
		}
		p.ready = time.Since(begin)
		return p, nil
	}
	p.stop()
	return nil, fmt.Errorf("%s did not start", p.name)
}

func (p *program) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	_ = p.command.Wait()
}

// cpu returns the CPU time of all the program's threads so far, user and system,
// to the nanosecond: the first field of schedstat.
func (p *program) cpu() (total time.Duration, err error) {
	tasks, err := filepath.Glob(p.proc("task/*/schedstat"))
	if err != nil || len(tasks) == 0 {
		return 0, fmt.Errorf("no CPU times in /proc")
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			return 0, err
		}
		n, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(n)
	}
	return total, nil
}

// resident returns the program's resident memory, in bytes.
func (p *program) resident() (int64, error) {
	text, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("no VmRSS in /proc")
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	return n << 10, err
}

func (p *program) proc(file string) string {
	return fmt.Sprintf("/proc/%d/%s", p.command.Process.Pid, file)
}

// toggleProfile starts the profiles, or ends them and waits until they are written.
func (p *program) toggleProfile() error { return p.command.Process.Signal(syscall.SIGUSR1) }

// allocated returns what the program has allocated so far, in objects and bytes.
func (p *program) allocated() (objects, bytes uint64, err error) {
	file := p.profile + ".mem"
	_ = os.Remove(file)
	if err := p.command.Process.Signal(syscall.SIGUSR2); err != nil {
		return 0, 0, err
	}
	text, err := await(file)
	if err != nil {
		return 0, 0, err
	}
	_, err = fmt.Sscan(string(text), &objects, &bytes)
	return objects, bytes, err
}

// await reads a file as soon as it exists.
func await(file string) ([]byte, error) {
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(file)
		if err == nil || time.Since(begin) > 10*time.Second {
			return text, err
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
