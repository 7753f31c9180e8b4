package gallery

import (
	"context"
	"errors"
	"iter"
	"time"

	"golang.org/x/sync/singleflight"

	"onestroke/impl/drawing"
	"onestroke/impl/lease"
	"onestroke/impl/moderation"
)

// Service applies the rules to the drawings in a [Store]. The owner is the id of
// the user who calls; nobody reaches the drawings of another user.
type Service struct {
	store  Store
	quota  int
	leases *lease.Leases[struct{}] // of the quota, by owner
	clock  func() time.Time

	maker      CodeMaker           // nil if there is no WeChat
	making     singleflight.Group  // of codes, by token
	checks     *moderation.Service // nil if nothing is checked
	checkSaved bool
	suspended  func(ctx context.Context, owner string) (bool, error)
}

// Options of a [Service].
type Options struct {
	Quota int              // drawings an owner may have; 0 for any number
	Now   func() time.Time // time.Now if nil
	// Checks decides what others may see of shared drawings, and takes reports of
	// them. Nil: others see everything. The service adds itself as the kind
	// [CheckKind].
	Checks *moderation.Service
	// Codes makes the codes of shares. Nil: there are none.
	Codes CodeMaker
	// CheckSaved has drawings checked that are not shared, too.
	CheckSaved bool
	// Suspended reports whether an owner is suspended: others do not see what a suspended
	// owner shares. Nil: nobody is.
	Suspended func(ctx context.Context, owner string) (bool, error)
}

// New returns a service on a store.
func New(s Store, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Suspended == nil {
		o.Suspended = func(context.Context, string) (bool, error) { return false, nil }
	}
	service := &Service{
		store: s, quota: o.Quota, clock: o.Now, maker: o.Codes, checks: o.Checks, checkSaved: o.CheckSaved && o.Checks != nil, suspended: o.Suspended,
	}
	o.Checks.Add(CheckKind, service)
	service.leases = service.newLeases()
	return service
}

// Put creates a drawing, or replaces it, as the precondition says; created
// reports which. A write that is repeated because its answer was lost gets the
// same answer again and changes nothing.
//
// A write that leaves canvas and strokes as they are, such as a new title, leaves
// the actions of a program of 2017, too. Another one loses them.
//
// It returns [drawing.InvalidErrors] for a content that breaks a rule,
// [ErrIncomplete] if actions would be lost that the strokes do not show, [ErrChanged]
// if the precondition is false, and [ErrQuota] for one drawing too many. n drawings
// created at the same moment may exceed the quota by up to n, and each other process
// may exceed it by a hundredth of it.
func (s *Service) Put(ctx context.Context, owner string, id drawing.ID, c drawing.Content, p Precondition) (d Drawing, created bool, err error) {
	if err := c.Validate(); err != nil {
		return Drawing{}, false, err
	}
	c = c.Normalize()
	draft := newRecord(id, c)

	var stored Record
	if p.absent {
		stored, err = s.create(ctx, owner, draft)
	} else {
		stored, err = s.replace(ctx, owner, draft, p)
	}
	if err != nil {
		return Drawing{}, false, err
	}
	return Drawing{Summary: stored.Summary, Strokes: c.Strokes}, p.absent, nil
}

// Get returns a drawing, [ErrNotFound], or a [*CorruptError] if what is stored
// cannot be read.
func (s *Service) Get(ctx context.Context, owner string, id drawing.ID) (Drawing, error) {
	r, err := s.store.Get(ctx, owner, id)
	if err != nil {
		return Drawing{}, err
	}
	return r.drawing()
}

// Delete removes a drawing, or returns [ErrChanged] if the precondition is
// false. It is not an error if there is no such drawing.
func (s *Service) Delete(ctx context.Context, owner string, id drawing.ID, p Precondition) error {
	if err := s.store.Delete(ctx, owner, id, p); err != nil {
		return err
	}
	return s.checks.End(context.WithoutCancel(ctx), thing(owner, id)) // the client may leave
}

// List returns a page of the owner's drawings, newest first by creation: at
// most limit, which is clamped to 1 to [MaxPage]. The cursor is empty for the first
// page, and the value next of a page leads to the one after it; next is empty on the
// last page. A drawing that is there throughout is seen exactly once, whatever is
// created and deleted meanwhile. A cursor that was not made by this service is
// [ErrCursor].
func (s *Service) List(ctx context.Context, owner string, limit int, cursor string, thumbnails bool) (items []Summary, next string, err error) {
	after, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	limit = min(max(limit, 1), MaxPage)
	items, err = s.store.List(ctx, owner, after, limit+1, thumbnails)
	if err != nil {
		return nil, "", err
	}
	if len(items) > limit {
		items = items[:limit]
		next = items[limit-1].position().cursor()
	}
	return items, next, nil
}

