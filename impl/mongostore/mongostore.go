// Package mongostore keeps drawings in MongoDB, or in FerretDB, which speaks
// its protocol.
//
// A document's _id is "<owner>/<id>": whatever reads or writes one drawing is
// thereby scoped to its owner, and is a look-up by primary key. No query takes
// anything but typed values, so that no input can become an operator.
package mongostore

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"onestroke/impl/drawing"
)

// Store fills [drawing.Store]. It needs none of what FerretDB lacks:
// transactions, partial and TTL indexes.
type Store struct {
	client   *mongo.Client
	drawings *mongo.Collection
	paints   *mongo.Collection
	seed     maphash.Seed
	changing [256]sync.Mutex
}

var _ drawing.Store = (*Store)(nil)

// New returns a store on a database. The client is the caller's to disconnect.
// Writes are acknowledged by a majority; that they are retried is the
// driver's default. Call [Store.Prepare] before serving.
func New(client *mongo.Client, database string) *Store {
	db := client.Database(database, options.Database().SetWriteConcern(writeconcern.Majority()))
	return &Store{
		client:   client,
		drawings: db.Collection("drawings"),
		paints:   db.Collection("paints"),
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
	_, err = s.paints.Indexes().CreateOne(ctx, mongo.IndexModel{
		Keys: bson.D{{Key: "owner", Value: 1}, {Key: "createdAt", Value: 1}, {Key: "id", Value: 1}},
	})
	return failure(ctx, "index paints", err)
}

// Ping tells whether the server that takes the writes can be reached:
// [drawing.ErrUnavailable], wrapped, when it cannot.
func (s *Store) Ping(ctx context.Context) error {
	return failure(ctx, "ping", s.client.Ping(ctx, nil))
}

func key(owner, id string) string { return owner + "/" + id }

func byKey(owner, id string) bson.D { return bson.D{{Key: "_id", Value: key(owner, id)}} }

// change keeps changes of one document that come through this process apart.
// MongoDB would do without: it compares and changes in one step. FerretDB 1.24
// reads, compares and writes in three, and as it runs inside the one process
// that uses it, a lock there makes them one.
func (s *Store) change(owner, id string) (unlock func()) {
	lock := &s.changing[maphash.String(s.seed, key(owner, id))%uint64(len(s.changing))]
	lock.Lock()
	return lock.Unlock
}

// readAll decodes and closes a cursor; one holds a document of type T as a V.
func readAll[T, V any](ctx context.Context, cursor *mongo.Cursor, what string, value func(T) V) ([]V, error) {
	defer cursor.Close(context.WithoutCancel(ctx))
	values := make([]V, 0, cursor.RemainingBatchLength())
	for cursor.Next(ctx) {
		var document T
		if err := bson.Unmarshal(cursor.Current, &document); err != nil {
			return nil, &drawing.CorruptError{ID: idOf(cursor.Current), Err: fmt.Errorf("%s: %w", what, err)}
		}
		values = append(values, value(document))
	}
	return values, failure(ctx, what, cursor.Err())
}

func idOf(raw bson.Raw) string {
	id, _ := raw.Lookup("id").StringValueOK()
	return id
}
