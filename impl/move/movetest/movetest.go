// Package movetest holds what the mark of every [move.Target] must do.
package movetest

import (
	"context"
	"testing"

	"onestroke/impl/move"
)

// Target is what has such a mark.
type Target interface {
	move.Target
	Use(context.Context) error
}

// Run checks the mark of targets that have none yet, which open returns. At the end the
// mark of the last says that a service has used what the move "ID" wrote.
func Run(t *testing.T, open func() Target) {
	type step struct {
		does       string
		call       func(Target) (done bool, err error)
		id         string // then
		used, done bool
	}
	use := func(x Target) (bool, error) { return true, x.Use(t.Context()) }
	set := func(id string) func(Target) (bool, error) {
		return func(x Target) (bool, error) { return x.SetMoved(t.Context(), id) }
	}
	for _, steps := range [][]step{
		{{"use", use, "", true, true}, {"move", set("ID"), "", true, false}},
		{
			{"another move", set("another"), "another", false, true},
			{"move", set("ID"), "ID", false, true},
			{"use", use, "ID", true, true},
			{"move", set("ID"), "ID", true, false},
			{"another move", set("another"), "ID", true, false},
		},
	} {
		target := open()
		Marked(t, target, "", false)
		for _, s := range steps {
			for range 2 { // a call may be repeated
				if done, err := s.call(target); done != s.done || err != nil {
					t.Fatalf("%s: done: %t, %v", s.does, done, err)
				}
				Marked(t, target, s.id, s.used)
			}
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
