package session

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// cacheLife is how long a replica may answer for a session without asking the
// store, and so how long a session that ended on another replica may still work.
const cacheLife = time.Second

// cacheSize is how many sessions a replica caches.
const cacheSize = 10_000

// cache holds sessions lately read from the store, by ID. It also remembers which
// ones were ended here.
type cache struct {
	hits, misses atomic.Uint64

	mu  sync.Mutex
	lru *simplelru.LRU[string, cached]
}

type cached struct {
	session Session
	ended   bool
	until   time.Time
}

func newCache() *cache {
	lru, _ := simplelru.NewLRU[string, cached](cacheSize, nil) // fails for no positive size
	return &cache{lru: lru}
}

func (c *cache) get(id string, now time.Time) (cached, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.lru.Get(id)
	return found, ok && now.Before(found.until)
}

// put adds a session read from the store at readAt, unless it was ended here since
// then: a slow read must not bring it back.
func (c *cache) put(s Session, readAt time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.lru.Peek(s.ID); ok && old.ended && readAt.Before(old.until) {
		return
	}
	c.lru.Add(s.ID, cached{session: s, until: readAt.Add(cacheLife)})
}

// end records that a session has ended, for longer than a read can take that saw
// it before.
func (c *cache) end(id string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Add(id, cached{ended: true, until: now.Add(storeTimeout + cacheLife)})
}
