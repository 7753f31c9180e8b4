package rediscache

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// mostUnderWay is how many calls are under way before the next ones share one.
const mostUnderWay = 2

// pipelines sends commands to one Redis. While few are under way, each is sent at
// once. Those that come while [mostUnderWay] are under way wait for the first of these
// to end and are then sent together, which costs one write and one read for all:
// docs/decisions/0090-commands-share-pipelines.md.
type pipelines struct {
	redis redis.UniversalClient

	mu       sync.Mutex
	underWay int
	next     *pipeline // of those that wait; nil if nobody waits
}

type pipeline struct {
	ctx      context.Context // of the first caller, whose trace it belongs to; nobody cancels it
	commands []redis.Cmder
	done     chan struct{}
}

// send sends commands and waits for their answers, in which the errors are. If the
// context ends before, it returns its error, and the commands must not be read.
func (p *pipelines) send(ctx context.Context, commands ...redis.Cmder) error {
	p.mu.Lock()
	if p.underWay < mostUnderWay {
		p.underWay++
		p.mu.Unlock()
		defer p.sendNext()
		p.exchange(ctx, commands)
		return nil
	}
	if p.next == nil {
		p.next = &pipeline{ctx: context.WithoutCancel(ctx), done: make(chan struct{})}
	}
	next := p.next
	next.commands = append(next.commands, commands...)
	p.mu.Unlock()
	select {
	case <-next.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sendNext sends the commands that wait, after another exchange has ended.
func (p *pipelines) sendNext() {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := p.next
	if p.next = nil; next == nil {
		p.underWay--
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(next.ctx, Timeout)
		defer cancel()
		p.exchange(ctx, next.commands)
		close(next.done)
		p.sendNext()
	}()
}

func (p *pipelines) exchange(ctx context.Context, commands []redis.Cmder) {
	if len(commands) == 1 {
		_ = p.redis.Process(ctx, commands[0])
		return
	}
	pipe := p.redis.Pipeline()
	_ = pipe.BatchProcess(ctx, commands...) // only queues them
	_, _ = pipe.Exec(ctx)
}
