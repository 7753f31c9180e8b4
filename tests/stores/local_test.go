package stores_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/tests/stores"
)

func TestTimePassesInALocalRedis(t *testing.T) {
	client := stores.DialRedis(t, stores.LocalRedis(t).URL)
	ctx := t.Context()
	for key, life := range map[string]time.Duration{"short": 300 * time.Millisecond, "hour": time.Hour, "day": 24 * time.Hour} {
		if err := client.Set(ctx, key, "", life).Err(); err != nil {
			t.Fatal(err)
		}
	}
	exists := func(key string) bool { return client.Exists(ctx, key).Val() == 1 }
	if !exists("short") {
		t.Error("a key was gone at once")
	}
	if err := eventually(t, func(context.Context) error {
		if exists("short") {
			return context.DeadlineExceeded
		}
		return nil
	}); err != nil {
		t.Error("a key does not expire")
	}
	if err := client.Do(ctx, "CLOCK.ADVANCE", time.Hour.Milliseconds()).Err(); err != nil {
		t.Fatal(err)
	}
	if exists("hour") || !exists("day") {
		t.Errorf("an hour later: hour %v, day %v", exists("hour"), exists("day"))
	}
}

// TestAWriteIsOneStep has clients change one document on one condition: to all of
// them it looks as if one was first.
func TestAWriteIsOneStep(t *testing.T) {
	const clients, rounds = 8, 20
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			client, err := mongo.Connect(options.Client().ApplyURI(server.URL))
			if err != nil {
				t.Fatal(err)
			}
			defer client.Disconnect(context.Background())
			db := client.Database("one-step")
			defer db.Drop(context.Background())
			c := db.Collection("c")
			if _, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "x"}, {Key: "n", Value: 0}}); err != nil {
				t.Fatal(err)
			}
			for n := range rounds {
				var first atomic.Int64
				var all sync.WaitGroup
				for range clients {
					all.Go(func() {
						r, err := c.UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "x"}, {Key: "n", Value: n}},
							bson.D{{Key: "$set", Value: bson.D{{Key: "n", Value: n + 1}}}})
						if err != nil {
							t.Error(err)
							return
						}
						first.Add(r.MatchedCount)
					})
				}
				all.Wait()
				if first.Load() != 1 {
					t.Fatalf("round %d: %d clients were first", n, first.Load())
				}
			}
		})
	}
}
