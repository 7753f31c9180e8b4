// Package stores hands a test the Redis and the MongoDB servers to run on: a local
// one always, and one in a container where that can be had.
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
// database, of your own. The local ones are programs of the module
// onestroke/tests/servers, which are built for it: Go is all they need.
//
// The variable TEST_STORES says which servers there must be:
//
//	auto        containers where Docker answers and has the image or can pull it;
//	            what is missing, and why, is printed. The default.
//	containers  containers as well as local ones; anything missing is a failure
//	local       the local ones only
//
// TEST_REDIS_IMAGE and TEST_MONGO_IMAGE name other images than redis:8-alpine
// and mongo:8. TEST_REDIS_URL and TEST_MONGODB_URI name servers of your own, as
// REDIS_URL and MONGODB_URI do for the service: all tests of Redis or MongoDB
// run on them, and on no other. With TEST_REDIS=cluster, the one Redis is a
// cluster of three masters, made of the program redis-server.
//
// Where it does not matter which stores a service has, it has SQLite, as it has
// where nothing is configured; with any of these variables, or with
// TEST_SERVICE=servers, it has Redis and MongoDB.
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

	"onestroke/impl/rediscache"
)

// Server is a running server.
type Server struct {
	Name string // "local", "container", "cluster", "given" or "SQLite", for the subtest
	URL  string // what a client library dials; empty for SQLite
}

// Redis returns the Redis servers to test on.
func Redis(t testing.TB) []Server {
	t.Helper()
	if onCluster() {
		return handOut(t, redisCluster)
	}
	return handOut(t, redisServers)
}

// RedisAndCluster returns a Redis Cluster besides, see [HaveRedisServer].
func RedisAndCluster(t testing.TB) []Server {
	t.Helper()
	if onCluster() {
		return Redis(t)
	}
	if !HaveRedisServer(t) {
		return Redis(t)
	}
	return append(slices.Clip(Redis(t)), handOut(t, redisCluster)...)
}

// HaveRedisServer reports whether the program redis-server is installed. That it is
// not fails the test where TEST_STORES asks for all there is.
func HaveRedisServer(t testing.TB) bool {
	t.Helper()
	_, err := exec.LookPath("redis-server")
	if err != nil && os.Getenv("TEST_STORES") == "containers" {
		t.Fatal(err)
	}
	if err != nil {
		t.Log("not tested without redis-server:", err)
	}
	return err == nil
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
	return LocalRedis(t)
}

// LocalRedis returns a local Redis without keys, which is this test's alone. The
// command CLOCK.ADVANCE with a number of milliseconds lets time pass there.
func LocalRedis(t testing.TB) Server {
	t.Helper()
	server, err := StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return Server{Name: localName, URL: server.URL}
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

// SQLite stands for no server: a service with it has a file of its own.
var SQLite = Server{Name: "SQLite"}

// OfService returns the stores of a service in a test that is about something else.
func OfService(t testing.TB) (redis, mongodb Server) {
	t.Helper()
	if os.Getenv("TEST_SERVICE") != "servers" && !onCluster() && os.Getenv("TEST_REDIS_URL")+os.Getenv("TEST_MONGODB_URI") == "" {
		return SQLite, SQLite
	}
	return Redis(t)[0], MongoDB(t)[0]
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
		return start(os.Getenv("TEST_REDIS_URL"), StartRedis, image{
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
		return start(os.Getenv("TEST_MONGODB_URI"), StartMongoDB, image{
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

// Names of servers that something depends on.
const (
	localName   = "local"
	clusterName = "cluster"
)

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

// start returns the given server alone, if there is one; else a local one, and one
// in a container as TEST_STORES says.
func start(given string, local func() (*Local, error), image image) ([]Server, error) {
	if given != "" {
		return []Server{{Name: "given", URL: given}}, nil
	}
	mode := getenv("TEST_STORES", "auto")
	if !slices.Contains([]string{"auto", "containers", "local"}, mode) {
		return nil, errors.New("TEST_STORES is none of auto, containers, local")
	}
	server, err := local()
	if err != nil {
		return nil, err
	}
	stopLater(server.Stop)
	servers := []Server{{Name: localName, URL: server.URL}}
	if mode == "local" {
		return servers, nil
	}
	url, stop, err := image.run()
	if err != nil && mode == "containers" {
		return nil, err
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "stores: local only, without %s: %v\n", image.name, err)
		return servers, nil
	}
	stopLater(stop)
	return append(servers, Server{Name: "container", URL: url}), nil
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
