package session

import (
	"fmt"
	"testing"
	"time"
)

func TestAChangeThatIsNoLongerRememberedHoldsForAllUsers(t *testing.T) {
	c, now := newCache(false, time.Minute), time.Now()
	changes := c.reading()
	c.change("anna")
	c.put(Session{ID: "stale", User: User{ID: "anna"}}, now, changes)
	c.put(Session{ID: "fresh", User: User{ID: "anna"}}, now, c.reading())
	for i := range cacheSize {
		c.change(fmt.Sprint(i))
	}
	if _, ok := c.get("stale", now); ok {
		t.Error("a session read before the change is back")
	}
	if _, ok := c.get("fresh", now); !ok {
		t.Error("a session read after the change is gone")
	}
	c.change("last")
	if _, ok := c.get("fresh", now); ok {
		t.Error("a session of a user whose changes are not known counts")
	}
}

func TestSessionsThatAreNoLongerUsedLeaveTheCache(t *testing.T) {
	c, now := newCache(false, time.Minute), time.Now()
	for i := range 1000 {
		c.put(Session{ID: fmt.Sprint("before ", i)}, now, 0)
	}
	now = now.Add(cacheLife)
	for i := range 600 {
		c.put(Session{ID: fmt.Sprint("after ", i)}, now, 0)
	}
	if n := c.sessions.Len(); n != 600 {
		t.Errorf("%d sessions, want the 600 of the last second", n)
	}
}
