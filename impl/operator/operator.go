// Package operator holds the rules of those who run the service: what they decide about
// what users made, which users they suspend, and the trail of all that.
//
// It knows neither HTTP nor a database. What it needs of a database is [Store].
package operator

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"onestroke/impl/moderation"
)

// Action is what an operator did. The values are those in the stores.
type Action string

const (
	Approve  Action = "approve"   // others may see the thing
	Refuse   Action = "refuse"    // others may not see this version of the thing
	TakeDown Action = "take_down" // the share is ended, the nickname or avatar removed
	Suspend  Action = "suspend"   // the user can read, export and delete, and nothing else
	Lift     Action = "lift"      // the suspension is over
)

// Outcome is what became of an action.
type Outcome string

const (
	Unknown Outcome = "unknown" // it was begun, and its end is not stored
	Done    Outcome = "done"
	Changed Outcome = "changed" // nothing: the thing has another version, or there is none, or no such user
	Failed  Outcome = "failed"  // an error; the action may or may not have been done
)

// Entry is one action in the trail. The names in the tags are those in the stores.
type Entry struct {
	ID      string            `json:"id"` // greater than that of each earlier entry
	At      int64             `json:"at"` // Unix milliseconds
	By      string            `json:"by"` // the name that the operator gave
	Note    string            `json:"note"`
	Action  Action            `json:"action"`
	User    string            `json:"user"` // whose thing it is, or who is suspended
	Kind    moderation.Kind   `json:"kind"` // of the thing; empty for a user
	Thing   string            `json:"thing"`
	Version string            `json:"version"` // that the operator saw
	Reason  moderation.Reason `json:"reason"`
	Outcome Outcome           `json:"outcome"`
}

// Suspension is of one user. The zero value is none.
type Suspension struct {
	User string `json:"user"`
	At   int64  `json:"at"` // Unix milliseconds
	By   string `json:"by"`
	Note string `json:"note"`
}

// Store stores suspensions and the trail. A call may return gallery.ErrUnavailable,
// wrapped, or the caller's own context.Canceled.
type Store interface {
	// Suspension returns that of a user, or the zero value.
	Suspension(ctx context.Context, user string) (Suspension, error)
	// PutSuspension stores a suspension in place of the one that its user may have.
	PutSuspension(ctx context.Context, s Suspension) error
	// RemoveSuspension removes that of a user. It is not an error if there is none.
	RemoveSuspension(ctx context.Context, user string) error
	// Suspensions returns at most limit suspensions in the order of their users, those
	// after a user.
	Suspensions(ctx context.Context, after string, limit int) ([]Suspension, error)
	// PutEntry stores an entry in place of the one that may have its ID.
	PutEntry(ctx context.Context, e Entry) error
	// Entries returns at most limit entries, newest first, those before an ID; an empty
	// ID is behind the newest.
	Entries(ctx context.Context, before string, limit int) ([]Entry, error)
}

// ErrNoUser: nothing is stored of a user.
var ErrNoUser = errors.New("nothing is stored of this user")

// Options of a [Service]. All are required, except for Now.
type Options struct {
	Store  Store
	Checks *moderation.Service
	// Exists reports whether anything is stored of a user.
	Exists func(ctx context.Context, user string) (bool, error)
	Now    func() time.Time // time.Now if nil
}

// Service applies the rules.
type Service struct {
	store  Store
	checks *moderation.Service
	exists func(ctx context.Context, user string) (bool, error)
	now    func() time.Time
	cache  *cache
	ids    ids
}

// New returns a service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{store: o.Store, checks: o.Checks, exists: o.Exists, now: o.Now, cache: newCache()}
}

// Decision is what an operator decides about a thing.
type Decision struct {
	Action  Action            // Approve, Refuse or TakeDown
	Version string            // that the operator saw
	Reason  moderation.Reason // why it is refused or taken down; the user sees it
	By      string
	Note    string
}

// Decide decides about a thing, and ends its reports. It returns [moderation.ErrGone] if
// there is no such thing, and [moderation.ErrChanged] if it has another version.
func (s *Service) Decide(ctx context.Context, t moderation.Thing, d Decision) error {
	return s.recorded(ctx, Entry{
		By: d.By, Note: d.Note, Action: d.Action, User: t.Owner, Kind: t.Kind, Thing: t.ID, Version: d.Version, Reason: d.Reason,
	}, func(ctx context.Context) error {
		switch d.Action {
		case Approve:
			return s.checks.Settle(ctx, t, d.Version, moderation.Verdict{State: moderation.Approved})
		case Refuse:
			return s.checks.Settle(ctx, t, d.Version, moderation.Verdict{State: moderation.Refused, Reason: d.Reason})
		case TakeDown:
			return s.checks.TakeDown(ctx, t, d.Version, cmp.Or(d.Reason, moderation.Other))
		default:
			return fmt.Errorf("no decision about a thing: %q", d.Action)
		}
	})
}

