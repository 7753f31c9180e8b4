package breaker_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"onestroke/impl/breaker"
)

var (
	errUnavailable = errors.New("unavailable")
	errNoAnswer    = errors.New("no answer")
	errRefused     = errors.New("refused")
)

// store is one whose checks fail with an error until answers is called.
type store struct{ failure atomic.Pointer[error] }

func (s *store) check(context.Context) error { return *s.failure.Load() }

func (s *store) answers(err error) { s.failure.Store(&err) }

func newReads(t *testing.T) (*breaker.Breaker, *store) { return newReadsWithin(t, 0) }

// newReadsWithin returns the breaker of a store whose calls take at most timeout.
func newReadsWithin(t *testing.T, timeout time.Duration) (*breaker.Breaker, *store) {
	s := new(store)
	s.answers(errNoAnswer)
	return breaker.New(t.Context(), breaker.Store{
		CanRead: s.check, CanWrite: s.check, Unavailable: errUnavailable, Timeout: timeout,
		NoAnswer: func(err error) bool { return errors.Is(err, errNoAnswer) },
	}).Reads, s
}

func call(ctx context.Context, b *breaker.Breaker, err error) error {
	_, err = breaker.Do(ctx, b, func(context.Context) (int, error) { return 1, err })
	return err
}

func TestItOpensAfterFiveCallsInARowWithoutAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		calls []error
		open  bool
	}{
		"without an answer":         {[]error{errNoAnswer, errNoAnswer, errNoAnswer, errNoAnswer, errNoAnswer}, true},
		"four":                      {[]error{errNoAnswer, errNoAnswer, errNoAnswer, errNoAnswer}, false},
		"an answer between":         {[]error{errNoAnswer, errNoAnswer, errNoAnswer, errNoAnswer, nil, errNoAnswer, errNoAnswer}, false},
		"answers that are refusals": {[]error{errRefused, errRefused, errRefused, errRefused, errRefused, errRefused}, false},
		"a refusal between":         {[]error{errNoAnswer, errNoAnswer, errNoAnswer, errNoAnswer, errRefused, errNoAnswer}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := newReads(t)
			for _, err := range test.calls {
				if got := call(t.Context(), b, err); !errors.Is(got, err) {
					t.Fatalf("a call fails with %v", got)
				}
			}
			if b.Open() != test.open {
				t.Errorf("open: %t", b.Open())
			}
			if err := call(t.Context(), b, nil); errors.Is(err, breaker.ErrOpen) != test.open || errors.Is(err, errUnavailable) != test.open {
				t.Errorf("the next call fails with %v", err)
			}
		})
	}
}

func open(t *testing.T) (*breaker.Breaker, *store) {
	t.Helper()
	b, s := newReads(t)
	for range 5 {
		_ = call(t.Context(), b, errNoAnswer)
	}
	if !b.Open() {
		t.Fatal("it is closed")
	}
	return b, s
}

func TestACallThatIsGivenUpSaysNothing(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	b, _ := newReads(t)
	for range 10 {
		_ = call(gone, b, errNoAnswer)
	}
	if b.Open() {
		t.Error("it opened")
	}
}

// The time of a call may be shorter than that after which the store's driver gives up.
func TestACallWhoseTimeIsOverHadNoAnswer(t *testing.T) {
	late, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	b, _ := newReads(t)
	for range 5 {
		_ = call(late, b, context.DeadlineExceeded)
	}
	if !b.Open() {
		t.Error("it did not open")
	}
}

// Each call of the other kind would wait.
func TestWhenOneOpensTheOtherIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		writes error
		open   bool
	}{
		"no answer": {errNoAnswer, true},
		"an answer": {nil, false},
		"a refusal": {errRefused, false},
	} {
		t.Run(name, func(t *testing.T) {
			checked := make(chan struct{}, 100)
			b := breaker.New(t.Context(), breaker.Store{
				CanRead:     func(context.Context) error { return errNoAnswer },
				CanWrite:    func(context.Context) error { checked <- struct{}{}; return c.writes },
				Unavailable: errUnavailable,
				NoAnswer:    func(err error) bool { return errors.Is(err, errNoAnswer) },
			})
			for range 5 {
				_ = call(t.Context(), b.Reads, errNoAnswer)
			}
			<-checked
			if c.open {
				<-checked // it has opened: it is checked whether it can close
			}
			if b.Writes.Open() != c.open {
				t.Errorf("open: %t", b.Writes.Open())
			}
		})
	}
}

