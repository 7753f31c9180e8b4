package rediscache

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Pipelines is for the tests that need a server, which are in another package.
type Pipelines struct{ pipelines }

const MostUnderWay = mostUnderWay

func NewPipelines(client redis.UniversalClient) *Pipelines {
	return &Pipelines{pipelines{redis: client}}
}

func (p *Pipelines) Send(ctx context.Context, command redis.Cmder) error {
	return p.send(ctx, command)
}

func (p *Pipelines) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		return 0
	}
	return len(p.next.commands)
}

func (p *Pipelines) UnderWay() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.underWay
}