// Export yields all that is stored of the owner's drawings, oldest first, with
// few in memory at a time. An error ends it.
func (s *Service) Export(ctx context.Context, owner string) iter.Seq2[Exported, error] {
	return func(yield func(Exported, error) bool) {
		for r, err := range s.store.All(ctx, owner) {
			e := Exported{PaintID: r.paintID(), Actions: string(r.Actions)}
			if err == nil {
				e.Drawing, err = r.drawing()
			}
			if err != nil {
				yield(Exported{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Has reports whether an owner has any drawing.
func (s *Service) Has(ctx context.Context, owner string) (bool, error) {
	n, err := s.store.Count(ctx, owner, 1)
	return n > 0, err
}

// DeleteAll removes every drawing and share of an owner. What is created while
// it runs may remain. After an error it must be called again.
func (s *Service) DeleteAll(ctx context.Context, owner string) error {
	s.leases.Drop(owner)
	return s.store.DeleteAll(ctx, owner)
}

func (s *Service) create(ctx context.Context, owner string, draft Record) (Record, error) {
	for attempt := 1; ; attempt++ {
		r := draft.created(s.now())
		refusal := s.insert(ctx, owner, r)
		if !errors.Is(refusal, ErrChanged) && !errors.Is(refusal, ErrQuota) {
			return r, refusal
		}
		stored, err := s.store.Get(ctx, owner, r.ID)
		switch {
		case errors.Is(err, ErrNotFound) && errors.Is(refusal, ErrQuota):
			return Record{}, refusal
		case errors.Is(err, ErrNotFound):
			// Deleted meanwhile: the ID is free again.
		case err != nil:
			return Record{}, err
		case stored.Revision == 1 && draft.sameContent(stored):
			if err := s.savedAgain(ctx, owner, stored); !errors.Is(err, ErrChanged) {
				return stored, err
			}
		default:
			return Record{}, ErrChanged
		}
		if err := Backoff(ctx, attempt); err != nil {
			return Record{}, err
		}
	}
}

// insert adds a drawing within the owner's quota.
func (s *Service) insert(ctx context.Context, owner string, r Record) error {
	if err := s.admit(ctx, owner); err != nil {
		return err
	}
	err := s.store.Insert(ctx, owner, r)
	if err == nil || errors.Is(err, context.Canceled) { // it may have been written
		s.saved(ctx, owner, r, moderation.Check{}, false)
	}
	return err
}

func (s *Service) replace(ctx context.Context, owner string, draft Record, p Precondition) (Record, error) {
	for attempt := 1; ; attempt++ {
		stored, err := s.store.Get(ctx, owner, draft.ID)
		if errors.Is(err, ErrNotFound) {
			return Record{}, ErrChanged
		}
		if err != nil {
			return Record{}, err
		}
		r := stored
		isRepeat := draft.sameContent(stored) && (p.Allows(stored.ETag) || p.names(stored.PreviousETag))
		switch sameStrokes := draft.sameStrokes(stored); {
		case isRepeat:
			err = s.savedAgain(ctx, owner, stored)
		case !p.Allows(stored.ETag):
			return Record{}, ErrChanged
		case !sameStrokes && stored.Incomplete && !p.incomplete:
			return Record{}, ErrIncomplete
		default:
			r = draft.replacing(stored, s.now())
			if sameStrokes {
				r.Actions, r.Incomplete = stored.Actions, stored.Incomplete
			}
			err = s.rewrite(ctx, owner, stored, r)
		}
		if !errors.Is(err, ErrChanged) {
			return r, err
		}
		// Another write came first. The precondition may be true for that, too, or it
		// was this same write, sent twice.
		if err := Backoff(ctx, attempt); err != nil {
			return Record{}, err
		}
	}
}

// rewrite replaces a stored record, and has the drawing checked if it is shared.
func (s *Service) rewrite(ctx context.Context, owner string, stored, r Record) error {
	err := s.store.Replace(ctx, owner, stored.ETag, r)
	if err == nil || errors.Is(err, context.Canceled) { // it may have been written
		s.saved(ctx, owner, r, stored.Check, stored.Share != (Share{}))
	}
	return err
}

func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Millisecond) }
