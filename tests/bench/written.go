package main

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// withoutWritten calls do, and removes the drawings that it has written to the local
// MongoDB, which reads all drawings to list some. Those in another MongoDB stay: they
// may be somebody's.
func (b *bench) withoutWritten(do func() error) error {
	if !b.stores.ownMongo {
		return do()
	}
	client, err := mongo.Connect(options.Client().ApplyURI(b.stores.mongoURI))
	if err != nil {
		return err
	}
	defer client.Disconnect(context.Background())
	remove := func() error { return nil }
	for _, database := range []string{"onestroke", "reference"} {
		drawings := client.Database(database).Collection("drawings")
		var before []string
		if err := drawings.Distinct(b.ctx, "_id", bson.D{}).Decode(&before); err != nil {
			return err
		}
		earlier := remove
		remove = func() error {
			written := bson.D{{Key: "_id", Value: bson.D{{Key: "$nin", Value: before}}}}
			_, err := drawings.DeleteMany(b.ctx, written)
			return errors.Join(earlier(), err)
		}
	}
	return errors.Join(do(), remove())
}
