package moderationtest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"onestroke/impl/moderation"
)

// Memory is a [moderation.Store] that lasts as long as the test does. The zero value
// is empty.
type Memory struct {
	mu    sync.Mutex
	tasks map[moderation.Thing]moderation.Task
}

func (m *Memory) Task(ctx context.Context, t moderation.Thing) (moderation.Task, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tasks[t], nil
}

func (m *Memory) TaskOf(ctx context.Context, trace string) (found moderation.Task, err error) {
	for _, t := range m.sorted() {
		if trace != "" && t.Trace == trace {
			return t, nil
		}
	}
	return found, nil
}

func (m *Memory) DueTasks(ctx context.Context, at time.Time, limit int) (due []moderation.Task, err error) {
	for _, t := range m.sorted() {
		if t.Due > 0 && t.Due <= at.UnixMilli() && len(due) < limit {
			due = append(due, t)
		}
	}
	return due, nil
}

func (m *Memory) AwayTasks(_ context.Context, owners []string, at time.Time) (away []moderation.Task, err error) {
	for _, t := range m.sorted() {
		if slices.Contains(owners, t.Owner) && t.Due <= at.UnixMilli() {
			away = append(away, t)
		}
	}
	return away, nil
}

func (m *Memory) Tasks(ctx context.Context, after moderation.Thing, limit int) (found []moderation.Task, err error) {
	all := m.sorted()
	slices.SortFunc(all, func(a, b moderation.Task) int { return compare(a.Thing, b.Thing) })
	for _, t := range all {
		if compare(t.Thing, after) > 0 && len(found) < limit {
			found = append(found, t)
		}
	}
	return found, nil
}

func compare(a, b moderation.Thing) int {
	return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}

func (m *Memory) SwapTask(ctx context.Context, from, to moderation.Task) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tasks[from.Thing].Turn != from.Turn {
		return false, nil
	}
	if to.Turn == "" {
		delete(m.tasks, from.Thing)
		return true, nil
	}
	if m.tasks == nil {
		m.tasks = map[moderation.Thing]moderation.Task{}
	}
	m.tasks[from.Thing] = to
	return true, nil
}

// sorted returns all tasks, those due first in front.
func (m *Memory) sorted() (all []moderation.Task) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.tasks {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b moderation.Task) int { return cmp.Compare(a.Due, b.Due) })
	return all
}
