package faults

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"onestroke/tests/stores"
)

// aWhile is how long a fault lasts whose length does not matter.
const aWhile = 3 * time.Second

var ofRedis = []fault{
	{name: "Redis killed", servers: true, happens: func(tr *trial) {
		tr.redis.kill()
		tr.lasts(aWhile)
		tr.redis.start()
	}},
	{name: "Redis frozen for 1 s", servers: true, happens: frozenRedis(time.Second)},
	{name: "Redis frozen for 5 s", servers: true, happens: frozenRedis(5 * time.Second)},
	{name: "Redis frozen for 30 s", servers: true, happens: frozenRedis(30 * time.Second)},
	{name: "Redis full", servers: true, happens: func(tr *trial) {
		tr.redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1")
		tr.lasts(aWhile)
		tr.redis.command("CONFIG", "SET", "maxmemory", "0")
	}},
	{name: "Redis read-only after a failover", servers: true, happens: func(tr *trial) {
		tr.redis.command("REPLICAOF", "127.0.0.1", "1") // where no master is
		tr.lasts(aWhile)
		tr.redis.command("REPLICAOF", "NO", "ONE")
	}},
	{name: "Redis with another password", servers: true, happens: func(tr *trial) {
		tr.redis.command("CONFIG", "SET", "requirepass", "another")
		tr.redis.as("another", "CLIENT", "KILL", "TYPE", "normal")
		tr.lasts(aWhile)
		tr.redis.as("another", "CONFIG", "SET", "requirepass", "")
	}},
	{name: "Redis with too many clients", servers: true, happens: func(tr *trial) {
		only, ctx := tr.redis.client("").Conn(), tr.t.Context()
		err := errors.Join(only.ConfigSet(ctx, "maxclients", "1").Err(), only.ClientKillByFilter(ctx, "TYPE", "normal", "SKIPME", "yes").Err())
		if err != nil {
			tr.t.Fatal(err)
		}
		tr.lasts(aWhile)
		if err := only.ConfigSet(ctx, "maxclients", "10000").Err(); err != nil {
			tr.t.Fatal(err)
		}
	}},
	{name: "Redis loading its data", servers: true, happens: func(tr *trial) {
		client := tr.redis.client("")
		tr.redis.command("DEBUG", "POPULATE", "30000", "filler")
		tr.redis.command("BGREWRITEAOF")
		eventually(tr.t, "the data are in the file", func() bool {
			return strings.Contains(client.Info(tr.t.Context(), "persistence").Val(), "aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0")
		})
		tr.redis.kill()
		tr.redis.start("--key-load-delay", "100", "--loading-process-events-interval-bytes", "1024")
		eventually(tr.t, "it says that it is loading", func() bool {
			err := client.Ping(tr.t.Context()).Err()
			return err != nil && strings.HasPrefix(err.Error(), "LOADING")
		})
		eventually(tr.t, "it has loaded them", func() bool { return client.Ping(tr.t.Context()).Err() == nil })
	}},
	{name: "Redis cuts its clients off", servers: true, happens: func(tr *trial) {
		for range 30 {
			tr.redis.command("CLIENT", "KILL", "TYPE", "normal")
			tr.lasts(aWhile / 30)
		}
	}},
	{name: "Redis restarted empty", servers: true, endsSessions: true, happens: func(tr *trial) {
		tr.redis.kill()
		tr.redis.lose()
		tr.redis.start()
	}},
	lostMaster(),
	lostMasterOfSentinels(),
	movedClock(),
}

// lostMaster kills a master of a Redis Cluster. Redis copies what it has to its replica
// after it has answered: a login that was answered just before may be lost.
func lostMaster() fault {
	var cluster *stores.FailingCluster
	return fault{
		name: "a master of a Redis Cluster lost", servers: true, endsSessions: true,
		prepare: func(tr *trial) {
			cluster = stores.StartFailingCluster(tr.t)
			tr.redisURL = cluster.URL
		},
		happens: func(tr *trial) { cluster.Kill(tr.t, "onestroke:user:{"+tr.users.all[0].id+"}") },
	}
}

// lostMasterOfSentinels kills a master that three Sentinels watch.
func lostMasterOfSentinels() fault {
	var replica *server
	return fault{
		name: "a master of Redis Sentinels lost", servers: true, endsSessions: true,
		prepare: func(tr *trial) {
			host, port, _ := net.SplitHostPort(tr.redis.address)
			replica = startServer(tr.t, func(address, dir string, _ ...string) *exec.Cmd {
				return redisServer(address, dir, "--replicaof", host, port)
			})
			tr.redisURL = "redis://?master_name=drawings"
			for range 3 {
				s := startServer(tr.t, sentinel(host, port))
				tr.redisURL += "&addr=" + s.address
				eventually(tr.t, "the Sentinel knows the replica", func() bool {
					r, _ := redis.NewSentinelClient(&redis.Options{Addr: s.address}).Replicas(tr.t.Context(), "drawings").Result()
					return len(r) == 1
				})
			}
			first, more, _ := strings.Cut(strings.TrimPrefix(tr.redisURL, "redis://?master_name=drawings&addr="), "&")
			tr.redisURL = "redis://" + first + "?master_name=drawings&" + more
		},
		happens: func(tr *trial) {
			tr.redis.kill()
			client := replica.client("")
			eventually(tr.t, "the replica is the master", func() bool {
				return strings.Contains(client.Info(tr.t.Context(), "replication").Val(), "role:master")
			})
		},
	}
}

// sentinel returns the command of a Sentinel that watches a master.
func sentinel(host, port string) func(address, dir string, more ...string) *exec.Cmd {
	return func(address, dir string, _ ...string) *exec.Cmd {
		file := filepath.Join(dir, "sentinel.conf")
		text := fmt.Sprintf("sentinel monitor drawings %s %s 2\nsentinel down-after-milliseconds drawings 1000\nsentinel failover-timeout drawings 5000\n", host, port)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			panic(err) // a folder of the test
		}
		own, port, _ := net.SplitHostPort(address)
		return exec.Command("redis-server", file, "--sentinel", "--bind", own, "--port", port)
	}
}

// movedClock moves the clock of a Redis ahead, by less than the life of a session. It is
// the one of tests/servers: libfaketime moves neither the clock of Debian's Redis, whose
// allocator it does not bear, nor that of a Go program, which does not ask the C library.
func movedClock() fault {
	return fault{
		name: "the clock of Redis moved ahead by an hour", servers: true, nothingFails: true,
		prepare: func(tr *trial) { tr.redisURL = stores.LocalRedis(tr.t).URL },
		happens: func(tr *trial) {
			if err := stores.DialRedis(tr.t, tr.redisURL).Do(tr.t.Context(), "CLOCK.ADVANCE", time.Hour.Milliseconds()).Err(); err != nil {
				tr.t.Fatal(err)
			}
		},
	}
}

func frozenRedis(d time.Duration) func(*trial) {
	return func(tr *trial) {
		thaw := tr.redis.freeze()
		tr.lasts(d)
		thaw()
	}
}
