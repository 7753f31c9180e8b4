package drawingtest

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sync"

	"onestroke/impl/drawing"
)

// Memory is a [drawing.Store] that lasts as long as the test does.
type Memory struct {
	mu       sync.Mutex
	drawings map[key]drawing.Record
}

type key struct{ owner, id string }

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{drawings: map[key]drawing.Record{}} }

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
	stored, found := m.drawings[key{owner, r.ID}]
	if !found || stored.ETag != etag {
		return drawing.ErrChanged
	}
	r.Share = stored.Share
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

func (m *Memory) Delete(ctx context.Context, owner, id string, p drawing.Precondition) error {
	defer m.lock()()
	if r, found := m.drawings[key{owner, id}]; found && !p.Allows(r.ETag) {
		return drawing.ErrChanged
	}
	delete(m.drawings, key{owner, id})
	return nil
}

func (m *Memory) List(ctx context.Context, owner string, after drawing.Position, limit int, thumbnails bool) ([]drawing.Summary, error) {
	list := []drawing.Summary{}
	for _, r := range slices.Backward(m.owned(owner)) {
		if after.ID != "" && oldestFirst(position(r), after) >= 0 || len(list) == limit {
			continue
		}
		if !thumbnails {
			r.Thumbnail = ""
		}
		list = append(list, r.Summary)
	}
	return list, nil
}

func (m *Memory) All(ctx context.Context, owner string) iter.Seq2[drawing.Record, error] {
	return func(yield func(drawing.Record, error) bool) {
		for _, r := range m.owned(owner) {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (m *Memory) DeleteAll(ctx context.Context, owner string) error {
	for _, r := range m.owned(owner) {
		if err := m.Delete(ctx, owner, r.ID, drawing.IfPresent()); err != nil {
			return err
		}
	}
	return nil
}

func (m *Memory) Admit(ctx context.Context, owner string, quota int) error {
	if len(m.owned(owner)) >= quota {
		return drawing.ErrQuota
	}
	return nil
}

func (m *Memory) Share(ctx context.Context, owner, id string, s drawing.Share) (drawing.Share, error) {
	defer m.lock()()
	r, found := m.drawings[key{owner, id}]
	if !found {
		return drawing.Share{}, drawing.ErrNotFound
	}
	if r.Share == (drawing.Share{}) {
		r.Share = s
		m.drawings[key{owner, id}] = r
	}
	return r.Share, nil
}

func (m *Memory) Unshare(ctx context.Context, owner, id string) error {
	defer m.lock()()
	if r, found := m.drawings[key{owner, id}]; found {
		r.Share = drawing.Share{}
		m.drawings[key{owner, id}] = r
	}
	return nil
}

func (m *Memory) FindShare(ctx context.Context, token string) (owner, id string, err error) {
	defer m.lock()()
	for k, r := range m.drawings {
		if r.Share.Token == token {
			return k.owner, k.id, nil
		}
	}
	return "", "", drawing.ErrNotFound
}

// owned returns the drawings of an owner, oldest first.
func (m *Memory) owned(owner string) (list []drawing.Record) {
	defer m.lock()()
	for k, r := range m.drawings {
		if k.owner == owner {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b drawing.Record) int { return oldestFirst(position(a), position(b)) })
	return list
}

func (m *Memory) lock() (unlock func()) {
	m.mu.Lock()
	return m.mu.Unlock
}

func position(r drawing.Record) drawing.Position {
	return drawing.Position{CreatedAt: r.CreatedAt, ID: r.ID}
}

func oldestFirst(a, b drawing.Position) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}
