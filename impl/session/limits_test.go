package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"onestroke/impl/session"
)

func TestAShareOfAMinuteAsksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &buckets{left: 6000}
		l := session.NewLimits(b, session.Rates{Requests: 6000})
		for range 3 {
			for i := range 100 {
				if left := request(t, l, true); left == nil || left.Left != 5999-i || left.Name != "user" || left.PerMinute != 6000 {
					t.Fatalf("left %+v after %d", left, i+1)
				}
			}
			time.Sleep(time.Minute)
		}
		if b.asked != 0 {
			t.Errorf("asked %d times for a sixtieth of a minute's worth", b.asked)
		}
	})
}

func TestWhatIsOwedIsPaidWithTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &buckets{left: 6000}
		l := session.NewLimits(b, session.Rates{Requests: 6000})
		for i := range 150 {
			if left := request(t, l, true); left == nil || left.Left != 5999-i {
				t.Errorf("left %+v after %d", left, i+1)
			}
		}
		if b.asked != 1 || b.left != 5800 {
			t.Errorf("asked %d times, %d left, want one question for two sixtieths", b.asked, b.left)
		}
	})
}

func TestWhatIsOwedIsNotForgottenWhereTheBucketIsEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &buckets{}
		l := session.NewLimits(b, session.Rates{Requests: 60})
		request(t, l, true)
		// One second until the next is there, which pays for the first.
		if left := request(t, l, false); left == nil || left.Wait != 2*time.Second {
			t.Errorf("left %+v, want to be told to wait for two", left)
		}
		b.left = 1
		if left := request(t, l, false); left == nil || left.Wait != time.Second {
			t.Errorf("left %+v, want to be told to wait for one", left)
		}
		if b.left != 0 {
			t.Errorf("%d left, want the one that was owed taken", b.left)
		}
		b.left = 1
		request(t, l, true)
	})
}

func TestRequestsAtOnceShareOneQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &buckets{left: 6000}
		l := session.NewLimits(b, session.Rates{Requests: 6000})
		for range 90 {
			request(t, l, true)
		}
		atOnce(func(int) { request(t, l, true) })
		if b.asked != 1 || b.left != 5800 {
			t.Errorf("asked %d times, %d left, want one question for two sixtieths", b.asked, b.left)
		}
		if left := request(t, l, true); left == nil || left.Left != 6000-141 {
			t.Errorf("left %+v after 141 requests", left)
		}
	})
}

func TestWhatIsTakenInAdvanceIsUsedUpBeforeMoreIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &buckets{left: 250}
		l := session.NewLimits(b, session.Rates{Requests: 6000})
		for range 250 {
			request(t, l, true)
		}
		if b.asked != 2 {
			t.Errorf("asked %d times for 250 requests, want 2", b.asked)
		}
		if left := request(t, l, false); left == nil || left.Left != 0 || left.Wait != time.Second {
			t.Errorf("left %+v of nothing", left)
		}
	})
}

func TestWhatIsHeldAndOwedIsForgottenAfterAMinute(t *testing.T) {
	for name, requests := range map[string]int{"owed": 1, "held": 101} {
		synctest.Test(t, func(t *testing.T) {
			b := &buckets{left: 6000}
			l := session.NewLimits(b, session.Rates{Requests: 6000})
			for range requests {
				request(t, l, true)
			}
			asked := b.asked
			time.Sleep(time.Minute)
			for i := range 100 {
				if left := request(t, l, true); left == nil || left.Left != 5999-i {
					t.Fatalf("%s: left %+v after %d requests of a new minute", name, left, i+1)
				}
			}
			if b.asked != asked {
				t.Errorf("%s: asked %d times for a share of a new minute", name, b.asked-asked)
			}
		})
	}
}

func TestASmallLimitIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := session.NewLimits(&buckets{left: 7}, session.Rates{Requests: 7})
		allowed := make(chan struct{}, 50)
		atOnce(func(int) {
			if _, err := l.Request(t.Context(), "user"); err == nil {
				allowed <- struct{}{}
			}
		})
		if len(allowed) != 7 {
			t.Errorf("%d of 50 requests, want 7", len(allowed))
		}
	})
}

