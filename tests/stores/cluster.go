package stores

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"onestroke/tests/ports"
)

const (
	masters    = 3
	slots      = 16384 // that a cluster divides among them
	busAbove   = 10_000
	allAgree   = 30 * time.Second // at most, until the masters know each other
	askedEvery = 10 * time.Millisecond
)

// cluster is a Redis Cluster of three masters, made of the program redis-server.
type cluster struct {
	dir   string
	nodes []*node
}

type node struct {
	address string // it listens there
	release func() // gives its ports back
	process *exec.Cmd
	client  *redis.Client

	first, last int64 // slots of a master
}

// startCluster returns a cluster that serves every key. Its masters tell
// clients to come to the announced ports of the loopback address, or to where
// they listen when there are none. They have no replicas.
func startCluster(announced ...string) (c *cluster, err error) {
	c = &cluster{}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start a Redis Cluster: %w", err), c.stop())
		}
	}()
	if c.dir, err = os.MkdirTemp("", "onestroke-cluster-"); err != nil {
		return c, err
	}
	for i := range masters {
		var more []string
		if announced != nil {
			more = []string{"--cluster-announce-port", announced[i]}
		}
		if err := c.startNode(more...); err != nil {
			return c, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), allAgree)
	defer cancel()
	if err := c.introduce(ctx); err != nil {
		return c, err
	}
	return c, c.await(ctx)
}

// url has the other masters as parameters, as the service reads it.
func (c *cluster) url() string {
	url := "redis://" + c.nodes[0].address
	for i, n := range c.nodes[1:] {
		url += []string{"?", "&"}[min(i, 1)] + "addr=" + n.address
	}
	return url
}

// FailingCluster is a Redis Cluster of three masters, each with a replica.
type FailingCluster struct {
	URL string

	cluster  *cluster
	replicas []*node // of the master at the same place
}

// StartFailingCluster starts a cluster for this test alone. A master that does not
// answer for half a second counts as dead.
func StartFailingCluster(t testing.TB) *FailingCluster {
	t.Helper()
	c, err := startCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), allAgree)
	defer cancel()
	f := &FailingCluster{URL: c.url(), cluster: c}
	for _, master := range slices.Clone(c.nodes) {
		replica, err := c.addReplica(ctx, master)
		if err != nil {
			t.Fatal("add a replica: ", err)
		}
		f.replicas = append(f.replicas, replica)
	}
	for _, n := range c.nodes {
		if err := n.client.ConfigSet(ctx, "cluster-node-timeout", "500").Err(); err != nil {
			t.Fatal(err)
		}
		// The masters choose among the replicas that they know.
		if err := until(ctx, func() bool {
			nodes := n.client.ClusterNodes(ctx).Val()
			return strings.Count(nodes, "slave") == masters && strings.Count(nodes, " connected") == 2*masters
		}); err != nil {
			t.Fatal("the servers do not know each other: ", err)
		}
	}
	return f
}

// Kill kills the master of a key once its replica has every key, and returns when
// that has been promoted.
func (f *FailingCluster) Kill(t testing.TB, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), allAgree)
	defer cancel()
	slot := f.cluster.nodes[0].client.ClusterKeySlot(ctx, key).Val()
	at := slices.IndexFunc(f.cluster.nodes[:masters], func(n *node) bool { return n.first <= slot && slot <= n.last })
	master, replica := f.cluster.nodes[at], f.replicas[at]
	if n, err := master.client.Wait(ctx, 1, allAgree).Result(); n != 1 {
		t.Fatalf("%d replicas have the keys: %v", n, err)
	}
	if err := master.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := until(ctx, func() bool { return strings.Contains(replica.client.Info(ctx, "replication").Val(), "role:master") }); err != nil {
		t.Fatal("the replica is not promoted: ", err)
	}
}

// addReplica starts a replica of a master, and returns when it has its keys.
func (c *cluster) addReplica(ctx context.Context, master *node) (*node, error) {
	if err := c.startNode(); err != nil {
		return nil, err
	}
	replica := c.nodes[len(c.nodes)-1]
	if err := until(ctx, func() bool { return replica.client.Ping(ctx).Err() == nil }); err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(master.address)
	if err := replica.client.ClusterMeet(ctx, host, port).Err(); err != nil {
		return nil, err
	}
	id := master.client.ClusterMyID(ctx).Val()
	// Refused until the two know each other.
	if err := until(ctx, func() bool { return replica.client.ClusterReplicate(ctx, id).Err() == nil }); err != nil {
		return nil, err
	}
	return replica, until(ctx, func() bool {
		return strings.Contains(replica.client.Info(ctx, "replication").Val(), "master_link_status:up")
	})
}

func (c *cluster) stop() (err error) {
	for _, n := range c.nodes {
		_ = n.process.Process.Kill() // unless a test did
		_ = n.process.Wait()
		n.release()
		err = errors.Join(err, n.client.Close())
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}

// empty removes every key.
func (c *cluster) empty(ctx context.Context) (err error) {
	for _, n := range c.nodes {
		err = errors.Join(err, n.client.FlushAll(ctx).Err())
	}
	return err
}

func (c *cluster) startNode(more ...string) error {
	dir, err := os.MkdirTemp(c.dir, "")
	if err != nil {
		return err
	}
	n := holdPorts()
	_, port, _ := net.SplitHostPort(n.address)
	n.process = exec.Command("redis-server", append([]string{
		"--bind", "127.0.0.1", "--port", port, "--cluster-enabled", "yes", "--save", "", "--dir", dir,
		"--repl-diskless-sync-delay", "0",
	}, more...)...)
	if err := n.process.Start(); err != nil {
		n.release()
		return err
	}
	n.client = redis.NewClient(&redis.Options{Addr: n.address})
	c.nodes = append(c.nodes, n)
	return nil
}

// introduce gives each master its slots and makes the first meet the others.
func (c *cluster) introduce(ctx context.Context) error {
	for i, n := range c.nodes {
		if err := until(ctx, func() bool { return n.client.Ping(ctx).Err() == nil }); err != nil {
			return fmt.Errorf("redis-server does not answer: %w", err)
		}
		n.first, n.last = int64(i*slots/masters), int64((i+1)*slots/masters-1)
		if err := n.client.ClusterAddSlotsRange(ctx, int(n.first), int(n.last)).Err(); err != nil {
			return err
		}
		if err := n.client.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return err
		}
	}
	for _, n := range c.nodes[1:] {
		host, port, _ := net.SplitHostPort(n.address)
		if err := c.nodes[0].client.ClusterMeet(ctx, host, port).Err(); err != nil {
			return err
		}
	}
	return nil
}

// await waits until each master knows where every slot is, and serves its own.
func (c *cluster) await(ctx context.Context) error {
	for _, n := range c.nodes {
		err := until(ctx, func() bool {
			info := n.client.ClusterInfo(ctx).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_size:"+strconv.Itoa(masters))
		})
		if err != nil {
			return fmt.Errorf("the masters do not agree: %w", err)
		}
	}
	return nil
}

func until(ctx context.Context, holds func() bool) error {
	ticker := time.NewTicker(askedEvery)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

// holdPorts returns a node with a port that is below those that the kernel gives away
// by itself, as is that of the node's bus.
func holdPorts() *node {
	for {
		port := 10_001 + rand.IntN(12_000)
		address, release, err := ports.Hold(port)
		if err != nil {
			continue
		}
		_, releaseBus, err := ports.Hold(port + busAbove)
		if err != nil {
			release()
			continue
		}
		return &node{address: address, release: func() { release(); releaseBus() }}
	}
}
