package service

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"onestroke/tests/output"
	"onestroke/tests/ports"
	"onestroke/tests/root"
)

// Binary is a build of the program.
type Binary struct{ path string }

// Path is the path of the program.
func (b Binary) Path() string { return b.path }

// startTimeout limits the start and the end of a process. It is long, as the machine
// may be compiling at the same time.
const startTimeout = 60 * time.Second

// Build builds the program as released, once for all tests.
func Build(t testing.TB) Binary { return built(t, standard) }

// BuildWithoutSimulator builds it with the tag nosimulator.
func BuildWithoutSimulator(t testing.TB) Binary { return built(t, nosimulator) }

// RemoveBinaries removes the builds. Call it at the end of TestMain.
func RemoveBinaries() error {
	if dir == "" {
		return nil
	}
	return os.RemoveAll(dir)
}

// Process is a process of the program.
type Process struct {
	Service
	cmd     *exec.Cmd
	output  *output.Output
	address chan string   // gets the URL that it serves
	ended   chan struct{} // closed when the process has ended
}

// Start runs the program until the test ends, with no other environment than env,
// and returns when it reports its address. Unless env says otherwise, it listens on
// a free port of the loopback address and stores its data in a folder of the test.
func (b Binary) Start(t testing.TB, env ...string) *Process {
	t.Helper()
	p := b.process(t, env)
	p.start(t, env)
	return p
}

// start launches the process and returns when it reports its address.
func (p *Process) start(t testing.TB, env []string) {
	t.Helper()
	p.launch(t)
	select {
	case address := <-p.address:
		p.Service = newService(t, address, value(env, "BASE_PATH", DefaultBasePath))
	case <-p.ended:
		t.Fatal("the program ended at its start")
	case <-time.After(startTimeout):
		t.Fatal("the program does not report its address")
	}
}

// Launch is Start without waiting for the address.
func (b Binary) Launch(t testing.TB, env ...string) *Process {
	t.Helper()
	p := b.process(t, env)
	p.launch(t)
	return p
}

// launch runs the process and collects its output.
func (p *Process) launch(t testing.TB) {
	t.Helper()
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.output
	p.run(t, func() { p.follow(stdout) })
}

// StartWriting is Start with files for stdout and stderr, which may be nil. It
// returns once the program is alive.
func (b Binary) StartWriting(t testing.TB, stdout, stderr *os.File, env ...string) *Process {
	t.Helper()
	address := ports.Reserve(t) // the program cannot say which it has
	_, port, _ := net.SplitHostPort(address)
	p := b.process(t, append(env, "PORT="+port))
	if stdout != nil {
		p.cmd.Stdout = stdout
	}
	if stderr != nil {
		p.cmd.Stderr = stderr
	}
	p.run(t, func() {})
	p.Service = newService(t, "http://"+address, value(env, "BASE_PATH", DefaultBasePath))
	for deadline := time.Now().Add(startTimeout); ; {
		answer, err := http.Get(p.URL + "/livez")
		if err == nil {
			_ = answer.Body.Close()
			return p
		}
		if time.Now().After(deadline) {
			t.Fatal("the program does not serve: ", err)
		}
	}
}

func (b Binary) process(t testing.TB, env []string) *Process {
	cmd := exec.Command(b.path)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"PORT=0", "DATA_DIR=" + filepath.Join(cmd.Dir, "data")}, env...)
	return &Process{cmd: cmd, output: new(output.Output), address: make(chan string, 1), ended: make(chan struct{})}
}

// run starts the process and calls read, which returns when there is nothing more
// to be read of it.
func (p *Process) run(t testing.TB, read func()) {
	t.Helper()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		read()
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("the process wrote:\n%s", p.output)
		}
	})
}

// follow collects the output of the process and sends the URL that it reports.
func (p *Process) follow(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		fmt.Fprintln(p.output, lines.Text())
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			p.address <- line.URL
		}
	}
}

// Signal sends the process a signal.
func (p *Process) Signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// Wait waits for the end of the process and returns its exit code.
func (p *Process) Wait(t testing.TB) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(startTimeout):
		t.Fatal("the process does not end")
		return 0
	}
}

// Output returns what the process has written to stdout and stderr so far.
func (p *Process) Output() string { return p.output.String() }

// Refused runs the program with an environment with which it does not start, and
// returns its exit code and its output.
func (b Binary) Refused(t testing.TB, env ...string) (code int, output string) {
	t.Helper()
	return b.Run(t, env)
}

// Run runs the program with arguments until it ends, with no other environment than
// env, and returns its exit code and its output.
func (b Binary) Run(t testing.TB, env []string, args ...string) (code int, output string) {
	t.Helper()
	cmd := exec.Command(b.path, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"PORT=0"}, env...)
	kill := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	text, err := cmd.CombinedOutput()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

var (
	standard    = sync.OnceValues(func() (Binary, error) { return build() })
	nosimulator = sync.OnceValues(func() (Binary, error) { return build("-tags", "nosimulator") })

	dir     string // of the binaries
	makeDir = sync.OnceValue(func() (err error) {
		dir, err = os.MkdirTemp("", "onestroke-binaries-")
		return err
	})
)

func built(t testing.TB, once func() (Binary, error)) Binary {
	t.Helper()
	b, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func build(flags ...string) (Binary, error) {
	if err := makeDir(); err != nil {
		return Binary{}, err
	}
	b := Binary{path: filepath.Join(dir, strings.Join(append([]string{"onestroke"}, flags...), ""))}
	cmd := exec.Command("go", append([]string{"build", "-trimpath", "-o", b.path}, append(flags, ".")...)...)
	cmd.Dir = root.Dir()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build does
	if text, err := cmd.CombinedOutput(); err != nil {
		return Binary{}, fmt.Errorf("build the program: %w\n%s", err, text)
	}
	return b, nil
}

// value returns the value of a variable, or otherwise if env does not have it.
func value(env []string, name, otherwise string) string {
	for _, variable := range env {
		if v, ok := strings.CutPrefix(variable, name+"="); ok {
			return v
		}
	}
	return otherwise
}
