package mongostore

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/operator"
)

// suspensionDocument is a suspension under its user, entryDocument an entry of the trail
// under its ID.
type (
	suspensionDocument struct {
		Key                 string `bson:"_id"`
		operator.Suspension `bson:",inline"`
	}
	entryDocument struct {
		Key            string `bson:"_id"`
		operator.Entry `bson:",inline"`
	}
)

// Suspension fills [operator.Store].
func (s *Store) Suspension(ctx context.Context, user string) (operator.Suspension, error) {
	raw, err := find(ctx, s.suspensions, byKey(user), nil)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return operator.Suspension{}, nil
	}
	var d suspensionDocument
	if err == nil {
		err = unmarshal(raw, &d)
	}
	return d.Suspension, failure(ctx, "read a suspension", err)
}

// PutSuspension fills [operator.Store].
func (s *Store) PutSuspension(ctx context.Context, x operator.Suspension) error {
	return failure(ctx, "suspend a user", put(ctx, s.suspensions, x.User, suspensionDocument{x.User, x}))
}

// RemoveSuspension fills [operator.Store].
func (s *Store) RemoveSuspension(ctx context.Context, user string) error {
	_, err := remove(ctx, s.suspensions, byKey(user))
	return failure(ctx, "end a suspension", err)
}

// Suspensions fills [operator.Store].
func (s *Store) Suspensions(ctx context.Context, after string, limit int) ([]operator.Suspension, error) {
	o := options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(limit))
	found, err := all[suspensionDocument](ctx, s.suspensions, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}}, o)
	suspensions := make([]operator.Suspension, len(found))
	for i, d := range found {
		suspensions[i] = d.Suspension
	}
	return suspensions, failure(ctx, "read suspensions", err)
}

// PutEntry fills [operator.Store].
func (s *Store) PutEntry(ctx context.Context, e operator.Entry) error {
	return failure(ctx, "write the trail", put(ctx, s.trail, e.ID, entryDocument{e.ID, e}))
}

// Entries fills [operator.Store].
func (s *Store) Entries(ctx context.Context, before string, limit int) ([]operator.Entry, error) {
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$lt", Value: before}}}}
	if before == "" {
		filter = bson.D{}
	}
	found, err := all[entryDocument](ctx, s.trail, filter, options.Find().SetSort(bson.D{{Key: "_id", Value: -1}}).SetLimit(int64(limit)))
	entries := make([]operator.Entry, len(found))
	for i, d := range found {
		entries[i] = d.Entry
	}
	return entries, failure(ctx, "read the trail", err)
}