// Suspend lets a user only read, export and delete. It returns [ErrNoUser] if nothing is
// stored of the user.
func (s *Service) Suspend(ctx context.Context, user, by, note string) error {
	return s.recorded(ctx, Entry{By: by, Note: note, Action: Suspend, User: user}, func(ctx context.Context) error {
		if err := s.find(ctx, user); err != nil {
			return err
		}
		if err := s.store.PutSuspension(ctx, Suspension{User: user, At: s.now().UnixMilli(), By: by, Note: note}); err != nil {
			return err
		}
		s.cache.put(user, true, s.now())
		return nil
	})
}

// Lift ends the suspension of a user. It returns [ErrNoUser] if nothing is stored of the
// user.
func (s *Service) Lift(ctx context.Context, user, by, note string) error {
	return s.recorded(ctx, Entry{By: by, Note: note, Action: Lift, User: user}, func(ctx context.Context) error {
		if err := s.find(ctx, user); err != nil {
			return err
		}
		if err := s.store.RemoveSuspension(ctx, user); err != nil {
			return err
		}
		s.cache.put(user, false, s.now())
		return nil
	})
}

// find returns [ErrNoUser] if nothing is stored of a user. A suspension outlasts the
// account.
func (s *Service) find(ctx context.Context, user string) error {
	stored, err := s.store.Suspension(ctx, user)
	if err != nil || stored != (Suspension{}) {
		return err
	}
	exists, err := s.exists(ctx, user)
	if err == nil && !exists {
		err = ErrNoUser
	}
	return err
}

// Suspended reports whether a user is suspended. The store is asked once a second: what
// another replica decides counts here a second later.
func (s *Service) Suspended(ctx context.Context, user string) (bool, error) {
	now := s.now()
	if suspended, ok := s.cache.get(user, now); ok {
		return suspended, nil
	}
	stored, err := s.store.Suspension(ctx, user)
	if err != nil {
		return false, err
	}
	suspended := stored != Suspension{}
	s.cache.put(user, suspended, now)
	return suspended, nil
}

// Suspensions returns a page of those who are suspended, and next, the position of the
// next page; it is empty on the last page.
func (s *Service) Suspensions(ctx context.Context, after string, limit int) (page []Suspension, next string, err error) {
	page, err = s.store.Suspensions(ctx, after, limit)
	if err == nil && len(page) == limit {
		next = page[limit-1].User
	}
	return page, next, err
}

// Trail returns a page of the trail, newest first, and next, the position of the next
// page; it is empty on the last page.
func (s *Service) Trail(ctx context.Context, before string, limit int) (page []Entry, next string, err error) {
	page, err = s.store.Entries(ctx, before, limit)
	if err == nil && len(page) == limit {
		next = page[limit-1].ID
	}
	return page, next, err
}

// recorded does an action with an entry in the trail. The entry is stored first: no
// action is without one. An action is several writes, which are all done also if the
// operator leaves.
func (s *Service) recorded(ctx context.Context, e Entry, do func(context.Context) error) error {
	ctx = context.WithoutCancel(ctx)
	now := s.now().UnixMilli()
	e.ID, e.At, e.Outcome = s.ids.next(now), now, Unknown
	if err := s.store.PutEntry(ctx, e); err != nil {
		return err
	}
	err := do(ctx)
	switch {
	case err == nil:
		e.Outcome = Done
	case errors.Is(err, moderation.ErrGone), errors.Is(err, moderation.ErrChanged), errors.Is(err, ErrNoUser):
		e.Outcome = Changed
	default:
		e.Outcome = Failed
	}
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	return errors.Join(err, s.store.PutEntry(ctx, e))
}

// ids makes the IDs of entries.
type ids struct {
	mu   sync.Mutex
	last int64
}

// next returns an ID that is greater than all before it, also than those of the same
// millisecond. Two replicas may disagree about the order of entries in one of them.
func (i *ids) next(now int64) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = max(now, i.last+1)
	return fmt.Sprintf("%012x%s", i.last, rand.Text())
}

// recordTime bounds storing what became of an action.
const recordTime = 5 * time.Second

// allBatch bounds how many suspensions or entries are in memory while all are read.
const allBatch = 100

// AllSuspensions yields every suspension in a store. An error ends it.
func AllSuspensions(ctx context.Context, s Store) iter.Seq2[Suspension, error] {
	return pages(func(last Suspension) ([]Suspension, error) { return s.Suspensions(ctx, last.User, allBatch) })
}

// AllEntries yields the whole trail, newest first. An error ends it.
func AllEntries(ctx context.Context, s Store) iter.Seq2[Entry, error] {
	return pages(func(last Entry) ([]Entry, error) { return s.Entries(ctx, last.ID, allBatch) })
}

// pages yields what read returns after the last item; after the zero value at first.
func pages[T any](read func(last T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var last T
		for {
			page, err := read(last)
			if err != nil {
				yield(last, err)
				return
			}
			for _, last = range page {
				if !yield(last, nil) {
					return
				}
			}
			if len(page) < allBatch {
				return
			}
		}
	}
}
