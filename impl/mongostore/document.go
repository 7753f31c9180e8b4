package mongostore

import (
	"bufio"
	"bytes"
	"fmt"
	"reflect"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
)

// document is a drawing in the collection drawings: a record with the names that
// its tags say, and its ID as text. The owner is a field of its own, besides being
// in _id, for the index of the list and as the shard key. An update is a document
// without _id and owner, which never change.
type document struct {
	Key            string `bson:"_id,omitempty"`
	Owner          string `bson:"owner,omitempty"`
	gallery.Record `bson:",inline"`
}

// inThisForm makes the driver read and write such documents. A drawing that has no
// share has no field share.
func inThisForm() *options.DatabaseOptionsBuilder {
	return options.Database().SetRegistry(registry).SetBSONOptions(&options.BSONOptions{UseJSONStructTags: true, OmitZeroStruct: true})
}

// registry knows that the ID of a drawing is text.
var registry = func() *bson.Registry {
	id := reflect.TypeFor[drawing.ID]()
	r := bson.NewRegistry()
	r.RegisterTypeEncoder(id, bson.ValueEncoderFunc(func(_ bson.EncodeContext, w bson.ValueWriter, v reflect.Value) error {
		return w.WriteString(v.Interface().(drawing.ID).String())
	}))
	r.RegisterTypeDecoder(id, bson.ValueDecoderFunc(func(_ bson.DecodeContext, r bson.ValueReader, v reflect.Value) error {
		text, err := r.ReadString()
		if err != nil {
			return err
		}
		id, err := drawing.ParseID(text)
		v.Set(reflect.ValueOf(id))
		return err
	}))
	return r
}()

// decode reads a document, or those fields that were asked for. One that it cannot
// read is a [*gallery.CorruptError].
func decode(raw bson.Raw, doing string) (gallery.Record, error) {
	var d document
	if documentFields.read(bsoncore.Document(raw), reflect.ValueOf(&d).Elem()) {
		return d.Record, nil
	}
	d = document{}
	if err := unmarshal(raw, &d); err != nil {
		id, _ := raw.Lookup("id").StringValueOK()
		return gallery.Record{}, &gallery.CorruptError{ID: id, Err: fmt.Errorf("%s: %w", doing, err)}
	}
	return d.Record, nil
}

// readers are used again: without one of its own, the driver makes a buffer of 4 KB
// for each document.
var readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

func unmarshal(raw bson.Raw, into any) error {
	reader := readers.Get().(*bufio.Reader)
	defer readers.Put(reader)
	reader.Reset(bytes.NewReader(raw))
	decoder := bson.NewDecoder(bson.NewDocumentReader(reader))
	decoder.SetRegistry(registry)
	decoder.UseJSONStructTags()
	if err := decoder.Decode(into); err != nil {
		return unreadableError{err}
	}
	return nil
}

// unreadableError says that a document was found and cannot be read.
type unreadableError struct{ error }

func (e unreadableError) Unwrap() error { return e.error }
