//go:build !noembed

package embedded

import (
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// tick is how finely a Redis keeps time: a key may expire this much early.
const tick = 50 * time.Millisecond

// Redis starts a Redis on addr, a host and port. It keeps its data in memory
// only, and is made for one service: its commands take turns.
func Redis(addr string) (*Server, error) {
	redis := miniredis.NewMiniRedis()
	// A clock that ran freely would make every command visit every key. Here it
	// stands still between two ticks.
	redis.SetTime(wallClock())
	redis.ClockTTL(true)
	if err := redis.StartAddr(addr); err != nil {
		return nil, fmt.Errorf("start embedded Redis: %w", err)
	}
	stopped, clockStopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(clockStopped)
		keepTime(redis, stopped)
	}()
	return &Server{
		URL: "redis://" + redis.Addr(),
		stop: func() error {
			close(stopped)
			<-clockStopped
			redis.Close()
			return nil
		},
	}, nil
}

func keepTime(redis *miniredis.Miniredis, stopped <-chan struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			redis.SetTime(wallClock())
		case <-stopped:
			return
		}
	}
}

// wallClock leaves out the monotonic reading, which stands still while a laptop
// sleeps: what should have expired by then has.
func wallClock() time.Time { return time.Now().UTC().Round(0) }
