package session

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestAChangeThatIsNoLongerRememberedHoldsForAllUsers(t *testing.T) {
	c, now := newCache(false, time.Minute), time.Now()
	changes := c.reading()
	c.change("anna", now, nil)
	c.put(Session{ID: "stale", User: User{ID: "anna"}}, now, changes)
	c.put(Session{ID: "fresh", User: User{ID: "anna"}}, now, c.reading())
	for i := range cacheSize {
		c.change(fmt.Sprint(i), now, nil)
	}
	if _, ok := c.get("stale", now); ok {
		t.Error("a session read before the change is back")
	}
	if _, ok := c.get("fresh", now); !ok {
		t.Error("a session read after the change is gone")
	}
	c.change("last", now, nil)
	if _, ok := c.get("fresh", now); ok {
		t.Error("a session of a user whose changes are not known counts")
	}
}

func TestADoubtThatIsNoLongerRememberedHoldsForAllUsers(t *testing.T) {
	c, now := newCache(true, time.Hour), time.Now()
	x := Session{ID: "x", User: User{ID: "anna"}, LastUsedAt: now}
	c.change("anna", now, errors.New("no answer"))
	for i := range cacheSizeAlone + 1 {
		c.change(fmt.Sprint(i), now, nil)
	}
	c.put(x, now, c.reading())
	if _, ok := c.get("x", now.Add(cacheLife)); ok {
		t.Error("cached for longer while a change may come to pass")
	}
	x.LastUsedAt = now.Add(time.Hour)
	c.put(x, x.LastUsedAt, c.reading())
	if _, ok := c.get("x", x.LastUsedAt.Add(cacheLife)); !ok {
		t.Error("not cached for longer after an hour")
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
