package mongostore

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"onestroke/impl/drawing"
)

// drawingDocument is a drawing in the collection drawings. The owner is a field
// of its own, besides being in _id, for the index of the list and as a shard key.
type drawingDocument struct {
	Key          string    `bson:"_id,omitempty"`
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
	Thumbnail    string    `bson:"thumbnail"`
	PaintID      string    `bson:"paintId"`
	Actions      []byte    `bson:"actions"` // binary, as a BSON string holds UTF-8 only
	Share        *share    `bson:"share,omitempty"`
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

type share struct {
	Token    string `bson:"token"`
	Nickname string `bson:"nickname"`
}

// decode reads a document field by field: a list is mostly this, and reflection
// takes several times as long. A field that is not known is passed over.
func decode(raw bson.Raw, doing string) (d drawingDocument, err error) {
	if err := eachField(raw, d.field); err != nil {
		id, _ := raw.Lookup("id").StringValueOK()
		return d, &drawing.CorruptError{ID: id, Err: fmt.Errorf("%s: %w", doing, err)}
	}
	return d, nil
}

func (d *drawingDocument) field(key []byte, v bsoncore.Value) bool {
	switch string(key) {
	case "_id":
		return text(&d.Key, v)
	case "owner":
		return text(&d.Owner, v)
	case "id":
		return text(&d.ID, v)
	case "title":
		return text(&d.Title, v)
	case "canvas":
		return eachField(v.Data, d.Canvas.field) == nil
	case "strokeCount":
		return number(&d.StrokeCount, v)
	case "pointCount":
		return number(&d.PointCount, v)
	case "durationMs":
		return number(&d.DurationMs, v)
	case "bounds":
		return eachField(v.Data, d.Bounds.field) == nil
	case "revision":
		return number(&d.Revision, v)
	case "etag":
		return text(&d.ETag, v)
	case "previousEtag":
		return text(&d.PreviousETag, v)
	case "createdAt":
		return moment(&d.CreatedAt, v)
	case "updatedAt":
		return moment(&d.UpdatedAt, v)
	case "packed":
		return data(&d.Packed, v)
	case "thumbnail":
		return text(&d.Thumbnail, v)
	case "paintId":
		return text(&d.PaintID, v)
	case "actions":
		return data(&d.Actions, v)
	case "share":
		d.Share = new(share)
		return eachField(v.Data, d.Share.field) == nil
	default:
		return true
	}
}

func (c *canvas) field(key []byte, v bsoncore.Value) bool {
	switch string(key) {
	case "width":
		return number(&c.Width, v)
	case "height":
		return number(&c.Height, v)
	case "background":
		return text(&c.Background, v)
	default:
		return true
	}
}

func (b *bounds) field(key []byte, v bsoncore.Value) bool {
	switch string(key) {
	case "minX":
		return number(&b.MinX, v)
	case "minY":
		return number(&b.MinY, v)
	case "maxX":
		return number(&b.MaxX, v)
	case "maxY":
		return number(&b.MaxY, v)
	default:
		return true
	}
}

func (s *share) field(key []byte, v bsoncore.Value) bool {
	switch string(key) {
	case "token":
		return text(&s.Token, v)
	case "nickname":
		return text(&s.Nickname, v)
	default:
		return true
	}
}

// eachField calls read for every field of a document, as long as it can read them.
func eachField(document []byte, read func(key []byte, v bsoncore.Value) bool) error {
	length, rest, ok := bsoncore.ReadLength(document)
	if !ok || int(length) != len(document) {
		return errors.New("it is not as long as it says")
	}
	for len(rest) > 1 {
		var field bsoncore.Element
		if field, rest, ok = bsoncore.ReadElement(rest); !ok {
			return errors.New("it ends too early")
		}
		if v, err := field.ValueErr(); err != nil || !read(field.KeyBytes(), v) {
			return fmt.Errorf("field %q is not what it should be", field.Key())
		}
	}
	return nil
}

func text(to *string, v bsoncore.Value) (ok bool) {
	*to, ok = v.StringValueOK()
	return ok
}

func number(to *int, v bsoncore.Value) bool {
	n, ok := v.AsInt64OK()
	*to = int(n)
	return ok
}

func moment(to *time.Time, v bsoncore.Value) (ok bool) {
	*to, ok = v.TimeOK()
	return ok
}

// data is copied: what v is part of belongs to a cursor. No data is stored as null.
func data(to *[]byte, v bsoncore.Value) bool {
	if v.Type == bsoncore.TypeNull {
		return true
	}
	_, b, ok := v.BinaryOK()
	*to = bytes.Clone(b)
	return ok
}

func documentOf(owner string, r drawing.Record) drawingDocument {
	d := drawingDocument{
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
		Thumbnail:    r.Thumbnail,
		PaintID:      r.PaintID,
		Actions:      r.Actions,
	}
	if r.Share != (drawing.Share{}) {
		d.Share = (*share)(&r.Share)
	}
	return d
}

func (d drawingDocument) record() drawing.Record {
	r := drawing.Record{
		Summary:      d.summary(),
		PreviousETag: d.PreviousETag,
		Packed:       d.Packed,
		PaintID:      d.PaintID,
		Actions:      d.Actions,
	}
	if d.Share != nil {
		r.Share = drawing.Share(*d.Share)
	}
	return r
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
		Thumbnail:   d.Thumbnail,
	}
}
