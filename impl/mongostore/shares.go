package mongostore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
)

// shareDocument says, under the digest of a token, to which drawing the token may
// lead. Whether it does is decided by the token in the drawing itself, so that a
// share is removed in one step. A document without such a drawing does no harm; one
// may remain until [Store.DeleteAll] if a call was interrupted.
type shareDocument struct {
	Key   string     `bson:"_id"`
	Owner string     `bson:"owner"`
	ID    drawing.ID `bson:"id"`
	Code  []byte     `bson:"code,omitempty"` // the mini program code, once it is made
}

var (
	withoutCode = bson.D{{Key: "code", Value: 0}}
	onlyCode    = bson.D{{Key: "_id", Value: 0}, {Key: "code", Value: 1}}
)

var onlyShare = bson.D{{Key: "_id", Value: 0}, {Key: "share", Value: 1}}

// Share writes the document that leads to the drawing first, and then the token
// into the drawing. If the drawing turns out to have another token then, or to be
// deleted, the document is removed: not before, because the token may be there, and its
// answer lost. A token that is there is written again: that waits until a majority has it.
func (s *Store) Share(ctx context.Context, owner string, id drawing.ID, offered gallery.Share) (gallery.Share, error) {
	for n := 1; ; n++ {
		stored, err := s.share(ctx, owner, id)
		hasAnother := err == nil && stored != (gallery.Share{}) && stored != offered
		if n > 1 && (hasAnother || errors.Is(err, gallery.ErrNotFound)) {
			err = cmp.Or(s.forget(ctx, offered), err)
		}
		if err != nil {
			return gallery.Share{}, err
		}
		if stored != (gallery.Share{}) {
			token := bson.D{{Key: "share.token", Value: stored.Token}}
			there, err := update(ctx, s.drawings, append(one(owner, id), token...), bson.D{{Key: "$set", Value: token}})
			if there || err != nil {
				return stored, failure(ctx, "share drawing", err)
			}
			continue // the share has ended meanwhile
		}
		err = insert(ctx, s.shares, shareDocument{Key: digest(offered.Token), Owner: owner, ID: id})
		if err != nil && !mongo.IsDuplicateKeyError(err) { // sent twice
			return gallery.Share{}, failure(ctx, "share drawing", err)
		}
		unshared := append(one(owner, id), with(gallery.Share{}))
		taken, err := update(ctx, s.drawings, unshared, bson.D{{Key: "$set", Value: bson.D{{Key: "share", Value: offered}}}})
		if err != nil {
			return gallery.Share{}, failure(ctx, "share drawing", err)
		}
		if taken {
			return offered, nil
		}
		if err := gallery.Backoff(ctx, n); err != nil {
			return gallery.Share{}, failure(ctx, "share drawing", err)
		}
	}
}

// Unshare removes the token from the drawing, and then the document that leads to
// it. If another call was faster, there is nothing left to do. Where there is no token, an
// update that finds nothing waits until a majority knows that.
func (s *Store) Unshare(ctx context.Context, owner string, id drawing.ID) error {
	shared, err := s.share(ctx, owner, id)
	if err != nil && !errors.Is(err, gallery.ErrNotFound) {
		return err
	}
	still := append(one(owner, id), bson.E{Key: "share.token", Value: shared.Token})
	if _, err := update(ctx, s.drawings, still, bson.D{{Key: "$unset", Value: bson.D{{Key: "share", Value: ""}}}}); err != nil {
		return failure(ctx, "unshare drawing", err)
	}
	return s.forget(ctx, shared)
}

// FindShare looks up the digest of a token.
func (s *Store) FindShare(ctx context.Context, token string) (owner string, id drawing.ID, err error) {
	raw, err := find(ctx, s.shares, byKey(digest(token)), withoutCode)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return "", drawing.ID{}, gallery.ErrNotFound
	}
	var d shareDocument
	if err == nil {
		err = unmarshal(raw, &d)
	}
	return d.Owner, d.ID, failure(ctx, "find share", err)
}

// Shared reads the drawings that have a token, in the order of their keys.
func (s *Store) Shared(ctx context.Context, owner string, after *drawing.ID, limit int) (ids []drawing.ID, err error) {
	from := owner + "/"
	if after != nil {
		from = key(owner, *after)
	}
	shared := bson.D{
		{Key: "_id", Value: bson.D{{Key: "$gt", Value: from}, {Key: "$lt", Value: owner + "0"}}}, // 0 follows /
		{Key: "owner", Value: owner},
		{Key: "share", Value: bson.D{{Key: "$exists", Value: true}}},
	}
	found, err := all[sharedDrawing](ctx, s.drawings, shared,
		options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(limit)).SetProjection(onlyID))
	for _, d := range found {
		ids = append(ids, d.ID)
	}
	return ids, failure(ctx, "list shares", err)
}

// sharedDrawing is what [Store.Shared] reads of a drawing.
type sharedDrawing struct {
	ID drawing.ID `bson:"id"`
}

var onlyID = bson.D{{Key: "_id", Value: 0}, {Key: "id", Value: 1}}

// Code reads the code from the document of a share.
func (s *Store) Code(ctx context.Context, owner, token string) ([]byte, error) {
	raw, err := find(ctx, s.shares, ownShare(owner, token), onlyCode)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, nil
	}
	var d shareDocument
	if err == nil {
		err = unmarshal(raw, &d)
	}
	return d.Code, failure(ctx, "read a code", err)
}

// SetCode writes the code into the document of a share.
func (s *Store) SetCode(ctx context.Context, owner, token string, code []byte) error {
	set, err := update(ctx, s.shares, ownShare(owner, token), bson.D{{Key: "$set", Value: bson.D{{Key: "code", Value: code}}}})
	if err == nil && !set {
		return gallery.ErrNotFound
	}
	return failure(ctx, "store a code", err)
}

// ownShare is the filter of the document of an owner's share.
func ownShare(owner, token string) bson.D {
	return append(byKey(digest(token)), bson.E{Key: "owner", Value: owner})
}

// share reads the share of a drawing.
func (s *Store) share(ctx context.Context, owner string, id drawing.ID) (gallery.Share, error) {
	raw, err := find(ctx, s.drawings, one(owner, id), onlyShare)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return gallery.Share{}, gallery.ErrNotFound
	}
	if err != nil {
		return gallery.Share{}, failure(ctx, "read share", err)
	}
	r, err := decode(raw, "read share")
	return r.Share, err
}

// with is the condition that a drawing has a share, or none.
func with(share gallery.Share) bson.E {
	if share == (gallery.Share{}) {
		return bson.E{Key: "share", Value: bson.D{{Key: "$exists", Value: false}}}
	}
	return bson.E{Key: "share.token", Value: share.Token}
}

// forget removes the document of a token that no drawing has any more.
func (s *Store) forget(ctx context.Context, shared gallery.Share) error {
	if shared == (gallery.Share{}) {
		return nil
	}
	_, err := remove(ctx, s.shares, byKey(digest(shared.Token)))
	return failure(ctx, "forget share", err)
}

// digest is stored in place of the token: someone who reads the shares alone can
// use none of them.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
