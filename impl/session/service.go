package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/singleflight"

	"onestroke/impl/seal"
)

// Options are the limits of a session.
type Options struct {
	IdleTTL         time.Duration    // a session unused for this long has expired
	MaxAge          time.Duration    // a session this old has expired, used or not
	ExchangeTimeout time.Duration    // bounds one call of the Exchanger, its retries included
	Now             func() time.Time // time.Now if nil
	// Alone says that no other replica has the store: what was read of it holds until
	// it is changed here.
	Alone bool
	// Seal encrypts the openid of a session. Nil: it is not stored.
	Seal *seal.Key
	// Notes holds the openids of users without a session; see [Service.Present]. Nil: they
	// are not stored.
	Notes Notes
	// Returned is called when a user logs in, or uses a session again that was not
	// used for [absence], or is present again. It must not take long. Nil: nobody is told.
	Returned func(userID string)
}

// Service opens, resolves and ends sessions. Replicas that share a [Store] and
// have the same options act as one.
type Service struct {
	exchanger Exchanger
	store     Store
	options   Options
	cache     *cache
	present   *present
	lag       time.Duration // how old the stored time of a session's last use may be: most uses cost no write
	logins    singleflight.Group
	outcomes  singleflight.Group // of logins with codes of 2017
}

const (
	// longestLag is the most that the stored time of a session's last use may lag. It
	// lags by a twelfth of [Options].IdleTTL if that is less.
	longestLag = 10 * time.Minute
	// absence is how long a session is not used before its user counts as having
	// been away. The time of its last use may lag.
	absence = 30 * time.Minute
	// storeTimeout bounds the renewal of a session and each half of the end of a login.
	// abandonTimeout is for what follows if that fails: the client waits for it as well.
	storeTimeout, abandonTimeout = 2 * time.Second, 500 * time.Millisecond
)

// New returns a service that logs users in through x and stores their sessions in s.
func New(x Exchanger, s Store, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Returned == nil {
		o.Returned = func(string) {}
	}
	lag := min(o.IdleTTL/12, longestLag)
	return &Service{exchanger: x, store: s, options: o, lag: lag, cache: newCache(o.Alone, lag), present: newPresent()}
}

// Resolve returns the session that c opens and extends its life. It returns
// [ErrExpired] if c opens nothing, whatever the reason, and [ErrUnavailable] if
// that cannot be found out. If a login with the code c is under way, it waits for
// the outcome, and returns the error of the login if that fails.
//
// Of a session that was ended through another service it learns within
// [Service.EndLag], of one that was ended through this service at once.
func (s *Service) Resolve(ctx context.Context, c Credential) (Session, error) {
	id := c.ID()
	now := s.options.Now()
	found, ok := s.cache.get(id, now)
	if ok {
		s.cache.hits.Add(1)
	} else {
		s.cache.misses.Add(1)
		userID, err := s.user(ctx, c)
		if err != nil {
			return Session{}, err
		}
		if found, err = s.resolve(ctx, userID, id); err != nil {
			return Session{}, err
		}
	}
	if !now.Before(found.ExpiresAt) {
		return Session{}, ErrExpired
	}
	return found, nil
}

// CacheHits is how many sessions [Service.Resolve] found in the cache.
func (s *Service) CacheHits() uint64 { return s.cache.hits.Load() }

// CacheMisses is how many it asked the store for.
func (s *Service) CacheMisses() uint64 { return s.cache.misses.Load() }

// Sessions returns the user's sessions, the newest first.
func (s *Service) Sessions(ctx context.Context, userID string) ([]Session, error) {
	all, err := s.store.List(ctx, userID)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, s.expired)
	slices.SortFunc(all, func(a, b Session) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// LogOut ends the session that c opens. It is not an error if there is none.
func (s *Service) LogOut(ctx context.Context, c Credential) error {
	userID, err := s.user(ctx, c)
	if errors.Is(err, ErrExpired) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.End(ctx, userID, c.ID())
}

// End ends one session of a user. It is not an error if there is none.
func (s *Service) End(ctx context.Context, userID, sessionID string) error {
	err := s.store.End(ctx, userID, sessionID)
	s.changed(userID, err)
	return err
}

// EndOthers ends all sessions of a user but one.
func (s *Service) EndOthers(ctx context.Context, userID, keepID string) error {
	err := s.store.EndOthers(ctx, userID, keepID)
	s.changed(userID, err)
	return err
}

// changed is called after each change of a user's sessions, with its error: the store
// may have done it all the same.
func (s *Service) changed(userID string, err error) { s.cache.change(userID, s.options.Now(), err) }

// Has reports whether a user has a session.
func (s *Service) Has(ctx context.Context, userID string) (bool, error) {
	all, err := s.Sessions(ctx, userID)
	return len(all) > 0, err
}

// EndAll ends all sessions of a user, and removes the openid. What remains stored is
// the outcome of recent logins: for a Token session until 5 minutes after the login,
// for a Code session that another replaced as long as it would have lasted unused.
func (s *Service) EndAll(ctx context.Context, userID string) error {
	all, err := s.store.List(ctx, userID)
	if err != nil {
		return err
	}
	if err := s.forgetCodes(ctx, all); err != nil {
		return err
	}
	if err := s.forgetPresent(ctx, userID); err != nil {
		return err
	}
	return s.EndOthers(ctx, userID, "")
}

// EndLag is how long after the end of a session another replica may still resolve it.
func (s *Service) EndLag() time.Duration {
	if s.options.Alone {
		return 0
	}
	return cacheLife
}

func (s *Service) resolve(ctx context.Context, userID, id string) (Session, error) {
	readAt, changes := s.options.Now(), s.cache.reading()
	found, err := s.find(ctx, userID, id)
	if err == nil {
		s.cache.put(found, readAt, changes)
	}
	return found, err
}

// user returns whose session c would open, if there is one.
func (s *Service) user(ctx context.Context, c Credential) (string, error) {
	switch c.Kind {
	case Token:
		if userID, ok := tokenUser(c.Secret); ok {
			return userID, nil
		}
	case Code:
		return s.codeUser(ctx, c)
	}
	return "", ErrExpired
}

// find returns a session that has not expired, renewed if that is due.
func (s *Service) find(ctx context.Context, userID, id string) (Session, error) {
	found, err := s.store.Find(ctx, userID, id)
	if err != nil {
		return Session{}, err
	}
	if s.expired(found) {
		return Session{}, ErrExpired
	}
	now := s.options.Now()
	if now.Sub(found.LastUsedAt) < s.lag {
		return found, nil
	}
	renewed := s.used(found, now)
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	done, err := s.store.Renew(ctx, found, renewed)
	switch {
	case err != nil:
		return found, nil // the session is valid all the same; a later use renews it
	case done:
		if now.Sub(found.LastUsedAt) >= absence {
			s.options.Returned(userID)
		}
		return renewed, nil
	default: // another replica was faster: it renewed or ended the session
		return s.store.Find(ctx, userID, id)
	}
}

// used returns what a session becomes when it is used.
func (s *Service) used(from Session, now time.Time) Session {
	from.LastUsedAt = now.Truncate(time.Second).UTC()
	from.ExpiresAt = from.LastUsedAt.Add(s.options.IdleTTL)
	if last := from.CreatedAt.Add(s.options.MaxAge); from.ExpiresAt.After(last) {
		from.ExpiresAt = last
	}
	return from
}

func (s *Service) expired(x Session) bool { return !s.options.Now().Before(x.ExpiresAt) }
