package mongostore

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"onestroke/impl/drawing"
)

// fields are those of a struct, under their names in a document: as the driver names
// them by the tags. Structs in it have fields of their own, unless they are inline.
type fields map[string]field

type field struct {
	path   []int // for [reflect.Value.FieldByIndex]
	fields fields
}

var documentFields = fieldsOf(reflect.TypeFor[document]())

func fieldsOf(t reflect.Type) fields {
	all := fields{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("bson")
		if !tagged {
			tag = f.Tag.Get("json")
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		var inner fields
		if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[time.Time]() {
			inner = fieldsOf(f.Type)
		}
		if options != "inline" {
			all[name] = field{path: f.Index, fields: inner}
			continue
		}
		for name, g := range inner {
			all[name] = field{path: slices.Concat(f.Index, g.path), fields: g.fields}
		}
	}
	return all
}

// read writes the values of a document to the struct. It reports false, with a part
// of them written, where the document is damaged or where a field has a type that is
// not here: then the driver has to read the document.
func (f fields) read(d bsoncore.Document, into reflect.Value) bool {
	length, rest, ok := bsoncore.ReadLength(d)
	ok = ok && int(length) == len(d)
	for ok && len(rest) > 1 {
		var e bsoncore.Element
		if e, rest, ok = bsoncore.ReadElement(rest); !ok {
			return false
		}
		if named, known := f[string(e.KeyBytes())]; known {
			ok = named.set(into.FieldByIndex(named.path), e.Value())
		}
	}
	return ok
}

func (f field) set(into reflect.Value, v bsoncore.Value) (ok bool) {
	if v.Type == bsoncore.TypeNull {
		return true
	}
	if f.fields != nil {
		d, ok := v.DocumentOK()
		return ok && f.fields.read(d, into)
	}
	switch p := into.Addr().Interface().(type) {
	case *time.Time:
		var ms int64
		ms, ok = v.DateTimeOK()
		*p = time.UnixMilli(ms).UTC()
	case *drawing.ID:
		var text string
		if text, ok = v.StringValueOK(); ok {
			id, err := drawing.ParseID(text)
			*p, ok = id, err == nil
		}
	case *[]byte:
		var subtype byte
		var data []byte
		subtype, data, ok = v.BinaryOK()
		*p, ok = append([]byte{}, data...), ok && subtype == 0
	default:
		return setBasic(into, v)
	}
	return ok
}

func setBasic(into reflect.Value, v bsoncore.Value) (ok bool) {
	switch into.Kind() {
	case reflect.String:
		var text string
		text, ok = v.StringValueOK()
		into.SetString(text)
	case reflect.Bool:
		var b bool
		b, ok = v.BooleanOK()
		into.SetBool(b)
	case reflect.Int:
		var n int64
		n, ok = v.AsInt64OK()
		into.SetInt(n)
		ok = ok && v.Type != bsoncore.TypeDouble // which may have a fraction
	}
	return ok
}
