//go:build !noembed

package wechatsim

import (
	"testing"
	"time"
)

func TestTheOldestCodeGoesWhenThereAreTooMany(t *testing.T) {
	var c codes
	now := time.Now()
	oldest, next := c.mint(code{expires: now.Add(CodeLife)}, now), c.mint(code{expires: now.Add(CodeLife)}, now)
	for range MaxCodes - 1 {
		c.mint(code{expires: now.Add(CodeLife)}, now)
	}
	if len(c.known) != MaxCodes || len(c.minted) != MaxCodes {
		t.Errorf("%d codes known, %d in order", len(c.known), len(c.minted))
	}
	if _, errcode := c.burn(oldest, now); errcode != 40029 {
		t.Errorf("the oldest code: errcode %d", errcode)
	}
	if _, errcode := c.burn(next, now); errcode != 0 {
		t.Errorf("the second oldest code: errcode %d", errcode)
	}
}
