package sqlitestore

import (
	"context"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/gallery"
)

// tallies are in memory: where there is none, the drawings are counted once. So a
// creation costs one write, and not two.
type tallies struct {
	mu    sync.Mutex
	owner *simplelru.LRU[string, gallery.Tally]
}

const maxTallies = 10_000

func newTallies() *tallies {
	owner, _ := simplelru.NewLRU[string, gallery.Tally](maxTallies, nil) // fails for no positive size
	return &tallies{owner: owner}
}

func (t *tallies) drop(owner string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owner.Remove(owner)
}

// Count fills [gallery.Store]. It takes its turn among the writes, so that it
// counts those that were admitted before and still wait.
func (d *Drawings) Count(ctx context.Context, owner string, limit int) (int, error) {
	return write(ctx, d.db, "count drawings", func(c *conn) (n int, err error) {
		_, err = c.first(`SELECT count(*) FROM (SELECT 1 FROM drawings WHERE owner = ?1 LIMIT ?2)`, func(s *sqlite3.Stmt) error {
			n = s.ColumnInt(0)
			return nil
		}, owner, limit)
		return n, err
	})
}

// Admit fills [gallery.Store].
func (d *Drawings) Admit(_ context.Context, owner string, n, limit int) (bool, error) {
	t := d.db.tallies
	t.mu.Lock()
	defer t.mu.Unlock()
	tally, found := t.owner.Get(owner)
	if !found || tally.Admitted+n > limit {
		return false, nil
	}
	tally.Admitted += n
	t.owner.Add(owner, tally)
	return true, nil
}

// Tally fills [gallery.Store].
func (d *Drawings) Tally(_ context.Context, owner string) (gallery.Tally, error) {
	t := d.db.tallies
	t.mu.Lock()
	defer t.mu.Unlock()
	tally, _ := t.owner.Get(owner)
	return tally, nil
}

// Recount fills [gallery.Store].
func (d *Drawings) Recount(_ context.Context, owner string, from gallery.Tally, admitted int) (bool, error) {
	t := d.db.tallies
	t.mu.Lock()
	defer t.mu.Unlock()
	if tally, _ := t.owner.Get(owner); tally != from {
		return false, nil
	}
	t.owner.Add(owner, gallery.Tally{Admitted: admitted, Recounts: from.Recounts + 1})
	return true, nil
}
