package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"
)

func TestOwnDrawingsAreOnTheCanvasAndHaveIncreasingTimes(t *testing.T) {
	ids := map[uuid.UUID]bool{}
	for d, err := range own() {
		if err != nil {
			t.Fatal(err)
		}
		ids[d.id] = true
		last := int32(-1)
		for i, s := range d.content.Strokes {
			for _, v := range slices.Concat(s.X, s.Y) {
				if v < nib/2 || v > side-nib/2 {
					t.Fatalf("%s: stroke %d is outside the canvas at %d", d.source, i, v)
				}
			}
			for _, at := range *s.T {
				if at <= last {
					t.Fatalf("%s: stroke %d is at %d ms after %d ms", d.source, i, at, last)
				}
				last = at
			}
		}
	}
	if len(ids) != len(ownContents()) {
		t.Errorf("%d ids for %d drawings", len(ids), len(ownContents()))
	}
}

func TestThePictureOfTheREADMEIsFresh(t *testing.T) {
	stored, err := os.ReadFile(filepath.Join("..", "..", ".github", "demo.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if drawn := picture(ownContents()); !bytes.Equal(stored, drawn) {
		t.Error("demo.svg is stale; run: make generate")
	}
}

func TestThePictureIsWellFormedForAnyTitle(t *testing.T) {
	contents := ownContents()[:1]
	contents[0].Title = new(`</text><script>"&'`)
	decoder := xml.NewDecoder(bytes.NewReader(picture(contents)))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if element, ok := token.(xml.StartElement); ok && element.Name.Local == "script" {
			t.Fatal("the title has become a script")
		}
	}
}
