package rediscache_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"onestroke/impl/rediscache"
	"onestroke/impl/session"
	"onestroke/impl/session/sessiontest"
)

// TestStoreConformsOnACluster holds the store to the same on a Redis Cluster of
// three masters, where a script may touch keys of one slot only. It needs the
// programs redis-server and redis-cli, and fails without them where TEST_STORES
// asks for all there is.
func TestStoreConformsOnACluster(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("TEST_STORES") == "containers" {
			t.Fatal(err)
		}
		t.Log("not tested on a cluster:", err)
		return
	}
	client := connect(t, startCluster(t))
	sessiontest.Run(t, func(*testing.T) session.Store { return rediscache.New(client) })
	sessiontest.RunBuckets(t, func(*testing.T) session.Buckets { return rediscache.New(client) })
	t.Run("a session is small", func(t *testing.T) { weigh(t, client) })
}

func startCluster(t *testing.T) server {
	cluster := server{name: "cluster"}
	for range 3 {
		cluster.addresses = append(cluster.addresses, startNode(t))
	}
	create := append([]string{"--cluster", "create"}, cluster.addresses...)
	if out, err := exec.CommandContext(t.Context(), "redis-cli", append(create, "--cluster-yes")...).CombinedOutput(); err != nil {
		t.Fatalf("create a cluster: %v\n%s", err, out)
	}
	// redis-cli returns when the nodes agree, which is before each has noticed that the cluster is up.
	for _, address := range cluster.addresses {
		client := redis.NewClient(&redis.Options{Addr: address})
		defer client.Close()
		until(t, "a node says that the cluster is up", func(ctx context.Context) bool {
			return strings.Contains(client.ClusterInfo(ctx).Val(), "cluster_state:ok")
		})
	}
	return cluster
}

// until waits for what must come true soon.
func until(t *testing.T, what string, holds func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !holds(ctx) {
		if ctx.Err() != nil {
			t.Fatalf("it never came true that %s", what)
		}
	}
}

func startNode(t *testing.T) (address string) {
	address = freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port,
		"--cluster-enabled", "yes", "--save", "", "--dir", t.TempDir())
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		node.Process.Kill()
		node.Wait()
	})
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	until(t, "redis-server answers", func(ctx context.Context) bool { return client.Ping(ctx).Err() == nil })
	return address
}

// freeAddress is on a port that leaves room for the node's bus, 10,000 above.
func freeAddress(t *testing.T) string {
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().(*net.TCPAddr)
		l.Close()
		if address.Port < 65536-10_000 {
			return "127.0.0.1:" + strconv.Itoa(address.Port)
		}
	}
}
