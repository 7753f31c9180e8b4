package session

import (
	"context"
	"sync"
	"time"

	"onestroke/impl/lease"
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
// A replica rarely asks the buckets. It lets the first requests of a subject
// through on credit, as many as a lease has. The request after these takes from the
// bucket what was let through, and a lease in advance. So the limit of a subject is
// exact to one lease for each replica.
type Limits struct {
	buckets                        Buckets
	logins, codes, users, visitors *limit
	operators                      *limit

	mu       sync.Mutex
	askAfter time.Time // when to ask buckets that did not answer; zero if they did
}

// limit is a rate, and what this replica took of it in advance.
type limit struct {
	Rate
	leases *lease.Leases[account] // by subject
}

// account is what the bucket of a subject has besides the lease, and what must be
// taken from it with the next one: what this replica let through on credit.
type account struct {
	bucket Allowance
	owed   int
}

const (
	// loginsPerCode is enough for every page of a program to begin with the same
	// login at once, and to repeat it.
	loginsPerCode = 120
	// requestsPerOperator is enough for a page of pictures every ten seconds, from one
	// client address.
	requestsPerOperator = 600
	// leaseLife is how long a bucket takes to fill up. After that it makes no
	// difference what was owed.
	leaseLife = time.Minute
	// takeTimeout bounds one call to the buckets. After a failed call, there is
	// none for the time of retryAfter.
	takeTimeout = 500 * time.Millisecond
	retryAfter  = time.Second
)

// Rates are how many requests a minute are allowed. 0 is no limit.
type Rates struct {
	Logins   int // from one client address; 0 is no limit for operators either
	Requests int // of one user
	Visits   int // requests for shared drawings from one client address
}

// NewLimits returns the limits with these rates.
func NewLimits(b Buckets, r Rates) *Limits {
	l := &Limits{buckets: b}
	l.logins = l.limit(Rate{"login", r.Logins})
	l.users = l.limit(Rate{"user", r.Requests})
	l.visitors = l.limit(Rate{"share", r.Visits})
	l.codes = l.limit(Rate{"code", loginsPerCode})
	l.operators = l.limit(Rate{"operator", requestsPerOperator})
	if r.Logins <= 0 {
		l.codes.PerMinute, l.operators.PerMinute = 0, 0
	}
	return l
}

func (l *Limits) limit(r Rate) *limit {
	first := func() lease.Lease[account] { return onCredit(r) }
	return &limit{r, lease.New(leaseLife, first, func(ctx context.Context, subject string, last *account) (lease.Lease[account], error) {
		return l.settle(ctx, subject, r, last.owed)
	})}
}

// LogIn counts an attempt to log in with code from a client address. It returns
// what the address has left, nil where there is no limit, or a [*RateError] and
// what is left of the limit that is used up.
func (l *Limits) LogIn(ctx context.Context, address, code string) (*Allowance, error) {
	left, err := l.logins.count(ctx, digest("address", address))
	if err != nil {
		return left, err
	}
	if left, err := l.codes.count(ctx, Credential{Code, code}.ID()); err != nil {
		return left, err
	}
	return left, nil
}

// Request counts a request of a user. It returns what the user has left, nil
// where there is no limit, or a [*RateError] and what is left.
func (l *Limits) Request(ctx context.Context, userID string) (*Allowance, error) {
	return l.users.count(ctx, userID)
}

// Visit counts a request for a shared drawing from a client address. It returns
// what the address has left, nil where there is no limit, or a [*RateError] and
// what is left.
func (l *Limits) Visit(ctx context.Context, address string) (*Allowance, error) {
	return l.visitors.count(ctx, digest("visitor", address))
}

// Operate counts a request of an operator from a client address, before it is known
// whether it is one. It returns what the address has left, nil where there is no limit,
// or a [*RateError] and what is left.
func (l *Limits) Operate(ctx context.Context, address string) (*Allowance, error) {
	return l.operators.count(ctx, digest("operator", address))
}

func (l *limit) count(ctx context.Context, subject string) (*Allowance, error) {
	if l.PerMinute <= 0 {
		return nil, nil
	}
	held, ok, err := l.leases.Use(ctx, subject)
	if err != nil {
		return nil, nil
	}
	left := held.State.bucket
	left.Left += held.Left
	if !ok {
		left.Wait += time.Duration(held.State.owed) * l.each() // the next ones are taken for what is owed
		return &left, &RateError{left}
	}
	return &left, nil
}

// onCredit is a lease that is taken from the bucket later. As far as this replica
// knows, the bucket is full.
func onCredit(r Rate) lease.Lease[account] {
	n := r.lease()
	return lease.Lease[account]{Left: n, State: account{bucket: Allowance{Rate: r, Left: r.PerMinute - n, Reset: r.each()}, owed: n}}
}

// settle takes from the bucket what is owed, and a lease in advance.
func (l *Limits) settle(ctx context.Context, subject string, r Rate, owed int) (lease.Lease[account], error) {
	taken, left, err := l.take(ctx, subject, r, owed+r.lease())
	return lease.Lease[account]{Left: max(0, taken-owed), State: account{bucket: left, owed: max(0, owed-taken)}}, err
}

// take asks the buckets, unless they failed to answer a moment ago.
func (l *Limits) take(ctx context.Context, subject string, r Rate, n int) (int, Allowance, error) {
	if !l.mayAsk() {
		return 0, Allowance{}, ErrUnavailable
	}
	ctx, cancel := context.WithTimeout(ctx, takeTimeout)
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
