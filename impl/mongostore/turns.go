package mongostore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
	"golang.org/x/sync/semaphore"

	"onestroke/impl/gallery"
)

// defaultConnections is the driver's limit on connections to one server, if the URI
// has no maxPoolSize.
const defaultConnections = 100

// turns lets as many commands use the driver as it has connections to one server.
// The others wait here, the first to come first. In the driver they would wait no
// longer than it looks for a server.
type turns struct {
	*semaphore.Weighted
	patience time.Duration // how long an operation waits for its turn
	answer   time.Duration // how long it may take then
	waiting  *atomic.Int64 // commands
}

func newTurns(connections uint64, patience, answer time.Duration) *turns {
	return &turns{semaphore.NewWeighted(int64(connections)), patience, answer, new(atomic.Int64)}
}

// inTurn does something that uses one connection at a time. The driver opens its
// connections two at a time, so there may be fewer than it may have: what found none
// has done nothing, and is done again. One time-out is for all of it: without one,
// the driver makes its own for each document that is read.
func inTurn[T any](ctx context.Context, turns *turns, do func(context.Context) (T, error)) (none T, err error) {
	if err := turns.wait(ctx); err != nil {
		return none, fmt.Errorf("wait for a connection: %w: %w", gallery.ErrUnavailable, err)
	}
	defer turns.Release(1)
	ctx, cancel := context.WithTimeout(ctx, turns.answer)
	defer cancel()
	for {
		v, err := do(ctx)
		if err == nil || ctx.Err() != nil || !errors.As(err, new(topology.WaitQueueTimeoutError)) {
			return v, err
		}
	}
}

// wait waits for a turn, which the caller must release.
func (t *turns) wait(ctx context.Context) error {
	if t.TryAcquire(1) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.patience)
	defer cancel()
	t.waiting.Add(1)
	defer t.waiting.Add(-1)
	return t.Acquire(ctx, 1)
}
