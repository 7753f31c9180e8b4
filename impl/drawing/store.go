package drawing

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"iter"
	"time"
)

// Store keeps drawings, each under its owner: but for FindShare, no call sees
// or changes what another owner has. It is a plain keeper; the rules are in
// [Service]. Every call may return [ErrUnavailable], wrapped, or the caller's
// own context.Canceled.
type Store interface {
	// Insert adds a drawing: [ErrChanged] when the owner has one of that id.
	Insert(ctx context.Context, owner string, r Record) error
	// Replace puts r, all but its Share, where the stored drawing still carries
	// etag, in one indivisible step: [ErrChanged] when it does not, or is gone.
	// The share stays.
	Replace(ctx context.Context, owner, etag string, r Record) error
	// Get returns [ErrNotFound] when the owner has no such drawing.
	Get(ctx context.Context, owner, id string) (Record, error)
	// Delete removes a drawing and its share where p allows the etag that it
	// carries, in one indivisible step: [ErrChanged] where p does not. It is
	// content when there is nothing to delete.
	Delete(ctx context.Context, owner, id string, p Precondition) error
	// List returns at most limit summaries that come after a position, newest
	// first by (CreatedAt, ID). The zero position is before the newest.
	List(ctx context.Context, owner string, after Position, limit int, thumbnails bool) ([]Summary, error)
	// All yields all drawings of the owner, oldest first, a few at a time in
	// memory. One that is there throughout is seen once. An error ends it.
	All(ctx context.Context, owner string) iter.Seq2[Record, error]
	// DeleteAll removes all that is kept of the owner. After an error, it is to
	// be called again.
	DeleteAll(ctx context.Context, owner string) error

	// Admit tells whether the owner may have one more drawing, which is then
	// inserted: [ErrQuota] when there are quota already. Calls at the same time
	// may be admitted together where only one should be, and so may a hundredth of
	// the quota in each of several processes; they are counted by the next.
	Admit(ctx context.Context, owner string, quota int) error

	// Share gives a drawing a share unless it has one, in one indivisible step,
	// and returns the one it has then: [ErrNotFound] when there is no such
	// drawing.
	Share(ctx context.Context, owner, id string, s Share) (Share, error)
	// Unshare takes a drawing's share away. It is content when there is none.
	Unshare(ctx context.Context, owner, id string) error
	// FindShare returns whose drawing a token may lead to, or [ErrNotFound]. It
	// may still find a token whose share is gone: the drawing has the last word.
	FindShare(ctx context.Context, token string) (owner, id string, err error)
}

// Record is a drawing as a [Store] keeps it.
type Record struct {
	Summary
	PreviousETag string // before the last change; empty at revision 1
	Packed       []byte // the strokes, by [Pack]
	PaintID      string // under which a program of 2017 created it; empty when that is the ID, or none did
	Actions      []byte // any bytes, as a program of 2017 saved them; nil when the strokes were last written otherwise
	Share        Share
}

// Share is what makes a drawing readable to whoever has the token; the zero
// value does not.
type Share struct {
	Token    string
	Nickname string // of the author, as the author shows it to others
}

// Position is a place in an owner's list of drawings.
type Position struct {
	CreatedAt time.Time // UTC, to the millisecond
	ID        string
}

// newRecord makes the part of a record that follows from a normalized content.
func newRecord(id string, c Content) Record {
	s := Summary{ID: id, Title: c.Title, Canvas: c.Canvas, StrokeCount: len(c.Strokes), Bounds: c.bounds()}
	for _, stroke := range c.Strokes {
		s.PointCount += len(stroke.X)
		if n := len(stroke.T); n > 0 {
			s.DurationMs = max(s.DurationMs, int(stroke.T[n-1]))
		}
	}
	s.Thumbnail = Thumbnail(c.Canvas, c.Strokes)
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
	r.PaintID = stored.PaintID
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

// drawing returns the drawing whole, or a [*CorruptError].
func (r Record) drawing() (Drawing, error) {
	strokes, err := Unpack(r.Packed)
	if err != nil {
		return Drawing{}, &CorruptError{ID: r.ID, Err: err}
	}
	return Drawing{Summary: r.Summary, Strokes: strokes}, nil
}

// bounds is the smallest rectangle that holds every point.
func (c Content) bounds() (b Bounds) {
	for i, s := range c.Strokes {
		for j := range s.X {
			x, y := int(s.X[j]), int(s.Y[j])
			if i == 0 && j == 0 {
				b = Bounds{x, y, x, y}
			}
			b.MinX, b.MaxX = min(b.MinX, x), max(b.MaxX, x)
			b.MinY, b.MaxY = min(b.MinY, y), max(b.MaxY, y)
		}
	}
	return b
}
