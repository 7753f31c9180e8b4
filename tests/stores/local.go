package stores

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"onestroke/tests/root"
)

// Local is a server of the module onestroke/tests/servers, as a process of this
// one's: it ends when this process ends, in whatever way.
type Local struct {
	URL string

	process *exec.Cmd
	stdin   io.Closer // the process ends when it is closed
	dir     string    // of its data; empty for none
}

// StartRedis starts a Redis. It is the caller's to stop.
func StartRedis() (*Local, error) { return startLocal(redisProgram, "") }

// StartMongoDB starts a MongoDB without any data. It is the caller's to stop.
func StartMongoDB() (*Local, error) {
	dir, err := os.MkdirTemp("", "onestroke-mongodb-")
	if err != nil {
		return nil, err
	}
	l, err := startLocal(MongoDBProgram, dir, "-data", dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return l, nil
}

// address is the host and port of the server.
func (l *Local) address() string {
	_, address, _ := strings.Cut(l.URL, "://")
	return strings.TrimSuffix(address, "/")
}

// Stop ends the server at once and removes its data.
func (l *Local) Stop() error {
	err := l.process.Process.Kill()
	_ = l.process.Wait() // killed
	_ = l.stdin.Close()
	if l.dir != "" {
		err = errors.Join(err, os.RemoveAll(l.dir))
	}
	return err
}

var redisProgram = sync.OnceValues(func() (string, error) { return build("redis") })

// MongoDBProgram returns the path of the program that speaks MongoDB's protocol. See
// tests/servers/mongodb for its arguments.
var MongoDBProgram = sync.OnceValues(func() (string, error) { return build("mongodb") })

// build returns the path of a program, built. It stays in Go's build cache, so
// that this takes time once, and processes may do it at the same time.
func build(name string) (path string, err error) {
	cmd := exec.Command("go", "tool", "-n", name)
	cmd.Dir = filepath.Join(root.Dir(), "tests/servers")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath") // as make build
	var problems bytes.Buffer
	cmd.Stderr = &problems
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("build tests/servers/%s: %w\n%s", name, err, &problems)
	}
	return strings.TrimSpace(string(output)), nil
}

func startLocal(program func() (string, error), dir string, args ...string) (*Local, error) {
	path, err := program()
	if err != nil {
		return nil, err
	}
	l := &Local{process: exec.Command(path, append([]string{"-attached"}, args...)...), dir: dir}
	var problems bytes.Buffer
	l.process.Stderr = &problems
	if l.stdin, err = l.process.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := l.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := l.process.Start(); err != nil {
		return nil, err
	}
	const ready = "waiting for connections at "
	line, err := bufio.NewReader(output).ReadString('\n')
	if url, ok := strings.CutPrefix(line, ready); err == nil && ok {
		l.URL = strings.TrimSpace(url)
		return l, nil
	}
	_ = l.process.Process.Kill()
	_ = l.process.Wait()
	return nil, fmt.Errorf("start %s: it wrote %q\n%s", path, line, &problems)
}
