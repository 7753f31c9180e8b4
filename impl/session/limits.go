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

// share is a sixtieth of a minute's worth, and at least one.
func (r Rate) share() int { return max(1, r.PerMinute/60) }

// each is how long one request takes to come back.
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

// Limits holds logins and requests to their rates. Where the buckets cannot be
// reached nobody is refused for that reason, and few wait to find that out.
//
// A replica asks the buckets little. It gives a subject a share of the limit, which
// most are done with: with the request after that it pays for the share, and takes
// another in advance. So what a subject gets in a minute is exact to a share for
// each replica.
type Limits struct {
	buckets                 Buckets
	addresses, codes, users *limit
	settling                singleflight.Group // by limit and subject

	mu   sync.Mutex // guards the accounts, too
	away time.Time  // when to ask buckets that did not answer again; zero where they did
}

// limit is a rate, and what this replica holds and owes of it.
type limit struct {
	Rate
	accounts *simplelru.LRU[string, *account] // by subject
}

// account is what this replica may let through without asking, and has let
// through without having asked.
type account struct {
	left  Allowance // what is held included
	held  int
	owed  int       // to be taken from the bucket when nothing is held any more
	until time.Time // when it is forgotten
}

const (
	// loginsPerCode is enough for every page of a program to begin with the same
	// login at once, and to repeat it.
	loginsPerCode = 120
	// accountLife is what a bucket takes to refill. After it what was owed makes no
	// difference any more.
	accountLife = time.Minute
	maxAccounts = 10_000 // of each limit
	// takeTimeout bounds one question, and awayLife is how long one that was not
	// answered is not repeated.
	takeTimeout = 500 * time.Millisecond
	awayLife    = time.Second
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
	return &limit{Rate{name, perMinute}, accounts}
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
		if left, ok := l.admit(of, subject); ok {
			return &left, nil
		}
		// Requests that come at once share one question and what it brings.
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

// admit lets a request through for which nobody need be asked.
func (l *Limits) admit(of *limit, subject string) (Allowance, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	a, known := of.accounts.Get(subject)
	switch {
	case !known || !now.Before(a.until):
		// As far as this replica knows.
		left := Allowance{Rate: of.Rate, Left: of.PerMinute - 1, Reset: of.each()}
		of.accounts.Add(subject, &account{left: left, held: of.share() - 1, owed: of.share(), until: now.Add(accountLife)})
		return left, true
	case a.held > 0:
		a.held--
		a.left.Left--
		return a.left, true
	default:
		return Allowance{}, false
	}
}

// settle pays what is owed, and takes a share in advance.
func (l *Limits) settle(ctx context.Context, of *limit, subject string) error {
	owed, isDue := l.due(of, subject)
	if !isDue { // somebody has just done it
		return nil
	}
	taken, left, err := l.take(ctx, subject, of.Rate, owed+of.share())
	if err != nil {
		return err
	}
	a := &account{left: left, held: max(0, taken-owed), owed: max(0, owed-taken), until: time.Now().Add(accountLife)}
	a.left.Left += a.held
	l.mu.Lock()
	defer l.mu.Unlock()
	of.accounts.Add(subject, a)
	if a.held == 0 {
		left.Wait += time.Duration(a.owed) * of.each() // the next ones pay that
		return &RateError{left}
	}
	return nil
}

// due tells whether the account of a subject is used up, and what is owed then.
func (l *Limits) due(of *limit, subject string) (owed int, isDue bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, known := of.accounts.Peek(subject)
	if !known || a.held > 0 || !time.Now().Before(a.until) {
		return 0, false
	}
	return a.owed, true
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
