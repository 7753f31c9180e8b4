package drawing

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCursorLeadsBackToItsPosition(t *testing.T) {
	for _, p := range []Position{
		{time.UnixMilli(0).UTC(), "a"},
		{time.UnixMilli(1_767_323_045_678).UTC(), "0190d6a4-52e0-7cc3-a4c0-5b7f1f0c9a11"},
		{time.UnixMilli(maxCursorTime).UTC(), strings.Repeat("z", maxCursorID)},
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
	good := Position{time.UnixMilli(1_767_323_045_678).UTC(), "0190d6a4-52e0-7cc3-a4c0-5b7f1f0c9a11"}.cursor()
	for _, cursor := range []string{
		"!", "AAAA", good + "=", good[:10] + "\n" + good[10:], good[:11],
		strings.Repeat("A", maxCursor+1),
		base64.RawURLEncoding.EncodeToString([]byte("\xff\xff\xff\xff\xff\xff\xff\xffid")),
		base64.RawURLEncoding.EncodeToString([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\xff")),
	} {
		if p, err := parseCursor(cursor); !errors.Is(err, ErrCursor) {
			t.Errorf("%q: %v, %v", cursor, p, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("AAAAAAAAAABh")
	f.Add(Position{time.UnixMilli(1_767_323_045_678).UTC(), "0190d6a4-52e0-7cc3-a4c0-5b7f1f0c9a11"}.cursor())
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
