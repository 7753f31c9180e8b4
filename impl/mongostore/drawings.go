package mongostore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
)

// batch is how many drawings are in memory at a time while all are read. The largest
// take 640 KB, and MongoDB cannot end a batch by its bytes before 16 MB.
const batch = 8

var onlyETagAndShare = bson.D{{Key: "_id", Value: 0}, {Key: "etag", Value: 1}, {Key: "share", Value: 1}}

// Insert relies on the primary key. The driver may send it twice, and the second
// one is then refused; the caller finds its own drawing there.
func (s *Store) Insert(ctx context.Context, owner string, r gallery.Record) error {
	err := insert(ctx, s.drawings, document{key(owner, r.ID), owner, r})
	if mongo.IsDuplicateKeyError(err) {
		return gallery.ErrChanged
	}
	return failure(ctx, "insert drawing", err)
}

// Replace compares the etag and sets every field but the share and the check. One that
// changes nothing waits for a majority, too.
func (s *Store) Replace(ctx context.Context, owner, etag string, r gallery.Record) error {
	r.Share, r.Check = gallery.Share{}, moderation.Check{}
	var fields any = document{Record: r}
	if r.ETag == etag {
		fields = bson.D{{Key: "etag", Value: etag}}
	}
	unchanged := append(one(owner, r.ID), bson.E{Key: "etag", Value: etag})
	replaced, err := update(ctx, s.drawings, unchanged, bson.D{{Key: "$set", Value: fields}})
	if err != nil {
		return failure(ctx, "replace drawing", err)
	}
	if !replaced {
		return gallery.ErrChanged
	}
	return nil
}

// Get reads one drawing whole. A document it cannot read is a
// [*gallery.CorruptError].
func (s *Store) Get(ctx context.Context, owner string, id drawing.ID) (gallery.Record, error) {
	raw, err := find(ctx, s.drawings, one(owner, id), nil)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return gallery.Record{}, gallery.ErrNotFound
	}
	if err != nil {
		return gallery.Record{}, failure(ctx, "get drawing", err)
	}
	return decode(raw, "get drawing")
}

// Delete removes one drawing if it still has the etag that p allowed, and with it
// the token that was read. Then it removes the document of the share. Where there is no drawing, a
// deletion that finds nothing waits until a majority knows that.
func (s *Store) Delete(ctx context.Context, owner string, id drawing.ID, p gallery.Precondition) error {
	for n := 1; ; n++ {
		raw, err := find(ctx, s.drawings, one(owner, id), onlyETagAndShare)
		if errors.Is(err, mongo.ErrNoDocuments) {
			_, err := remove(ctx, s.drawings, append(one(owner, id), bson.E{Key: "etag", Value: ""}))
			return failure(ctx, "delete drawing", err)
		}
		if err != nil {
			return failure(ctx, "delete drawing", err)
		}
		r, err := decode(raw, "delete drawing")
		if err != nil {
			return err
		}
		if !p.Allows(r.ETag) {
			return gallery.ErrChanged
		}
		deleted, err := remove(ctx, s.drawings, append(one(owner, id), bson.E{Key: "etag", Value: r.ETag}, with(r.Share)))
		if err != nil {
			return failure(ctx, "delete drawing", err)
		}
		if deleted {
			return s.forget(ctx, r.Share)
		}
		// Another write came first. The precondition may be true for that, too.
		if err := gallery.Backoff(ctx, n); err != nil {
			return failure(ctx, "delete drawing", err)
		}
	}
}

// SwapCheck compares the etag and the stored check. The driver may send it twice, and then
// reports that another change came first, which the caller looks at again.
func (s *Store) SwapCheck(ctx context.Context, owner string, id drawing.ID, from, to moderation.Check) error {
	var stored any = from
	if from == (moderation.Check{}) {
		stored = nil // also where the field is missing
	}
	unchanged := append(one(owner, id), bson.E{Key: "etag", Value: to.Version}, bson.E{Key: "check", Value: stored})
	swapped, err := update(ctx, s.drawings, unchanged, bson.D{{Key: "$set", Value: bson.D{{Key: "check", Value: to}}}})
	if err == nil && !swapped {
		return gallery.ErrChanged
	}
	return failure(ctx, "store a check", err)
}

