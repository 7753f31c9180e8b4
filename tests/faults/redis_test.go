package faults

import (
	"errors"
	"strings"
	"time"
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
	{name: "Redis slow", servers: true, happens: func(tr *trial) {
		end := tr.redis.toxic("latency", "downstream", `{"latency":300,"jitter":200}`)
		tr.lasts(aWhile)
		end()
	}},
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
}

func frozenRedis(d time.Duration) func(*trial) {
	return func(tr *trial) {
		thaw := tr.redis.freeze()
		tr.lasts(d)
		thaw()
	}
}
