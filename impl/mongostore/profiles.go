package mongostore

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onestroke/impl/profile"
)

// profileDocument is an [profile.Record], under the ID of the user.
type profileDocument struct {
	UserID         string `bson:"_id"`
	Turn           string `bson:"turn"`
	Avatar         []byte `bson:"avatar,omitempty"`
	profile.Record `bson:",inline"`
}

// Profile fills [profile.Store].
func (s *Store) Profile(ctx context.Context, userID string) (profile.Record, error) {
	raw, err := find(ctx, s.profiles, byKey(userID), nil)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return profile.Record{}, nil
	}
	var d profileDocument
	if err == nil {
		err = unmarshal(raw, &d)
	}
	d.Record.Turn, d.Record.Avatar = d.Turn, d.Avatar
	return d.Record, failure(ctx, "read a profile", err)
}

// SwapProfile compares the turn. The driver may send it twice, and then reports that
// another change came first, which the caller looks at again. One that changes nothing
// waits for a majority, too.
func (s *Store) SwapProfile(ctx context.Context, userID, turn string, to profile.Record) (done bool, err error) {
	written := profileDocument{UserID: userID, Turn: to.Turn, Avatar: to.Avatar, Record: to}
	unchanged := append(byKey(userID), bson.E{Key: "turn", Value: turn})
	switch {
	case turn == "" && to.Turn == "":
		var stored profile.Record
		if stored, err = s.Profile(ctx, userID); err != nil || stored.Turn != "" {
			return false, err
		}
		_, err = remove(ctx, s.profiles, unchanged)
		done = err == nil
	case turn == "":
		err = insert(ctx, s.profiles, written)
		if mongo.IsDuplicateKeyError(err) {
			return false, nil
		}
		done = err == nil
	case turn == to.Turn:
		done, err = update(ctx, s.profiles, unchanged, bson.D{{Key: "$set", Value: bson.D{{Key: "turn", Value: turn}}}})
	case to.Turn == "":
		done, err = remove(ctx, s.profiles, unchanged)
	default:
		done, err = replace(ctx, s.profiles, unchanged, written)
	}
	return done, failure(ctx, "write a profile", err)
}
