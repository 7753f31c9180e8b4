package service

import "github.com/getkin/kin-openapi/openapi3"

// ReadJavaScriptText makes kin-openapi read x-javascript-text, which is what the
// service accepts beside the strings that clients should send: null, a boolean or a
// number in the place of a string.
func ReadJavaScriptText(doc *openapi3.T) {
	for _, s := range doc.Components.Schemas {
		if !IsJavaScriptText(s.Value) {
			continue
		}
		text := *s.Value
		text.Extensions = nil
		*s.Value = openapi3.Schema{
			Extensions: s.Value.Extensions,
			Nullable:   true,
			AnyOf: openapi3.SchemaRefs{
				text.NewRef(), openapi3.NewBoolSchema().NewRef(), openapi3.NewFloat64Schema().NewRef(),
			},
		}
	}
}

// IsJavaScriptText reports whether a schema has x-javascript-text.
func IsJavaScriptText(s *openapi3.Schema) bool { return s.Extensions["x-javascript-text"] == true }
