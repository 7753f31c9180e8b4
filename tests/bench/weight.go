package main

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing/packing"
)

// weight prints the size of a drawing and of a session in their stores.
func (b *bench) weight() error {
	points, packed, body := 0, 0, 0
	for i, c := range b.drawings {
		for _, s := range c.Strokes {
			points += len(s.X)
		}
		packed += len(packing.Pack(c.Normalize().Strokes))
		body += len(b.bodies[i])
	}
	fmt.Printf("%d drawings, %d points: %.2f bytes a point packed, %.1f as JSON\n",
		len(b.drawings), points, float64(packed)/float64(points), float64(body)/float64(points))

	ctx := context.Background()
	client, err := mongo.Connect(options.Client().ApplyURI(b.stores.mongoURI))
	if err != nil {
		return err
	}
	defer client.Disconnect(ctx)
	found, err := client.Database("onestroke").Collection("drawings").Find(ctx, bson.D{{Key: "actions", Value: nil}})
	if err != nil {
		return err
	}
	stored, n := 0, 0
	for ; found.Next(ctx); n++ {
		stored += len(found.Current)
	}
	if err := found.Err(); err != nil {
		return err
	}
	fmt.Printf("a drawing: %d bytes in MongoDB, with its thumbnail\n", stored/max(n, 1))
	if b.stores.redisName == "local" {
		return nil // the MEMORY USAGE of the local Redis differs
	}
	keys, err := b.redis.Keys(ctx, "onestroke:user:*").Result()
	if err != nil {
		return err
	}
	session, err := b.redis.MemoryUsage(ctx, keys[0]).Result()
	fmt.Printf("a session with a profile: %d bytes in Redis, and the record of its code for 5 minutes\n", session)
	return err
}
