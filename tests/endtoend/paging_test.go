package endtoend

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestPagesHaveEachDrawingOnceNewestFirst(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		caller := s.LogIn(t, service.NewUser())
		const count = 25
		want := make([]string, count)
		for i := range count {
			want[count-1-i] = create(t, caller, fmt.Sprint(i))
		}
		for limit, pages := range map[int]int{1: 25, 7: 4, 24: 2, 25: 1, 100: 1} {
			got, walked := walk(t, caller, limit, nil)
			if !slices.Equal(inOrder(got, want), want) || walked != pages {
				t.Errorf("limit %d: %d drawings on %d pages, want %d on %d: %v", limit, len(got), walked, count, pages, got)
			}
		}
		if byDefault := page(t, caller, ""); len(byDefault.Items) != 20 || byDefault.NextCursor == nil {
			t.Errorf("a page is %d drawings by default", len(byDefault.Items))
		}
	})
}

func TestPagesAreStableWhileDrawingsAreAddedAndDeleted(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		caller := s.LogIn(t, service.NewUser())
		var there, gone []string
		for i := range 12 {
			id := create(t, caller, fmt.Sprint(i))
			if i%3 == 1 {
				gone = append(gone, id)
				continue
			}
			there = append(there, id)
		}
		seen, _ := walk(t, caller, 2, func() {
			create(t, caller, "new")
			if len(gone) > 0 { // the oldest last: not seen yet, and the cursor may be at one of them
				caller.Do(t, http.MethodDelete, path(gone[len(gone)-1]), nil).Expect(t, http.StatusNoContent)
				gone = gone[:len(gone)-1]
			}
		})
		times := map[string]int{}
		for _, id := range seen {
			times[id]++
		}
		for _, id := range there {
			if times[id] != 1 {
				t.Errorf("a drawing that was there throughout was seen %d times", times[id])
			}
		}
		for id, n := range times {
			if n > 1 {
				t.Errorf("%s was seen %d times", id, n)
			}
		}
	})
}

func TestACursorGivesNoAccessToAnotherUsersDrawings(t *testing.T) {
	s := start(t)
	owner, otherUser := s.LogIn(t, service.NewUser()), s.LogIn(t, service.NewUser())
	for i := range 3 {
		create(t, owner, fmt.Sprint(i))
	}
	cursor := *page(t, owner, "?limit=1").NextCursor
	if got := page(t, otherUser, "?cursor="+cursor); len(got.Items) != 0 {
		t.Errorf("another user sees %v", got.Items)
	}
}

func create(t *testing.T, c service.Caller, title string) (id string) {
	t.Helper()
	id = newID()
	c.Do(t, http.MethodPut, path(id), oneStroke(title), creating()).Expect(t, http.StatusCreated)
	return id
}

// walk gets all pages and calls a function after each.
func walk(t *testing.T, c service.Caller, limit int, between func()) (ids []string, pages int) {
	t.Helper()
	query := fmt.Sprintf("?limit=%d", limit)
	for cursor := ""; ; pages++ {
		p := page(t, c, query+cursor)
		if len(p.Items) > limit {
			t.Fatalf("%d drawings on a page of %d", len(p.Items), limit)
		}
		for _, item := range p.Items {
			ids = append(ids, item.ID.String())
		}
		if p.NextCursor == nil {
			return ids, pages + 1
		}
		cursor = "&cursor=" + *p.NextCursor
		if between != nil {
			between()
		}
	}
}

func page(t *testing.T, c service.Caller, query string) (p gen.DrawingList) {
	t.Helper()
	answer := c.Do(t, http.MethodGet, "/v1/drawings"+query, nil)
	answer.Expect(t, http.StatusOK)
	answer.Decode(t, &p)
	for i := 1; i < len(p.Items); i++ {
		if p.Items[i].CreatedAt.After(p.Items[i-1].CreatedAt) {
			t.Errorf("an older drawing comes before a newer one")
		}
	}
	return p
}

// inOrder sorts ids in the order of want: drawings created in the same millisecond
// can be in any order.
func inOrder(ids, want []string) []string {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, func(a, b string) int { return slices.Index(want, a) - slices.Index(want, b) })
	return sorted
}
