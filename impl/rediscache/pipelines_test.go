package rediscache_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"onestroke/impl/rediscache"
	"onestroke/tests/stores"
)

// held holds up single commands until it is released, and counts the commands of
// each pipeline.
type held struct {
	redis.Hook
	begun     chan struct{}
	release   chan struct{}
	pipelines chan int
}

func (h held) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h held) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "get" {
			h.begun <- struct{}{}
			<-h.release
		}
		return next(ctx, cmd)
	}
}

func (h held) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == "get" {
			h.pipelines <- len(cmds)
		}
		return next(ctx, cmds)
	}
}

func TestCommandsThatWaitShareAPipeline(t *testing.T) {
	client := stores.DialRedis(t, stores.LocalRedis(t).URL)
	const waiting = 10
	for i := range rediscache.MostUnderWay + waiting {
		client.Set(t.Context(), t.Name()+strconv.Itoa(i), i, time.Minute)
	}
	h := held{begun: make(chan struct{}), release: make(chan struct{}), pipelines: make(chan int, waiting)}
	client.AddHook(h)
	p := rediscache.NewPipelines(client)

	var answered sync.WaitGroup
	send := func(i int) {
		answered.Go(func() {
			get := redis.NewStringCmd(t.Context(), "get", t.Name()+strconv.Itoa(i))
			if err := p.Send(t.Context(), get); err != nil || get.Err() != nil || get.Val() != strconv.Itoa(i) {
				t.Errorf("%d: %v, %v, %q", i, err, get.Err(), get.Val())
			}
		})
	}
	for i := range rediscache.MostUnderWay {
		send(i)
		<-h.begun
	}
	for i := range waiting {
		send(rediscache.MostUnderWay + i)
	}
	await(t, func() bool { return p.Waiting() == waiting })

	gone, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { left <- p.Send(gone, redis.NewStringCmd(gone, "get", "nobody waits for this")) }()
	await(t, func() bool { return p.Waiting() == waiting+1 })
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who leaves gets %v", err)
	}

	close(h.release)
	answered.Wait()
	if n := <-h.pipelines; n != waiting+1 || len(h.pipelines) != 0 {
		t.Errorf("%d commands in a pipeline, %d more pipelines", n, len(h.pipelines))
	}
	await(t, func() bool { return p.UnderWay() == 0 })
}

func TestAllOfAPipelineFailIfRedisIsAway(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { client.Close() })
	p := rediscache.NewPipelines(client)
	var answered sync.WaitGroup
	for range 10 * rediscache.MostUnderWay {
		answered.Go(func() {
			get := redis.NewStringCmd(t.Context(), "get", "x")
			if err := p.Send(t.Context(), get); err != nil || get.Err() == nil || errors.Is(get.Err(), redis.Nil) {
				t.Errorf("%v, %v", err, get.Err())
			}
		})
	}
	answered.Wait()
}

func await(t *testing.T, condition func() bool) {
	t.Helper()
	for begun := time.Now(); !condition(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > time.Minute {
			t.Fatal("it does not become true")
		}
	}
}
