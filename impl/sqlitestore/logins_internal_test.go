package sqlitestore

import (
	"fmt"
	"testing"
)

func TestAClaimIsRefusedWhereOneWasRemovedSinceTheDatabaseWasRead(t *testing.T) {
	for name, remove := range map[string]func(c *logins, a attempt){
		"settled":   func(c *logins, a attempt) { c.remove("code", a) },
		"forgotten": func(c *logins, _ attempt) { c.forget("code") },
	} {
		c, first, second := newLogins(), attempt{nonce: "first"}, attempt{nonce: "second"}
		_, removals, _ := c.get("code", 0)
		if standing, ok := c.put("code", first, 0, 10, removals); !ok || standing != first {
			t.Fatalf("%s: claimed %+v, %v", name, standing, ok)
		}
		if standing, ok := c.put("code", second, 0, 10, removals); !ok || standing != first {
			t.Errorf("%s: a claim that stands was replaced: %+v, %v", name, standing, ok)
		}
		remove(c, first)
		if standing, ok := c.put("code", second, 0, 10, removals); ok {
			t.Errorf("%s: claimed %+v without a look at the database", name, standing)
		}
		_, removals, _ = c.get("code", 0)
		if standing, ok := c.put("code", second, 0, 10, removals); !ok || standing != second {
			t.Errorf("%s: claimed %+v, %v", name, standing, ok)
		}
	}
}

func TestASettledClaimLeavesTheNextOne(t *testing.T) {
	c, first, second := newLogins(), attempt{nonce: "first"}, attempt{nonce: "second"}
	c.put("code", first, 0, 10, 0)
	c.put("code", second, 10, 20, 0) // the first is over
	c.remove("code", first)
	if standing, _, found := c.get("code", 10); !found || standing != second {
		t.Errorf("the claim is %+v, %v", standing, found)
	}
}

// What is remembered is bounded, and claims are not forgotten for it.
func TestOfManyLoginsTheOldestAreForgotten(t *testing.T) {
	l, claim := newLogins(), attempt{nonce: "claim"}
	l.put("under way", claim, 0, 10, 0)
	for n := range mostEnded + 1 {
		l.put(fmt.Sprint(n), claim, 0, 10, 0)
		l.end(fmt.Sprint(n), claim, attempt{nonce: "claim", userID: "somebody"}, 10)
	}
	for codeID, want := range map[string]bool{"0": false, "1": true, fmt.Sprint(mostEnded): true, "under way": true} {
		if _, _, found := l.get(codeID, 0); found != want {
			t.Errorf("%s is known: %v", codeID, found)
		}
	}
	l.sweep(10)
	if len(l.underWay) != 0 || l.ended.Len() != 0 {
		t.Errorf("%d claims and %d outcomes that are over remain", len(l.underWay), l.ended.Len())
	}
}

func TestAnOutcomeIsNotReplaced(t *testing.T) {
	l, first, second := newLogins(), attempt{nonce: "first"}, attempt{nonce: "second"}
	done, failed := attempt{nonce: "first", userID: "somebody"}, attempt{failure: failureUntrusted}
	l.put("code", first, 0, 10, 0)
	l.end("code", second, failed, 10)
	if standing, _, _ := l.get("code", 0); standing != first {
		t.Errorf("another's claim was replaced by %+v", standing)
	}
	l.end("code", first, done, 10)
	l.end("code", first, failed, 10)
	if standing, _ := l.put("code", second, 9, 20, 0); standing != done {
		t.Errorf("%+v stands", standing)
	}
	if standing, _ := l.put("code", second, 10, 20, 0); standing != second {
		t.Errorf("%+v stands after the outcome was over", standing)
	}
}
