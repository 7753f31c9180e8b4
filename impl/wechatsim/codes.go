//go:build !nosimulator

package wechatsim

import (
	"sync"
	"time"
)

// code is a login code that was given to a phone.
type code struct {
	login      login
	sessionKey string
	expires    time.Time
	exchanges  int
}

// codes stores codes, exchanged or not, until they expire. The zero value is
// ready for use.
type codes struct {
	mu    sync.Mutex
	known map[string]*code
	// order has the texts by age, which is the order in which they expire.
	order []string
}

// add stores added under a new text and returns the text.
func (c *codes) add(added code, now time.Time) string {
	text := newCode()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]*code{}
	}
	for len(c.order) > 0 && (len(c.order) >= MaxCodes || !now.Before(c.known[c.order[0]].expires)) {
		delete(c.known, c.order[0])
		c.order = c.order[1:]
	}
	c.known[text] = &added
	c.order = append(c.order, text)
	return text
}

// exchange returns the code that is stored under text, the first time. The errcode
// is 40163 for a used code and 40029 for one that is unknown or expired.
func (c *codes) exchange(text string, now time.Time) (code, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	presented, known := c.known[text]
	if !known {
		return code{}, 40029
	}
	presented.exchanges++
	switch {
	case !now.Before(presented.expires):
		return code{}, 40029
	case presented.exchanges > 1:
		return code{}, 40163
	}
	return *presented, 0
}

// exchanges returns how often text was exchanged.
func (c *codes) exchanges(text string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if presented, known := c.known[text]; known {
		return presented.exchanges
	}
	return 0
}
