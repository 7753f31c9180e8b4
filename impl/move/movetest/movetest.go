// Package movetest holds what the mark of every [move.Target] must do.
package movetest

import (
	"context"
	"testing"

	"onestroke/impl/move"
)

// Run checks the mark of a target that has none yet. At the end it says that a service
// has used what the move "ID" wrote.
func Run(t *testing.T, target interface {
	move.Target
	Use(context.Context) error
},
) {
	Marked(t, target, "", false)
	use := func() error { return target.Use(t.Context()) }
	for _, do := range []struct {
		call func() error
		id   string
		used bool
	}{
		{use, "", true},
		{func() error { return target.SetMoved(t.Context(), "ID") }, "ID", false},
		{use, "ID", true},
	} {
		for range 2 { // a call may be repeated
			if err := do.call(); err != nil {
				t.Fatal(err)
			}
			Marked(t, target, do.id, do.used)
		}
	}
}

// Marked checks what the mark of a target says.
func Marked(t *testing.T, target move.Target, wantID string, wantUsed bool) {
	t.Helper()
	if id, used, err := target.Moved(t.Context()); id != wantID || used != wantUsed || err != nil {
		t.Errorf("got %q, used: %t, %v; want %q, %t", id, used, err, wantID, wantUsed)
	}
}
