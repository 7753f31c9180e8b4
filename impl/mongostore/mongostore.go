// Package mongostore keeps drawings in MongoDB, or in FerretDB, which speaks
// its protocol.
//
// The _id of a drawing is "<owner>/<id>", so that every read or write of one
// drawing is limited to its owner and is a look-up by primary key. Queries take
// typed values only, so that no input can become an operator.
package mongostore

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
)

// Store fills [gallery.Store]. It needs none of what FerretDB lacks:
// transactions, partial and TTL indexes.
type Store struct {
	client   *mongo.Client
	drawings *mongo.Collection
	shares   *mongo.Collection
	owners   *mongo.Collection

	ferretDB atomic.Pointer[bool] // nil until the server was asked
	seed     maphash.Seed
	changing [256]sync.Mutex
}

var _ gallery.Store = (*Store)(nil)

// New returns a store on a database. The client is the caller's to disconnect.
// Writes are acknowledged by a majority, except for the tallies behind a quota,
// which a recount corrects. The driver retries writes by default. Call
// [Store.Prepare] before serving.
func New(client *mongo.Client, database string) *Store {
	db := client.Database(database, inThisForm(), options.Database().SetWriteConcern(writeconcern.Majority()))
	return &Store{
		client:   client,
		drawings: db.Collection("drawings"),
		shares:   db.Collection("shares"),
		owners:   db.Collection("owners", options.Collection().SetWriteConcern(writeconcern.W1())),
		seed:     maphash.MakeSeed(),
	}
}

// Prepare creates the indexes. It may be called any number of times, and is to
// be called until it succeeds.
func (s *Store) Prepare(ctx context.Context) error {
	_, err := s.drawings.Indexes().CreateOne(ctx, mongo.IndexModel{
		Keys: bson.D{{Key: "owner", Value: 1}, {Key: "createdAt", Value: -1}, {Key: "id", Value: -1}},
	})
	if err != nil {
		return failure(ctx, "index drawings", err)
	}
	_, err = s.shares.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "owner", Value: 1}}})
	return failure(ctx, "index shares", err)
}

// Ping tells whether the server that takes the writes can be reached:
// [gallery.ErrUnavailable], wrapped, when it cannot.
func (s *Store) Ping(ctx context.Context) error {
	return failure(ctx, "ping", s.client.Ping(ctx, nil))
}

func key(owner string, id drawing.ID) string { return owner + "/" + id.String() }

func byKey(key string) bson.D { return bson.D{{Key: "_id", Value: key}} }

// update applies operators to the document of a key if it is there and meets a
// condition, and tells whether it did, in one indivisible step.
func (s *Store) update(ctx context.Context, c *mongo.Collection, key string, condition, operators bson.D) (bool, error) {
	return s.change(ctx, c, key, condition, func(filter bson.D) (int64, error) {
		result, err := c.UpdateOne(ctx, filter, operators)
		if err != nil {
			return 0, err
		}
		return result.MatchedCount, nil
	})
}

// change writes to the document of a key if it is there and meets a condition,
// and tells whether it did, in one indivisible step. The write is given the
// filter that finds the document, and returns how many it found.
//
// MongoDB compares and changes in one step, and nothing is locked here. FerretDB
// 1.24 reads, compares and writes in three; as it runs inside the one process
// that uses it, a lock there makes them one.
func (s *Store) change(ctx context.Context, c *mongo.Collection, key string, condition bson.D, write func(filter bson.D) (int64, error)) (bool, error) {
	ferretDB, err := s.isFerretDB(ctx)
	if err != nil {
		return false, err
	}
	filter := append(byKey(key), condition...)
	if ferretDB {
		lock := &s.changing[maphash.String(s.seed, key)%uint64(len(s.changing))]
		lock.Lock()
		defer lock.Unlock()
		// It finds a document by _id alone, and reads all for any more than that.
		meets, err := c.Aggregate(ctx, mongo.Pipeline{
			{{Key: "$match", Value: byKey(key)}},
			{{Key: "$match", Value: condition}},
			{{Key: "$project", Value: bson.D{{Key: "_id", Value: 1}}}},
		})
		if err != nil {
			return false, err
		}
		defer meets.Close(context.WithoutCancel(ctx))
		if !meets.Next(ctx) {
			return false, meets.Err()
		}
		filter = byKey(key)
	}
	n, err := write(filter)
	return n == 1, err
}

// isFerretDB asks the server once.
func (s *Store) isFerretDB(ctx context.Context) (bool, error) {
	if known := s.ferretDB.Load(); known != nil {
		return *known, nil
	}
	answer, err := s.drawings.Database().RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Raw()
	if err != nil {
		return false, err
	}
	_, err = answer.LookupErr("ferretdbVersion")
	is := err == nil
	s.ferretDB.Store(&is)
	return is, nil
}
