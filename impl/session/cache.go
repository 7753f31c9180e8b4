package session

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// cacheLife is how long a replica may answer for a session without asking the
	// store, and so how long a session that ended on another replica may still work.
	cacheLife = time.Second
	// cacheSize is how many sessions are cached at most, each of which takes about 1 KB,
	// and for how many users their last change is remembered.
	cacheSize = 10_000
	// cacheSizeAlone is the same where they are cached for longer.
	cacheSizeAlone = 50_000
)

// cache holds sessions lately read from the store, by ID. What was read before a
// change of the same user's sessions does not count.
type cache struct {
	hits, misses atomic.Uint64
	alone        bool          // no other replica changes sessions
	renewal      time.Duration // how long after its last use a session is renewed

	mu       sync.Mutex
	sessions *simplelru.LRU[string, cached]
	changes  uint64                         // so far; they serve as a clock
	changed  *simplelru.LRU[string, uint64] // the last change of a user's sessions
	unknown  uint64                         // the last change that is no longer in changed
}

type cached struct {
	session Session
	changes uint64 // before it was read
	until   time.Time
}

func newCache(alone bool, renewal time.Duration) *cache {
	c, size := &cache{alone: alone, renewal: renewal}, cacheSize
	if alone {
		size = cacheSizeAlone
	}
	c.sessions, _ = simplelru.NewLRU[string, cached](size, nil) // fails for no positive size
	c.changed, _ = simplelru.NewLRU(size, func(_ string, change uint64) { c.unknown = change })
	return c
}

func (c *cache) get(id string, now time.Time) (Session, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.sessions.Get(id)
	return found.session, ok && now.Before(found.until) && c.holds(found)
}

// holds reports whether the sessions of the user have not changed since.
func (c *cache) holds(x cached) bool {
	last, ok := c.changed.Peek(x.session.User.ID)
	if !ok {
		last = c.unknown
	}
	return x.changes >= last
}

// reading returns how many changes there were. It is called before the store is read.
func (c *cache) reading() (changes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changes
}

// put adds a session that was read at readAt, after so many changes. A replica that is
// alone need not read it again before it has to be renewed.
func (c *cache) put(s Session, readAt time.Time, changes uint64) {
	x := cached{session: s, changes: changes, until: readAt.Add(cacheLife)}
	if renewal := s.LastUsedAt.Add(c.renewal); c.alone && renewal.After(x.until) && !s.LastUsedAt.After(readAt) {
		x.until = renewal
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for range 2 { // of the ones used least lately, so that those that are not used leave
		if id, old, ok := c.sessions.GetOldest(); ok && !readAt.Before(old.until) {
			c.sessions.Remove(id)
		}
	}
	c.sessions.Add(s.ID, x)
}

// change records that the sessions of a user have changed, or may have.
func (c *cache) change(userID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	c.changed.Add(userID, c.changes)
}
