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

// share is what a replica takes in advance.
func (r Rate) share() int { return max(1, r.PerMinute/60) }

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
	owed   *simplelru.LRU[string, int] // tries of a code that no bucket has heard of
	away   time.Time                   // when to ask buckets that did not answer again; zero where they did
}

// lease is what this replica has taken from the bucket of a user or an address in
// advance, so that not every request costs a question: a sixtieth of a minute's
// worth.
type lease struct {
	left  Allowance // what the lease holds included
	held  int
	until time.Time
}

func (l *lease) good() bool { return l.held > 0 && time.Now().Before(l.until) }

const (
	// loginsPerCode is enough for every page of a program to begin with the same
	// login at once, and to repeat it.
	loginsPerCode = 120
	// leaseLife is what a bucket takes to refill. A replica that a user hardly
	// asks keeps no more than a sixtieth of their requests from the others.
	leaseLife = time.Minute
	maxLeases = 10_000
	maxCodes  = 10_000
	// takeTimeout bounds one question, and awayLife is how long one that was not
	// answered is not repeated.
	takeTimeout = 500 * time.Millisecond
	awayLife    = time.Second
)

// NewLimits returns limits of so many logins a minute from one client address,
// and so many requests a minute from one user. 0 is no limit.
func NewLimits(b Buckets, loginsPerMinute, requestsPerMinute int) *Limits {
	leases, _ := simplelru.NewLRU[string, *lease](maxLeases, nil) // fails for no positive size
	owed, _ := simplelru.NewLRU[string, int](maxCodes, nil)
	l := &Limits{
		buckets:   b,
		addresses: Rate{"login", loginsPerMinute},
		requests:  Rate{"user", requestsPerMinute},
		leases:    leases,
		owed:      owed,
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
	if left, err := l.try(ctx, Credential{Code, code}.ID()); err != nil {
		return left, err
	}
	return left, nil
}

// Request counts a request of a user. It returns what the user has left, nil
// where there is no limit, or a [*RateError] and what is left.
func (l *Limits) Request(ctx context.Context, userID string) (*Allowance, error) {
	return l.count(ctx, userID, l.requests)
}

// try counts an attempt to log in with a code. The first that this replica sees
// is owed to the bucket, and paid with the second: hardly any code has one.
func (l *Limits) try(ctx context.Context, codeID string) (*Allowance, error) {
	if l.code.PerMinute <= 0 {
		return nil, nil
	}
	owed, again := l.owe(codeID)
	if !again {
		return nil, nil
	}
	taken, left, err := l.take(ctx, codeID, l.code, owed+1)
	switch {
	case err != nil:
		return nil, nil
	case taken <= owed:
		return &left, &RateError{left}
	default:
		return &left, nil
	}
}

// owe returns what is owed for a code, if it was tried here before.
func (l *Limits) owe(codeID string) (owed int, again bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	owed, again = l.owed.Get(codeID)
	if again {
		l.owed.Add(codeID, 0)
	} else {
		l.owed.Add(codeID, 1)
	}
	return owed, again
}

func (l *Limits) count(ctx context.Context, subject string, r Rate) (*Allowance, error) {
	if r.PerMinute <= 0 {
		return nil, nil
	}
	for {
		if left, ok := l.leased(subject); ok {
			return &left, nil
		}
		// Requests that come at once share one question and what it brings.
		_, err, _ := l.leasing.Do(subject, func() (any, error) { return nil, l.lease(ctx, subject, r) })
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
func (l *Limits) leased(subject string) (Allowance, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held, ok := l.leases.Get(subject)
	if !ok || !held.good() {
		return Allowance{}, false
	}
	held.held--
	held.left.Left--
	return held.left, true
}

// lease takes requests in advance.
func (l *Limits) lease(ctx context.Context, subject string, r Rate) error {
	taken, left, err := l.take(ctx, subject, r, r.share())
	if err != nil {
		return err
	}
	if taken == 0 {
		return &RateError{left}
	}
	l.hold(subject, taken, left)
	return nil
}

// wanted is how many requests to take in advance for a user: 0 where some are
// there, or there is no limit.
func (l *Limits) wanted(userID string) (Rate, int) {
	if l == nil || l.requests.PerMinute <= 0 {
		return Rate{}, 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if held, ok := l.leases.Peek(userID); ok && held.good() {
		return l.requests, 0
	}
	return l.requests, l.requests.share()
}

// hold keeps what was taken in advance.
func (l *Limits) hold(subject string, taken int, left Allowance) {
	left.Left += taken
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leases.Add(subject, &lease{left: left, held: taken, until: time.Now().Add(leaseLife)})
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
