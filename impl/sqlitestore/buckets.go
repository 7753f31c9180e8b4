package sqlitestore

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"onestroke/impl/session"
)

// buckets are in memory: none lasts longer than a minute, and no other process
// needs them. A write to disk would cost more than the request that it counts.
type buckets struct {
	mu   sync.Mutex
	full *simplelru.LRU[bucket, time.Time] // when a bucket is full again
}

type bucket struct{ limit, subject string }

// maxBuckets bounds the memory, to about 20 MB. One that is dropped is full again.
const maxBuckets = 100_000

func newBuckets() *buckets {
	full, _ := simplelru.NewLRU[bucket, time.Time](maxBuckets, nil) // fails for no positive size
	return &buckets{full: full}
}

// Take fills [session.Buckets], by the generic cell rate algorithm. The clock is
// the monotonic one.
func (s *Sessions) Take(_ context.Context, subject string, r session.Rate, n int) (int, session.Allowance, error) {
	b := s.db.buckets
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	key := bucket{r.Name, subject}
	full, _ := b.full.Get(key)
	if full.Before(now) {
		full = now
	}
	each := time.Minute / time.Duration(r.PerMinute)
	left := int((time.Minute - full.Sub(now)) / each)
	left = min(max(left, 0), r.PerMinute)
	taken := min(max(n, 0), left)
	if taken > 0 {
		full = full.Add(time.Duration(taken) * each)
		b.full.Add(key, full)
	}
	a := session.Allowance{Rate: r, Left: left - taken, Reset: full.Sub(now)}
	if a.Left < 1 {
		a.Wait = roundUp(each - (time.Minute - a.Reset))
	}
	a.Reset = roundUp(a.Reset)
	return taken, a, nil
}

// roundUp rounds to whole milliseconds.
func roundUp(d time.Duration) time.Duration {
	return time.Duration(math.Ceil(float64(d)/float64(time.Millisecond))) * time.Millisecond
}
