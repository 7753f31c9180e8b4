package operator

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// cacheLife is how long a replica may answer for a user without asking the store.
	cacheLife = time.Second
	cacheSize = 10_000 // users
)

// cache holds which users were lately found suspended or not.
type cache struct {
	mu  sync.Mutex
	lru *simplelru.LRU[string, cached]
}

type cached struct {
	suspended bool
	until     time.Time
}

func newCache() *cache {
	lru, _ := simplelru.NewLRU[string, cached](cacheSize, nil) // fails for no positive size
	return &cache{lru: lru}
}

func (c *cache) get(user string, now time.Time) (suspended, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.lru.Get(user)
	return found.suspended, ok && now.Before(found.until)
}

// put stores what was true at a time, unless something newer is there: the store was
// asked, and an operator decided before it answered.
func (c *cache) put(user string, suspended bool, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	until := at.Add(cacheLife)
	if newer, ok := c.lru.Peek(user); !ok || !newer.until.After(until) {
		c.lru.Add(user, cached{suspended, until})
	}
}
