// Package lease takes part of a limit in advance.
//
// A limit that holds for several processes is counted in a store, and a call of
// the store costs more than most of what is limited. So a process takes a lease
// there, which is part of the limit, and asks again once that is used up. See
// docs/decisions/0010-leases.md.
package lease

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"
)

// Lease is part of the limit of one key, such as a user.
type Lease[T any] struct {
	Left  int // how many more uses it allows
	State T   // what [Take] needs to know about it when it takes the next one
}

// Take takes the next lease of a key. A lease without a use means that the limit
// is used up. last is the State of the lease before, nil if there is none.
// The context does not end when the caller leaves: others may wait for the same
// lease.
type Take[T any] func(ctx context.Context, key string, last *T) (Lease[T], error)

// Leases are the leases of this process, by key. Those of the keys that were used
// last are kept in memory.
type Leases[T any] struct {
	life   time.Duration
	first  func() Lease[T]
	take   Take[T]
	taking singleflight.Group

	mu    sync.Mutex // guards the leases, too
	byKey *simplelru.LRU[string, *expiring[T]]
}

type expiring[T any] struct {
	Lease[T]
	at time.Time
}

// maxLeases are kept, each of which takes 250 bytes.
const maxLeases = 50_000

// New returns leases that are forgotten after a time of life. first returns the lease of
// a key that this process has none of, without a call of the store. If first is nil, that
// one is taken, too.
func New[T any](life time.Duration, first func() Lease[T], take Take[T]) *Leases[T] {
	byKey, _ := simplelru.NewLRU[string, *expiring[T]](maxLeases, nil) // fails for no positive size
	return &Leases[T]{life: life, first: first, take: take, byKey: byKey}
}

// Use uses one of the lease of a key, and takes the next lease first where that is
// necessary. It returns what the lease has then, and whether there was one to use.
// Those that come at once wait for one call of [Take] and get its error.
func (l *Leases[T]) Use(ctx context.Context, key string) (Lease[T], bool, error) {
	for {
		if lease, ok := l.use(key); ok {
			return lease, true, nil
		}
		taken, err, _ := l.taking.Do(key, func() (any, error) { return l.renew(context.WithoutCancel(ctx), key) })
		if lease := taken.(Lease[T]); err != nil || lease.Left == 0 {
			return lease, false, err
		}
	}
}

// Drop forgets the lease of a key.
func (l *Leases[T]) Drop(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byKey.Remove(key)
}

func (l *Leases[T]) use(key string) (Lease[T], bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lease := l.get(key)
	if lease == nil || lease.Left == 0 {
		return Lease[T]{}, false
	}
	lease.Left--
	return *lease, true
}

// renew takes a lease, unless another call has just done it.
func (l *Leases[T]) renew(ctx context.Context, key string) (Lease[T], error) {
	l.mu.Lock()
	var last *T
	if lease := l.get(key); lease != nil {
		if lease.Left > 0 {
			defer l.mu.Unlock()
			return *lease, nil
		}
		last = &lease.State // of a lease that is used up, which nobody changes
	}
	l.mu.Unlock()

	next, err := l.take(ctx, key, last)
	if err != nil {
		return Lease[T]{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(key, next, time.Now())
	return next, nil
}

// get returns the lease of a key, nil if there is none. The caller holds the lock.
func (l *Leases[T]) get(key string) *Lease[T] {
	now := time.Now()
	lease, found := l.byKey.Get(key)
	switch {
	case found && now.Before(lease.at):
		return &lease.Lease
	case l.first != nil:
		return l.add(key, l.first(), now)
	default:
		return nil
	}
}

func (l *Leases[T]) add(key string, next Lease[T], now time.Time) *Lease[T] {
	added := &expiring[T]{next, now.Add(l.life)}
	l.byKey.Add(key, added)
	return &added.Lease
}
