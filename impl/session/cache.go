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

// cache holds sessions lately opened, or read from the store, by ID. What was read before a
// change of the same user's sessions does not count.
type cache struct {
	hits, misses atomic.Uint64
	alone        bool          // no other replica changes sessions
	lag          time.Duration // as in Service: how long after its last use a session is renewed

	mu       sync.Mutex
	sessions *simplelru.LRU[string, cached]
	changes  uint64                         // so far; they serve as a clock
	changed  *simplelru.LRU[string, change] // the last change of a user's sessions
	unknown  change                         // that of the users who are no longer in changed, or a later one
}

// change is a change of a user's sessions. If it failed, the store may still do it, so
// what is read before doubtUntil is cached for cacheLife only.
type change struct {
	number     uint64
	doubtUntil time.Time
}

type cached struct {
	session Session
	changes uint64 // before it was read
	until   time.Time
}

func newCache(alone bool, lag time.Duration) *cache {
	c, size := &cache{alone: alone, lag: lag}, cacheSize
	if alone {
		size = cacheSizeAlone
	}
	c.sessions, _ = simplelru.NewLRU[string, cached](size, nil) // fails for no positive size
	c.changed, _ = simplelru.NewLRU(size, func(_ string, x change) {
		if x.doubtUntil.Before(c.unknown.doubtUntil) {
			x.doubtUntil = c.unknown.doubtUntil
		}
		c.unknown = x
	})
	return c
}

func (c *cache) get(id string, now time.Time) (Session, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.sessions.Get(id)
	return found.session, ok && now.Before(found.until) && found.changes >= c.last(found.session.User.ID).number
}

// last returns the last change of a user's sessions, or a later one of others.
func (c *cache) last(userID string) change {
	if x, ok := c.changed.Peek(userID); ok {
		return x
	}
	return c.unknown
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
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(s, readAt, changes)
}

// opened records that a session was opened, and adds it. changes is what reading returned
// before the store was asked: if the user's sessions have changed since then, the session
// may have ended, and is not added.
func (c *cache) opened(s Session, openedAt time.Time, changes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	isOnly := c.last(s.User.ID).number <= changes
	c.count(s.User.ID, time.Time{})
	if isOnly {
		c.add(s, openedAt, c.changes)
	}
}

func (c *cache) add(s Session, readAt time.Time, changes uint64) {
	x := cached{session: s, changes: changes, until: readAt.Add(cacheLife)}
	if renewal := s.LastUsedAt.Add(c.lag); c.alone && renewal.After(x.until) && !s.LastUsedAt.After(readAt) &&
		!readAt.Before(c.last(s.User.ID).doubtUntil) {
		x.until = renewal
	}
	for range 2 { // of the ones used least lately, so that those that are not used leave
		if id, old, ok := c.sessions.GetOldest(); ok && !readAt.Before(old.until) {
			c.sessions.Remove(id)
		}
	}
	c.sessions.Add(s.ID, x)
}

// change records that the sessions of a user have changed, or with an error that they may
// have, or will.
func (c *cache) change(userID string, now time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var doubtUntil time.Time
	if err != nil {
		doubtUntil = now.Add(c.lag)
	}
	c.count(userID, doubtUntil)
}

// count counts a change. A doubt remains until its time is over: a later change may have
// ended before the one that failed.
func (c *cache) count(userID string, doubtUntil time.Time) {
	if before := c.last(userID).doubtUntil; before.After(doubtUntil) {
		doubtUntil = before
	}
	c.changes++
	c.changed.Add(userID, change{c.changes, doubtUntil})
}
