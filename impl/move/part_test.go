package move

import (
	"context"
	"strings"
	"testing"

	"onestroke/impl/sqlitestore"
)

// target is the mark of a target, and whether there is anything else.
type target struct {
	id    string
	used  bool
	full  bool
	clear int // how often it was made empty

	looked func() // called when a move has looked at it; may be nil
}

func (x *target) Moved(context.Context) (string, bool, error) { return x.id, x.used, nil }

func (x *target) SetMoved(_ context.Context, id string) (bool, error) {
	if !x.used {
		x.id = id
	}
	return !x.used, nil
}

func (x *target) IsEmpty(context.Context) (bool, error) {
	if x.looked != nil {
		defer x.looked()
	}
	return !x.full, nil
}

func (x *target) Clear(context.Context) error {
	x.full = false
	x.clear++
	return nil
}

// What happens on a target between the steps of a move, and what the move says then.
func TestATargetThatIsUsedIsNotReplaced(t *testing.T) {
	for name, test := range map[string]struct {
		before func(*target) // the first move
		during func(*target) // the first move
		end    string        // what its end says; empty if it is good
		after  func(*target) // before the move is repeated
		again  string        // what the repeated move says; empty if it begins anew
	}{
		"never":                                {},
		"before":                               {before: func(x *target) { x.used = true }, again: "may still run"},
		"before, with data":                    {before: func(x *target) { x.used, x.full = true, true }, again: "is not empty"},
		"during":                               {during: func(x *target) { x.used = true }, end: "a service has used the target", again: "a service has used"},
		"during, by another move":              {during: func(x *target) { x.id = "another" }, end: "another move wrote to the target", again: "is not empty"},
		"after":                                {after: func(x *target) { x.used = true }, again: "a service has used"},
		"after, and everything deleted there":  {after: func(x *target) { x.used, x.full = true, false }, again: "may still run"},
		"after, and the target emptied before": {after: func(x *target) { *x = target{used: true} }, again: "may still run"},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := sqlitestore.Open(t.TempDir(), sqlitestore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			x := &target{}
			parts := []Part{{Name: sqlitestore.DrawingsPart, Target: x, Shown: "the target", Variable: "THE_TARGET", Mark: "the mark"}}
			says := func(err error, want string) {
				t.Helper()
				if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if test.before != nil {
				test.before(x)
				_, err := Begin(t.Context(), db, parts)
				says(err, test.again)
				return
			}
			moves, err := Begin(t.Context(), db, parts)
			if err != nil {
				t.Fatal(err)
			}
			x.full = true
			if test.during != nil {
				test.during(x)
			}
			says(End(t.Context(), db, parts, moves), test.end)
			if m, err := db.Move(t.Context(), sqlitestore.DrawingsPart); m.Ended() != (test.end == "") || err != nil {
				t.Errorf("the file notes %+v, %v", m, err)
			}

			noted := sqlitestore.Move{Part: sqlitestore.DrawingsPart, ID: moves[0].ID} // as --back-to-file does
			if err := db.NoteMoves(t.Context(), noted); err != nil {
				t.Fatal(err)
			}
			if test.after != nil {
				test.after(x)
			}
			_, err = Begin(t.Context(), db, parts)
			says(err, test.again)
			if cleared := x.clear > 0; cleared != (test.again == "") {
				t.Errorf("it was made empty %d times", x.clear)
			}
		})
	}
}

// A service notes its use after the move found the target unused, and stores something.
func TestAServiceThatStartsWhenAMoveBeginsKeepsItsData(t *testing.T) {
	for name, interrupted := range map[string]bool{"the first move": false, "a repeated move": true} {
		t.Run(name, func(t *testing.T) {
			db, err := sqlitestore.Open(t.TempDir(), sqlitestore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			first, second := &target{}, &target{}
			parts := []Part{{Name: sqlitestore.SessionsPart, Target: first, Shown: "the first"}, {Name: sqlitestore.DrawingsPart, Target: second, Shown: "the second"}}
			if interrupted {
				if _, err := Begin(t.Context(), db, parts); err != nil {
					t.Fatal(err)
				}
				first.full, second.full = true, true
			}
			second.looked = func() { second.used, second.full = true, true }
			for _, want := range []string{"a service has used the second since", "the second"} { // the second time, it is seen at once
				if _, err := Begin(t.Context(), db, parts); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
				if !second.used || !second.full || first.clear+second.clear > 0 {
					t.Errorf("the first is %+v, the second %+v", first, second)
				}
			}
		})
	}
}
