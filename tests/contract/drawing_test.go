package contract

import (
	"slices"
	"testing"
)

// A client reads a drawing, changes a part, and sends all of it back. A field that
// can be sent and not be read would be lost.
func TestEveryFieldThatCanBeSentCanBeRead(t *testing.T) {
	schemas := document(t).Components.Schemas
	for schema, exceptions := range map[string][]string{
		"Drawing":        nil,
		"DrawingSummary": {"strokes"},
		"SharedDrawing":  {"id"}, // the token names it
	} {
		for field, property := range schemas["DrawingContent"].Value.Properties {
			if property.Value.ReadOnly {
				continue
			}
			_, found := schemas[schema].Value.Properties[field]
			if found == slices.Contains(exceptions, field) {
				t.Errorf("%s: %s, found: %t, exceptions: %v", schema, field, found, exceptions)
			}
		}
	}
}
