package move

import (
	"context"
	"errors"
	"time"

	"onestroke/impl/gallery"
	"onestroke/impl/session"
)

const (
	// patience is for how long what a target cannot do is tried again.
	patience = time.Minute
	// pauseMin and pauseMax are the first and the longest pause between two tries.
	pauseMin, pauseMax = 50 * time.Millisecond, 5 * time.Second
)

// again repeats do for as long as a store is unavailable: it does not answer in time,
// or another of its servers is taking over. What do did before may have been done.
func again(ctx context.Context, do func() error) error {
	begun := time.Now()
	err := do()
	for pause := pauseMin; unavailable(err) && ctx.Err() == nil && time.Since(begun) < patience; pause = min(2*pause, pauseMax) {
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			err = do()
		}
	}
	return err
}

func unavailable(err error) bool {
	return errors.Is(err, session.ErrUnavailable) || errors.Is(err, gallery.ErrUnavailable)
}
