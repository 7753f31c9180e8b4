package operatortest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"onestroke/impl/operator"
)

// Memory is an [operator.Store] that lasts as long as the test does. The zero value is
// empty.
type Memory struct {
	mu          sync.Mutex
	suspensions map[string]operator.Suspension
	entries     map[string]operator.Entry
}

func (m *Memory) Suspension(_ context.Context, user string) (operator.Suspension, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.suspensions[user], nil
}

func (m *Memory) PutSuspension(_ context.Context, s operator.Suspension) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.suspensions == nil {
		m.suspensions = map[string]operator.Suspension{}
	}
	m.suspensions[s.User] = s
	return nil
}

func (m *Memory) RemoveSuspension(_ context.Context, user string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.suspensions, user)
	return nil
}

func (m *Memory) Suspensions(_ context.Context, after string, limit int) ([]operator.Suspension, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.SortedFunc(maps.Values(m.suspensions), func(a, b operator.Suspension) int { return cmp.Compare(a.User, b.User) })
	all = slices.DeleteFunc(all, func(s operator.Suspension) bool { return s.User <= after })
	return all[:min(limit, len(all))], nil
}

func (m *Memory) PutEntry(_ context.Context, e operator.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil {
		m.entries = map[string]operator.Entry{}
	}
	m.entries[e.ID] = e
	return nil
}

func (m *Memory) Entries(_ context.Context, before string, limit int) ([]operator.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.SortedFunc(maps.Values(m.entries), func(a, b operator.Entry) int { return cmp.Compare(b.ID, a.ID) })
	all = slices.DeleteFunc(all, func(e operator.Entry) bool { return before != "" && e.ID >= before })
	return all[:min(limit, len(all))], nil
}
