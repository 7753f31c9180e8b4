package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing"
)

// paintDocument is a paint in the collection paints. The actions are binary, as
// a BSON string holds UTF-8 only, and they must come back whatever they hold.
type paintDocument struct {
	ID      string `bson:"id"`
	Actions []byte `bson:"actions"`
}

// Paints reads all of an owner's paints, oldest first.
func (s *Store) Paints(ctx context.Context, owner string) ([]drawing.Paint, error) {
	cursor, err := s.paints.Find(ctx, bson.D{{Key: "owner", Value: owner}}, options.Find().
		SetSort(bson.D{{Key: "createdAt", Value: 1}, {Key: "id", Value: 1}}))
	if err != nil {
		return nil, failure(ctx, "list paints", err)
	}
	return readAll(ctx, cursor, "list paints", func(d paintDocument) drawing.Paint {
		return drawing.Paint{ID: d.ID, Actions: string(d.Actions)}
	})
}

// SavePaint sets the actions of a paint; when it was made, and with it its
// place in the order, is set once.
func (s *Store) SavePaint(ctx context.Context, owner string, p drawing.Paint, now time.Time) error {
	defer s.change(owner, p.ID)()
	save := bson.D{
		{Key: "$set", Value: bson.D{{Key: "actions", Value: []byte(p.Actions)}}},
		{Key: "$setOnInsert", Value: bson.D{
			{Key: "owner", Value: owner}, {Key: "id", Value: p.ID}, {Key: "createdAt", Value: now}}},
	}
	upsert := func() error {
		_, err := s.paints.UpdateOne(ctx, byKey(owner, p.ID), save, options.UpdateOne().SetUpsert(true))
		return err
	}
	err := upsert()
	if mongo.IsDuplicateKeyError(err) {
		err = upsert() // another process inserted it in between: now there is one to update
	}
	return failure(ctx, "save paint", err)
}

// DeletePaint removes one paint.
func (s *Store) DeletePaint(ctx context.Context, owner, id string) error {
	defer s.change(owner, id)()
	_, err := s.paints.DeleteOne(ctx, byKey(owner, id))
	return failure(ctx, "delete paint", err)
}
