package move

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"onestroke/impl/gallery"
	"onestroke/impl/session"
)

func TestWhatIsUnavailableIsTriedAgainForAMinute(t *testing.T) {
	other := errors.New("another error")
	away := fmt.Errorf("write: %w", gallery.ErrUnavailable)
	for name, test := range map[string]struct {
		errs     []error // of one try after the other; the last is that of all others, too
		want     error
		min, max time.Duration
	}{
		"done":                     {[]error{nil}, nil, 0, 0},
		"done at the third try":    {[]error{away, fmt.Errorf("read: %w", session.ErrUnavailable), nil}, nil, 0, time.Second},
		"another error":            {[]error{other}, other, 0, 0},
		"another error afterwards": {[]error{away, other}, other, 0, time.Second},
		"never done":               {[]error{away}, gallery.ErrUnavailable, patience, patience + pauseMax},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun, tries := time.Now(), 0
				err := again(t.Context(), func() error {
					err := test.errs[min(tries, len(test.errs)-1)]
					tries++
					return err
				})
				took := time.Since(begun)
				if !errors.Is(err, test.want) || took < test.min || took > test.max {
					t.Errorf("%v after %s and %d tries", err, took, tries)
				}
			})
		})
	}
}

func TestAnInterruptedMoveDoesNotTryAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		tries := 0
		err := again(ctx, func() error {
			tries++
			cancel()
			return gallery.ErrUnavailable
		})
		if err == nil || tries != 1 {
			t.Errorf("%v after %d tries", err, tries)
		}
	})
}
