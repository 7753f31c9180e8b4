package rediscache_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
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
	return cluster
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
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for client.Ping(ctx).Err() != nil {
		if ctx.Err() != nil {
			t.Fatal("redis-server does not answer")
		}
	}
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