func TestALoginCountsForItsAddressAndItsCode(t *testing.T) {
	for name, attempt := range map[string]func(i int) (address, code string){
		"login": func(i int) (string, string) { return "192.0.2.1", string(rune('a' + i)) },
		"code":  func(i int) (string, string) { return string(rune('a' + i)), "code" },
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &buckets{left: 10, each: map[string]int{}}
			l := session.NewLimits(b, session.Rates{Logins: 10})
			for i := range 10 {
				address, code := attempt(i)
				if left, err := l.LogIn(t.Context(), address, code); err != nil || left.Name != "login" {
					t.Fatalf("%s %d: %+v, %v", name, i, left, err)
				}
			}
			address, code := attempt(10)
			left, err := l.LogIn(t.Context(), address, code)
			var refused *session.RateError
			if !errors.As(err, &refused) || refused.Name != name || left == nil || *left != refused.Allowance {
				t.Errorf("%s: %+v, %v", name, left, err)
			}
		})
	}
}

func TestALimitOfNothingAsksNobody(t *testing.T) {
	b := &buckets{}
	l := session.NewLimits(b, session.Rates{})
	if left := request(t, l, true); left != nil {
		t.Errorf("left %+v of no limit", left)
	}
	if left, err := l.LogIn(t.Context(), "192.0.2.1", "code"); err != nil || left != nil || b.asked != 0 {
		t.Errorf("%+v, %v after %d questions", left, err, b.asked)
	}
}

func TestNobodyIsRefusedWhileTheBucketsAreAwayAndFewWait(t *testing.T) {
	for name, hang := range map[string]time.Duration{"refused at once": 0, "hanging": time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			b := &buckets{left: 6000, away: true, hang: hang}
			l := session.NewLimits(b, session.Rates{Logins: 6000, Requests: 6000})
			start, waited := time.Now(), 0
			for i := range 1000 { // ten seconds of requests
				begin := time.Now()
				if left := request(t, l, true); i >= 100 && left != nil {
					t.Fatalf("%s: left %+v, and who knows", name, left)
				}
				if left, err := l.LogIn(t.Context(), "192.0.2.1", "code"); err != nil || i >= 100 && left != nil {
					t.Fatalf("%s: %+v, %v", name, left, err)
				}
				if took := time.Since(begin); took > time.Second {
					t.Fatalf("%s: request %d took %v", name, i, took)
				} else if took > 0 {
					waited++
				}
				time.Sleep(10 * time.Millisecond)
			}
			if seconds := int(time.Since(start)/time.Second) + 1; waited > seconds || b.asked > seconds {
				t.Errorf("%s: %d waited and %d asked in %d seconds", name, waited, b.asked, seconds)
			}
			b.away = false
			time.Sleep(time.Second)
			if left := request(t, l, true); left == nil {
				t.Errorf("%s: no limit although the buckets are back", name)
			}
		})
	}
}

func TestACallerWhoLeavesDoesNotMakeTheBucketsAway(t *testing.T) {
	b := &buckets{left: 60}
	l := session.NewLimits(b, session.Rates{Requests: 60})
	request(t, l, true)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := l.Request(gone, "user"); err != nil {
		t.Error(err)
	}
	if left := request(t, l, true); left == nil {
		t.Error("no limit although the buckets answer")
	}
}

func request(t *testing.T, l *session.Limits, allowed bool) *session.Allowance {
	t.Helper()
	left, err := l.Request(t.Context(), "user")
	if refused := (*session.RateError)(nil); (err == nil) != allowed || err != nil && !errors.As(err, &refused) {
		t.Errorf("got %v, want allowed %t", err, allowed)
	}
	return left
}

// buckets are without time: what has been taken is gone. Every subject has a
// bucket of its own where each is set.
type buckets struct {
	left int
	each map[string]int // taken
	away bool
	hang time.Duration

	asked int
}

func (b *buckets) Take(ctx context.Context, subject string, r session.Rate, n int) (int, session.Allowance, error) {
	b.asked++
	if b.away {
		select {
		case <-time.After(b.hang):
		case <-ctx.Done():
		}
		return 0, session.Allowance{}, session.ErrUnavailable
	}
	if ctx.Err() != nil {
		return 0, session.Allowance{}, ctx.Err()
	}
	there := b.left
	if b.each != nil {
		there -= b.each[subject]
	}
	taken := min(n, there)
	if b.each != nil {
		b.each[subject] += taken
	} else {
		b.left -= taken
	}
	left := session.Allowance{Rate: r, Left: there - taken}
	if left.Left == 0 {
		left.Wait = time.Second
	}
	return taken, left, nil
}
