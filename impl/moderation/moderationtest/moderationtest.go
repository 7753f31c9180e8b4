// Package moderationtest holds what every [moderation.Store] must do.
package moderationtest

import (
	"cmp"
	"crypto/rand"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onestroke/impl/moderation"
)

// Run checks the store that open returns. It uses owners of its own and may run on a
// store that others use.
func Run(t *testing.T, open func(*testing.T) moderation.Store) {
	for name, holds := range map[string]func(*testing.T, moderation.Store){
		"a task comes back as it was written": comesBack,
		"a swap needs the task as it was":     swapCompares,
		"one of many swaps is done":           swappedOnce,
		"due tasks are found, oldest first":   due,
		"tasks that wait for their author":    away,
		"a task is found by its trace":        traced,
		"all tasks are found page by page":    pages,
	} {
		t.Run(name, func(t *testing.T) { holds(t, open(t)) })
	}
}

func newTask() moderation.Task {
	return moderation.Task{
		Thing: moderation.Thing{Kind: "drawing", Owner: rand.Text()[:22], ID: rand.Text()}, Turn: rand.Text(),
		Due: time.Now().UnixMilli() + 1_000_000, Version: "v/1", Trace: rand.Text(), Asked: 2, Fetched: true,
		Reports: []moderation.Report{{Reporter: "a", Reason: moderation.Abuse, Note: "一\"\n", At: 1 << 41}, {Reporter: "b", Reason: moderation.Other, At: 1<<41 + 1}},
	}
}

func comesBack(t *testing.T, s moderation.Store) {
	full := newTask()
	has(t, s, full.Thing, moderation.Task{})
	swap(t, s, moderation.Task{Thing: full.Thing}, full, true)
	has(t, s, full.Thing, full)
	for _, other := range []moderation.Thing{
		{Kind: "avatar", Owner: full.Owner, ID: full.ID}, {Kind: full.Kind, Owner: full.Owner, ID: "x"}, {Kind: full.Kind, Owner: "x", ID: full.ID},
	} {
		has(t, s, other, moderation.Task{})
	}
	bare := moderation.Task{Thing: full.Thing, Turn: rand.Text(), Due: full.Due + 1}
	swap(t, s, full, bare, true)
	has(t, s, full.Thing, bare)
	swap(t, s, bare, moderation.Task{Thing: full.Thing}, true)
	has(t, s, full.Thing, moderation.Task{})
}

func swapCompares(t *testing.T, s moderation.Store) {
	stored := newTask()
	none := moderation.Task{Thing: stored.Thing}
	swap(t, s, none, stored, true)
	next := stored
	next.Turn = rand.Text()
	for _, from := range []moderation.Task{none, next} {
		swap(t, s, from, next, false)
		swap(t, s, from, none, false)
	}
	has(t, s, stored.Thing, stored)
}

func swappedOnce(t *testing.T, s moderation.Store) {
	first := newTask()
	for _, from := range []moderation.Task{{Thing: first.Thing}, first} {
		var done atomic.Int32
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				to := first
				if from.Turn != "" || n > 0 {
					to.Turn = rand.Text()
				}
				swapped, err := s.SwapTask(t.Context(), from, to)
				if err != nil {
					t.Error(err)
				}
				if swapped {
					done.Add(1)
				}
			})
		}
		all.Wait()
		if n := done.Load(); n != 1 {
			t.Errorf("%d of many swaps were done, want one", n)
		}
		stored, err := s.Task(t.Context(), first.Thing)
		if err != nil {
			t.Fatal(err)
		}
		swap(t, s, stored, first, true)
	}
}

func due(t *testing.T, s moderation.Store) {
	longAgo := time.UnixMilli(1_000_000) // before the tasks of other tests
	var tasks []moderation.Task
	for n := range 4 {
		task := newTask()
		task.Due = longAgo.UnixMilli() - int64(n)
		swap(t, s, moderation.Task{Thing: task.Thing}, task, true)
		tasks = append([]moderation.Task{task}, tasks...)
	}
	waits, forPerson := newTask(), newTask()
	waits.Due, forPerson.Due = 0, moderation.ForPerson
	swap(t, s, moderation.Task{Thing: waits.Thing}, waits, true)
	swap(t, s, moderation.Task{Thing: forPerson.Thing}, forPerson, true)
	has(t, s, forPerson.Thing, forPerson)
	for limit, want := range map[int][]moderation.Task{1: tasks[:1], 3: tasks[:3], 4: tasks} {
		if got, err := s.DueTasks(t.Context(), longAgo, limit); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("due are %+v, %v, want %+v", got, err, want)
		}
	}
	if got, err := s.DueTasks(t.Context(), longAgo.Add(-time.Millisecond), 4); err != nil || len(got) != 3 {
		t.Errorf("a millisecond earlier, %d are due, %v", len(got), err)
	}
	for _, task := range tasks {
		swap(t, s, task, moderation.Task{Thing: task.Thing}, true)
	}
	swap(t, s, waits, moderation.Task{Thing: waits.Thing}, true)
	swap(t, s, forPerson, moderation.Task{Thing: forPerson.Thing}, true)
}

