package drawing

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Service applies the rules of a drawing to what a [Store] keeps. The owner is
// the id of the user who calls; nobody reaches what another owns.
type Service struct {
	// Now is the clock, time.Now unless a test sets another. It is set before
	// the first call.
	Now func() time.Time

	store Store
	quota int
}

// Options of a [Service].
type Options struct {
	Quota int // drawings an owner may have; 0 for any number
}

// New returns a service on a store.
func New(s Store, o Options) *Service { return &Service{Now: time.Now, store: s, quota: o.Quota} }

// Precondition says what must be true of a drawing for [Service.Put] to write
// it, or [Service.Delete] to remove it. The zero value never is.
type Precondition struct {
	absent, present bool
	etags           []string
}

// IfAbsent holds when there is no such drawing: If-None-Match: *.
func IfAbsent() Precondition { return Precondition{absent: true} }

// IfPresent holds when there is one, whatever it is: If-Match: *.
func IfPresent() Precondition { return Precondition{present: true} }

// IfMatch holds when there is one that carries one of the etags, which are
// without quotes: If-Match: "a", "b".
func IfMatch(etags ...string) Precondition { return Precondition{etags: etags} }

// Allows tells whether a drawing that is there, with this etag, may be changed.
func (p Precondition) Allows(etag string) bool { return p.present || p.names(etag) }

func (p Precondition) names(etag string) bool {
	return etag != "" && slices.Contains(p.etags, etag)
}

// Put creates a drawing, or replaces it, as the precondition says; created
// tells which. A write that is repeated because its answer was lost is given
// that answer again, and changes nothing.
//
// It returns [InvalidErrors] for an id or a content that breaks a rule, and
// [ErrChanged] where the precondition does not hold, and [ErrQuota] for one
// drawing too many. The quota of an owner who creates many drawings at the same
// moment may be overshot by as many: see [Store.Admit].
func (s *Service) Put(ctx context.Context, owner, id string, c Content, p Precondition) (d Drawing, created bool, err error) {
	id = strings.ToLower(id)
	if !isDrawingID(id) {
		return Drawing{}, false, InvalidErrors{{Field: "id", Rule: "format", Detail: "is not a UUID"}}
	}
	if err := c.Validate(); err != nil {
		return Drawing{}, false, err
	}
	c = c.Normalize()
	draft := newRecord(id, c)

	var kept Record
	if p.absent {
		kept, err = s.create(ctx, owner, draft)
	} else {
		kept, err = s.replace(ctx, owner, draft, p)
	}
	if err != nil {
		return Drawing{}, false, err
	}
	return Drawing{Summary: kept.Summary, Strokes: c.Strokes}, p.absent, nil
}

// Get returns a drawing, [ErrNotFound], or a [*CorruptError] when what is
// stored cannot be read.
func (s *Service) Get(ctx context.Context, owner, id string) (Drawing, error) {
	id = strings.ToLower(id)
	if !isDrawingID(id) {
		return Drawing{}, ErrNotFound
	}
	r, err := s.store.Get(ctx, owner, id)
	if err != nil {
		return Drawing{}, err
	}
	return r.drawing()
}

// Delete removes a drawing, or returns [ErrChanged] where the precondition does
// not hold for it. It is no error when there is none.
func (s *Service) Delete(ctx context.Context, owner, id string, p Precondition) error {
	id = strings.ToLower(id)
	if !isDrawingID(id) {
		return nil
	}
	return s.store.Delete(ctx, owner, id, p)
}

// List returns a page of the owner's drawings, newest first by creation: at
// most limit, which is held to 1 to [MaxPage]. The cursor is empty for the
// first page and next for the page that follows; next is empty on the last. A
// drawing that is there throughout is seen once, whatever comes and goes
// around it. Thumbnails are left out unless asked for. A cursor that was not made
// here is [ErrCursor].
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
		next = Position{items[limit-1].CreatedAt, items[limit-1].ID}.cursor()
	}
	return items, next, nil
}

// Export yields all that is kept of the owner's drawings, oldest first, a few at
// a time in memory. An error ends it.
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

// DeleteAll removes every drawing and share of an owner. What is created while
// it runs may stay. After an error it is to be called again.
func (s *Service) DeleteAll(ctx context.Context, owner string) error {
	return s.store.DeleteAll(ctx, owner)
}

// isDrawingID tells whether id is a UUID as it is kept, in lower case.
func isDrawingID(id string) bool {
	return len(id) == 36 && uuid.Validate(id) == nil && id == strings.ToLower(id)
}

func (s *Service) create(ctx context.Context, owner string, draft Record) (Record, error) {
	for {
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
			continue // deleted in between: the id is free again
		case err != nil:
			return Record{}, err
		case stored.Revision == 1 && draft.sameContent(stored):
			return stored, nil
		default:
			return Record{}, ErrChanged
		}
	}
}

// insert adds a drawing within the owner's quota.
func (s *Service) insert(ctx context.Context, owner string, r Record) error {
	if s.quota > 0 {
		if err := s.store.Admit(ctx, owner, s.quota); err != nil {
			return err
		}
	}
	return s.store.Insert(ctx, owner, r)
}

func (s *Service) replace(ctx context.Context, owner string, draft Record, p Precondition) (Record, error) {
	for {
		stored, err := s.store.Get(ctx, owner, draft.ID)
		if errors.Is(err, ErrNotFound) {
			return Record{}, ErrChanged
		}
		if err != nil {
			return Record{}, err
		}
		isRepeat := draft.sameContent(stored) && (p.Allows(stored.ETag) || p.names(stored.PreviousETag))
		if isRepeat {
			return stored, nil
		}
		if !p.Allows(stored.ETag) {
			return Record{}, ErrChanged
		}
		r := draft.replacing(stored, s.now())
		err = s.store.Replace(ctx, owner, stored.ETag, r)
		if !errors.Is(err, ErrChanged) {
			return r, err
		}
		// Somebody wrote first. The precondition may hold for that, too, or that
		// was this very write, sent twice.
	}
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