// List reads a page off the index that [Store.Prepare] made, without the
// strokes: what it costs does not depend on how many drawings there are.
//
// One comparison leads to the place in the index, so that every server finds it
// there. What has the time of the position, usually one drawing, is read as well
// and left out here.
func (s *Store) List(ctx context.Context, owner string, after gallery.Position, limit int, thumbnails bool) ([]gallery.Summary, error) {
	filter, sameTime := bson.D{{Key: "owner", Value: owner}}, 0
	if after != (gallery.Position{}) {
		filter = append(filter, bson.E{Key: "createdAt", Value: bson.D{{Key: "$lte", Value: after.CreatedAt}}})
		sameTime = 1
	}
	for {
		read, err := repeated(ctx, s.drawings.turns, refusedOrLost, func(ctx context.Context) ([]gallery.Summary, error) {
			return s.newest(ctx, filter, limit+sameTime, thumbnails)
		})
		if err != nil {
			return nil, failure(ctx, "list drawings", err)
		}
		all := len(read) < limit+sameTime
		items := slices.DeleteFunc(read, func(s gallery.Summary) bool {
			return sameTime > 0 && compare(gallery.Position{CreatedAt: s.CreatedAt, ID: s.ID}, after) >= 0
		})
		if all || len(items) >= limit {
			return items[:min(limit, len(items))], nil
		}
		sameTime *= 2
	}
}

// compare orders positions, the oldest first.
func compare(a, b gallery.Position) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
}

// newest reads the first drawings of the list, of those that a filter is for.
func (s *Store) newest(ctx context.Context, filter bson.D, limit int, thumbnails bool) ([]gallery.Summary, error) {
	left := bson.D{{Key: "_id", Value: 0}, {Key: "owner", Value: 0}, {Key: "packed", Value: 0}, {Key: "actions", Value: 0}, {Key: "share", Value: 0}}
	if !thumbnails {
		left = append(left, bson.E{Key: "thumbnail", Value: 0})
	}
	cursor, err := s.drawings.Find(ctx, filter, options.Find().
		SetSort(bson.D{{Key: "createdAt", Value: -1}, {Key: "id", Value: -1}}).
		SetLimit(int64(limit)).
		SetProjection(left))
	if err != nil {
		return nil, err
	}
	defer cursor.Close(context.WithoutCancel(ctx))
	items := make([]gallery.Summary, 0, cursor.RemainingBatchLength())
	for cursor.Next(ctx) {
		r, err := decode(cursor.Current, "list drawings")
		if err != nil {
			return nil, err
		}
		items = append(items, r.Summary)
	}
	return items, cursor.Err()
}

// All reads the index of the list backwards, a batch at a time. A cursor ends with
// its server, and on one that nobody asks for ten minutes: a new one goes on from
// there, as long as each yields something.
func (s *Store) All(ctx context.Context, owner string) iter.Seq2[gallery.Record, error] {
	return func(yield func(gallery.Record, error) bool) {
		var last gallery.Position
		for {
			before := last
			err := s.oldest(ctx, owner, &last, func(r gallery.Record) bool { return yield(r, nil) })
			switch {
			case err == nil:
				return
			case last == before || !hasCode(err, cursorNotFound) && !unavailable(err):
				yield(gallery.Record{}, failure(ctx, "read drawings", err))
				return
			}
		}
	}
}

const cursorNotFound = 43

// oldest yields the drawings of the owner that come after the last one, which it
// moves on, oldest first, until yield returns false.
func (s *Store) oldest(ctx context.Context, owner string, last *gallery.Position, yield func(gallery.Record) bool) error {
	filter := bson.D{{Key: "owner", Value: owner}}
	if *last != (gallery.Position{}) {
		filter = append(filter, bson.E{Key: "createdAt", Value: bson.D{{Key: "$gte", Value: last.CreatedAt}}})
	}
	cursor, err := inTurn(ctx, s.drawings.turns, func(ctx context.Context) (*mongo.Cursor, error) {
		return s.drawings.Find(ctx, filter, options.Find().
			SetSort(bson.D{{Key: "createdAt", Value: 1}, {Key: "id", Value: 1}}).
			SetBatchSize(batch))
	})
	if err != nil {
		return err
	}
	defer cursor.Close(context.WithoutCancel(ctx))
	for {
		more, err := inTurn(ctx, s.drawings.turns, func(ctx context.Context) (bool, error) { return cursor.Next(ctx), cursor.Err() })
		if err != nil || !more {
			return err
		}
		r, err := decode(cursor.Current, "read drawings")
		if err != nil {
			return err
		}
		at := gallery.Position{CreatedAt: r.CreatedAt, ID: r.ID}
		if compare(at, *last) <= 0 {
			continue
		}
		if *last = at; !yield(r) {
			return nil
		}
	}
}

// DeleteAll begins with the drawings: without its drawing, a share leads nowhere.
func (s *Store) DeleteAll(ctx context.Context, owner string) error {
	owned := bson.D{{Key: "owner", Value: owner}}
	if err := removeAll(ctx, s.drawings, owned); err != nil {
		return failure(ctx, "delete all drawings", err)
	}
	if err := removeAll(ctx, s.shares, owned); err != nil {
		return failure(ctx, "delete all shares", err)
	}
	if err := removeAll(ctx, s.tasks, owned); err != nil {
		return failure(ctx, "delete all checks", err)
	}
	_, err := remove(ctx, s.owners, byKey(owner))
	return failure(ctx, "delete tally", err)
}
