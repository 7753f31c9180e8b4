package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing"
)

// Admit counts an owner's drawings where it must, which is seldom. The owner's
// document in owners holds how many drawings there were when they were last
// counted, and all that were admitted since: never less than there are, as what
// was deleted since is not taken off. While that is below the quota, one
// increment is all there is to do. When it is not, the drawings are counted anew.
//
// Creations that are under way while the drawings are counted are missed by that
// count, and by it alone: as many drawings may be had beyond the quota. The
// count walks the index of the list, up to quota keys.
func (s *Store) Admit(ctx context.Context, owner string, quota int) error {
	below := bson.D{{Key: "admitted", Value: bson.D{{Key: "$lt", Value: quota}}}}
	admitted, err := s.update(ctx, s.owners, owner, below, bson.D{{Key: "$inc", Value: bson.D{{Key: "admitted", Value: 1}}}})
	if err != nil || admitted {
		return failure(ctx, "admit drawing", err)
	}
	n, err := s.drawings.CountDocuments(ctx, bson.D{{Key: "owner", Value: owner}}, options.Count().SetLimit(int64(quota)))
	if err != nil {
		return failure(ctx, "count drawings", err)
	}
	if n >= int64(quota) {
		return drawing.ErrQuota
	}
	counted := bson.D{{Key: "$set", Value: bson.D{{Key: "admitted", Value: n + 1}}}}
	_, err = s.owners.UpdateOne(ctx, byKey(owner), counted, options.UpdateOne().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) {
		return nil // counted by another at the same moment
	}
	return failure(ctx, "admit drawing", err)
}
