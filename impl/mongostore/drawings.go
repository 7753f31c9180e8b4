package mongostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing"
)

// drawingDocument is a drawing in the collection drawings. The owner is a field
// of its own, besides being in _id, for the index of the list and as a shard key.
type drawingDocument struct {
	Key          string    `bson:"_id"`
	Owner        string    `bson:"owner"`
	ID           string    `bson:"id"`
	Title        string    `bson:"title"`
	Canvas       canvas    `bson:"canvas"`
	StrokeCount  int       `bson:"strokeCount"`
	PointCount   int       `bson:"pointCount"`
	DurationMs   int       `bson:"durationMs"`
	Bounds       bounds    `bson:"bounds"`
	Revision     int       `bson:"revision"`
	ETag         string    `bson:"etag"`
	PreviousETag string    `bson:"previousEtag"`
	CreatedAt    time.Time `bson:"createdAt"`
	UpdatedAt    time.Time `bson:"updatedAt"`
	Packed       []byte    `bson:"packed"`
}

type canvas struct {
	Width      int    `bson:"width"`
	Height     int    `bson:"height"`
	Background string `bson:"background"`
}

type bounds struct {
	MinX int `bson:"minX"`
	MinY int `bson:"minY"`
	MaxX int `bson:"maxX"`
	MaxY int `bson:"maxY"`
}

// Insert relies on the primary key: an owner's id is taken once. The driver may
// send it twice, and the second is then refused; the caller finds its own
// drawing there.
func (s *Store) Insert(ctx context.Context, owner string, r drawing.Record) error {
	_, err := s.drawings.InsertOne(ctx, documentOf(owner, r))
	if mongo.IsDuplicateKeyError(err) {
		return drawing.ErrChanged
	}
	return failure(ctx, "insert drawing", err)
}

// Replace compares the etag and swaps the document in one step of the server.
func (s *Store) Replace(ctx context.Context, owner, etag string, r drawing.Record) error {
	defer s.change(owner, r.ID)()
	unchanged := append(byKey(owner, r.ID), bson.E{Key: "etag", Value: etag})
	result, err := s.drawings.ReplaceOne(ctx, unchanged, documentOf(owner, r))
	if err != nil {
		return failure(ctx, "replace drawing", err)
	}
	if result.MatchedCount == 0 {
		return drawing.ErrChanged
	}
	return nil
}

// Get reads one drawing whole. A document it cannot read is a
// [*drawing.CorruptError].
func (s *Store) Get(ctx context.Context, owner, id string) (drawing.Record, error) {
	raw, err := s.drawings.FindOne(ctx, byKey(owner, id)).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return drawing.Record{}, drawing.ErrNotFound
	}
	if err != nil {
		return drawing.Record{}, failure(ctx, "get drawing", err)
	}
	var d drawingDocument
	if err := bson.Unmarshal(raw, &d); err != nil {
		return drawing.Record{}, &drawing.CorruptError{ID: id, Err: fmt.Errorf("get drawing: %w", err)}
	}
	return drawing.Record{Summary: d.summary(), PreviousETag: d.PreviousETag, Packed: d.Packed}, nil
}

// Delete removes one drawing.
func (s *Store) Delete(ctx context.Context, owner, id string) error {
	defer s.change(owner, id)()
	_, err := s.drawings.DeleteOne(ctx, byKey(owner, id))
	return failure(ctx, "delete drawing", err)
}

// List reads a page off the index that [Store.Prepare] made, without the
// strokes: what it costs does not depend on how many drawings there are. Only
// FerretDB over SQLite has no use for the index and reads them all.
func (s *Store) List(ctx context.Context, owner string, after drawing.Position, limit int) ([]drawing.Summary, error) {
	filter := bson.D{{Key: "owner", Value: owner}}
	if after.ID != "" {
		earlier := bson.D{{Key: "createdAt", Value: bson.D{{Key: "$lt", Value: after.CreatedAt}}}}
		sameTime := bson.D{
			{Key: "createdAt", Value: after.CreatedAt},
			{Key: "id", Value: bson.D{{Key: "$lt", Value: after.ID}}},
		}
		// The first bound is implied by the second, and is what lets the server
		// enter the index at the cursor.
		filter = append(filter,
			bson.E{Key: "createdAt", Value: bson.D{{Key: "$lte", Value: after.CreatedAt}}},
			bson.E{Key: "$or", Value: bson.A{earlier, sameTime}})
	}
	cursor, err := s.drawings.Find(ctx, filter, options.Find().
		SetSort(bson.D{{Key: "createdAt", Value: -1}, {Key: "id", Value: -1}}).
		SetLimit(int64(limit)).
		SetProjection(bson.D{{Key: "packed", Value: 0}}))
	if err != nil {
		return nil, failure(ctx, "list drawings", err)
	}
	return readAll(ctx, cursor, "list drawings", drawingDocument.summary)
}

func documentOf(owner string, r drawing.Record) drawingDocument {
	return drawingDocument{
		Key:          key(owner, r.ID),
		Owner:        owner,
		ID:           r.ID,
		Title:        r.Title,
		Canvas:       canvas(r.Canvas),
		StrokeCount:  r.StrokeCount,
		PointCount:   r.PointCount,
		DurationMs:   r.DurationMs,
		Bounds:       bounds(r.Bounds),
		Revision:     r.Revision,
		ETag:         r.ETag,
		PreviousETag: r.PreviousETag,
		CreatedAt:    r.CreatedAt,
		UpdatedAt:    r.UpdatedAt,
		Packed:       r.Packed,
	}
}

func (d drawingDocument) summary() drawing.Summary {
	return drawing.Summary{
		ID:          d.ID,
		Title:       d.Title,
		Canvas:      drawing.Canvas(d.Canvas),
		StrokeCount: d.StrokeCount,
		PointCount:  d.PointCount,
		DurationMs:  d.DurationMs,
		Bounds:      drawing.Bounds(d.Bounds),
		Revision:    d.Revision,
		ETag:        d.ETag,
		CreatedAt:   d.CreatedAt.UTC(),
		UpdatedAt:   d.UpdatedAt.UTC(),
	}
}
