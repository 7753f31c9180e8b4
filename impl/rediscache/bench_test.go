package rediscache_test

import (
	"testing"

	"onestroke/impl/rediscache"
	"onestroke/impl/session"
	"onestroke/tests/stores"
)

// BenchmarkTake is what a request would cost more if a replica took no lease of a
// limit: one call of Redis.
func BenchmarkTake(b *testing.B) {
	store := rediscache.New(stores.DialRedis(b, stores.LocalRedis(b).URL))
	rate := session.Rate{Name: "user", PerMinute: 1_000_000}
	for b.Loop() {
		if _, _, err := store.Take(b.Context(), "subject", rate, 1); err != nil {
			b.Fatal(err)
		}
	}
}
