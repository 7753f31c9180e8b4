package sessiontest

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onestroke/impl/session"
)

// RunBuckets checks the buckets that open returns. Each call of it may be for a
// replica of its own, but all of them share their buckets.
func RunBuckets(t *testing.T, open func(*testing.T) session.Buckets) {
	for name, holds := range map[string]func(t *testing.T, a, b session.Buckets){
		"a bucket is full at first":                       fullAtFirst,
		"a bucket gives no more than it has":              noMoreThanThere,
		"an empty bucket says when to come back":          comeBack,
		"replicas share a bucket":                         shared,
		"every subject and limit has a bucket of its own": ownBuckets,
		"fifty takers get the limit and what refills":     takers,
	} {
		t.Run(name, func(t *testing.T) { holds(t, open(t), open(t)) })
	}
}

// tick is how coarse a server's clock may be.
const tick = 100 * time.Millisecond

func fullAtFirst(t *testing.T, b, _ session.Buckets) {
	for _, perMinute := range []int{1, 7, 60, 6000, 1_000_000} {
		r := session.Rate{Name: "test", PerMinute: perMinute}
		subject := rand.Text()
		left := mustTake(t, b, subject, r, 1, 1)
		if left.Rate != r || left.Left != perMinute-1 || left.Reset <= 0 || left.Reset > time.Minute {
			t.Errorf("%d a minute: after one %+v", perMinute, left)
		}
		if perMinute > 1 && perMinute <= 60 {
			mustTake(t, b, subject, r, perMinute-1, perMinute-1)
		}
	}
}

func noMoreThanThere(t *testing.T, b, _ session.Buckets) {
	r := session.Rate{Name: "test", PerMinute: 10} // one in six seconds
	subject := rand.Text()
	mustTake(t, b, subject, r, 8, 8)
	left := mustTake(t, b, subject, r, 8, 2)
	if left.Left != 0 || left.Reset <= 50*time.Second || left.Reset > time.Minute {
		t.Errorf("an empty bucket: %+v", left)
	}
	mustTake(t, b, subject, r, 8, 0)
}

func comeBack(t *testing.T, b, _ session.Buckets) {
	r := session.Rate{Name: "test", PerMinute: 120} // one in half a second
	subject := rand.Text()
	mustTake(t, b, subject, r, 120, 120)
	asked := time.Now()
	left := mustTake(t, b, subject, r, 1, 0)
	if left.Wait <= 0 || left.Wait > 500*time.Millisecond {
		t.Fatalf("an empty bucket: %+v", left)
	}
	for {
		taken, _, err := b.Take(t.Context(), subject, r, 1)
		if err != nil {
			t.Fatal(err)
		}
		switch waited := time.Since(asked); {
		case taken == 1 && waited < left.Wait-tick:
			t.Errorf("one was there after %v, not %v", waited, left.Wait)
		case taken == 0 && waited > left.Wait+5*time.Second:
			t.Fatalf("none is there after %v", waited)
		case taken == 0:
			continue
		}
		return
	}
}

func shared(t *testing.T, a, b session.Buckets) {
	r := session.Rate{Name: "test", PerMinute: 10}
	subject := rand.Text()
	mustTake(t, a, subject, r, 6, 6)
	mustTake(t, b, subject, r, 6, 4)
	mustTake(t, a, subject, r, 1, 0)
}

func ownBuckets(t *testing.T, b, _ session.Buckets) {
	r := session.Rate{Name: "test", PerMinute: 5}
	subject := rand.Text()
	mustTake(t, b, subject, r, 5, 5)
	mustTake(t, b, rand.Text(), r, 5, 5)
	mustTake(t, b, subject, session.Rate{Name: "other", PerMinute: 5}, 5, 5)
}

func takers(t *testing.T, a, b session.Buckets) {
	r := session.Rate{Name: "test", PerMinute: 600} // one in 100 ms
	subject := rand.Text()
	var got atomic.Int64
	var all sync.WaitGroup
	begin := time.Now()
	for i := range 50 {
		replica := []session.Buckets{a, b}[i%2]
		all.Go(func() {
			for range 20 {
				taken, _, err := replica.Take(t.Context(), subject, r, 1+i%3)
				if err != nil {
					t.Error(err)
					return
				}
				got.Add(int64(taken))
			}
		})
	}
	all.Wait()
	refilled := int64(time.Since(begin)/(100*time.Millisecond)) + 2
	if n := got.Load(); n < 600 || n > 600+refilled {
		t.Errorf("%d requests, want 600 and at most %d more", n, refilled)
	}
}

func mustTake(t *testing.T, b session.Buckets, subject string, r session.Rate, n, want int) session.Allowance {
	t.Helper()
	taken, left, err := b.Take(t.Context(), subject, r, n)
	if err != nil {
		t.Fatal(err)
	}
	if taken != want {
		t.Fatalf("took %d of %d, want %d", taken, n, want)
	}
	return left
}
