// Package breaker stops calls of a store that does not answer, so that nobody waits
// for it: see docs/decisions/0038-breakers-of-stores.md.
package breaker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

const (
	// failures is how many calls in a row have no answer before the breaker opens. Of
	// a cluster with one dead server, the other servers' answers come between.
	failures = 5
	// pause is how long a breaker waits, while it is open, before each check of the
	// store, and checkTimeout is how long a check may take.
	pause        = 500 * time.Millisecond
	checkTimeout = time.Second
)

// ErrOpen is in the error of a call that the breaker refuses or ends.
var ErrOpen = circuitbreaker.ErrOpen

// Store is what a breaker needs to know of a store.
type Store struct {
	CanRead, CanWrite func(context.Context) error
	// Unavailable is the error of calls while a breaker is open.
	Unavailable error
	// Timeout is how long a call takes at most if its context has no deadline, give or take
	// a twentieth. It must be short: such a call goes on if its caller leaves. 0: a call
	// takes as long as its context allows.
	Timeout time.Duration
	// NoAnswer reports whether an error says that the store did not answer in time.
	// Any answer, also a refusal, says that it is there.
	NoAnswer func(error) bool
}

// Breakers are those of one store: it may answer what only reads while it does not
// answer writes.
type Breakers struct{ Reads, Writes *Breaker }

// New returns the breakers of a store. When ctx is done, an open breaker stays open.
func New(ctx context.Context, s Store) Breakers {
	reads, writes := newBreaker(ctx, s, s.CanRead), newBreaker(ctx, s, s.CanWrite)
	reads.other, writes.other = writes, reads
	return Breakers{Reads: reads, Writes: writes}
}

// Breaker is the circuit breaker of one kind of calls. Nil lets all calls through.
type Breaker struct {
	store  Store
	other  *Breaker // for the other kind of calls of the store
	check  func(context.Context) error
	state  circuitbreaker.CircuitBreaker[any]
	closed atomic.Pointer[period] // the present time in which it is closed, or the next
}

// period is a time in which a breaker is closed. Its context ends when the breaker
// opens.
type period struct {
	context.Context
	end    context.CancelCauseFunc
	shared atomic.Pointer[shared] // the present one
}

// shared is the context of all calls that begin within a twentieth of [Store.Timeout]:
// one for each would cost more than the call of a Redis that is near.
type shared struct {
	context.Context
	last time.Time // that a call may begin
}

// call is the context of one of them. It has the values of its caller's context.
type call struct {
	*shared
	caller context.Context
}

func (c call) Value(key any) any {
	if v := c.shared.Value(key); v != nil { // what package context looks for
		return v
	}
	return c.caller.Value(key)
}

func newBreaker(ctx context.Context, s Store, check func(context.Context) error) *Breaker {
	b := &Breaker{store: s, check: check}
	b.next()
	b.state = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(failures).
		WithDelay(math.MaxInt64). // until a check has an answer
		OnOpen(func(circuitbreaker.StateChangedEvent) {
			b.next().end(ErrOpen)
			go b.closeWhenAnswered(ctx)
			go b.other.openIfNoAnswer(ctx)
		}).
		Build()
	return b
}

// next begins a period, and returns the one before.
func (b *Breaker) next() *period {
	ctx, cancel := context.WithCancelCause(context.Background())
	return b.closed.Swap(&period{Context: ctx, end: cancel})
}

// openIfNoAnswer checks the store once. A store that does not answer one kind of calls
// often answers none, and there may be few calls of the other kind, each of which
// would wait.
func (b *Breaker) openIfNoAnswer(ctx context.Context) {
	if b.Open() {
		return
	}
	checking, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if err := b.check(checking); !b.answered(checking, err) && ctx.Err() == nil {
		b.state.Open()
	}
}

// closeWhenAnswered checks the store until it answers. No caller waits for that.
func (b *Breaker) closeWhenAnswered(ctx context.Context) {
	for b.Open() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		checking, cancel := context.WithTimeout(ctx, checkTimeout)
		_ = b.Check(checking) // closes the breaker if there is an answer
		cancel()
	}
}

// Check checks the store, also while the breaker is open, and closes it if there
// is an answer: a service that is found ready serves.
func (b *Breaker) Check(ctx context.Context) error {
	err := b.check(ctx)
	if b.answered(ctx, err) && b.Open() {
		b.state.Close()
	}
	return err
}

// Open reports whether calls are refused.
func (b *Breaker) Open() bool { return b.state.IsOpen() }

// Do makes a call. It fails at once while the breaker is open, and ends the call if
// the breaker opens meanwhile.
func Do[T any](ctx context.Context, b *Breaker, do func(context.Context) (T, error)) (T, error) {
	if b == nil {
		return do(ctx)
	}
	var none T
	if err := b.Allow(); err != nil {
		return none, err
	}
	calling, done := b.calling(ctx)
	defer done()
	result, err := do(calling)
	if err != nil && errors.Is(context.Cause(calling), ErrOpen) {
		return none, b.refusal()
	}
	b.Record(calling, err)
	return result, err
}

// calling returns the context of a call.
func (b *Breaker) calling(ctx context.Context) (calling context.Context, done func()) {
	period := b.closed.Load()
	if _, limited := ctx.Deadline(); !limited && b.store.Timeout > 0 && ctx.Err() == nil {
		return call{period.now(b.store.Timeout), ctx}, func() {}
	}
	calling, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(period, func() { cancel(ErrOpen) })
	return calling, func() {
		stop()
		cancel(nil)
	}
}

// now returns the context of the calls that begin now.
func (p *period) now(timeout time.Duration) *shared {
	now := time.Now()
	if s := p.shared.Load(); s != nil && !now.After(s.last) {
		return s
	}
	step := timeout / 20
	ctx, cancel := context.WithDeadline(p, now.Add(timeout+step))
	context.AfterFunc(ctx, cancel) // it ends with its time or the period
	s := &shared{ctx, now.Add(step)}
	p.shared.Store(s)
	return s
}

// Allow fails if the breaker is open.
func (b *Breaker) Allow() error {
	if b != nil && !b.state.TryAcquirePermit() {
		return b.refusal()
	}
	return nil
}

// Record counts a call that was made in ctx. One that its caller gave up says
// nothing about the store; one whose time is over had no answer.
func (b *Breaker) Record(ctx context.Context, err error) {
	switch {
	case b == nil:
	case b.answered(ctx, err):
		b.state.RecordSuccess()
	case !errors.Is(ctx.Err(), context.Canceled):
		b.state.RecordFailure()
	}
}

// answered reports whether a call had an answer.
func (b *Breaker) answered(ctx context.Context, err error) bool {
	return err == nil || ctx.Err() == nil && !b.store.NoAnswer(err)
}

func (b *Breaker) refusal() error { return fmt.Errorf("%w: %w", b.store.Unavailable, ErrOpen) }
