package drawing_test

import (
	"testing"

	"onestroke/impl/drawing"
)

func TestIDsAreUUIDsOfEitherCase(t *testing.T) {
	const upper, lower = "ABCDEF01-2345-4678-9ABC-DEF012345678", "abcdef01-2345-4678-9abc-def012345678"
	for _, text := range []string{upper, lower} {
		if id, err := drawing.ParseID(text); err != nil || id.String() != lower {
			t.Errorf("%s: %v, %v", text, id, err)
		}
	}
	for _, text := range []string{
		"", "$ne", "../" + lower, lower + "\n", "{" + lower + "}", "urn:uuid:" + lower, "abcdef01234546789abcdef012345678",
		"abcdef01-2345-4678-9abc-def01234567g", "abcdef01_2345-4678-9abc-def012345678",
	} {
		if id, err := drawing.ParseID(text); err == nil || id != (drawing.ID{}) {
			t.Errorf("%q: %v, %v", text, id, err)
		}
	}
}
