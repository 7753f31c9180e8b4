// Package validation holds what is generated from the contract against
// kin-openapi, which reads the contract itself.
package validation

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"
)

func contract(t testing.TB) *openapi3.T {
	t.Helper()
	text, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// readJSON returns the value of a text that every reader understands alike
// (RFC 7493). Numbers stay as they are written.
func readJSON(text []byte) (value any, ok bool) {
	if !jsontext.Value(text).IsValid() {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return value, d.Decode(&value) == nil
}

// readForm returns the members of a form. Those of the schema are there once;
// what a stranger says more than once is ignored, as all of it is.
func readForm(schema *openapi3.Schema, text string) (value any, ok bool) {
	form, err := url.ParseQuery(text)
	if err != nil {
		return nil, false
	}
	members := map[string]any{}
	for name, values := range form {
		if len(values) > 1 && schema.Properties[name] != nil || !utf8.ValidString(name) || !utf8.ValidString(values[0]) {
			return nil, false
		}
		members[name] = values[0]
	}
	return members, true
}

// allows tells whether the contract allows a body, as kin-openapi understands
// it. What is ours: a name that differs from a member's by case only is wrong.
func allows(schema *openapi3.Schema, value any) bool {
	return schema.VisitJSON(value) == nil && !hasCaseTwin(schema, value)
}

func hasCaseTwin(schema *openapi3.Schema, value any) bool {
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			if p := schema.Properties[name]; p != nil {
				if hasCaseTwin(p.Value, v) {
					return true
				}
				continue
			}
			for known := range schema.Properties {
				if strings.EqualFold(name, known) {
					return true
				}
			}
		}
	case []any:
		return slices.ContainsFunc(value, func(v any) bool { return hasCaseTwin(schema.Items.Value, v) })
	}
	return false
}

// known returns a value that the contract allows as it must arrive: without the
// members that it does not know, numbers as float64, UUIDs in lower case.
func known(schema *openapi3.Schema, value any) any {
	switch value := value.(type) {
	case map[string]any:
		members := map[string]any{}
		for name, v := range value {
			if p := schema.Properties[name]; p != nil {
				members[name] = known(p.Value, v)
			}
		}
		return members
	case []any:
		all := make([]any, len(value))
		for i, v := range value {
			all[i] = known(schema.Items.Value, v)
		}
		return all
	case json.Number:
		n, _ := value.Float64()
		return n
	case string:
		if schema.Format == "uuid" {
			return strings.ToLower(value)
		}
	}
	return value
}

// allowsParameter is as allows, for a parameter that is there once.
func allowsParameter(p *openapi3.Parameter, text string) bool {
	switch schema := p.Schema.Value; {
	case schema.Type.Is(openapi3.TypeInteger):
		n, err := strconv.ParseInt(text, 10, 64)
		return err == nil && schema.VisitJSON(float64(n)) == nil
	case schema.Type.Is(openapi3.TypeBoolean):
		return text == "true" || text == "false"
	default:
		return schema.VisitJSON(text) == nil
	}
}
