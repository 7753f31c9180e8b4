package sqlitestore

import "sync"

// claims are the logins under way, by the ID of their code. They are in memory only:
// the file belongs to this process, and the logins end with it. See
// docs/decisions/0093-claims-in-memory.md.
type claims struct {
	mu       sync.Mutex
	byCode   map[string]claimed
	removals uint64 // so far
}

type claimed struct {
	attempt attempt
	over    int64 // Unix milliseconds
}

func newClaims() *claims { return &claims{byCode: map[string]claimed{}} }

// get returns the claim on a code, if there is one. Otherwise removals is for put.
func (c *claims) get(codeID string, now int64) (standing attempt, removals uint64, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x, found := c.byCode[codeID]
	return x.attempt, c.removals, found && now < x.over
}

// put claims a code unless that is claimed, and returns the claim that stands. ok is
// false if a claim was removed since get, perhaps the one on this code. Then the caller
// must read the database again: the outcome may be there now.
func (c *claims) put(codeID string, a attempt, now, over int64, removals uint64) (standing attempt, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.removals != removals {
		return attempt{}, false
	}
	if x, found := c.byCode[codeID]; found && now < x.over {
		return x.attempt, true
	}
	c.byCode[codeID] = claimed{a, over}
	return a, true
}

// remove removes a claim, unless another one is on the code by now. What has become
// of it must be in the database.
func (c *claims) remove(codeID string, a attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byCode[codeID].attempt == a {
		delete(c.byCode, codeID)
		c.removals++
	}
}

// forget removes the claim on a code.
func (c *claims) forget(codeID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byCode, codeID)
	c.removals++
}

// sweep removes the claims that are over.
func (c *claims) sweep(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for codeID, x := range c.byCode {
		if now >= x.over {
			delete(c.byCode, codeID)
		}
	}
}
