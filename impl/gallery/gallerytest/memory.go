package gallerytest

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"slices"
	"sync"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/moderation/moderationtest"
	"onestroke/impl/operator/operatortest"
	"onestroke/impl/profile/profiletest"
)

// Memory is a [gallery.Store], a [moderation.Store], a profile.Store and an
// operator.Store that lasts as long as the test does.
type Memory struct {
	moderationtest.Memory
	profiles
	operators
	mu       sync.Mutex
	drawings map[key]gallery.Record
	tallies  map[string]gallery.Tally
	codes    map[string][]byte // by token
}

type (
	profiles  = profiletest.Memory
	operators = operatortest.Memory
)

type key struct {
	owner string
	id    drawing.ID
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{drawings: map[key]gallery.Record{}, tallies: map[string]gallery.Tally{}, codes: map[string][]byte{}}
}

// Prepare has nothing to do.
func (m *Memory) Prepare(context.Context) error { return nil }

func (m *Memory) Insert(ctx context.Context, owner string, r gallery.Record) error {
	defer m.lock()()
	if _, taken := m.drawings[key{owner, r.ID}]; taken {
		return gallery.ErrChanged
	}
	m.drawings[key{owner, r.ID}] = r
	return nil
}

func (m *Memory) Replace(ctx context.Context, owner, etag string, r gallery.Record) error {
	defer m.lock()()
	stored, found := m.drawings[key{owner, r.ID}]
	if !found || stored.ETag != etag {
		return gallery.ErrChanged
	}
	r.Share, r.Check = stored.Share, stored.Check
	m.drawings[key{owner, r.ID}] = r
	return nil
}

func (m *Memory) Get(ctx context.Context, owner string, id drawing.ID) (gallery.Record, error) {
	defer m.lock()()
	r, found := m.drawings[key{owner, id}]
	if !found {
		return gallery.Record{}, gallery.ErrNotFound
	}
	return r, nil
}

func (m *Memory) Delete(ctx context.Context, owner string, id drawing.ID, p gallery.Precondition) error {
	defer m.lock()()
	if r, found := m.drawings[key{owner, id}]; found && !p.Allows(r.ETag) {
		return gallery.ErrChanged
	}
	delete(m.drawings, key{owner, id})
	return nil
}

func (m *Memory) List(ctx context.Context, owner string, after gallery.Position, limit int, thumbnails bool) ([]gallery.Summary, error) {
	list := []gallery.Summary{}
	for _, r := range slices.Backward(m.owned(owner)) {
		if after != (gallery.Position{}) && oldestFirst(position(r), after) >= 0 || len(list) == limit {
			continue
		}
		if !thumbnails {
			r.Thumbnail = ""
		}
		list = append(list, r.Summary)
	}
	return list, nil
}

func (m *Memory) All(ctx context.Context, owner string) iter.Seq2[gallery.Record, error] {
	return func(yield func(gallery.Record, error) bool) {
		for _, r := range m.owned(owner) {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (m *Memory) DeleteAll(ctx context.Context, owner string) error {
	for _, r := range m.owned(owner) {
		if err := m.Delete(ctx, owner, r.ID, gallery.IfPresent()); err != nil {
			return err
		}
	}
	defer m.lock()()
	delete(m.tallies, owner)
	return nil
}

func (m *Memory) Count(ctx context.Context, owner string, limit int) (int, error) {
	return min(len(m.owned(owner)), limit), nil
}

func (m *Memory) Admit(ctx context.Context, owner string, n, limit int) (bool, error) {
	defer m.lock()()
	t, found := m.tallies[owner]
	if !found || t.Admitted+n > limit {
		return false, nil
	}
	t.Admitted += n
	m.tallies[owner] = t
	return true, nil
}

func (m *Memory) Tally(ctx context.Context, owner string) (gallery.Tally, error) {
	defer m.lock()()
	return m.tallies[owner], nil
}

func (m *Memory) Recount(ctx context.Context, owner string, from gallery.Tally, admitted int) (bool, error) {
	defer m.lock()()
	if m.tallies[owner] != from {
		return false, nil
	}
	m.tallies[owner] = gallery.Tally{Admitted: admitted, Recounts: from.Recounts + 1}
	return true, nil
}

func (m *Memory) Share(ctx context.Context, owner string, id drawing.ID, s gallery.Share) (gallery.Share, error) {
	defer m.lock()()
	r, found := m.drawings[key{owner, id}]
	if !found {
		return gallery.Share{}, gallery.ErrNotFound
	}
	if r.Share == (gallery.Share{}) {
		r.Share = s
		m.drawings[key{owner, id}] = r
	}
	return r.Share, nil
}

func (m *Memory) Unshare(ctx context.Context, owner string, id drawing.ID) error {
	defer m.lock()()
	if r, found := m.drawings[key{owner, id}]; found {
		r.Share = gallery.Share{}
		m.drawings[key{owner, id}] = r
	}
	return nil
}

func (m *Memory) FindShare(ctx context.Context, token string) (owner string, id drawing.ID, err error) {
	defer m.lock()()
	for k, r := range m.drawings {
		if r.Share.Token == token {
			return k.owner, k.id, nil
		}
	}
	return "", drawing.ID{}, gallery.ErrNotFound
}

func (m *Memory) Shared(ctx context.Context, owner string, after *drawing.ID, limit int) (ids []drawing.ID, err error) {
	defer m.lock()()
	for k, r := range m.drawings {
		if k.owner == owner && r.Share != (gallery.Share{}) && (after == nil || bytes.Compare(k.id[:], after[:]) > 0) {
			ids = append(ids, k.id)
		}
	}
	slices.SortFunc(ids, func(a, b drawing.ID) int { return bytes.Compare(a[:], b[:]) })
	return ids[:min(limit, len(ids))], nil
}

func (m *Memory) Code(ctx context.Context, owner, token string) ([]byte, error) {
	defer m.lock()()
	for k, r := range m.drawings {
		if k.owner == owner && r.Share.Token == token {
			return m.codes[token], nil
		}
	}
	return nil, nil
}

func (m *Memory) SetCode(ctx context.Context, owner, token string, code []byte) error {
	defer m.lock()()
	for k, r := range m.drawings {
		if k.owner == owner && r.Share.Token == token {
			m.codes[token] = code
			return nil
		}
	}
	return gallery.ErrNotFound
}

func (m *Memory) SwapCheck(ctx context.Context, owner string, id drawing.ID, from, to moderation.Check) error {
	defer m.lock()()
	r, found := m.drawings[key{owner, id}]
	if !found || r.ETag != to.Version || r.Check != from {
		return gallery.ErrChanged
	}
	r.Check = to
	m.drawings[key{owner, id}] = r
	return nil
}

// owned returns the drawings of an owner, oldest first.
func (m *Memory) owned(owner string) (list []gallery.Record) {
	defer m.lock()()
	for k, r := range m.drawings {
		if k.owner == owner {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b gallery.Record) int { return oldestFirst(position(a), position(b)) })
	return list
}

func (m *Memory) lock() (unlock func()) {
	m.mu.Lock()
	return m.mu.Unlock
}

func position(r gallery.Record) gallery.Position {
	return gallery.Position{CreatedAt: r.CreatedAt, ID: r.ID}
}

func oldestFirst(a, b gallery.Position) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
}
