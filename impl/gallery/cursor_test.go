package gallery

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
)

var somewhere = Position{time.UnixMilli(1_767_323_045_678).UTC(), drawingtest.ID(1)}

func TestCursorLeadsBackToItsPosition(t *testing.T) {
	for _, p := range []Position{
		somewhere,
		{time.UnixMilli(0).UTC(), drawing.ID{}},
		{time.UnixMilli(maxCursorTime).UTC(), drawing.ID{0xff, 15: 0xff}},
	} {
		got, err := parseCursor(p.cursor())
		if err != nil || got != p {
			t.Errorf("got %v, %v, want %v", got, err, p)
		}
	}
	if p, err := parseCursor(""); err != nil || p != (Position{}) {
		t.Errorf("no cursor: %v, %v", p, err)
	}
}

func TestMalformedCursorIsRefused(t *testing.T) {
	good := somewhere.cursor()
	for _, cursor := range []string{
		"!", "AAAA", good + "=", good + "A", good[1:], good[:10] + "\n" + good[10:], good[:10] + "\n" + good[11:], good[:11],
		strings.Repeat("A", 1<<20),
		base64.RawURLEncoding.EncodeToString([]byte("\xff\xff\xff\xff\xff\xff\xff\xff0123456789abcdef")),
	} {
		if p, err := parseCursor(cursor); !errors.Is(err, ErrCursor) {
			t.Errorf("%.99q: %v, %v", cursor, p, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("AAAAAAAAAABh")
	f.Add(somewhere.cursor())
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := parseCursor(cursor)
		if err != nil {
			if !errors.Is(err, ErrCursor) {
				t.Fatal(err)
			}
			return
		}
		if cursor != "" && p.cursor() != cursor {
			t.Fatalf("%q leads back as %q", cursor, p.cursor())
		}
	})
}
