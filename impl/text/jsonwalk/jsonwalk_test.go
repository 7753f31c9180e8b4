package jsonwalk_test

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"onestroke/impl/text/jsonwalk"
)

var texts = []string{
	`null`, ` true `, `false`, `0`, `-0`, `-12.5e+3`, `123456789012345678`, `-123456789012345678`, `1234567890123456789`, `1e400`,
	`""`, `"a"`, `"\""`, `"\\"`, `"a\"b\\c"`, `"\/\b\f\n\r\t"`, `"\"\u4e00\""`, `"\ud83c\udfa8"`, `"一笔\"到底"`,
	`[]`, ` [ ] `, `[[],[[]],{}]`, `[1,-2, 3 ,4.5]`, "\t[\r\n1\n,\n2\n]\n",
	`{}`, ` { } `, `{"a":1,"b":[true,null],"c":{"d":"}]\"{["}}`, `{ "a" : { "b" : [ ] } , "c" : "d" }`, `{"a\"\\b":"\\"}`, `{"":""}`,
}

func TestAWalkReadsWhatAParserReads(t *testing.T) {
	for _, text := range texts {
		compare(t, text)
	}
}

func FuzzWalk(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if jsontext.Value(text).IsValid() {
			compare(t, text)
		}
	})
}

func compare(t *testing.T, text string) {
	t.Helper()
	var want any
	in := json.NewDecoder(strings.NewReader(text))
	in.UseNumber()
	if err := in.Decode(&want); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	w := jsonwalk.New([]byte(text))
	if got := read(t, &w); !reflect.DeepEqual(got, want) {
		t.Errorf("%q was read as %#v, not as %#v", text, got, want)
	}
	if c := w.Peek(); c != 0 {
		t.Errorf("%q: %q is left", text, w.Rest())
	}
}

// read reads a value as encoding/json does. What is passed over by Value must be the
// same text.
func read(t *testing.T, w *jsonwalk.Walker) any {
	t.Helper()
	begin := w.Peek()
	before := w.Rest()
	passing := *w
	passed := passing.Value()
	defer func() {
		t.Helper()
		if read := before[:len(before)-len(w.Rest())]; string(passed) != string(read) {
			t.Errorf("Value passed over %q, not over %q", passed, read)
		}
	}()
	switch begin {
	case '{':
		members := map[string]any{}
		w.Enter()
		for begun := false; w.More('}', &begun); {
			name := string(jsonwalk.Unquote(w.Name()))
			members[name] = read(t, w)
		}
		return members
	case '[':
		elements := []any{}
		w.Enter()
		for begun := false; w.More(']', &begun); {
			elements = append(elements, read(t, w))
		}
		return elements
	case '"':
		return string(jsonwalk.Unquote(w.Quoted()))
	case 't', 'f':
		return string(w.Scalar()) == "true"
	case 'n':
		w.Scalar()
		return nil
	}
	number, value, known := w.Integer()
	whole, err := strconv.ParseInt(string(number), 10, 64)
	if short := err == nil && len(number) <= 18; known != short || known && value != whole {
		t.Errorf("the number %s is %d, known %t", number, value, known)
	}
	return json.Number(number)
}
