package wire_test

import (
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"onestroke/api/wire"
)

// pair is an object as the generator writes its methods.
type pair struct {
	name  string
	sizes []int32
}

var (
	pairRules  = wire.ObjectRules{Members: []string{"name", "sizes"}, Required: 0b1}
	nameRules  = wire.StringRules{MaxLength: 2}
	sizesRules = wire.ArrayRules{MaxItems: 30}
	sizeRules  = wire.IntegerRules{Bits: 32, Maximum: 9}
)

func (p *pair) decodeJSON(d *wire.Decoder) {
	for m := d.Object(&pairRules); m.Next(d); {
		switch m.Index {
		case 0:
			p.name = d.String(&nameRules)
		case 1:
			p.sizes = wire.Integers[int32](d, &sizesRules, &sizeRules)
		}
	}
}

func (p *pair) AppendJSON(b []byte) []byte {
	b = wire.AppendString(wire.AppendName(append(b, '{'), `"name":`), p.name)
	return append(wire.AppendIntegers(wire.AppendName(b, `"sizes":`), p.sizes), '}')
}

func TestDecodeReportsEveryBrokenRuleUpToTwenty(t *testing.T) {
	for text, want := range map[string][]string{
		`{"name":"ab","sizes":[1, 2]}`:                               nil,
		`{"sizes":[10,1,-1],"name":"abc"}`:                           {"name", "sizes[0]", "sizes[2]"},
		`{"sizes":{}}`:                                               {"name", "sizes"},
		`{"name":null,"Name":"a","other":{"deep":[[]]}}`:             {"name", "Name", "other"},
		`{"name":"a","sizes":[` + strings.Repeat("10,", 29) + `10]}`: strings.Split("sizes[0] sizes[1] sizes[2] sizes[3] sizes[4] sizes[5] sizes[6] sizes[7] sizes[8] sizes[9] sizes[10] sizes[11] sizes[12] sizes[13] sizes[14] sizes[15] sizes[16] sizes[17] sizes[18] sizes[19]", " "),
	} {
		_, err := wire.Decode([]byte(text), (*pair).decodeJSON)
		invalid := (*wire.InvalidError)(nil)
		errors.As(err, &invalid)
		var got []string
		if invalid != nil {
			for _, f := range invalid.Fields {
				got = append(got, f.Field)
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: invalid are %v, not %v", text, got, want)
		}
	}
}

// A body may have thousands of values that are no arrays, before a text that looks like one.
func TestWhatIsNoArrayTakesNoMemoryForOne(t *testing.T) {
	rules := wire.ArrayRules{MaxItems: 5_000}
	text := []byte(`{"sizes":"` + strings.Repeat(",", 100_000) + `]"}`)
	const times = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		_, err := wire.Decode(text, func(_ *struct{}, d *wire.Decoder) { wire.Integers[int32](d, &rules, &sizeRules) })
		if err == nil {
			t.Fatal("an object was read as an array")
		}
	}
	runtime.ReadMemStats(&after)
	if taken := (after.TotalAlloc - before.TotalAlloc) / times; taken > 10_000 {
		t.Errorf("it takes %d bytes", taken)
	}
}

func TestReadBody(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	tooLarge, mediaType, invalid, slow := (*http.MaxBytesError)(nil), (*wire.MediaTypeError)(nil), (*wire.InvalidError)(nil), wire.SlowError{}
	for name, c := range map[string]struct {
		contentType string
		body        io.Reader
		want        string
		err         any
	}{
		"JSON":                 {"application/json", strings.NewReader("{}"), "application/json {}", nil},
		"with a charset":       {"Application/JSON; charset=UTF-8", strings.NewReader("{}"), "application/json {}", nil},
		"utf8":                 {"application/json;charset=utf8", strings.NewReader("{}"), "application/json {}", nil},
		"form":                 {form, strings.NewReader("a=b"), form + " a=b", nil},
		"another charset":      {"application/json; charset=gbk", strings.NewReader("{}"), "", &mediaType},
		"another type":         {"text/plain", strings.NewReader("{}"), "", &mediaType},
		"no type":              {"", strings.NewReader("{}"), "", &mediaType},
		"too large":            {"application/json", strings.NewReader(strings.Repeat(" ", 101)), "", &tooLarge},
		"ended before its end": {"application/json", iotest.ErrReader(io.ErrUnexpectedEOF), "", &invalid},
		"too slow":             {"application/json", iotest.ErrReader(os.ErrDeadlineExceeded), "", &slow},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", c.body)
			r.Header.Set("Content-Type", c.contentType)
			r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 100)
			read, text, err := wire.ReadBody(r, "application/json", form)
			if c.err != nil {
				if !errors.As(err, c.err) {
					t.Errorf("error is %v", err)
				}
			} else if err != nil || read+" "+string(text) != c.want {
				t.Errorf("read %s %s, %v", read, text, err)
			}
		})
	}
}

