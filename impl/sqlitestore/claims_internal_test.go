package sqlitestore

import "testing"

func TestAClaimIsRefusedWhereOneWasRemovedSinceTheDatabaseWasRead(t *testing.T) {
	for name, remove := range map[string]func(c *claims, a attempt){
		"settled":   func(c *claims, a attempt) { c.remove("code", a) },
		"forgotten": func(c *claims, _ attempt) { c.forget("code") },
	} {
		c, first, second := newClaims(), attempt{nonce: "first"}, attempt{nonce: "second"}
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
	c, first, second := newClaims(), attempt{nonce: "first"}, attempt{nonce: "second"}
	c.put("code", first, 0, 10, 0)
	c.put("code", second, 10, 20, 0) // the first is over
	c.remove("code", first)
	if standing, _, found := c.get("code", 10); !found || standing != second {
		t.Errorf("the claim is %+v, %v", standing, found)
	}
}
