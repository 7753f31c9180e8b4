package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"onestroke/tests/stores"
)

// servers are the Redis and the MongoDB of both programs.
type servers struct {
	redisURL, mongoURI, redisName string
	redis                         *os.Process // nil if it was not started here
	ownMongo                      bool        // it was started here
	closers
}

// openStores starts redis-server if the machine has one, and otherwise the local
// Redis of the tests. MongoDB is the local one of the tests.
func openStores(ctx context.Context) (s *servers, err error) {
	s = &servers{redisURL: os.Getenv("REDIS_URL"), mongoURI: os.Getenv("MONGODB_URI"), redisName: "of REDIS_URL"}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.redisURL == "" {
		if err := s.openRedis(ctx); err != nil {
			return s, err
		}
	}
	if s.mongoURI == "" {
		server, err := stores.StartMongoDB()
		if err != nil {
			return s, err
		}
		s.add(func() { server.Stop() })
		s.mongoURI, s.ownMongo = server.URL, true
	}
	return s, nil
}

func (s *servers) openRedis(ctx context.Context) error {
	binary, err := exec.LookPath("redis-server")
	if errors.Is(err, exec.ErrNotFound) {
		server, err := stores.StartRedis()
		if err != nil {
			return err
		}
		s.add(func() { server.Stop() })
		s.redisURL, s.redisName = server.URL, "local"
		return nil
	}
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	p := exec.CommandContext(ctx, binary, "--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	out, err := p.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		return err
	}
	s.redis = p.Process
	s.add(func() { p.Process.Kill(); p.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			s.redisURL, s.redisName = fmt.Sprintf("redis://127.0.0.1:%d", port), "redis-server"
			return nil
		}
	}
	return errors.New("redis-server did not start")
}

// closers run in reverse order.
type closers []func()

func (c *closers) add(f func()) { *c = append(*c, f) }

func (c *closers) close() {
	for i := len(*c) - 1; i >= 0; i-- {
		(*c)[i]()
	}
	*c = nil
}