func TestVaryIsAddedToAndOtherHeadersAreReplaced(t *testing.T) {
	h := http.Header{"Vary": {"Origin"}, "Cache-Control": {"no-store"}}
	wire.SetHeader(h, "Vary", "Accept")
	wire.SetHeader(h, "Cache-Control", "private")
	wire.SetHeader(h, "Etag", "")
	if h.Get("Vary") != "Origin, Accept" || h.Get("Cache-Control") != "private" || h.Values("Etag") != nil {
		t.Errorf("headers are %v", h)
	}
}

func TestABufferIsEmptyWhenItIsUsedAgain(t *testing.T) {
	for range 10 {
		for _, n := range []int{1, 1 << 20} {
			b := wire.NewBuffer()
			if len(b.Text) != 0 {
				t.Fatalf("a new buffer has %d bytes", len(b.Text))
			}
			b.Text = append(b.Text, strings.Repeat("1", n)...)
			w := httptest.NewRecorder()
			if err := b.Send(w, http.StatusCreated); err != nil || w.Code != http.StatusCreated || w.Body.Len() != n+1 {
				t.Fatalf("sent %d bytes with %d, %v", w.Body.Len(), w.Code, err)
			}
		}
	}
}

// The first chunk arrives before the rest is there, and the client sees that a
// broken stream is not whole.
func TestAStreamOverHTTP(t *testing.T) {
	errBroken := errors.New("broken")
	next := make(chan struct{})
	items := func(err error) iter.Seq2[*pair, error] {
		return func(yield func(*pair, error) bool) {
			for range 3 {
				if !yield(&pair{name: strings.Repeat("a", 40_000)}, nil) {
					return
				}
			}
			<-next
			if err != nil {
				yield(nil, err)
			}
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if r.URL.Path == "/broken" {
			err = errBroken
		}
		if got := wire.SendLines(w, http.StatusOK, "application/x-ndjson", items(err)); got != nil {
			if !errors.Is(got, errBroken) {
				t.Errorf("error is %v", got)
			}
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	for path, whole := range map[string]bool{"/": true, "/broken": false} {
		answer, err := http.Get(server.URL + path) // returns as soon as the first chunk is there
		if err != nil {
			t.Fatal(err)
		}
		next <- struct{}{}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if (err == nil) != whole || strings.Count(string(text), "\n") != 3 {
			t.Errorf("%s: %d lines, %v", path, strings.Count(string(text), "\n"), err)
		}
	}
}

// A text is cut between the two UTF-16 units of a character by substring in
// JavaScript.
func TestHalfASurrogatePairIsReportedWithItsMember(t *testing.T) {
	for text, want := range map[string]string{
		`{"name":"\ud83c"}`:                     "name",
		`{"sizes":[1],"name":"a\ud83c\ud83c"}`:  "name",
		`{"name":"a","x":{"y":["b","\udf00"]}}`: "x.y[1]",
		`{"na\ud83cme":1}`:                      "body",
		`"\ud83c"`:                              "body",
	} {
		_, err := wire.Decode([]byte(text), (*pair).decodeJSON)
		invalid := (*wire.InvalidError)(nil)
		if !errors.As(err, &invalid) || invalid.Fields[0].Rule != "surrogate" || invalid.Fields[0].Field != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Every text is a form, as it is for browsers.
func TestParseForm(t *testing.T) {
	for text, want := range map[string]url.Values{
		"":                     {},
		"a=1&b=2&a=3":          {"a": {"1", "3"}, "b": {"2"}},
		"a=b+c%20d%2B":         {"a": {"b c d+"}},
		"width=100%":           {"width": {"100%"}},
		"width=100;animate=1":  {"width": {"100;animate=1"}},
		"a=%&b=%4&c=%zz&d=%e7": {"a": {"%"}, "b": {"%4"}, "c": {"%zz"}, "d": {"\xe7"}},
		"a&&=b&%61=c=d":        {"a": {"", "c=d"}, "": {"b"}},
	} {
		if got := wire.ParseForm(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v", text, got)
		}
	}
}