// Calls that wait when it opens would wait in vain.
func TestItEndsTheCallsThatWait(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"without a timeout": 0, "with a timeout": time.Hour} {
		t.Run(name, func(t *testing.T) {
			b, _ := newReadsWithin(t, timeout)
			waiting, ended := make(chan struct{}), make(chan error, 1)
			go func() {
				_, err := breaker.Do(t.Context(), b, func(ctx context.Context) (int, error) {
					close(waiting)
					<-ctx.Done()
					return 0, ctx.Err()
				})
				ended <- err
			}()
			<-waiting
			for range 5 {
				_ = call(t.Context(), b, errNoAnswer)
			}
			if err := <-ended; !errors.Is(err, errUnavailable) || errors.Is(err, context.Canceled) {
				t.Errorf("it ends with %v", err)
			}
		})
	}
}

// wait is a call that takes as long as it may.
func wait(ctx context.Context) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestACallEndsAfterTheTimeoutAndHadNoAnswer(t *testing.T) {
	b, _ := newReadsWithin(t, 20*time.Millisecond)
	for range 5 {
		if _, err := breaker.Do(t.Context(), b, wait); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("it ends with %v", err)
		}
	}
	if !b.Open() {
		t.Error("it did not open")
	}
}

func TestTheDeadlineOfACallerHolds(t *testing.T) {
	b, _ := newReadsWithin(t, time.Minute)
	for _, want := range []time.Duration{time.Second, time.Hour} {
		limited, cancel := context.WithTimeout(t.Context(), want)
		defer cancel()
		_, err := breaker.Do(limited, b, func(ctx context.Context) (int, error) {
			got, _ := ctx.Deadline()
			if deadline, _ := limited.Deadline(); !got.Equal(deadline) {
				t.Errorf("the deadline is in %v, not in %v", time.Until(got), want)
			}
			return 0, nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestAShortCallGoesOnIfItsCallerLeaves(t *testing.T) {
	b, _ := newReadsWithin(t, time.Hour)
	leaving, leave := context.WithCancel(t.Context())
	defer leave()
	if _, err := breaker.Do(leaving, b, func(ctx context.Context) (int, error) {
		leave()
		return 0, ctx.Err()
	}); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

func TestACallHasTheValuesOfItsCaller(t *testing.T) {
	type key struct{}
	b, _ := newReadsWithin(t, time.Hour)
	for _, want := range []string{"first", "second"} { // which share the time
		_, err := breaker.Do(context.WithValue(t.Context(), key{}, want), b, func(ctx context.Context) (int, error) {
			inner, cancel := context.WithCancel(ctx)
			defer cancel()
			if got := inner.Value(key{}); got != want {
				t.Errorf("the value is %v, not %v", got, want)
			}
			return 0, nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// Nobody has to wait for that: the breaker checks the store itself.
func TestItClosesWhenTheStoreAnswers(t *testing.T) {
	for name, answer := range map[string]error{"well": nil, "with a refusal": errRefused} {
		t.Run(name, func(t *testing.T) {
			b, s := open(t)
			s.answers(answer)
			for begun := time.Now(); b.Open(); {
				if time.Since(begun) > 30*time.Second {
					t.Fatal("it does not close")
				}
			}
			if err := call(t.Context(), b, nil); err != nil {
				t.Errorf("a call fails with %v", err)
			}
		})
	}
}

// What is found ready serves.
func TestACheckClosesIt(t *testing.T) {
	b, s := open(t)
	if err := b.Check(t.Context()); !errors.Is(err, errNoAnswer) || !b.Open() {
		t.Errorf("after a failure: %v, open: %t", err, b.Open())
	}
	s.answers(nil)
	if err := b.Check(t.Context()); err != nil || b.Open() {
		t.Errorf("after a success: %v, open: %t", err, b.Open())
	}
}

func TestNilLetsAllCallsThrough(t *testing.T) {
	for range 10 {
		if err := call(t.Context(), nil, errNoAnswer); !errors.Is(err, errNoAnswer) {
			t.Error(err)
		}
	}
	none := (*breaker.Breaker)(nil)
	none.Record(t.Context(), errNoAnswer)
	if err := none.Allow(); err != nil {
		t.Error(err)
	}
}
