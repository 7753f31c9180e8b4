package mongostore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
)

// shareDocument says, under the digest of a token, which drawing it may lead to.
// The drawing itself holds the token and has the last word, so that to take it
// away there is one step. A document whose drawing knows nothing of it is
// harmless; what came in between may leave one until [Store.DeleteAll].
type shareDocument struct {
	Key   string     `bson:"_id"`
	Owner string     `bson:"owner"`
	ID    drawing.ID `bson:"id"`
}

var onlyShare = bson.D{{Key: "_id", Value: 0}, {Key: "share", Value: 1}}

// Share makes the way to the drawing before the drawing says that it may be
// taken.
func (s *Store) Share(ctx context.Context, owner string, id drawing.ID, offered gallery.Share) (gallery.Share, error) {
	for n := 1; ; n++ {
		kept, err := s.share(ctx, owner, id)
		if err != nil || kept != (gallery.Share{}) {
			return kept, err
		}
		err = insert(ctx, s.shares, shareDocument{Key: digest(offered.Token), Owner: owner, ID: id})
		if err != nil && !mongo.IsDuplicateKeyError(err) { // sent twice
			return gallery.Share{}, failure(ctx, "share drawing", err)
		}
		unshared := append(one(owner, id), bson.E{Key: "share", Value: bson.D{{Key: "$exists", Value: false}}})
		taken, err := update(ctx, s.drawings, unshared, bson.D{{Key: "$set", Value: bson.D{{Key: "share", Value: offered}}}})
		if err != nil {
			return gallery.Share{}, failure(ctx, "share drawing", err)
		}
		if taken {
			return offered, nil
		}
		if err := s.forget(ctx, offered); err != nil {
			return gallery.Share{}, err
		}
		if err := gallery.Pause(ctx, n); err != nil {
			return gallery.Share{}, failure(ctx, "share drawing", err)
		}
	}
}

// Unshare takes the token from the drawing, and then what the shares know of it.
// Where another was quicker to take it, there is nothing left to do.
func (s *Store) Unshare(ctx context.Context, owner string, id drawing.ID) error {
	shared, err := s.share(ctx, owner, id)
	if errors.Is(err, gallery.ErrNotFound) || err == nil && shared == (gallery.Share{}) {
		return nil
	}
	if err != nil {
		return err
	}
	still := append(one(owner, id), bson.E{Key: "share.token", Value: shared.Token})
	if _, err := update(ctx, s.drawings, still, bson.D{{Key: "$unset", Value: bson.D{{Key: "share", Value: ""}}}}); err != nil {
		return failure(ctx, "unshare drawing", err)
	}
	return s.forget(ctx, shared)
}

// FindShare looks the digest of a token up.
func (s *Store) FindShare(ctx context.Context, token string) (owner string, id drawing.ID, err error) {
	raw, err := find(ctx, s.shares, byKey(digest(token)), nil)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return "", drawing.ID{}, gallery.ErrNotFound
	}
	var d shareDocument
	if err == nil {
		err = unmarshal(raw, &d)
	}
	return d.Owner, d.ID, failure(ctx, "find share", err)
}

// share reads what a drawing says of its share.
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

// forget removes what the shares know of a token that no drawing has any more.
func (s *Store) forget(ctx context.Context, shared gallery.Share) error {
	if shared == (gallery.Share{}) {
		return nil
	}
	_, err := remove(ctx, s.shares, byKey(digest(shared.Token)))
	return failure(ctx, "forget share", err)
}

// digest keeps tokens out of the shares: whoever reads these alone can use none.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
