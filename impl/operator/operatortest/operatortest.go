// Package operatortest holds what every [operator.Store] must do.
package operatortest

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"

	"onestroke/impl/operator"
)

// Run checks the store that open returns. It uses users of its own and may run on a
// store that others use.
func Run(t *testing.T, open func(*testing.T) operator.Store) {
	for name, holds := range map[string]func(*testing.T, operator.Store){
		"a suspension comes back until it is removed": suspensions,
		"suspensions are found page by page":          pages,
		"an entry is replaced by one with its ID":     entries,
		"the trail is read from its end":              trail,
	} {
		t.Run(name, func(t *testing.T) { holds(t, open(t)) })
	}
}

func newUser() string { return rand.Text()[:22] }

func suspensions(t *testing.T, s operator.Store) {
	full := operator.Suspension{User: newUser(), At: 1 << 41, By: "小明", Note: "一\"\n"}
	suspended(t, s, full.User, operator.Suspension{})
	for _, want := range []operator.Suspension{full, {User: full.User, At: 7, By: "another"}} {
		for range 2 {
			if err := s.PutSuspension(t.Context(), want); err != nil {
				t.Fatal(err)
			}
			suspended(t, s, full.User, want)
		}
	}
	suspended(t, s, newUser(), operator.Suspension{})
	for range 2 {
		if err := s.RemoveSuspension(t.Context(), full.User); err != nil {
			t.Fatal(err)
		}
		suspended(t, s, full.User, operator.Suspension{})
	}
}

func suspended(t *testing.T, s operator.Store, user string, want operator.Suspension) {
	t.Helper()
	if got, err := s.Suspension(t.Context(), user); err != nil || got != want {
		t.Errorf("the suspension is %+v, %v, want %+v", got, err, want)
	}
}

func pages(t *testing.T, s operator.Store) {
	first := newUser()[:20]
	var want []operator.Suspension
	for n := range 5 {
		x := operator.Suspension{User: fmt.Sprintf("%s0%d", first, n), At: int64(n), By: "a", Note: "b"}
		want = append(want, x)
		if err := s.PutSuspension(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	for limit := 1; limit <= 5; limit++ {
		var got []operator.Suspension
		for after := first; len(got) < len(want); after = got[len(got)-1].User {
			page, err := s.Suspensions(t.Context(), after, limit)
			if err != nil || len(page) == 0 || len(page) > limit {
				t.Fatalf("a page of %d has %d suspensions, %v", limit, len(page), err)
			}
			got = append(got, page...)
		}
		if got = got[:len(want)]; !slices.Equal(got, want) {
			t.Errorf("pages of %d have %+v, want %+v", limit, got, want)
		}
	}
	all, err := s.Suspensions(t.Context(), "", 100_000)
	if err != nil || !slices.IsSortedFunc(all, func(a, b operator.Suspension) int {
		if a.User < b.User {
			return -1
		}
		return 1
	}) {
		t.Errorf("all are %+v, %v", all, err)
	}
	for _, x := range want {
		if !slices.Contains(all, x) {
			t.Errorf("%+v is missing", x)
		}
		if err := s.RemoveSuspension(t.Context(), x.User); err != nil {
			t.Fatal(err)
		}
	}
}

func entries(t *testing.T, s operator.Store) {
	full := operator.Entry{
		ID: "~" + rand.Text(), At: 1 << 41, By: "小明", Note: "一\"\n", Action: operator.Refuse, User: newUser(), Kind: "drawing", Thing: "x",
		Version: "v/1", Reason: "abuse", Outcome: operator.Unknown,
	}
	settled := full
	settled.Outcome = operator.Done
	for _, want := range []operator.Entry{full, settled, {ID: full.ID}} {
		if err := s.PutEntry(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, err := s.Entries(t.Context(), full.ID+"~", 1)
		if err != nil || !slices.Equal(got, []operator.Entry{want}) {
			t.Errorf("the entry is %+v, %v, want %+v", got, err, want)
		}
	}
}

func trail(t *testing.T, s operator.Store) {
	begin := "~~" + rand.Text() // behind those of other tests
	var want []operator.Entry
	for n := range 5 {
		e := operator.Entry{ID: fmt.Sprintf("%s%d", begin, n), At: int64(n)}
		want = append([]operator.Entry{e}, want...)
		if err := s.PutEntry(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for limit := 1; limit <= 5; limit++ {
		var got []operator.Entry
		for before := begin + "~"; len(got) < len(want); before = got[len(got)-1].ID {
			page, err := s.Entries(t.Context(), before, limit)
			if err != nil || len(page) == 0 || len(page) > limit {
				t.Fatalf("a page of %d has %d entries, %v", limit, len(page), err)
			}
			got = append(got, page...)
		}
		if got = got[:len(want)]; !slices.Equal(got, want) {
			t.Errorf("pages of %d have %+v, want %+v", limit, got, want)
		}
	}
	newest, err := s.Entries(t.Context(), "", 3)
	if err != nil || len(newest) != 3 || newest[0].ID < want[0].ID || newest[1].ID > newest[0].ID || newest[2].ID > newest[1].ID {
		t.Errorf("the newest are %+v, %v", newest, err)
	}
}
