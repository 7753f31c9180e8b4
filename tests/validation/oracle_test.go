// Package validation compares the code that is generated from the contract with
// kin-openapi, which reads the contract at run time.
package validation

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"

	"onestroke/tests/service"
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
	service.ReadJavaScriptText(doc)
	service.CloseAnswers(doc)
	if err := service.AddCredentials(doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// readJSON returns the value of a text that all parsers read in the same way (RFC
// 7493). Numbers are not converted.
func readJSON(text []byte) (value any, ok bool) {
	if !jsontext.Value(text).IsValid() {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return value, d.Decode(&value) == nil
}

// escape is an escaped byte, or a percent sign that begins none. Browsers read that
// as itself, and a semicolon too; url.ParseQuery refuses both.
var escape = regexp.MustCompile(`%([0-9A-Fa-f]{2})?`)

// readForm returns the members of a form. A member of the schema must be there once;
// other members are ignored, and may be repeated.
func readForm(schema *openapi3.Schema, text string) (value any, ok bool) {
	form, err := url.ParseQuery(strings.ReplaceAll(escape.ReplaceAllStringFunc(text, func(found string) string {
		if found == "%" {
			return "%25"
		}
		return found
	}), ";", "%3B"))
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

// allows reports whether the contract allows a body, according to kin-openapi.
// Read-only members are ignored.
func allows(schema *openapi3.Schema, value any) bool {
	if members, ok := value.(map[string]any); ok {
		members = maps.Clone(members)
		maps.DeleteFunc(members, func(name string, _ any) bool { return isReadOnly(schema, name) })
		value = members
	}
	return schema.VisitJSON(value) == nil
}

func isReadOnly(schema *openapi3.Schema, name string) bool {
	p := schema.Properties[name]
	return p != nil && p.Value.ReadOnly
}

// known returns a valid value as the service must read it: without unknown members,
// numbers as float64, UUIDs in lower case, and text as JavaScript makes it.
func known(schema *openapi3.Schema, value any) any {
	if service.IsJavaScriptText(schema) {
		return javaScriptText(value)
	}
	switch value := value.(type) {
	case map[string]any:
		members := map[string]any{}
		for name, v := range value {
			if p := schema.Properties[name]; p != nil && !p.Value.ReadOnly {
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

// javaScriptText is String(value || "") in JavaScript.
func javaScriptText(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		if n, _ := value.Float64(); n != 0 {
			text, _ := json.Marshal(n) // as in ECMAScript
			return string(text)
		}
	case bool:
		if value {
			return "true"
		}
	}
	return ""
}

// allowsParameter is allows for a parameter that is there once.
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
