package stores

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/wait"
)

const (
	answerTimeout = 5 * time.Second // of Docker, and of the registry when asked for an image
	startTimeout  = 3 * time.Minute // of a container, with the pull of its image
)

// image is a server's container image.
type image struct {
	name  string
	port  string // inside the container
	ready string // a regular expression for what it logs when it is
	url   string // with the host and port as %s
}

// run starts a container and returns once it can be dialled.
func (i image) run() (url string, stop func() error, err error) {
	// The reaper is one more image to have; Main removes the containers instead.
	if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
		return "", nil, err
	}
	if err := i.available(); err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	container, err := testcontainers.Run(ctx, i.name,
		testcontainers.WithExposedPorts(i.port),
		testcontainers.WithWaitStrategy(wait.ForLog(i.ready).AsRegexp()))
	stop = func() error {
		return testcontainers.TerminateContainer(container, testcontainers.StopTimeout(time.Second))
	}
	if err == nil {
		url, err = i.dial(ctx, container)
	}
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("run %s: %w", i.name, err), stop())
	}
	return url, stop, nil
}

// dial finds out where the container's port is. A machine that is a container
// itself may run dockerd or use that of its host: the port is then on loopback,
// or at the gateway, which is what testcontainers takes for granted.
func (i image) dial(ctx context.Context, container testcontainers.Container) (url string, err error) {
	port, err := container.MappedPort(ctx, i.port)
	if err != nil {
		return "", err
	}
	host, err := container.Host(ctx)
	if err != nil {
		return "", err
	}
	for _, host := range []string{"127.0.0.1", host} {
		address := net.JoinHostPort(host, port.Port())
		conn, dialErr := net.DialTimeout("tcp", address, answerTimeout)
		if dialErr == nil {
			return fmt.Sprintf(i.url, address), conn.Close()
		}
		err = errors.Join(err, dialErr)
	}
	return "", err
}

// available tells soon whether there is any point in running the image: a pull
// from a registry that does not answer takes minutes to fail.
func (i image) available() error {
	log.SetDefault(silent{})
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return fmt.Errorf("no Docker: %w", err)
	}
	defer docker.Close()
	if _, err := docker.Ping(ctx, client.PingOptions{}); err != nil {
		return fmt.Errorf("no Docker: %w", err)
	}
	if _, err := docker.ImageInspect(ctx, i.name); err == nil {
		return nil
	}
	if _, err := docker.DistributionInspect(ctx, i.name, client.DistributionInspectOptions{}); err != nil {
		return fmt.Errorf("no image %s here, nor in its registry: %w", i.name, err)
	}
	return nil
}

// silent keeps a passing test's output free of the course of its containers.
type silent struct{}

func (silent) Printf(string, ...any) {}
