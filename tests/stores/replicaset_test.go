package stores_test

import (
	"errors"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/tests/stores"
)

// TestAReplicaSetFails has the driver itself meet each fault: what it sends again
// on its own is done once, and of the rest it reports the code.
func TestAReplicaSetFails(t *testing.T) {
	for name, test := range map[string]struct {
		fault stores.Fault
		code  int // that the driver reports; 0 when it succeeds by sending the write again
		done  bool
	}{
		"none":                     {stores.Fault{}, 0, true},
		"lost answer":              {stores.Fault{Done: true}, 0, true},
		"no primary":               {stores.Fault{Code: 10107}, 0, true},
		"shutting down":            {stores.Fault{Code: 91}, 0, true},
		"no majority":              {stores.Fault{Code: 64, Done: true}, 64, true},
		"no server for the shards": {stores.Fault{Code: 133}, 133, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failing := test.fault
			r := &stores.ReplicaSet{Fault: func(command string) stores.Fault {
				if command != "update" {
					return stores.Fault{}
				}
				now := failing
				failing = stores.Fault{} // once
				return now
			}}
			client, err := mongo.Connect(options.Client().ApplyURI(r.Start(t)))
			if err != nil {
				t.Fatal(err)
			}
			defer client.Disconnect(t.Context())
			c := client.Database("d").Collection("c")
			id := bson.D{{Key: "_id", Value: "x"}}
			if _, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "x"}, {Key: "n", Value: 0}}); err != nil {
				t.Fatal(err)
			}
			_, err = c.UpdateOne(t.Context(), id, bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: 1}}}})
			var answer mongo.ServerError
			switch {
			case test.code == 0 && err != nil:
				t.Error(err)
			case test.code != 0 && (!errors.As(err, &answer) || !answer.HasErrorCode(test.code)):
				t.Errorf("%v, want code %d", err, test.code)
			}
			var d struct{ N int }
			if err := c.FindOne(t.Context(), id).Decode(&d); err != nil || (d.N == 1) != test.done || d.N > 1 {
				t.Errorf("done %d times, %v", d.N, err)
			}
		})
	}
}
