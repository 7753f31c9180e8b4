package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// userExports is how many exports may be sent to one user at the same time.
	userExports = 2
	// exportWait is how long an export waits until others have ended.
	exportWait = 5 * time.Second
)

// exports bounds how many exports are sent at the same time. An export is an answer
// with all drawings of a user, also the list of 2017. Each has a batch of drawings
// in memory for as long as the client takes to read it.
type exports struct {
	all *semaphore.Weighted

	mu     sync.Mutex
	byUser map[string]*userSlots
}

// userSlots are those of one user, for as long as an export uses or waits for them.
type userSlots struct {
	*semaphore.Weighted
	users int
}

func newExports(most int) *exports {
	return &exports{all: semaphore.NewWeighted(int64(most)), byUser: map[string]*userSlots{}}
}

// begin waits for a slot among the exports of the user and among all exports. It
// returns what gives the slot back. Its error is [errTooManyExports] or context.Canceled.
func (e *exports) begin(ctx context.Context, user string) (end func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, exportWait)
	defer cancel()
	own := e.use(user)
	if err := own.Acquire(ctx, 1); err != nil {
		e.leave(user, own)
		return nil, noSlot(err)
	}
	if err := e.all.Acquire(ctx, 1); err != nil {
		own.Release(1)
		e.leave(user, own)
		return nil, noSlot(err)
	}
	return func() {
		e.all.Release(1)
		own.Release(1)
		e.leave(user, own)
	}, nil
}

// noSlot says what it means that waiting for a slot has failed: the time is over, or the
// client has hung up.
func noSlot(err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("wait for an export: %w", err)
	}
	return errTooManyExports
}

func (e *exports) use(user string) *userSlots {
	e.mu.Lock()
	defer e.mu.Unlock()
	own, ok := e.byUser[user]
	if !ok {
		own = &userSlots{Weighted: semaphore.NewWeighted(userExports)}
		e.byUser[user] = own
	}
	own.users++
	return own
}

func (e *exports) leave(user string, own *userSlots) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if own.users--; own.users == 0 {
		delete(e.byUser, user)
	}
}

// inSlot yields the items of an export while it has a slot.
func inSlot[T any](ctx context.Context, e *exports, items iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		end, err := e.begin(ctx, owner(ctx))
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		defer end()
		items(yield)
	}
}
