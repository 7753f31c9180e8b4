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
	Name      string // as the client is told, such as user
	PerMinute int    // also how many may come at once after a quiet minute; 0 is no limit
}

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

// Limits holds logins and requests to their rates. Where the buckets cannot be
// reached nobody is refused for that reason, and few wait to find that out.
type Limits struct {
	buckets         Buckets
	addresses, code Rate
	requests        Rate
	leasing         singleflight.Group

	mu     sync.Mutex
	leases *simplelru.LRU[string, *lease]
	away   time.Time // when to ask buckets that did not answer again; zero where they did
}

// lease is what this replica has taken from a user's bucket in advance, so that
// not every request costs a question: a sixtieth of a minute's worth.
type lease struct {
	left  Allowance // what the lease holds included
	held  int
	until time.Time
}

const (
	// loginsPerCode is enough for every page of a program to begin with the same
	// login at once, and to repeat it.
	loginsPerCode = 120
	// leaseLife is what a bucket takes to refill. A replica that a user hardly
	// asks keeps no more than a sixtieth of their requests from the others.
	leaseLife = time.Minute
	maxLeases = 10_000
	// takeTimeout bounds one question, and awayLife is how long one that was not
	// answered is not repeated.
	takeTimeout = 500 * time.Millisecond
	awayLife    = time.Second
)

// NewLimits returns limits of so many logins a minute from one client address,
// and so many requests a minute from one user. 0 is no limit.
func NewLimits(b Buckets, loginsPerMinute, requestsPerMinute int) *Limits {
	leases, _ := simplelru.NewLRU[string, *lease](maxLeases, nil) // fails for no positive size
	l := &Limits{
		buckets:   b,
		addresses: Rate{"login", loginsPerMinute},
		requests:  Rate{"user", requestsPerMinute},
		leases:    leases,
	}
	if loginsPerMinute > 0 {
		l.code = Rate{"code", loginsPerCode}
	}
	return l
}

// LogIn counts an attempt to log in with code from a client address. It returns
// what the address has left, nil where there is no limit, or a [*RateError] and
// what is left of the limit that is used up.
func (l *Limits) LogIn(ctx context.Context, address, code string) (*Allowance, error) {
	left, err := l.count(ctx, digest("address", address), l.addresses)
	if err != nil {
		return left, err
	}
	if left, err := l.count(ctx, Credential{Code, code}.ID(), l.code); err != nil {
		return left, err
	}
	return left, nil
}

func (l *Limits) count(ctx context.Context, subject string, r Rate) (*Allowance, error) {
	if r.PerMinute <= 0 {
		return nil, nil
	}
	taken, left, err := l.take(ctx, subject, r, 1)
	switch {
	case err != nil:
		return nil, nil
	case taken == 0:
		return &left, &RateError{left}
	default:
		return &left, nil
	}
}

// Request counts a request of a user. It returns what the user has left, nil
// where there is no limit, or a [*RateError] and what is left.
func (l *Limits) Request(ctx context.Context, userID string) (*Allowance, error) {
	if l.requests.PerMinute <= 0 {
		return nil, nil
	}
	for {
		if left, ok := l.leased(userID); ok {
			return &left, nil
		}
		// Requests that come at once share one question and what it brings.
		_, err, _ := l.leasing.Do(userID, func() (any, error) { return nil, l.lease(ctx, userID) })
		var refused *RateError
		switch {
		case errors.As(err, &refused):
			return &refused.Allowance, refused
		case err != nil:
			return nil, nil
		}
	}
}

// leased takes a request from what this replica has in advance.
func (l *Limits) leased(userID string) (Allowance, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held, ok := l.leases.Get(userID)
	if !ok || held.held == 0 || !time.Now().Before(held.until) {
		return Allowance{}, false
	}
	held.held--
	held.left.Left--
	return held.left, true
}

// lease takes requests in advance.
func (l *Limits) lease(ctx context.Context, userID string) error {
	taken, left, err := l.take(ctx, userID, l.requests, max(1, l.requests.PerMinute/60))
	if err != nil {
		return err
	}
	if taken == 0 {
		return &RateError{left}
	}
	left.Left += taken
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leases.Add(userID, &lease{left: left, held: taken, until: time.Now().Add(leaseLife)})
	return nil
}

// take asks the buckets, unless they are known to be away.
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

// mayAsk is true for one request in an awayLife while the buckets are away.
func (l *Limits) mayAsk() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.away) {
		return false
	}
	if !l.away.IsZero() {
		l.away = now.Add(awayLife)
	}
	return true
}

func (l *Limits) answered(ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = time.Time{}
	if !ok {
		l.away = time.Now().Add(awayLife)
	}
}
