package main

import (
	"bufio"
	"fmt"
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
	url     string
	command *exec.Cmd
	dir     string
}

var servesAt = regexp.MustCompile(`(?:"url":"|serves )(http://[^\s"]+)`)

// startProgram builds a package of this module and waits until it says where it serves.
func startProgram(pkg string, env []string) (*program, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	p := &program{dir: dir}
	binary := filepath.Join(dir, "program")
	if out, err := exec.Command("go", "build", "-o", binary, pkg).CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	p.command = exec.Command(binary)
	p.command.Env = append(os.Environ(), env...)
	stdout, err := p.command.StdoutPipe()
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if m := servesAt.FindStringSubmatch(lines.Text()); m != nil {
			p.url = m[1]
			go func() { // nobody may wait for us to read on
				for lines.Scan() {
				}
			}()
			return p, nil
		}
	}
	p.stop()
	return nil, fmt.Errorf("%s did not start", pkg)
}

func (p *program) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	_ = p.command.Wait()
	_ = os.RemoveAll(p.dir)
}

// cpu returns the CPU time of all the program's threads so far, user and system,
// to the nanosecond: the first field of schedstat.
func (p *program) cpu() (total time.Duration, err error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.command.Process.Pid))
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
