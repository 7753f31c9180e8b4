// Package stores hands a test the Redis and the MongoDB servers to run on: one
// in this process always, and one in a container where that can be had.
//
//	func TestMain(m *testing.M) { stores.Main(m) }
//
//	func TestStore(t *testing.T) {
//		for _, server := range stores.Redis(t) {
//			t.Run(server.Name, func(t *testing.T) { … server.URL … })
//		}
//	}
//
// Servers are started when first asked for, shared by all tests of a package,
// and stopped at its end. What a test puts there stays: take keys, or a
// database, of your own.
//
// The variable TEST_STORES says which servers there must be:
//
//	auto        containers where Docker answers and has the image or can pull it;
//	            what is missing, and why, is printed. The default.
//	containers  containers as well as embedded ones; anything missing is a failure
//	embedded    none but those in this process
//
// TEST_REDIS_IMAGE and TEST_MONGO_IMAGE name other images than redis:8-alpine
// and mongo:8. With TEST_REDIS=cluster, the one Redis is a cluster of three
// masters, made of the program redis-server.
package stores

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"onestroke/impl/embedded"
	"onestroke/impl/rediscache"
)

// Server is a running server.
type Server struct {
	Name string // "embedded", "container" or "cluster", for the subtest
	URL  string // what a client library dials; needs no password
}

// Redis returns the Redis servers to test on.
func Redis(t testing.TB) []Server {
	t.Helper()
	if onCluster() {
		return handOut(t, redisCluster)
	}
	return handOut(t, redisServers)
}

// RedisAndCluster returns a Redis Cluster besides, where the program redis-server
// is installed; without it is a failure where TEST_STORES asks for all there is.
func RedisAndCluster(t testing.TB) []Server {
	t.Helper()
	if onCluster() {
		return Redis(t)
	}
	if _, err := exec.LookPath("redis-server"); err != nil && os.Getenv("TEST_STORES") != "containers" {
		t.Log("not tested on a cluster:", err)
		return Redis(t)
	}
	return append(slices.Clip(Redis(t)), handOut(t, redisCluster)...)
}

// EmptyRedis returns a Redis without keys, which is this test's alone.
func EmptyRedis(t testing.TB) Server {
	t.Helper()
	if onCluster() { // which takes seconds to start: tests take turns with one
		emptying.Lock()
		t.Cleanup(emptying.Unlock)
		server := handOut(t, emptyCluster)[0]
		if err := emptied.empty(t.Context()); err != nil {
			t.Fatal(err)
		}
		return server
	}
	server, err := embedded.Redis(embedded.Loopback)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return Server{Name: "embedded", URL: server.URL}
}

// DialRedis returns a client of the Redis, or the cluster, that a URL names, as
// the service's own is.
func DialRedis(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	client, _, err := rediscache.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// MongoDB returns the MongoDB servers to test on.
func MongoDB(t testing.TB) []Server {
	t.Helper()
	return handOut(t, mongoServers)
}

// Main runs the tests of a package, stops the servers they used, does what else
// is to be done afterwards, and exits.
func Main(m *testing.M, afterwards ...func() error) {
	inMain = true
	code := m.Run()
	for _, stop := range append(stops, afterwards...) {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stores:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

var (
	redisServers = sync.OnceValues(func() ([]Server, error) {
		return start(
			func() (*embedded.Server, error) { return embedded.Redis(embedded.Loopback) },
			image{
				name:  getenv("TEST_REDIS_IMAGE", "redis:8-alpine"),
				port:  "6379/tcp",
				ready: "Ready to accept connections",
				url:   "redis://%s",
			})
	})
	redisCluster = sync.OnceValues(func() ([]Server, error) {
		servers, _, err := serveCluster()
		return servers, err
	})
	emptyCluster = sync.OnceValues(func() (servers []Server, err error) {
		servers, emptied, err = serveCluster()
		return servers, err
	})
	emptied  *cluster // of emptyCluster
	emptying sync.Mutex

	mongoServers = sync.OnceValues(func() ([]Server, error) {
		dir, err := os.MkdirTemp("", "onestroke-mongodb-")
		if err != nil {
			return nil, err
		}
		stopLater(func() error { return os.RemoveAll(dir) })
		return start(
			func() (*embedded.Server, error) { return embedded.MongoDB(embedded.Loopback, dir) },
			image{
				name:  getenv("TEST_MONGO_IMAGE", "mongo:8"),
				port:  "27017/tcp",
				ready: "(?i)waiting for connections",
				url:   "mongodb://%s/?directConnection=true",
			})
	})

	inMain   bool
	stopping sync.Mutex
	stops    []func() error // last started, first stopped
)

const clusterName = "cluster"

// onCluster tells whether all tests are to run on a cluster.
func onCluster() bool { return os.Getenv("TEST_REDIS") == clusterName }

func serveCluster() ([]Server, *cluster, error) {
	c, err := startCluster()
	if err != nil {
		return nil, nil, err
	}
	stopLater(c.stop)
	return []Server{{Name: clusterName, URL: c.url()}}, c, nil
}

func handOut(t testing.TB, servers func() ([]Server, error)) []Server {
	t.Helper()
	if !inMain {
		t.Fatal("nobody would stop the servers: add func TestMain(m *testing.M) { stores.Main(m) }")
	}
	handedOut, err := servers()
	if err != nil {
		t.Fatal(err)
	}
	return handedOut
}

func start(inProcess func() (*embedded.Server, error), image image) ([]Server, error) {
	server, err := inProcess()
	if err != nil {
		return nil, err
	}
	stopLater(server.Close)
	servers := []Server{{Name: "embedded", URL: server.URL}}

	mode := getenv("TEST_STORES", "auto")
	switch mode {
	case "embedded":
		return servers, nil
	case "auto", "containers":
		url, stop, err := image.run()
		if err == nil {
			stopLater(stop)
			return append(servers, Server{Name: "container", URL: url}), nil
		}
		if mode == "containers" {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "stores: embedded only, without %s: %v\n", image.name, err)
		return servers, nil
	default:
		return nil, errors.New("TEST_STORES is none of auto, containers, embedded")
	}
}

func stopLater(stop func() error) {
	stopping.Lock()
	defer stopping.Unlock()
	stops = append([]func() error{stop}, stops...)
}

func getenv(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
