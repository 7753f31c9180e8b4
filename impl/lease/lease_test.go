package lease_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"onestroke/impl/lease"
)

func TestALeaseIsUsedUpBeforeTheNextIsTaken(t *testing.T) {
	l := &limit{left: 25, size: 10}
	leases := lease.New(time.Minute, nil, l.take)
	for i := range 25 {
		got, ok, err := leases.Use(t.Context(), "a")
		if want := 9 - i%10; err != nil || !ok || i < 20 && got.Left != want || got.State != i/10+1 {
			t.Errorf("use %d: %+v, %v, %v", i, got, ok, err)
		}
	}
	if want := []string{"a <nil>", "a 1", "a 2"}; fmt.Sprint(l.asked) != fmt.Sprint(want) {
		t.Errorf("asked %q, want %q", l.asked, want)
	}
	for range 2 { // the state of a lease without a use is remembered, too
		l.asked = nil
		got, ok, err := leases.Use(t.Context(), "a")
		if ok || err != nil || got.Left != 0 {
			t.Errorf("used up: %+v, %v, %v", got, ok, err)
		}
		if want := fmt.Sprintf("a %d", got.State-1); len(l.asked) != 1 || l.asked[0] != want {
			t.Errorf("asked %q, want %q", l.asked, want)
		}
	}
	l.left = 1
	if _, ok, err := leases.Use(t.Context(), "a"); !ok || err != nil {
		t.Errorf("one was given back: %v, %v", ok, err)
	}
}

func TestKeysHaveLeasesOfTheirOwn(t *testing.T) {
	l := &limit{left: 100, size: 10}
	leases := lease.New(time.Minute, nil, l.take)
	use(t, leases, "a")
	use(t, leases, "b")
	leases.Drop("a")
	use(t, leases, "a")
	use(t, leases, "b")
	if want := []string{"a <nil>", "b <nil>", "a <nil>"}; fmt.Sprint(l.asked) != fmt.Sprint(want) {
		t.Errorf("asked %q, want %q", l.asked, want)
	}
}

func TestALeaseIsForgottenAfterItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &limit{left: 100, size: 10}
		leases := lease.New(time.Minute, nil, l.take)
		use(t, leases, "a")
		time.Sleep(time.Minute - time.Nanosecond)
		use(t, leases, "a")
		time.Sleep(time.Nanosecond)
		use(t, leases, "a")
		if want := []string{"a <nil>", "a <nil>"}; fmt.Sprint(l.asked) != fmt.Sprint(want) {
			t.Errorf("asked %q, want %q", l.asked, want)
		}
	})
}

func TestTheFirstLeaseCostsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &limit{left: 100, size: 3}
		leases := lease.New(time.Minute, func() lease.Lease[int] { return lease.Lease[int]{Left: 2, State: 57} }, l.take)
		asked := func(want ...string) {
			t.Helper()
			if !slices.Equal(l.asked, want) {
				t.Errorf("asked %q, want %q", l.asked, want)
			}
			l.asked = nil
		}
		use(t, leases, "a")
		use(t, leases, "a")
		asked()
		use(t, leases, "a")
		asked("a 57")
		leases.Drop("a")
		use(t, leases, "a")
		use(t, leases, "a")
		asked()
		time.Sleep(time.Minute)
		use(t, leases, "a")
		asked()
	})
}

func TestThoseThatComeAtOnceWaitForOneCall(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		next lease.Lease[int]
		err  error
		used int64 // of 50
	}{
		{"enough", lease.Lease[int]{Left: 50}, nil, 50},
		{"used up", lease.Lease[int]{State: 7}, nil, 0},
		{"broken", lease.Lease[int]{}, broken, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				leases := lease.New(time.Minute, nil, func(ctx context.Context, _ string, last *int) (lease.Lease[int], error) {
					calls++
					time.Sleep(time.Second) // while the others come
					if ctx.Err() != nil || last != nil {
						t.Errorf("%v, last %v", ctx.Err(), last)
					}
					return c.next, c.err
				})
				left, leave := context.WithCancel(t.Context())
				leave() // one of the callers has left; the others must not notice
				var used atomic.Int64
				var all sync.WaitGroup
				for range 50 {
					all.Go(func() {
						got, ok, err := leases.Use(left, "a")
						if !errors.Is(err, c.err) || got.State != c.next.State {
							t.Errorf("%+v, %v", got, err)
						}
						if ok {
							used.Add(1)
						}
					})
				}
				all.Wait()
				if calls != 1 || used.Load() != c.used {
					t.Errorf("%d calls, %d uses, want 1 and %d", calls, used.Load(), c.used)
				}
			})
		})
	}
}

func TestNoMoreIsUsedThanTheLimitHas(t *testing.T) {
	for _, size := range []int{1, 3, 40, 1000} {
		l := &limit{left: 100, size: size}
		leases := lease.New(time.Minute, nil, l.take)
		var used atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				for range 10 {
					if _, ok, _ := leases.Use(t.Context(), "a"); ok {
						used.Add(1)
					}
				}
			})
		}
		all.Wait()
		if used.Load() != 100 {
			t.Errorf("%d uses in leases of %d, want 100", used.Load(), size)
		}
	}
}

func TestAnErrorLeavesTheLeaseBefore(t *testing.T) {
	l := &limit{left: 100, size: 1}
	leases := lease.New(time.Minute, nil, l.take)
	use(t, leases, "a")
	l.err = errors.New("broken")
	if _, ok, err := leases.Use(t.Context(), "a"); ok || !errors.Is(err, l.err) {
		t.Errorf("%v, %v", ok, err)
	}
	l.err = nil
	use(t, leases, "a")
	if want := []string{"a <nil>", "a 1", "a 1"}; fmt.Sprint(l.asked) != fmt.Sprint(want) {
		t.Errorf("asked %q, want %q", l.asked, want)
	}
}

func use(t *testing.T, leases *lease.Leases[int], key string) {
	t.Helper()
	if _, ok, err := leases.Use(t.Context(), key); !ok || err != nil {
		t.Errorf("use of %s: %v, %v", key, ok, err)
	}
}

// limit gives leases of a size while there is something left. The State of each is
// how many it was asked for the key, this time included.
type limit struct {
	left, size int
	err        error
	asked      []string // key, and State of the lease before
}

func (l *limit) take(_ context.Context, key string, last *int) (lease.Lease[int], error) {
	state := 1
	if last == nil {
		l.asked = append(l.asked, key+" <nil>")
	} else {
		l.asked = append(l.asked, fmt.Sprint(key, " ", *last))
		state = *last + 1
	}
	if l.err != nil {
		return lease.Lease[int]{}, l.err
	}
	n := min(l.left, l.size)
	l.left -= n
	return lease.Lease[int]{Left: n, State: state}, nil
}
