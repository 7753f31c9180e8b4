package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"
)

// Rate is a limit on a kind of request.
type Rate struct {
	Name      string // as in the header RateLimit, such as user
	PerMinute int    // also how many may come at once after a quiet minute; 0 is no limit
}

// lease is how many requests a replica takes in advance: a sixtieth of the limit,
// and at least one.
func (r Rate) lease() int { return max(1, r.PerMinute/60) }

// each is after how long one more request is allowed.
func (r Rate) each() time.Duration { return time.Minute / time.Duration(r.PerMinute) }

// Allowance is what a limit has left for one subject.
type Allowance struct {
	Rate
	Left  int           // requests
	Reset time.Duration // until all are there again
	Wait  time.Duration // until the next one is there; 0 where one is
}

// RateError says that a limit is used up.
type RateError struct{ Allowance }

func (e *RateError) Error() string { return "too many requests: " + e.Name }

// Buckets keeps a token bucket for each subject, for all replicas of the service.
type Buckets interface {
	// Take takes up to n requests from the bucket of subject and returns how many
	// it could, and what is left. Its error is [ErrUnavailable].
	Take(ctx context.Context, subject string, r Rate, n int) (taken int, left Allowance, err error)
}

// Limits applies a rate to logins and to requests. If the buckets cannot be
// reached, nothing is refused for that reason, and few requests wait to find out.
//
// A replica seldom asks the buckets. It lets the first requests of a subject
// through on credit, as many as a lease has. The request after these takes from the
// bucket what was let through, and a lease in advance. So the limit of a subject is
// exact to one lease for each replica. See docs/decisions/0010-leases.md.
type Limits struct {
	buckets                 Buckets
	addresses, codes, users *limit
	settling                singleflight.Group // by limit and subject

	mu       sync.Mutex
	askAfter time.Time // when to ask buckets that did not answer; zero if they did
}

// limit is a rate, and the accounts that this replica has of its subjects.
type limit struct {
	Rate
	mu       sync.Mutex                       // guards the accounts, too
	accounts *simplelru.LRU[string, *account] // by subject
}

// account is what this replica may let through without asking, and what it let
// through without having asked.
type account struct {
	left   Allowance // what is leased included
	leased int
	owed   int       // must be taken from the bucket once the lease is used up
	until  time.Time // when the account is discarded
}

const (
	// loginsPerCode is enough for every page of a program to begin with the same
	// login at once, and to repeat it.
	loginsPerCode = 120
	// accountLife is how long a bucket takes to fill up. After that it makes no
	// difference what was owed.
	accountLife = time.Minute
	maxAccounts = 10_000 // of each limit
	// takeTimeout bounds one call to the buckets. After a failed call, there is
	// none for the time of retryAfter.
	takeTimeout = 500 * time.Millisecond
	retryAfter  = time.Second
)

// NewLimits returns limits of so many logins a minute from one client address,
// and so many requests a minute from one user. 0 is no limit.
func NewLimits(b Buckets, loginsPerMinute, requestsPerMinute int) *Limits {
	l := &Limits{
		buckets:   b,
		addresses: newLimit("login", loginsPerMinute),
		codes:     newLimit("code", loginsPerCode),
		users:     newLimit("user", requestsPerMinute),
	}
	if loginsPerMinute <= 0 {
		l.codes.PerMinute = 0
	}
	return l
}

func newLimit(name string, perMinute int) *limit {
	accounts, _ := simplelru.NewLRU[string, *account](maxAccounts, nil) // fails for no positive size
	return &limit{Rate: Rate{name, perMinute}, accounts: accounts}
}

// LogIn counts an attempt to log in with code from a client address. It returns
// what the address has left, nil where there is no limit, or a [*RateError] and
// what is left of the limit that is used up.
func (l *Limits) LogIn(ctx context.Context, address, code string) (*Allowance, error) {
	left, err := l.count(ctx, l.addresses, digest("address", address))
	if err != nil {
		return left, err
	}
	if left, err := l.count(ctx, l.codes, Credential{Code, code}.ID()); err != nil {
		return left, err
	}
	return left, nil
}

// Request counts a request of a user. It returns what the user has left, nil
// where there is no limit, or a [*RateError] and what is left.
func (l *Limits) Request(ctx context.Context, userID string) (*Allowance, error) {
	return l.count(ctx, l.users, userID)
}

func (l *Limits) count(ctx context.Context, of *limit, subject string) (*Allowance, error) {
	if of.PerMinute <= 0 {
		return nil, nil
	}
	for {
		if left, ok := of.admit(subject); ok {
			return &left, nil
		}
		// Requests that come at once wait for one call, and all use its result.
		_, err, _ := l.settling.Do(of.Name+subject, func() (any, error) { return nil, l.settle(ctx, of, subject) })
		var refused *RateError
		switch {
		case errors.As(err, &refused):
			return &refused.Allowance, refused
		case err != nil:
			return nil, nil
		}
	}
}

// admit lets a request through if the buckets need not be asked for it.
func (l *limit) admit(subject string) (Allowance, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	a, known := l.accounts.Get(subject)
	switch {
	case !known || !now.Before(a.until):
		// As far as this replica knows.
		left := Allowance{Rate: l.Rate, Left: l.PerMinute - 1, Reset: l.each()}
		l.accounts.Add(subject, &account{left: left, leased: l.lease() - 1, owed: l.lease(), until: now.Add(accountLife)})
		return left, true
	case a.leased > 0:
		a.leased--
		a.left.Left--
		return a.left, true
	default:
		return Allowance{}, false
	}
}

// settle takes from the bucket what is owed, and a lease in advance.
func (l *Limits) settle(ctx context.Context, of *limit, subject string) error {
	owed, isDue := of.due(subject)
	if !isDue { // another request has just done it
		return nil
	}
	taken, left, err := l.take(ctx, subject, of.Rate, owed+of.lease())
	if err != nil {
		return err
	}
	a := &account{left: left, leased: max(0, taken-owed), owed: max(0, owed-taken), until: time.Now().Add(accountLife)}
	a.left.Left += a.leased
	of.mu.Lock()
	defer of.mu.Unlock()
	of.accounts.Add(subject, a)
	if a.leased == 0 {
		left.Wait += time.Duration(a.owed) * of.each() // the next ones are taken for what is owed
		return &RateError{left}
	}
	return nil
}

// due reports whether the lease of a subject is used up, and what is owed then.
func (l *limit) due(subject string) (owed int, isDue bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, known := l.accounts.Peek(subject)
	if !known || a.leased > 0 || !time.Now().Before(a.until) {
		return 0, false
	}
	return a.owed, true
}

// take asks the buckets, unless they failed to answer a moment ago.
func (l *Limits) take(ctx context.Context, subject string, r Rate, n int) (int, Allowance, error) {
	if !l.mayAsk() {
		return 0, Allowance{}, ErrUnavailable
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeTimeout)
	defer cancel()
	taken, left, err := l.buckets.Take(ctx, subject, r, n)
	l.answered(err == nil)
	return taken, left, err
}

// mayAsk is true once in the time of retryAfter while the buckets do not answer.
func (l *Limits) mayAsk() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.askAfter) {
		return false
	}
	if !l.askAfter.IsZero() {
		l.askAfter = now.Add(retryAfter)
	}
	return true
}

func (l *Limits) answered(ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.askAfter = time.Time{}
	if !ok {
		l.askAfter = time.Now().Add(retryAfter)
	}
}
