package sessiontest

import (
	"crypto/rand"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onestroke/impl/session"
)

// RunNotes checks the notes that open returns. Each call of it may be for a replica
// of its own, but all of them share their notes.
func RunNotes(t *testing.T, open func(*testing.T) session.Notes) {
	for name, holds := range map[string]func(t *testing.T, a, b session.Notes){
		"a note is there for every replica":   noteComesBack,
		"a swap needs the note as it was":     swapCompares,
		"a note ends":                         noteEnds,
		"one of many swaps at a time is done": swappedOnce,
	} {
		t.Run(name, func(t *testing.T) { holds(t, open(t), open(t)) })
	}
}

func noteComesBack(t *testing.T, a, b session.Notes) {
	name := rand.Text()
	hasNote(t, a, name, "")
	last := ""
	for _, value := range []string{"x", "\x00\xff binary '\"\n", strings.Repeat("long", 1_000)} {
		swapNote(t, a, name, last, value, time.Hour, true)
		hasNote(t, b, name, value)
		hasNote(t, b, name+"x", "")
		last = value
	}
	swapNote(t, b, name, last, "", time.Hour, true)
	hasNote(t, a, name, "")
	swapNote(t, a, name, "", "", time.Hour, true)
}

func swapCompares(t *testing.T, a, b session.Notes) {
	name := rand.Text()
	swapNote(t, a, name, "other", "x", time.Hour, false)
	hasNote(t, a, name, "")
	swapNote(t, a, name, "", "x", time.Hour, true)
	for _, from := range []string{"", "X", "x ", "xx"} {
		swapNote(t, b, name, from, "y", time.Hour, false)
		swapNote(t, b, name, from, "", time.Hour, false)
	}
	hasNote(t, b, name, "x")
}

func noteEnds(t *testing.T, a, b session.Notes) {
	name := rand.Text()
	swapNote(t, a, name, "", "x", time.Hour, true)
	swapNote(t, a, name, "x", "y", 50*time.Millisecond, true)
	for deadline := time.Now().Add(10 * time.Second); ; {
		value, err := b.Note(t.Context(), name)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("the note is %q, %v", value, err)
		}
		if value == "" {
			break
		}
	}
	swapNote(t, b, name, "", "z", time.Hour, true)
}

func swappedOnce(t *testing.T, a, b session.Notes) {
	name := rand.Text()
	var done atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		for _, notes := range []session.Notes{a, b} {
			all.Go(func() {
				swapped, err := notes.SwapNote(t.Context(), name, "", rand.Text(), time.Hour)
				if err != nil {
					t.Error(err)
				}
				if swapped {
					done.Add(1)
				}
			})
		}
	}
	all.Wait()
	if n := done.Load(); n != 1 {
		t.Errorf("%d of many swaps were done, want one", n)
	}
}

func hasNote(t *testing.T, n session.Notes, name, want string) {
	t.Helper()
	if value, err := n.Note(t.Context(), name); err != nil || value != want {
		t.Errorf("the note is %.100q, %v, want %.100q", value, err, want)
	}
}

func swapNote(t *testing.T, n session.Notes, name, from, to string, hold time.Duration, want bool) {
	t.Helper()
	if done, err := n.SwapNote(t.Context(), name, from, to, hold); err != nil || done != want {
		t.Errorf("swapped %.100q for %.100q: %v, %v, want %v", from, to, done, err, want)
	}
}
