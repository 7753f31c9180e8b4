package mongostore

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/gallery"
)

// tallyDocument is the tally of an owner. One that an older service wrote has no
// field recounts.
type tallyDocument struct {
	Key      string `bson:"_id,omitempty"`
	Admitted int    `bson:"admitted"`
	Recounts int    `bson:"recounts"`
}

// Count reads the index of the list, up to limit keys.
func (s *Store) Count(ctx context.Context, owner string, limit int) (int, error) {
	n, err := repeated(ctx, s.drawings.turns, refusedOrLost, func(ctx context.Context) (int64, error) {
		return s.drawings.CountDocuments(ctx, bson.D{{Key: "owner", Value: owner}}, options.Count().SetLimit(int64(limit)))
	})
	return int(n), failure(ctx, "count drawings", err)
}

// Admit adds n to the tally. The driver may send it twice, and then n is added
// twice; the next recount corrects that.
func (s *Store) Admit(ctx context.Context, owner string, n, limit int) (bool, error) {
	within := append(byKey(owner), bson.E{Key: "admitted", Value: bson.D{{Key: "$lte", Value: limit - n}}})
	admitted, err := update(ctx, s.owners, within, bson.D{{Key: "$inc", Value: bson.D{{Key: "admitted", Value: n}}}})
	return admitted, failure(ctx, "admit drawing", err)
}

// Tally reads the tally of an owner.
func (s *Store) Tally(ctx context.Context, owner string) (gallery.Tally, error) {
	var d tallyDocument
	raw, err := find(ctx, s.owners, byKey(owner), nil)
	if err == nil {
		err = unmarshal(raw, &d)
	}
	if errors.Is(err, mongo.ErrNoDocuments) {
		err = nil
	}
	return gallery.Tally{Admitted: d.Admitted, Recounts: d.Recounts}, failure(ctx, "read tally", err)
}

// Recount replaces the tally of an owner, or inserts the first one.
func (s *Store) Recount(ctx context.Context, owner string, from gallery.Tally, admitted int) (bool, error) {
	to := tallyDocument{Admitted: admitted, Recounts: from.Recounts + 1}
	if from == (gallery.Tally{}) {
		to.Key = owner
		err := insert(ctx, s.owners, to)
		if mongo.IsDuplicateKeyError(err) { // inserted by another meanwhile
			return false, nil
		}
		return err == nil, failure(ctx, "insert tally", err)
	}
	var recounts any = from.Recounts
	if from.Recounts == 0 {
		recounts = bson.D{{Key: "$exists", Value: false}}
	}
	unchanged := append(byKey(owner), bson.E{Key: "admitted", Value: from.Admitted}, bson.E{Key: "recounts", Value: recounts})
	replaced, err := update(ctx, s.owners, unchanged, bson.D{{Key: "$set", Value: to}})
	return replaced, failure(ctx, "replace tally", err)
}