func away(t *testing.T, s moderation.Store) {
	task, soon, other := newTask(), newTask(), newTask()
	task.Due, soon.Owner, other.Owner = 0, task.Owner, task.Owner
	soon.Due -= 1
	for _, stored := range []moderation.Task{task, soon, other} {
		swap(t, s, moderation.Task{Thing: stored.Thing}, stored, true)
	}
	for at, want := range map[int64][]moderation.Task{soon.Due - 1: {task}, soon.Due: {task, soon}} {
		got, err := s.AwayTasks(t.Context(), []string{"nobody", task.Owner}, time.UnixMilli(at))
		slices.SortFunc(got, func(a, b moderation.Task) int { return cmp.Compare(a.Due, b.Due) })
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v wait, want %+v", got, err, want)
		}
	}
	if got, err := s.AwayTasks(t.Context(), []string{"nobody"}, time.UnixMilli(other.Due)); err != nil || len(got) != 0 {
		t.Errorf("of nobody wait %+v, %v", got, err)
	}
}

func pages(t *testing.T, s moderation.Store) {
	first := newTask()
	want := []moderation.Task{first, newTask(), newTask(), newTask()}
	want[1].Kind, want[1].Owner, want[1].ID = "drawing", first.Owner, "~"
	want[2].Kind, want[2].Owner = "nickname", first.Owner
	want[3].Owner = first.Owner + "x"
	for _, task := range want {
		swap(t, s, moderation.Task{Thing: task.Thing}, task, true)
	}
	after := first.Thing
	after.ID = "" // others may use the store, so what is before and behind is not known
	for limit := 1; limit <= 3; limit++ {
		var got []moderation.Task
		for at := after; len(got) < len(want); at = got[len(got)-1].Thing {
			page, err := s.Tasks(t.Context(), at, limit)
			if err != nil || len(page) == 0 || len(page) > limit {
				t.Fatalf("a page of %d has %d tasks, %v", limit, len(page), err)
			}
			got = append(got, page...)
		}
		if got = got[:len(want)]; !reflect.DeepEqual(got, want) {
			t.Errorf("pages of %d have %+v, want %+v", limit, got, want)
		}
	}
	found := map[moderation.Thing]moderation.Task{}
	for task, err := range moderation.AllTasks(t.Context(), s) {
		if err != nil {
			t.Fatal(err)
		}
		found[task.Thing] = task
	}
	for _, task := range want {
		if !reflect.DeepEqual(found[task.Thing], task) {
			t.Errorf("of all tasks, %+v is %+v", task, found[task.Thing])
		}
		swap(t, s, task, moderation.Task{Thing: task.Thing}, true)
	}
}

func traced(t *testing.T, s moderation.Store) {
	task, without := newTask(), newTask()
	without.Trace = ""
	swap(t, s, moderation.Task{Thing: task.Thing}, task, true)
	swap(t, s, moderation.Task{Thing: without.Thing}, without, true)
	for trace, want := range map[string]moderation.Task{task.Trace: task, "": {}, "x": {}} {
		if got, err := s.TaskOf(t.Context(), trace); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("trace %q is of %+v, %v, want %+v", trace, got, err, want)
		}
	}
}

func has(t *testing.T, s moderation.Store, thing moderation.Thing, want moderation.Task) {
	t.Helper()
	if got, err := s.Task(t.Context(), thing); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the task is %+v, %v, want %+v", got, err, want)
	}
}

func swap(t *testing.T, s moderation.Store, from, to moderation.Task, want bool) {
	t.Helper()
	if done, err := s.SwapTask(t.Context(), from, to); err != nil || done != want {
		t.Errorf("swapped %+v for %+v: %v, %v, want %v", from, to, done, err, want)
	}
}
