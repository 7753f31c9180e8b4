// Package mongostore keeps drawings in MongoDB.
//
// The _id of a drawing is "<owner>/<id>", so that every read or write of one
// drawing is limited to its owner and is a look-up by primary key. The owner is
// in its filter as well: it is the shard key, and one shard is asked. Queries take
// typed values only, so that no input can become an operator.
package mongostore

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/operator"
	"onestroke/impl/profile"
)

// Store fills [gallery.Store], [moderation.Store], [profile.Store] and
// [operator.Store]. It needs no transactions.
type Store struct {
	client      *mongo.Client
	connections *connections // nil if the caller made the client
	drawings    collection
	shares      collection
	owners      collection
	tasks       collection
	profiles    collection
	suspensions collection
	trail       collection
	moves       collection
}

// collection is a collection whose commands wait for their turn.
type collection struct {
	*mongo.Collection
	turns *turns
}

var (
	_ gallery.Store    = (*Store)(nil)
	_ moderation.Store = (*Store)(nil)
	_ profile.Store    = (*Store)(nil)
	_ operator.Store   = (*Store)(nil)
)

// New returns a store on a database. The client is the caller's to disconnect.
// Writes are acknowledged by a majority, except for the tallies behind a quota,
// which a recount corrects. The driver retries writes by default. Reads are the
// primary's, whatever the URI says: a write that is repeated or compared needs to
// see the last one. Call [Store.Prepare] when serving begins.
func New(client *mongo.Client, database string) *Store {
	db := client.Database(database, inThisForm(),
		options.Database().SetWriteConcern(writeconcern.Majority()).SetReadPreference(readpref.Primary()))
	turns := newTurns(defaultConnections, operationTimeout, answerTimeout)
	return &Store{
		client:      client,
		drawings:    collection{db.Collection("drawings"), turns},
		shares:      collection{db.Collection("shares"), turns},
		tasks:       collection{db.Collection("checks"), turns},
		profiles:    collection{db.Collection("profiles"), turns},
		suspensions: collection{db.Collection("suspensions"), turns},
		trail:       collection{db.Collection("trail"), turns},
		moves:       collection{db.Collection(MovesCollection), turns},
		owners:      collection{db.Collection("owners", options.Collection().SetWriteConcern(writeconcern.W1())), turns},
	}
}

// indexTimeout bounds the making of an index, and [Store.Clear], which take as long as
// there are drawings. No other operation takes longer than [operationTimeout].
const indexTimeout = time.Hour

// Prepare creates the indexes. It may be called any number of times, and must be
// called until it succeeds. The store may be used meanwhile: without them it is
// slow, and nothing else.
func (s *Store) Prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	list := bson.D{{Key: "owner", Value: 1}, {Key: "createdAt", Value: -1}, {Key: "id", Value: -1}}
	if err := index(ctx, s.drawings, list); err != nil {
		return failure(ctx, "index drawings", err)
	}
	if err := index(ctx, s.shares, bson.D{{Key: "owner", Value: 1}}); err != nil {
		return failure(ctx, "index shares", err)
	}
	for _, field := range []string{"owner", "due", "trace"} {
		if err := index(ctx, s.tasks, bson.D{{Key: field, Value: 1}}); err != nil {
			return failure(ctx, "index checks", err)
		}
	}
	return nil
}

// index creates an index, unless there is one with these keys under any name.
func index(ctx context.Context, c collection, keys bson.D) error {
	_, err := c.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: keys})
	if !hasCode(err, 85, 86) { // IndexOptionsConflict, IndexKeySpecsConflict
		return err
	}
	there, listErr := c.Indexes().List(ctx)
	if listErr != nil {
		return listErr
	}
	var specifications []struct {
		Key     bson.D
		Partial bson.Raw `bson:"partialFilterExpression"`
		Hidden  bool
	}
	if listErr := there.All(ctx, &specifications); listErr != nil {
		return listErr
	}
	for _, x := range specifications {
		if fmt.Sprint(x.Key) == fmt.Sprint(keys) && x.Partial == nil && !x.Hidden {
			return nil
		}
	}
	return err
}

