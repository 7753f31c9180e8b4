package gallery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	maxAttempts = 20
	firstPause  = 5 * time.Millisecond // upper bound of the first pause; doubles each time
	maxPause    = 200 * time.Millisecond
)

// Backoff waits a random time before the next attempt after a conflict with
// another writer. Attempts are counted from 1. It returns an error when it was
// the last attempt: [ErrUnavailable], wrapped, or the caller's own
// context.Canceled.
func Backoff(ctx context.Context, attempt int) error {
	if attempt >= maxAttempts {
		return fmt.Errorf("%w: %d attempts", ErrUnavailable, attempt)
	}
	longest := min(firstPause<<(attempt-1), maxPause)
	select {
	case <-time.After(rand.N(longest)):
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return context.Canceled
		}
		return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}
