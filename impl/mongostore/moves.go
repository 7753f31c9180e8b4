package mongostore

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// moveDocument is the mark of the database; there is at most one.
type moveDocument struct {
	Key  string `bson:"_id"`
	Move string `bson:"move"` // the ID of the move that wrote to the database; missing if none did
	Used bool   `bson:"used"` // by a service
}

const moveKey = "move"

// MovesCollection has the mark.
const MovesCollection = "moves"

// Moved fills move.Target.
func (s *Store) Moved(ctx context.Context) (id string, used bool, err error) {
	raw, err := find(ctx, s.moves, byKey(moveKey), nil)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return "", false, nil
	}
	var d moveDocument
	if err == nil {
		err = unmarshal(raw, &d)
	}
	return d.Move, d.Used, failure(ctx, "read the mark of a move", err)
}

// SetMoved fills move.Target. If the mark says that the database was used, the filter does
// not find it, and a second mark cannot be added.
func (s *Store) SetMoved(ctx context.Context, id string) (marked bool, err error) {
	unused := append(byKey(moveKey), bson.E{Key: "used", Value: bson.D{{Key: "$ne", Value: true}}})
	err = s.setMark(ctx, unused, bson.D{{Key: "move", Value: id}, {Key: "used", Value: false}})
	if mongo.IsDuplicateKeyError(err) {
		return false, nil
	}
	return err == nil, failure(ctx, "mark a move", err)
}

// Use notes that a service uses the database, also where no move wrote: what is in it is
// more than a move wrote. It may be called any number of times.
func (s *Store) Use(ctx context.Context) error {
	return failure(ctx, "note the use", s.setMark(ctx, byKey(moveKey), bson.D{{Key: "used", Value: true}}))
}

// setMark sets fields of the mark that a filter is for, or adds it.
func (s *Store) setMark(ctx context.Context, filter, fields bson.D) error {
	_, err := repeated(ctx, s.moves.turns, refusedOrLost, func(ctx context.Context) (*mongo.UpdateResult, error) {
		return s.moves.UpdateOne(ctx, filter, bson.D{{Key: "$set", Value: fields}}, options.UpdateOne().SetUpsert(true))
	})
	return err
}

// IsEmpty fills move.Target.
func (s *Store) IsEmpty(ctx context.Context) (bool, error) {
	for _, c := range []collection{s.drawings, s.profiles, s.tasks, s.suspensions, s.trail} {
		_, err := find(ctx, c, bson.D{}, bson.D{{Key: "_id", Value: 1}})
		if !errors.Is(err, mongo.ErrNoDocuments) {
			return false, failure(ctx, "look for data", err)
		}
	}
	return true, nil
}

// Clear fills move.Target. It takes as long as there are drawings.
func (s *Store) Clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	for _, c := range []collection{s.drawings, s.shares, s.owners, s.profiles, s.tasks, s.suspensions, s.trail} {
		if _, err := c.DeleteMany(ctx, bson.D{}); err != nil {
			return failure(ctx, "remove what a move wrote", err)
		}
	}
	return nil
}
