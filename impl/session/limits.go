package session

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
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
	// it could, and what is left.
	Take(ctx context.Context, subject string, r Rate, n int) (taken int, left Allowance, err error)
}

// Limits holds logins and requests to their rates. Where the buckets cannot be
// reached nobody is refused for that reason.
type Limits struct {
	buckets         Buckets
	addresses, code Rate
	requests        Rate
	now             func() time.Time

	mu     sync.Mutex
	leases *simplelru.LRU[string, *lease]
}

// lease is what this replica has taken from a user's bucket in advance, so that
// not every request costs a question: a sixtieth of a minute's worth.
type lease struct {
	left  Allowance
	taken int
	until time.Time
}

const (
	// loginsPerCode is enough for every page of a program to begin with the same
	// login at once, and to repeat it.
	loginsPerCode = 120
	leaseLife     = 5 * time.Second
	maxLeases     = 10_000
)

// NewLimits returns limits of so many logins a minute from one client address,
// and so many requests a minute from one user. 0 is no limit.
func NewLimits(b Buckets, loginsPerMinute, requestsPerMinute int) *Limits {
	leases, _ := simplelru.NewLRU[string, *lease](maxLeases, nil) // fails for no positive size
	l := &Limits{
		buckets:   b,
		addresses: Rate{"login", loginsPerMinute},
		requests:  Rate{"user", requestsPerMinute},
		now:       time.Now,
		leases:    leases,
	}
	if loginsPerMinute > 0 {
		l.code = Rate{"code", loginsPerCode}
	}
	return l
}

// LogIn counts an attempt to log in with code from a client address. It returns
// what the address has left, nil where there is no limit, or a [*RateError].
func (l *Limits) LogIn(ctx context.Context, address, code string) (*Allowance, error) {
	left, err := l.take(ctx, digest("address", address), l.addresses)
	if err != nil {
		return left, err
	}
	if _, err := l.take(ctx, Credential{Code, code}.ID(), l.code); err != nil {
		return left, err
	}
	return left, nil
}

func (l *Limits) take(ctx context.Context, subject string, r Rate) (*Allowance, error) {
	if r.PerMinute <= 0 {
		return nil, nil
	}
	taken, left, err := l.buckets.Take(ctx, subject, r, 1)
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
// where there is no limit, or a [*RateError].
func (l *Limits) Request(ctx context.Context, userID string) (*Allowance, error) {
	if l.requests.PerMinute <= 0 {
		return nil, nil
	}
	if left, ok := l.leased(userID); ok {
		return &left, nil
	}
	batch := max(1, l.requests.PerMinute/60)
	taken, left, err := l.buckets.Take(ctx, userID, l.requests, batch)
	if err != nil {
		taken, left = batch, Allowance{Rate: l.requests, Left: l.requests.PerMinute}
	}
	if taken == 0 {
		return &left, &RateError{left}
	}
	left.Left += taken - 1
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leases.Add(userID, &lease{left: left, taken: taken - 1, until: l.now().Add(leaseLife)})
	return &left, nil
}

// leased takes a request from what this replica has in advance.
func (l *Limits) leased(userID string) (Allowance, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held, ok := l.leases.Get(userID)
	if !ok || held.taken == 0 || !l.now().Before(held.until) {
		return Allowance{}, false
	}
	held.taken--
	held.left.Left--
	return held.left, true
}
