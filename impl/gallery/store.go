package gallery

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"iter"
	"time"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/packing"
	"onestroke/impl/drawing/render"
	"onestroke/impl/moderation"
)

// Store keeps drawings, each under its owner. Apart from FindShare, no call sees
// or changes what another owner has. It only stores; the rules are in [Service].
// Every call may return [ErrUnavailable], wrapped, or the caller's own
// context.Canceled.
type Store interface {
	// Insert adds a drawing: [ErrChanged] if the owner has one with that ID.
	Insert(ctx context.Context, owner string, r Record) error
	// Replace writes all of r except its Share and its Check over the stored drawing
	// if that still has this etag, in one indivisible step. Otherwise, also if there
	// is no such drawing, it returns [ErrChanged]. The stored share and check remain. If r
	// has this etag itself, nothing changes: then what is stored is certain to last, also
	// where the write before had no answer.
	Replace(ctx context.Context, owner, etag string, r Record) error
	// Get returns [ErrNotFound] if the owner has no such drawing.
	Get(ctx context.Context, owner string, id drawing.ID) (Record, error)
	// Delete removes a drawing and its share if p allows the etag that it has, in
	// one indivisible step, or returns [ErrChanged]. It is not an error if there
	// is no such drawing; then that is certain to last.
	Delete(ctx context.Context, owner string, id drawing.ID, p Precondition) error
	// List returns at most limit summaries that come after a position, newest
	// first by (CreatedAt, ID). The zero position is before the newest. Without
	// thumbnails, Thumbnail is empty.
	List(ctx context.Context, owner string, after Position, limit int, thumbnails bool) ([]Summary, error)
	// All yields all drawings of the owner, oldest first, with few in memory at a
	// time. One that is there throughout is seen exactly once. An error ends it.
	All(ctx context.Context, owner string) iter.Seq2[Record, error]
	// DeleteAll removes all that is stored of the owner. After an error, it must
	// be called again.
	DeleteAll(ctx context.Context, owner string) error

	// Count returns how many drawings the owner has, counted up to a limit.
	Count(ctx context.Context, owner string, limit int) (int, error)
	// Admit adds n to the owner's tally if there is one and the sum is at most limit,
	// in one indivisible step, and reports whether it did.
	Admit(ctx context.Context, owner string, n, limit int) (bool, error)
	// Tally returns the owner's tally; the zero value if there is none.
	Tally(ctx context.Context, owner string) (Tally, error)
	// Recount replaces the owner's tally by one with this number of Admitted and
	// with Recounts one higher, in one indivisible step, if the stored one still
	// equals from. It reports whether it did.
	Recount(ctx context.Context, owner string, from Tally, admitted int) (bool, error)

	// Share gives a drawing a share unless it has one, in one indivisible step,
	// and returns the one that it has then, which is certain to last: [ErrNotFound] if
	// there is no such drawing.
	Share(ctx context.Context, owner string, id drawing.ID, s Share) (Share, error)
	// Unshare removes the share of a drawing. It is not an error if there is none; then
	// that is certain to last.
	Unshare(ctx context.Context, owner string, id drawing.ID) error
	// FindShare returns the drawing that a token may lead to, or [ErrNotFound]. It
	// may still find a share that was removed: only what Get returns is certain.
	FindShare(ctx context.Context, token string) (owner string, id drawing.ID, err error)
	// Shared returns the IDs of at most limit shared drawings of the owner that come after
	// an ID, in the order of the IDs; nil is before all.
	Shared(ctx context.Context, owner string, after *drawing.ID, limit int) ([]drawing.ID, error)
	// Code returns the code that is stored for a share of the owner, or nil.
	Code(ctx context.Context, owner, token string) ([]byte, error)
	// SetCode stores the code of a share, which is removed with the share:
	// [ErrNotFound] if the owner has no such share.
	SetCode(ctx context.Context, owner, token string, code []byte) error
	// SwapCheck replaces the check of a drawing by to, if the drawing still has the etag
	// that is the Version of to, and the stored check is still from, in one indivisible
	// step. Otherwise, also if there is no such drawing, it returns [ErrChanged].
	SwapCheck(ctx context.Context, owner string, id drawing.ID, from, to moderation.Check) error
}

// Record is a drawing as a [Store] stores it. Stores that write documents take
// the names from the tags: a new field needs no code there, and a changed name
// loses what is stored under the old one.
type Record struct {
	Summary      `json:",inline"`
	PreviousETag string           `json:"previousEtag"`    // before the last change; empty at revision 1
	Packed       []byte           `json:"packed"`          // the strokes, by [packing.Pack]
	PaintID      string           `json:"paintId"`         // under which a program of 2017 created it; empty if that is the ID, or if none did
	Actions      []byte           `json:"actions"`         // any bytes, as a program of 2017 saved them; nil if another program wrote the strokes
	Share        Share            `json:"share,omitempty"` // stored for as long as it is not zero
	Check        moderation.Check `json:"check,omitempty"` // of the revision whose etag is its Version; stored for as long as it is not zero
}

// Share makes a drawing readable to everyone who has the token. The zero value
// is no share.
type Share struct {
	Token string `json:"token"`
}

// Position is a place in an owner's list of drawings.
type Position struct {
	CreatedAt time.Time // UTC, to the millisecond
	ID        drawing.ID
}

// newRecord makes the part of a record that follows from a normalized content.
func newRecord(id drawing.ID, c drawing.Content) Record {
	return Record{
		Summary: Summary{
			ID: id, Properties: c.Properties, Measures: c.Measure(), Thumbnail: render.Thumbnail(c.Canvas, c.Strokes),
		},
		Packed: packing.Pack(c.Strokes),
	}
}

// created returns the record as the first revision of a drawing.
func (r Record) created(now time.Time) Record {
	r.Revision, r.ETag, r.CreatedAt, r.UpdatedAt = 1, newETag(), now, now
	return r
}

// replacing returns the record as the revision that follows stored.
func (r Record) replacing(stored Record, now time.Time) Record {
	r.Revision, r.ETag, r.CreatedAt, r.UpdatedAt = stored.Revision+1, newETag(), stored.CreatedAt, now
	r.PreviousETag, r.PaintID = stored.ETag, stored.PaintID
	return r
}

// sameContent reports whether both records hold the same content.
func (r Record) sameContent(stored Record) bool {
	return r.Properties == stored.Properties && r.sameStrokes(stored)
}

// sameStrokes reports whether both records show the same picture.
func (r Record) sameStrokes(stored Record) bool {
	return r.Canvas == stored.Canvas && bytes.Equal(r.Packed, stored.Packed)
}

// drawing returns the whole drawing, or a [*CorruptError].
func (r Record) drawing() (Drawing, error) {
	strokes, err := packing.Unpack(r.Packed)
	if err != nil {
		return Drawing{}, &CorruptError{ID: r.ID.String(), Err: err}
	}
	return Drawing{Summary: r.Summary, Strokes: strokes}, nil
}

// newETag returns 128 random bits, so that no two revisions of any drawing have
// the same etag, also if a drawing is changed back or deleted and created again.
func newETag() string { return random128() }

// random128 returns 128 random bits in base64url, 22 characters.
func random128() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: it ends the program if there is no randomness
	return base64.RawURLEncoding.EncodeToString(b[:])
}
