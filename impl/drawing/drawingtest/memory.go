package drawingtest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"onestroke/impl/drawing"
)

// Memory is a [drawing.Store] that lasts as long as the test does.
type Memory struct {
	mu       sync.Mutex
	drawings map[key]drawing.Record
	paints   map[key]paint
}

type key struct{ owner, id string }

type paint struct {
	drawing.Paint
	createdAt time.Time
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{drawings: map[key]drawing.Record{}, paints: map[key]paint{}}
}

func (m *Memory) Insert(ctx context.Context, owner string, r drawing.Record) error {
	defer m.lock()()
	if _, taken := m.drawings[key{owner, r.ID}]; taken {
		return drawing.ErrChanged
	}
	m.drawings[key{owner, r.ID}] = r
	return nil
}

func (m *Memory) Replace(ctx context.Context, owner, etag string, r drawing.Record) error {
	defer m.lock()()
	if stored, found := m.drawings[key{owner, r.ID}]; !found || stored.ETag != etag {
		return drawing.ErrChanged
	}
	m.drawings[key{owner, r.ID}] = r
	return nil
}

func (m *Memory) Get(ctx context.Context, owner, id string) (drawing.Record, error) {
	defer m.lock()()
	r, found := m.drawings[key{owner, id}]
	if !found {
		return drawing.Record{}, drawing.ErrNotFound
	}
	return r, nil
}

func (m *Memory) Delete(ctx context.Context, owner, id string) error {
	defer m.lock()()
	delete(m.drawings, key{owner, id})
	return nil
}

func (m *Memory) List(ctx context.Context, owner string, after drawing.Position, limit int) ([]drawing.Summary, error) {
	defer m.lock()()
	list := []drawing.Summary{}
	for k, r := range m.drawings {
		at := drawing.Position{CreatedAt: r.CreatedAt, ID: r.ID}
		if k.owner == owner && (after.ID == "" || newestFirst(after, at) < 0) {
			list = append(list, r.Summary)
		}
	}
	slices.SortFunc(list, func(a, b drawing.Summary) int {
		return newestFirst(drawing.Position{CreatedAt: a.CreatedAt, ID: a.ID}, drawing.Position{CreatedAt: b.CreatedAt, ID: b.ID})
	})
	return list[:min(limit, len(list))], nil
}

func (m *Memory) Paints(ctx context.Context, owner string) ([]drawing.Paint, error) {
	defer m.lock()()
	var kept []paint
	for k, p := range m.paints {
		if k.owner == owner {
			kept = append(kept, p)
		}
	}
	slices.SortFunc(kept, func(a, b paint) int {
		return cmp.Or(a.createdAt.Compare(b.createdAt), cmp.Compare(a.ID, b.ID))
	})
	list := make([]drawing.Paint, len(kept))
	for i, p := range kept {
		list[i] = p.Paint
	}
	return list, nil
}

func (m *Memory) SavePaint(ctx context.Context, owner string, p drawing.Paint, now time.Time) error {
	defer m.lock()()
	if stored, found := m.paints[key{owner, p.ID}]; found {
		now = stored.createdAt
	}
	m.paints[key{owner, p.ID}] = paint{p, now}
	return nil
}

func (m *Memory) DeletePaint(ctx context.Context, owner, id string) error {
	defer m.lock()()
	delete(m.paints, key{owner, id})
	return nil
}

func (m *Memory) lock() (unlock func()) {
	m.mu.Lock()
	return m.mu.Unlock
}

func newestFirst(a, b drawing.Position) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
}
