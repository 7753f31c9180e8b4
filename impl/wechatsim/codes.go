//go:build !noembed

package wechatsim

import (
	"sync"
	"time"
)

// code is a login code that the phone was given.
type code struct {
	login      login
	sessionKey string
	expires    time.Time
	exchanges  int
}

// codes remembers the codes that may still be exchanged, and those that were,
// until they expire. The zero value is ready for use.
type codes struct {
	mu    sync.Mutex
	known map[string]*code
	// Texts in the order minted, which is the order in which they expire.
	minted []string
}

// mint remembers c under a new text and returns that.
func (c *codes) mint(minted code, now time.Time) string {
	text := newCode()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]*code{}
	}
	for len(c.minted) > 0 && (len(c.minted) >= MaxCodes || !now.Before(c.known[c.minted[0]].expires)) {
		delete(c.known, c.minted[0])
		c.minted = c.minted[1:]
	}
	c.known[text] = &minted
	c.minted = append(c.minted, text)
	return text
}

// burn returns what text was minted for, the first time. The errcode is 40163
// for a used code and 40029 for one that is unknown or expired.
func (c *codes) burn(text string, now time.Time) (code, int) {
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

func (c *codes) presented(text string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if presented, known := c.known[text]; known {
		return presented.exchanges
	}
	return 0
}
