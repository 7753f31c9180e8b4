//go:build !nosimulator

package wechatsim

import (
	"testing"
	"time"
)

func TestTheOldestCodeIsReplacedWhenThereAreTooMany(t *testing.T) {
	var c codes
	now := time.Now()
	oldest, next := c.add(code{expires: now.Add(CodeLife)}, now), c.add(code{expires: now.Add(CodeLife)}, now)
	for range MaxCodes - 1 {
		c.add(code{expires: now.Add(CodeLife)}, now)
	}
	if len(c.known) != MaxCodes || len(c.order) != MaxCodes {
		t.Errorf("%d codes known, %d in order", len(c.known), len(c.order))
	}
	if _, errcode := c.exchange(oldest, now); errcode != 40029 {
		t.Errorf("the oldest code: errcode %d", errcode)
	}
	if _, errcode := c.exchange(next, now); errcode != 0 {
		t.Errorf("the second oldest code: errcode %d", errcode)
	}
}
