// Command redis is a Redis in memory, for tests on a machine that has none.
//
//	redis [-attached] [-address 127.0.0.1:0]
//
// It is miniredis, which runs one command at a time. Besides Redis's commands it
// takes CLOCK.ADVANCE with a number of milliseconds: that much time passes, and
// what should have expired by then has.
package main

import (
	"flag"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"onestroke/tests/servers/program"
)

// tick is how finely the server keeps time: a key may expire this much late.
const tick = 50 * time.Millisecond

func main() {
	address := flag.String("address", "127.0.0.1:0", "host and port to listen on")
	program.Main(func() (program.Server, error) { return start(*address) })
}

func start(address string) (program.Server, error) {
	redis := miniredis.NewMiniRedis()
	clock := &clock{redis: redis}
	// With a clock that runs freely, every command would visit every key. This one
	// does not move between two ticks.
	clock.advance(0)
	redis.ClockTTL(true)
	if err := redis.StartAddr(address); err != nil {
		return program.Server{}, fmt.Errorf("start Redis: %w", err)
	}
	if err := redis.Server().Register("CLOCK.ADVANCE", clock.command); err != nil {
		return program.Server{}, err
	}
	go func() { // until the program ends
		for range time.Tick(tick) {
			clock.advance(0)
		}
	}()
	return program.Server{
		URL:   "redis://" + redis.Addr(),
		Close: func() error { redis.Close(); return nil },
	}, nil
}

// clock is the time that a server goes by.
type clock struct {
	redis *miniredis.Miniredis

	mu    sync.Mutex
	ahead time.Duration // of the machine's clock
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += by
	c.redis.SetTime(time.Now().UTC().Add(c.ahead))
}

func (c *clock) command(peer *server.Peer, _ string, args []string) {
	if len(args) != 1 {
		peer.WriteError("ERR CLOCK.ADVANCE takes a number of milliseconds")
		return
	}
	milliseconds, err := strconv.ParseUint(args[0], 10, 40)
	if err != nil {
		peer.WriteError("ERR CLOCK.ADVANCE takes a number of milliseconds")
		return
	}
	c.advance(time.Duration(milliseconds) * time.Millisecond)
	peer.WriteOK()
}
