// Package contract tests openapi.yaml: its examples are correct, a breaking change is
// detected, and a mock server made from it is usable.
package contract

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"onestroke/tests/root"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m, service.RemoveBinaries) }

func TestEachExampleMatchesItsSchema(t *testing.T) {
	t.Parallel()
	doc := document(t)
	if err := doc.Validate(t.Context(), openapi3.EnableSchemaFormatValidation()); err != nil {
		t.Error(err)
	}
	seen := examples{schemas: map[*openapi3.Schema]bool{}}
	seen.addDocument(doc)
	if len(seen.all) < 200 {
		t.Errorf("only %d examples are there", len(seen.all))
	}
	for _, e := range seen.all {
		if err := e.schema.VisitJSON(e.value, openapi3.EnableFormatValidation(), openapi3.MultiErrors()); err != nil {
			t.Errorf("%s: %v", e.at, err)
		}
	}
}

// document returns openapi.yaml.
func document(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(root.Dir(), "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// examples collects every example of a document with its schema.
type examples struct {
	all     []example
	schemas map[*openapi3.Schema]bool // that were visited
}

type example struct {
	at     string
	schema *openapi3.Schema
	value  any
}

func (e *examples) addDocument(doc *openapi3.T) {
	for name, schema := range doc.Components.Schemas {
		e.addSchema(name, schema)
	}
	for name, header := range doc.Components.Headers {
		e.addParameter("header "+name, &header.Value.Parameter)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			for _, p := range op.Parameters {
				e.addParameter(at+" "+p.Value.Name, p.Value)
			}
			if op.RequestBody != nil {
				e.addContent(at, op.RequestBody.Value.Content)
			}
			for status, response := range op.Responses.Map() {
				e.addContent(at+" "+status, response.Value.Content)
			}
		}
	}
}

func (e *examples) addSchema(at string, ref *openapi3.SchemaRef) {
	if ref == nil || e.schemas[ref.Value] {
		return
	}
	schema := ref.Value
	e.schemas[schema] = true
	e.add(at, ref, schema.Example, nil)
	for name, property := range schema.Properties {
		e.addSchema(at+"."+name, property)
	}
	e.addSchema(at+"[]", schema.Items)
}

func (e *examples) addParameter(at string, p *openapi3.Parameter) {
	e.add(at, p.Schema, p.Example, p.Examples)
	e.addSchema(at, p.Schema)
}

func (e *examples) addContent(at string, content openapi3.Content) {
	for mediaType, media := range content {
		e.add(fmt.Sprintf("%s %s", at, mediaType), media.Schema, media.Example, media.Examples)
		e.addSchema(at, media.Schema)
	}
}

func (e *examples) add(at string, schema *openapi3.SchemaRef, single any, named openapi3.Examples) {
	if single != nil {
		e.all = append(e.all, example{at, schema.Value, single})
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		e.all = append(e.all, example{at + " " + name, schema.Value, named[name].Value.Value})
	}
}
