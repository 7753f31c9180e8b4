package endtoend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// A field of a drawing that some layer forgets fails here: each field that the
// contract lets a client send comes back from every operation that returns it,
// and a request that changes this field alone is a change.
func TestEveryFieldOfADrawingIsStoredAndMakesADifference(t *testing.T) {
	t.Parallel()
	schemas := readContract(t).Components.Schemas
	content := schemas["DrawingContent"].Value
	full := exampleOf(content).(map[string]any)
	delete(full, "id") // it is in the path

	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		caller := s.LogIn(t, service.NewUser())
		id := newID()
		caller.Do(t, http.MethodPut, path(id), full, creating()).Expect(t, http.StatusCreated)
		token := share(t, caller, id, http.StatusCreated)
		for field, changed := range changesOf(t, content, full) {
			tag := caller.Do(t, http.MethodPut, path(id), full, replacing("*")).Header.Get("ETag")
			answer := caller.Do(t, http.MethodPut, path(id), changed, replacing(tag))
			answer.Expect(t, http.StatusOK)
			if answer.Header.Get("ETag") == tag {
				t.Errorf("%s: a change of this field alone is no change", field)
			}
			for schema, body := range map[string][]byte{
				"Drawing":       caller.Do(t, http.MethodGet, path(id), nil).Body,
				"SharedDrawing": s.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Body,
			} {
				checkSent(t, field, schemas[schema].Value, changed, body)
			}
			checkSent(t, field, schemas["Drawing"].Value, changed, caller.Do(t, http.MethodGet, "/v1/export", nil).Body)
			var page struct{ Items []json.RawMessage }
			caller.Do(t, http.MethodGet, "/v1/drawings", nil).Decode(t, &page)
			checkSent(t, field, schemas["DrawingSummary"].Value, changed, page.Items[0])
		}
	})
}

// checkSent checks that a body has what was sent, in each field that its schema has.
func checkSent(t *testing.T, field string, schema *openapi3.Schema, sent map[string]any, body []byte) {
	t.Helper()
	got := decoded(t, body)
	for name, want := range decoded(t, encoded(t, sent)) {
		if schema.Properties[name] != nil && !reflect.DeepEqual(got[name], want) {
			t.Errorf("%s changed: %s is %v, sent was %v", field, name, got[name], want)
		}
	}
}

// exampleOf makes a value of a schema that has every field, from the examples of
// the contract. A field that may not be made up needs an example there.
func exampleOf(s *openapi3.Schema) any {
	switch {
	case len(s.Properties) > 0:
		object := map[string]any{}
		if whole, ok := s.Example.(map[string]any); ok {
			maps.Copy(object, whole)
		}
		for name, p := range s.Properties {
			if object[name] == nil && !p.Value.ReadOnly {
				object[name] = exampleOf(p.Value)
			}
		}
		return object
	case s.Example != nil:
		return s.Example
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type.Is("array"):
		return []any{exampleOf(s.Items.Value)}
	}
	return nil
}

// changesOf yields a copy of an object for each field in it, inner ones included,
// that differs in this field alone, by the field's path. A field with one possible
// value is left out.
func changesOf(t *testing.T, schema *openapi3.Schema, object map[string]any) map[string]map[string]any {
	t.Helper()
	changes := map[string]map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		s := schema.Properties[name].Value
		with := func(path string, value any) {
			changed := maps.Clone(object)
			changed[name] = value
			changes[strings.TrimSuffix(name+"."+path, ".")] = changed
		}
		switch {
		case len(s.Properties) > 0:
			for path, value := range changesOf(t, s, object[name].(map[string]any)) {
				with(path, value)
			}
		case s.Type.Is("array") && len(s.Items.Value.Properties) > 0:
			for path, value := range changesOf(t, s.Items.Value, object[name].([]any)[0].(map[string]any)) {
				with(path, []any{value})
			}
		case len(s.Enum) == 1:
		default:
			with("", otherValue(t, name, s, object[name]))
		}
	}
	return changes
}

// otherValue returns a valid value that is not this one.
func otherValue(t *testing.T, name string, s *openapi3.Schema, value any) any {
	t.Helper()
	var candidates []any
	switch v := value.(type) {
	case float64:
		candidates = []any{v + 1, v - 1}
	case string:
		candidates = append(slices.Clone(s.Enum), v+"2", strings.Replace(v, "6", "7", 1), strings.Replace(v, "F", "E", 1))
	case bool:
		candidates = []any{!v}
	case []any:
		longer := slices.Clone(v)
		longer[len(v)-1] = otherValue(t, name, s.Items.Value, v[len(v)-1])
		candidates = []any{longer}
	}
	for _, c := range candidates {
		if !reflect.DeepEqual(c, value) && s.VisitJSON(c) == nil {
			return c
		}
	}
	t.Fatalf("no other value of %s is found than %v: give it another example in the contract, or a case here", name, value)
	return nil
}

func encoded(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func decoded(t *testing.T, text []byte) (object map[string]any) {
	t.Helper()
	if err := json.Unmarshal(bytes.TrimSpace(text), &object); err != nil {
		t.Fatal(fmt.Errorf("%w: %s", err, text))
	}
	return object
}

// Programs send a drawing as they read it, with what the service made of it.
func TestADrawingCanBeSentAsItWasRead(t *testing.T) {
	s := start(t)
	caller, other := s.LogIn2017(t, service.NewUser()), s.LogIn(t, service.NewUser())
	savePaint(t, caller, "old", twoLines)
	savePaint(t, caller, "empty", "[]")
	caller.Do(t, http.MethodPut, path(newID()), oneStroke("today"), creating()).Expect(t, http.StatusCreated)
	lines := 0
	for line := range strings.Lines(string(caller.Do(t, http.MethodGet, "/v1/export", nil).Body)) {
		lines++
		id := decoded(t, []byte(line))["id"].(string)
		read := caller.Do(t, http.MethodGet, path(id), nil)
		tag := read.Header.Get("ETag")
		for _, body := range []string{string(read.Body), line} {
			again := caller.Do(t, http.MethodPut, path(id), body, replacing(tag))
			again.Expect(t, http.StatusOK)
			if again.Header.Get("ETag") != tag {
				t.Errorf("sent as it was read, it is another: %s", body)
			}
		}
		made := strings.NewReplacer(`"revision":1`, `"revision":9`, `"pointCount":`, `"pointCount":1`).Replace(line)
		other.Do(t, http.MethodPut, path(id), made, creating()).Expect(t, http.StatusCreated)
		if got, want := get(t, other, id), get(t, caller, id); got.Revision != 1 || got.PointCount != want.PointCount || !reflect.DeepEqual(got.Strokes, want.Strokes) {
			t.Errorf("copied to another user, it is %+v", got)
		}
	}
	if lines != 3 {
		t.Errorf("the export has %d lines", lines)
	}
}
