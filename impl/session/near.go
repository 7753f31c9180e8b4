package session

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// nearLife is how long a replica may answer for a session without asking the
// store, and so how long a session ended elsewhere may still be served.
const nearLife = time.Second

// near is a bounded cache of what the store lately said about sessions, by ID.
type near struct {
	mu  sync.Mutex
	lru *simplelru.LRU[string, word]
}

// word is the store's word on one session.
type word struct {
	session Session
	ended   bool
	until   time.Time
}

func newNear(size int) *near {
	lru, err := simplelru.NewLRU[string, word](size, nil)
	if err != nil {
		panic(err) // a size below one, which New has replaced
	}
	return &near{lru: lru}
}

func (n *near) get(id string, now time.Time) (word, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	w, ok := n.lru.Get(id)
	return w, ok && now.Before(w.until)
}

// keep remembers a session read from the store at readAt, unless it was ended
// here since: a slow read must not bring it back.
func (n *near) keep(s Session, readAt time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if w, ok := n.lru.Peek(s.ID); ok && w.ended && readAt.Before(w.until) {
		return
	}
	n.lru.Add(s.ID, word{session: s, until: readAt.Add(nearLife)})
}

// end remembers that a session has ended for longer than a read that saw it
// alive can take.
func (n *near) end(id string, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lru.Add(id, word{ended: true, until: now.Add(storeTimeout + nearLife)})
}
