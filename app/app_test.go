package app

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"onestroke/impl/config"
)

// Someone who empties the database removes the note that a service uses it.
func TestTheUseOfADatabaseIsNotedAgain(t *testing.T) {
	away := errors.New("away")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var used, prepared []time.Duration // when, since the start
		begun := time.Now()
		database := Database{
			Name: "test",
			Use: func(context.Context) error {
				used = append(used, time.Since(begun))
				if n := len(used); n < 3 || n == 4 {
					return away
				}
				return nil
			},
			Prepare: func(context.Context) error {
				prepared = append(prepared, time.Since(begun))
				return nil
			},
		}
		if err := use(ctx, database, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3*useEvery + 3*retryUse)
		synctest.Wait()
		want := []time.Duration{0, retryUse, 2 * retryUse, 2*retryUse + useEvery, 2*retryUse + 2*useEvery, 2*retryUse + 3*useEvery}
		if len(used) != len(want) {
			t.Fatalf("used at %v, want %v", used, want)
		}
		for i := range want {
			if used[i] != want[i] {
				t.Errorf("used at %v, want %v", used, want)
			}
		}
		if len(prepared) != 1 {
			t.Errorf("prepared at %v", prepared)
		}
	})
}

func TestADatabaseThatMayNotBeUsedEndsTheStart(t *testing.T) {
	forbidden := Database{Use: func(context.Context) error { return &config.Error{Variable: "REDIS_URL", Problem: "is wrong"} }}
	if err := use(t.Context(), forbidden, slog.New(slog.DiscardHandler)); err == nil || err.Error() != "REDIS_URL is wrong" {
		t.Errorf("got %v", err)
	}
}
