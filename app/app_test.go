package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"onestroke/impl/config"
	"onestroke/impl/gallery"
	"onestroke/impl/session"
)

// Someone who empties the database removes the note that a service uses it.
func TestTheUseOfADatabaseIsNotedAgain(t *testing.T) {
	away := fmt.Errorf("away: %w", gallery.ErrUnavailable)
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
		if err := useAll(ctx, []Database{database}, slog.New(slog.DiscardHandler)); err != nil {
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

var errForbidden = &config.Error{Variable: "REDIS_URL", Problem: "is wrong"}

// Another database, whose use was noted before, is not used any more.
func TestADatabaseThatMayNotBeUsedEndsTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
		used := 0
		databases := []Database{
			{Use: func(context.Context) error { used++; return nil }},
			{Use: func(context.Context) error { return errForbidden }},
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if err := useAll(ctx, databases, slog.New(slog.DiscardHandler)); err == nil || err.Error() != "REDIS_URL is wrong" {
			t.Errorf("got %v", err)
		}
		time.Sleep(2 * useEvery)
		if used != 1 {
			t.Errorf("used %d times", used)
		}
	})
}

// What the database refuses after it did not answer at the start, it refuses for long.
func TestARefusalThatComesLateIsSaidEveryMinute(t *testing.T) {
	for name, test := range map[string]struct {
		refusal error
		level   string
	}{
		"a right that is missing": {errForbidden, "ERROR"},
		"anything else":           {errors.New("refused"), "WARN"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				tries, text := 0, &bytes.Buffer{}
				database := Database{Name: "test", Use: func(context.Context) error {
					if tries++; tries == 1 {
						return session.ErrUnavailable
					}
					return test.refusal
				}}
				if err := useAll(ctx, []Database{database}, slog.New(slog.NewTextHandler(text, nil))); err != nil {
					t.Fatal(err)
				}
				time.Sleep(retryUse + 3*useEvery - time.Second)
				synctest.Wait()
				lines := strings.Split(strings.TrimSpace(text.String()), "\n")
				if len(lines) != 4 || tries != 4 {
					t.Fatalf("%d tries, and in the log:\n%s", tries, text)
				}
				for _, line := range lines[1:] { // after the one that says that there was no answer
					if !strings.Contains(line, "level="+test.level) || !strings.Contains(line, test.refusal.Error()) {
						t.Errorf("got %s", line)
					}
				}
			})
		})
	}
}

// A signal may come when all is copied, and noted as moved.
func TestAMoveThatWasInterruptedAfterItsEndIsDone(t *testing.T) {
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	if err := advised(interrupted, nil); err != nil {
		t.Error(err)
	}
	if err := advised(interrupted, gallery.ErrUnavailable); err == nil || !strings.HasPrefix(err.Error(), "interrupted; ") {
		t.Error(err)
	}
}
