package app

import (
	"runtime/debug"
	"strings"
)

// gcPercent lets the heap grow to five times what is in use before garbage is
// collected. Little is in use, a few MB, so that at the default of 100 garbage is
// collected every few hundred requests. See docs/decisions/0011-garbage-collection.md.
const gcPercent = 400

// collectGarbageLate sets gcPercent unless the operator has set how garbage is
// collected: with GOGC, or with GOMEMLIMIT, which is often near what is in use.
func collectGarbageLate(environ []string) {
	for _, v := range environ {
		if strings.HasPrefix(v, "GOGC=") || strings.HasPrefix(v, "GOMEMLIMIT=") {
			return
		}
	}
	debug.SetGCPercent(gcPercent)
}
