package drawing

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// Store keeps drawings and paints, each under its owner: no call sees or
// changes what another owner has. It is a plain keeper; the rules are in
// [Service]. Every call may return [ErrUnavailable], wrapped, or the caller's
// own context.Canceled.
type Store interface {
	// Insert adds a drawing: [ErrChanged] when the owner has one of that id.
	Insert(ctx context.Context, owner string, r Record) error
	// Replace puts r where the stored drawing still carries etag, in one
	// indivisible step: [ErrChanged] when it does not, or is gone.
	Replace(ctx context.Context, owner, etag string, r Record) error
	// Get returns [ErrNotFound] when the owner has no such drawing.
	Get(ctx context.Context, owner, id string) (Record, error)
	// Delete is content when there is nothing to delete.
	Delete(ctx context.Context, owner, id string) error
	// List returns at most limit summaries that come after a position, newest
	// first by (CreatedAt, ID). The zero position is before the newest.
	List(ctx context.Context, owner string, after Position, limit int) ([]Summary, error)

	// Paints returns all paints of the owner, oldest first.
	Paints(ctx context.Context, owner string) ([]Paint, error)
	// SavePaint adds a paint, or changes the actions of the one of that id and
	// leaves its place in the order.
	SavePaint(ctx context.Context, owner string, p Paint, now time.Time) error
	// DeletePaint is content when there is nothing to delete.
	DeletePaint(ctx context.Context, owner, id string) error
}

// Record is a drawing as a [Store] keeps it.
type Record struct {
	Summary
	PreviousETag string // before the last change; empty at revision 1
	Packed       []byte // the strokes, by [Pack]
}

// Position is a place in an owner's list of drawings.
type Position struct {
	CreatedAt time.Time // UTC, to the millisecond
	ID        string
}

// newRecord makes the part of a record that follows from a normalized content.
func newRecord(id string, c Content) Record {
	s := Summary{ID: id, Title: c.Title, Canvas: c.Canvas, StrokeCount: len(c.Strokes)}
	first := c.Strokes[0]
	s.Bounds = Bounds{int(first.X[0]), int(first.Y[0]), int(first.X[0]), int(first.Y[0])}
	for _, stroke := range c.Strokes {
		s.PointCount += len(stroke.X)
		if n := len(stroke.T); n > 0 {
			s.DurationMs = max(s.DurationMs, int(stroke.T[n-1]))
		}
		for i := range stroke.X {
			x, y := int(stroke.X[i]), int(stroke.Y[i])
			s.Bounds.MinX, s.Bounds.MaxX = min(s.Bounds.MinX, x), max(s.Bounds.MaxX, x)
			s.Bounds.MinY, s.Bounds.MaxY = min(s.Bounds.MinY, y), max(s.Bounds.MaxY, y)
		}
	}
	return Record{Summary: s, Packed: Pack(c.Strokes)}
}

// created returns the record as the first revision of a drawing.
func (r Record) created(now time.Time) Record {
	r.Revision, r.CreatedAt, r.UpdatedAt = 1, now, now
	r.ETag = r.tag(r.Revision, r.CreatedAt)
	return r
}

// replacing returns the record as the revision that follows stored.
func (r Record) replacing(stored Record, now time.Time) Record {
	r.Revision, r.CreatedAt, r.UpdatedAt = stored.Revision+1, stored.CreatedAt, now
	r.ETag, r.PreviousETag = r.tag(r.Revision, r.CreatedAt), stored.ETag
	return r
}

// sameContent tells whether stored holds the content of r: it does when that
// content would have been given the very tag that stored has.
func (r Record) sameContent(stored Record) bool {
	return r.tag(stored.Revision, stored.CreatedAt) == stored.ETag
}

// tag digests the content with what tells its life apart from any other: a
// drawing changed there and back, or deleted and made again, is tagged anew.
// 22 base64url characters, 128 bits.
func (r Record) tag(revision int, createdAt time.Time) string {
	b := make([]byte, 0, 64+len(r.Title)+len(r.Packed))
	for _, text := range []string{r.Title, r.Canvas.Background, string(r.Packed)} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	for _, n := range []int64{int64(r.Canvas.Width), int64(r.Canvas.Height), int64(revision), createdAt.UnixMilli()} {
		b = binary.AppendVarint(b, n)
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
