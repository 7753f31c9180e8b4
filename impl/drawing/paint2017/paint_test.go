package paint2017_test

import (
	"errors"
	"strings"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/paint2017"
)

func TestPaintLimits(t *testing.T) {
	long := string(make([]byte, paint2017.MaxActions+1))
	for want, paint := range map[string]paint2017.Paint{
		"":                               {ID: "é", Actions: long[1:]},
		"id minLength":                   {},
		"id maxLength":                   {ID: long[:paint2017.MaxID+1]},
		"id format":                      {ID: "\xff"},
		"actions maxLength":              {ID: "1", Actions: long},
		"id minLength actions maxLength": {Actions: long},
	} {
		var found drawing.InvalidErrors
		err := paint.Validate()
		if errors.As(err, &found) == (err == nil) {
			t.Errorf("%s: %v", want, err)
		}
		var got []string
		for _, e := range found {
			got = append(got, e.Field, e.Rule)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPaintsKeepTheDrawingTheyWereStoredAs(t *testing.T) {
	for paintID, want := range map[string]string{
		"jc0a1b2c3d4e5f":                       "7678edb9-e491-5690-bf55-d7fdc5c0df19",
		"画":                                    "7e241f3b-af01-5c6f-809b-58188b44c652",
		"0190d6a4-52e0-7cc3-a4c0-5b7f1f0c9a11": "0190d6a4-52e0-7cc3-a4c0-5b7f1f0c9a11",
		"0190D6A4-52E0-7CC3-A4C0-5B7F1F0C9A11": "a706dbf0-e831-5dcf-9c51-777cc93e96a9", // in capitals it is a name as any other
	} {
		if got := paint2017.DrawingID(paintID).String(); got != want {
			t.Errorf("%s is %s, was %s", paintID, got, want)
		}
	}
}

func TestAPaintIDThatOnlyLooksLikeADrawingIsAName(t *testing.T) {
	const id = "0190d6a4-52e0-7cc3-a4c0-5b7f1f0c9a11"
	for _, paintID := range []string{
		"urn:uuid:" + id, "{" + id + "}", strings.ReplaceAll(id, "-", ""), "g" + id[1:], id[1:9] + id[:1] + id[9:],
	} {
		if got := paint2017.DrawingID(paintID).String(); got == id || got == paintID {
			t.Errorf("%s is %s", paintID, got)
		}
	}
}
