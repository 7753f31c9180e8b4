package drawingtest

import (
	"fmt"
	"iter"
	"reflect"
	"slices"

	"onestroke/impl/drawing"
)

// Full returns a valid content in which no field has its zero value.
func Full() drawing.Content {
	c := EveryKind()
	c.Strokes = slices.Clone(c.Strokes[len(c.Strokes)-1:])
	return c
}

// Changes yields a content once for each of its fields, strokes' fields included,
// with that field changed and all others as they were, and the field's path. It
// panics for a field that it does not know how to change: give it a case.
func Changes(c drawing.Content) iter.Seq2[string, drawing.Content] {
	return func(yield func(string, drawing.Content) bool) {
		for _, path := range paths(reflect.TypeFor[drawing.Content]()) {
			changed := Clone(c)
			change(path, reflect.ValueOf(&changed).Elem())
			if !yield(fmt.Sprint(path), changed) {
				return
			}
		}
	}
}

// Clone returns a content that has no memory in common with c.
func Clone(c drawing.Content) drawing.Content {
	c.Strokes = slices.Clone(c.Strokes)
	for i := range c.Strokes {
		s := reflect.ValueOf(&c.Strokes[i]).Elem()
		for j := range s.NumField() {
			if f := s.Field(j); f.Kind() == reflect.Slice && !f.IsNil() {
				f.Set(reflect.AppendSlice(reflect.MakeSlice(f.Type(), 0, f.Len()), f))
			}
		}
	}
	return c
}

// paths are those of all fields that hold no other fields: structs and slices of
// structs do.
func paths(t reflect.Type) (all [][]string) {
	for f := range t.Fields() {
		inner := f.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() != reflect.Struct {
			all = append(all, []string{f.Name})
			continue
		}
		for _, path := range paths(inner) {
			all = append(all, append([]string{f.Name}, path...))
		}
	}
	return all
}

// values are what the fields are changed to that cannot have just any value. Those
// that are not among them are counted up, or lengthened.
var values = map[string]any{
	"[Properties Canvas Background]": "#00AAFF",
	"[Strokes Tool]":                 drawing.Pen,
	"[Strokes Color]":                "#00AAFF",
}

func change(path []string, v reflect.Value) {
	for _, name := range path {
		if v.Kind() == reflect.Slice {
			v = v.Index(0)
		}
		v = v.FieldByName(name)
	}
	if value, known := values[fmt.Sprint(path)]; known {
		v.Set(reflect.ValueOf(value))
		return
	}
	if v.Kind() == reflect.Slice { // of numbers
		if v.Len() < 2 {
			panic(fmt.Sprintf("drawingtest: give %v two values in Full", path))
		}
		v = v.Index(1)
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "!")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int32, reflect.Int64:
		if v.Int() == 0 {
			v.SetInt(1)
		} else {
			v.SetInt(v.Int() - 1) // some are the largest there may be
		}
	case reflect.Uint8:
		v.SetUint(v.Uint() + 1)
	default:
		panic(fmt.Sprintf("drawingtest: no change is known for %v, a %v", path, v.Type()))
	}
}
