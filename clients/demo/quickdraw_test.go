package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	onestroke "github.com/onestroke/onestroke/clients/go"
)

func TestASketchBecomesADrawingInTenthsOfAPixel(t *testing.T) {
	d, err := parseSketch([]byte(`{"word":"cat","countrycode":"VE","recognized":true,"key_id":"52",
		"drawing":[[[10,414.48199462890625,-3.05],[20,20.04,30],[0,16,12]],[[200],[99],[40]]]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := onestroke.DrawingContent{
		Title:  new("cat"),
		Format: onestroke.Format1,
		Canvas: onestroke.Canvas{Width: 4145 + penWidth, Height: 990 + 200},
		Strokes: []onestroke.Stroke{
			{Tool: onestroke.Pen, Color: "#333333", Width: penWidth, X: []int32{100, 4145, -31}, Y: []int32{200, 200, 300}, T: &[]int32{0, 16, 12}},
			{Tool: onestroke.Pen, Color: "#333333", Width: penWidth, X: []int32{2000}, Y: []int32{990}, T: &[]int32{40}},
		},
	}
	if !reflect.DeepEqual(d.content, want) {
		t.Errorf("got\n%+v\nwant\n%+v", d.content, want)
	}
}

func TestTheIDIsMadeFromTheKey(t *testing.T) {
	id := func(key string) string {
		d, err := parseSketch([]byte(`{"key_id":"` + key + `","drawing":[[[1],[2],[3]]]}`))
		if err != nil {
			t.Fatal(err)
		}
		if d.id.Version() != 5 {
			t.Errorf("%s is of version %d", d.id, d.id.Version())
		}
		return d.id.String()
	}
	first, again, other := id("1"), id("1"), id("2")
	if first != again || first == other {
		t.Errorf("key 1 has %s, then %s; key 2 has %s", first, again, other)
	}
}

func TestAnInvalidLineIsNamed(t *testing.T) {
	const good = `{"word":"cat","key_id":"1","drawing":[[[1],[2],[3]]]}`
	for line, want := range map[string]string{
		`{"word":`:                              "not a drawing: unexpected end of JSON input",
		`[]`:                                    "not a drawing: ",
		`{"drawing":[[[1],[2],[3]]]}`:           "it has no key_id",
		`{"key_id":"1"}`:                        "it has no strokes",
		`{"key_id":"1","drawing":[[[1]]]}`:      "stroke 1: must be three columns",
		`{"key_id":"1","drawing":[[[],[],[]]]}`: "stroke 1: must be three columns",
		`{"key_id":"1","drawing":[[[1],[2],[3]],[[1,2],[2],[3]]]}`:        "stroke 2: must be three columns",
		`{"key_id":"1","drawing":[[[1e300],[2],[3]]]}`:                    "1e+300 is out of range",
		`{"key_id":"1","drawing":[[[1],[-6553.6],[3]]]}`:                  "-6553.6 is out of range",
		`{"key_id":"1","drawing":[[[1],[2],[-1]]]}`:                       "-1 is out of range",
		`{"word":"cat","key_id":"1","drawing":[[[1],[2],[3]]]} and more`:  "not a drawing: ",
		`{"word":"cat","key_id":"1","drawing":[[["1"],["2"],["3"]]]}`:     "not a drawing: ",
		`{"word":"cat","key_id":1,"drawing":[[[1],[2],[3]]]}`:             "not a drawing: ",
		`{"word":"cat","key_id":"1","drawing":{"x":[1],"y":[2],"t":[3]}}`: "not a drawing: ",
	} {
		n, err := count(quickDraw([]string{write(t, "cat.ndjson", good+"\n\n"+line+"\n"+good)}))
		if err == nil {
			t.Errorf("%s: %d drawings, no error", line, n)
			continue
		}
		if text := err.Error(); !strings.HasPrefix(text, "cat.ndjson:3: ") || !strings.Contains(text, want) || strings.Contains(text, "\n") {
			t.Errorf("%s: the error is %q, not %q", line, text, want)
		}
	}
}

func TestAllLinesOfFilesAreRead(t *testing.T) {
	const line = `{"key_id":"1","drawing":[[[1],[2],[3]]]}`
	files := []string{
		write(t, "a.ndjson", line+"\n"+line+"\n"),
		write(t, "b.ndjson", line), // without a newline
		write(t, "c.ndjson", ""),
		write(t, "d.ndjson", "\n"+line+"\r\n"),
	}
	source := quickDraw(files)
	for range 2 { // the sequence can be read again
		if n, err := count(source); n != 4 || err != nil {
			t.Errorf("%d drawings, %v", n, err)
		}
	}
}

func TestAnUnreadableFileIsNamed(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder.ndjson")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{filepath.Join(t.TempDir(), "missing.ndjson"), folder} {
		if _, err := count(quickDraw([]string{file})); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func write(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
