package mongostore

import (
	"bytes"
	"reflect"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"onestroke/impl/gallery/gallerytest"
)

// A field of another type is read by the driver, which is right but slower:
// [field.set] needs to know the type.
func TestEveryFieldIsReadWithoutTheDriver(t *testing.T) {
	for n := range 3 {
		var want, got document
		gallerytest.Fill(reflect.ValueOf(&want).Elem(), n)
		if !documentFields.read(encode(t, want), reflect.ValueOf(&got).Elem()) {
			t.Fatal("a document of ours was left to the driver")
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("\ngot  %+v\nwant %+v", got, want)
		}
	}
}

// What is read without the driver is what the driver reads, if it reads it: it also
// refuses damage that no server sends, such as a boolean that is 48.
func FuzzFieldsAreReadAsTheDriverReadsThem(f *testing.F) {
	var full document
	gallerytest.Fill(reflect.ValueOf(&full).Elem(), 1)
	for _, seed := range []any{
		full,
		document{},
		bson.D{},
		bson.D{{Key: "title", Value: nil}},
		bson.D{{Key: "revision", Value: int64(1) << 40}},
		bson.D{{Key: "revision", Value: 1.5}},
		bson.D{{Key: "check", Value: bson.D{{Key: "state", Value: "approved"}}}},
		bson.D{{Key: "title", Value: "twice"}, {Key: "title", Value: "twice, again"}, {Key: "unknown", Value: bson.A{1, "two"}}},
	} {
		f.Add([]byte(encode(f, seed)))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var got, want document
		if !documentFields.read(raw, reflect.ValueOf(&got).Elem()) {
			return
		}
		if err := unmarshal(raw, &want); err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%x\ngot  %+v\nwant %+v", raw, got, want)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var full document
	gallerytest.Fill(reflect.ValueOf(&full).Elem(), 1)
	raw := encode(b, full)
	for name, read := range map[string]func(*document) error{
		"here":      func(d *document) (err error) { _, err = decode(bson.Raw(raw), ""); return err },
		"by driver": func(d *document) error { return unmarshal(bson.Raw(raw), d) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var d document
				if err := read(&d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func encode(tb testing.TB, v any) bsoncore.Document {
	tb.Helper()
	var out bytes.Buffer
	e := bson.NewEncoder(bson.NewDocumentWriter(&out))
	e.SetRegistry(registry)
	e.UseJSONStructTags()
	e.OmitZeroStruct()
	if err := e.Encode(v); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}
