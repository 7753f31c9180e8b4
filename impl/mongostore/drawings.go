package mongostore

import (
	"context"
	"errors"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
)

// batch bounds what is in memory of all drawings, the largest of which take 640
// KB; MongoDB stops at 16 MB before that.
const batch = 50

var onlyETagAndShare = bson.D{{Key: "_id", Value: 0}, {Key: "etag", Value: 1}, {Key: "share", Value: 1}}

// Insert relies on the primary key: an owner's id is taken once. The driver may
// send it twice, and the second is then refused; the caller finds its own
// drawing there.
func (s *Store) Insert(ctx context.Context, owner string, r gallery.Record) error {
	_, err := s.drawings.InsertOne(ctx, document{key(owner, r.ID), owner, r})
	if mongo.IsDuplicateKeyError(err) {
		return gallery.ErrChanged
	}
	return failure(ctx, "insert drawing", err)
}

// Replace compares the etag and sets every field but the share.
func (s *Store) Replace(ctx context.Context, owner, etag string, r gallery.Record) error {
	r.Share = gallery.Share{}
	d := document{Owner: owner, Record: r} // without _id and share
	unchanged := bson.D{{Key: "etag", Value: etag}}
	replaced, err := s.update(ctx, s.drawings, key(owner, r.ID), unchanged, bson.D{{Key: "$set", Value: d}})
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
	raw, err := s.drawings.FindOne(ctx, byKey(key(owner, id))).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return gallery.Record{}, gallery.ErrNotFound
	}
	if err != nil {
		return gallery.Record{}, failure(ctx, "get drawing", err)
	}
	return decode(raw, "get drawing")
}

// Delete removes one drawing while it carries the etag that p was asked about;
// with it, its token is worthless. What the shares know of the token goes next.
func (s *Store) Delete(ctx context.Context, owner string, id drawing.ID, p gallery.Precondition) error {
	for {
		raw, err := s.drawings.FindOne(ctx, byKey(key(owner, id)), options.FindOne().SetProjection(onlyETagAndShare)).Raw()
		if errors.Is(err, mongo.ErrNoDocuments) {
			return nil
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
		unchanged := bson.D{{Key: "etag", Value: r.ETag}}
		deleted, err := s.change(ctx, s.drawings, key(owner, id), unchanged, func(filter bson.D) (int64, error) {
			result, err := s.drawings.DeleteOne(ctx, filter)
			if err != nil {
				return 0, err
			}
			return result.DeletedCount, nil
		})
		if err != nil {
			return failure(ctx, "delete drawing", err)
		}
		if deleted {
			return s.forget(ctx, r.Share)
		}
		// Somebody wrote first. The precondition may hold for that, too.
	}
}

// List reads a page off the index that [Store.Prepare] made, without the
// strokes: what it costs does not depend on how many drawings there are. Only
// FerretDB over SQLite has no use for the index and reads them all.
func (s *Store) List(ctx context.Context, owner string, after gallery.Position, limit int, thumbnails bool) ([]gallery.Summary, error) {
	filter := bson.D{{Key: "owner", Value: owner}}
	if after != (gallery.Position{}) {
		earlier := bson.D{{Key: "createdAt", Value: bson.D{{Key: "$lt", Value: after.CreatedAt}}}}
		sameTime := bson.D{
			{Key: "createdAt", Value: after.CreatedAt},
			{Key: "id", Value: bson.D{{Key: "$lt", Value: after.ID.String()}}},
		}
		// The first bound is implied by the second, and is what lets the server
		// enter the index at the cursor.
		filter = append(filter,
			bson.E{Key: "createdAt", Value: bson.D{{Key: "$lte", Value: after.CreatedAt}}},
			bson.E{Key: "$or", Value: bson.A{earlier, sameTime}})
	}
	left := bson.D{{Key: "packed", Value: 0}, {Key: "actions", Value: 0}, {Key: "share", Value: 0}}
	if !thumbnails {
		left = append(left, bson.E{Key: "thumbnail", Value: 0})
	}
	cursor, err := s.drawings.Find(ctx, filter, options.Find().
		SetSort(bson.D{{Key: "createdAt", Value: -1}, {Key: "id", Value: -1}}).
		SetLimit(int64(limit)).
		SetProjection(left))
	if err != nil {
		return nil, failure(ctx, "list drawings", err)
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
	return items, failure(ctx, "list drawings", cursor.Err())
}

// All reads the index of the list backwards, a batch at a time. FerretDB sorts
// them all in its memory first.
func (s *Store) All(ctx context.Context, owner string) iter.Seq2[gallery.Record, error] {
	return func(yield func(gallery.Record, error) bool) {
		cursor, err := s.drawings.Find(ctx, bson.D{{Key: "owner", Value: owner}}, options.Find().
			SetSort(bson.D{{Key: "createdAt", Value: 1}, {Key: "id", Value: 1}}).
			SetBatchSize(batch))
		if err != nil {
			yield(gallery.Record{}, failure(ctx, "read drawings", err))
			return
		}
		defer cursor.Close(context.WithoutCancel(ctx))
		for cursor.Next(ctx) {
			r, err := decode(cursor.Current, "read drawings")
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := failure(ctx, "read drawings", cursor.Err()); err != nil {
			yield(gallery.Record{}, err)
		}
	}
}

// DeleteAll begins with the drawings: without its drawing, a share is worthless.
func (s *Store) DeleteAll(ctx context.Context, owner string) error {
	owned := bson.D{{Key: "owner", Value: owner}}
	if _, err := s.drawings.DeleteMany(ctx, owned); err != nil {
		return failure(ctx, "delete all drawings", err)
	}
	if _, err := s.shares.DeleteMany(ctx, owned); err != nil {
		return failure(ctx, "delete all shares", err)
	}
	_, err := s.owners.DeleteOne(ctx, byKey(owner))
	return failure(ctx, "delete tally", err)
}