// CanRead fails with [gallery.ErrUnavailable], wrapped, if the primary cannot be
// reached: all reads go there.
func (s *Store) CanRead(ctx context.Context) error {
	return failure(ctx, "ping", s.client.Ping(ctx, readpref.Primary()))
}

// CanWrite fails if the primary refuses writes. It deletes a drawing that nobody can
// have. Each call may ask another shard, and asks no more than one.
func (s *Store) CanWrite(ctx context.Context) error {
	var owner [16]byte
	rand.Read(owner[:])
	nobodys := append(byKey(""), bson.E{Key: "owner", Value: base64.RawURLEncoding.EncodeToString(owner[:])})
	_, err := s.drawings.DeleteOne(ctx, nobodys)
	return failure(ctx, "try to write", err)
}

// one is the filter of one drawing.
func one(owner string, id drawing.ID) bson.D {
	return bson.D{{Key: "_id", Value: key(owner, id)}, {Key: "owner", Value: owner}}
}

func key(owner string, id drawing.ID) string { return owner + "/" + id.String() }

func byKey(key string) bson.D { return bson.D{{Key: "_id", Value: key}} }

// find reads the one document that a filter is for, with the fields of a
// projection, or all for nil.
func find(ctx context.Context, c collection, filter, projection bson.D) (bson.Raw, error) {
	return repeated(ctx, c.turns, refusedOrLost, func(ctx context.Context) (bson.Raw, error) {
		o := options.FindOne()
		if projection != nil {
			o.SetProjection(projection)
		}
		return c.FindOne(ctx, filter, o).Raw()
	})
}

func insert(ctx context.Context, c collection, document any) error {
	_, err := repeated(ctx, c.turns, refused, func(ctx context.Context) (*mongo.InsertOneResult, error) { return c.InsertOne(ctx, document) })
	return err
}

// update applies operators to the document that a filter is for, and reports
// whether there was one.
func update(ctx context.Context, c collection, filter, operators bson.D) (bool, error) {
	result, err := repeated(ctx, c.turns, refused, func(ctx context.Context) (*mongo.UpdateResult, error) { return c.UpdateOne(ctx, filter, operators) })
	return err == nil && result.MatchedCount == 1, err
}

// replace replaces the document that a filter is for, and reports whether there was
// one.
func replace(ctx context.Context, c collection, filter bson.D, document any) (bool, error) {
	result, err := repeated(ctx, c.turns, refused, func(ctx context.Context) (*mongo.UpdateResult, error) { return c.ReplaceOne(ctx, filter, document) })
	return err == nil && result.MatchedCount == 1, err
}

// put replaces the document under a key, or adds it.
func put(ctx context.Context, c collection, key string, document any) error {
	_, err := repeated(ctx, c.turns, refusedOrLost, func(ctx context.Context) (*mongo.UpdateResult, error) {
		return c.ReplaceOne(ctx, byKey(key), document, options.Replace().SetUpsert(true))
	})
	return err
}

// all reads the documents that a filter is for. They must be few.
func all[T any](ctx context.Context, c collection, filter bson.D, o *options.FindOptionsBuilder) ([]T, error) {
	return repeated(ctx, c.turns, refusedOrLost, func(ctx context.Context) (found []T, err error) {
		cursor, err := c.Find(ctx, filter, o)
		if err != nil {
			return nil, err
		}
		defer cursor.Close(context.WithoutCancel(ctx))
		for cursor.Next(ctx) {
			var d T
			if err := unmarshal(cursor.Current, &d); err != nil {
				return nil, err
			}
			found = append(found, d)
		}
		return found, cursor.Err()
	})
}

// remove deletes the document that a filter is for, and reports whether there was
// one.
func remove(ctx context.Context, c collection, filter bson.D) (bool, error) {
	result, err := repeated(ctx, c.turns, refused, func(ctx context.Context) (*mongo.DeleteResult, error) { return c.DeleteOne(ctx, filter) })
	return err == nil && result.DeletedCount == 1, err
}

// removeAll deletes every document that a filter is for.
func removeAll(ctx context.Context, c collection, filter bson.D) error {
	_, err := repeated(ctx, c.turns, refusedOrLost, func(ctx context.Context) (*mongo.DeleteResult, error) { return c.DeleteMany(ctx, filter) })
	return err
}
