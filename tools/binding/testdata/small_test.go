package gen_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"onestroke/api/wire"
	gen "onestroke/small"
)

// handlers answer as a test wants.
type handlers struct {
	put  func(gen.PutThingRequest) (gen.PutThingAnswer, error)
	list gen.ListThingsAnswer
	note func(gen.Note) (gen.AddNoteAnswer, error)
}

func (h handlers) PutThing(_ context.Context, r gen.PutThingRequest) (gen.PutThingAnswer, error) {
	return h.put(r)
}

func (h handlers) ListThings(context.Context, gen.ListThingsRequest) (gen.ListThingsAnswer, error) {
	return h.list, nil
}

func (h handlers) AddNote(_ context.Context, r gen.AddNoteRequest) (gen.AddNoteAnswer, error) {
	return h.note(*r.Body)
}

func (handlers) AddAny(_ context.Context, r gen.AddAnyRequest) (gen.AddAnyAnswer, error) {
	return gen.AddAny200{Body: append([]byte(r.ContentType+": "), r.Body...)}, nil
}

func (handlers) AddFiles(_ context.Context, r gen.AddFilesRequest) (gen.AddFilesAnswer, error) {
	return gen.AddFiles200{Body: append([]byte(r.ContentType+": "), r.Body...)}, nil
}

func (handlers) GetFree(context.Context, gen.GetFreeRequest) (gen.GetFreeAnswer, error) {
	return gen.GetFree200{Body: []byte(`{"any":[1]}`)}, nil
}

// send sends a request and returns the answer, and the error that it failed with.
func send(h handlers, method, path, contentType, body string) (*httptest.ResponseRecorder, error) {
	var failure error
	server := gen.Handler(gen.Bind(h, gen.Options{
		Admit: func(r *http.Request) error {
			if r.URL.Query().Get("dry") == "true" {
				return errDenied
			}
			return nil
		},
		Fail: func(_ http.ResponseWriter, _ *http.Request, err error) { failure = err },
	}))
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w, failure
}

var (
	errDenied = errors.New("denied")
	errBroken = errors.New("broken")
)

const whole = `{"made":{"any":[1,"}"]},"on":true,"big":9007199254740993,"small":-5,"words":["a","b"],"flags":[true,false],"bigs":[-9223372036854775808,1],` +
	`"grid":[[1,2],[]],"maybe":"m","inner":{"kind":"a"},"inners":[{},{"kind":"b"}]}`

func TestABodyComesBackAsItWasSent(t *testing.T) {
	echo := handlers{put: func(r gen.PutThingRequest) (gen.PutThingAnswer, error) {
		return gen.PutThing200{ETag: `"` + r.ID + `"`, Body: *r.Body}, nil
	}}
	for sent, want := range map[string]string{
		whole: `{"big":9007199254740993,"bigs":[-9223372036854775808,1],"flags":[true,false],"grid":[[1,2],[]],"inner":{"kind":"a"},` +
			`"inners":[{},{"kind":"b"}],"maybe":"m","on":true,"small":-5,"words":["a","b"]}`,
		`{"on":false,"big":0,"words":[],"maybe":null,"inner":null}`: `{"big":0,"maybe":null,"on":false,"words":[]}`,
	} {
		w, err := send(echo, "PUT", "/things/a", "application/json", sent)
		if err != nil || w.Body.String() != want+"\n" {
			t.Errorf("%s\ncame back as\n%s, %v", sent, w.Body, err)
		}
		h := w.Header()
		if h.Get("ETag") != `"a"` || h.Get("Cache-Control") != "no-store" || h.Values("X-Note") != nil {
			t.Errorf("headers are %v", h)
		}
	}
}

func TestABodyThatBreaksARuleReachesNoHandler(t *testing.T) {
	for change, want := range map[[2]string]string{
		{`true`, `1`}:                               "on type: must be a boolean",
		{`true`, `null`}:                            "on type: must not be null",
		{`9007199254740993`, `9007199254740994`}:    "big maximum: must be at most 9007199254740993",
		{`9007199254740993`, `9223372036854775808`}: "big format: must fit into 64 bits",
		{`9007199254740993`, `1e18`}:                "big format: must fit into 64 bits",
		{`-5`, `-6`}:                                "small minimum: must be at least -5",
		{`["a","b"]`, `["a",""]`}:                   "words[1] minLength: must have at least 1 characters",
		{`["a","b"]`, `["a",1]`}:                    "words[1] type: must be a string",
		{`["a","b"]`, `["a","b","c","d"]`}:          "words maxItems: must have at most 3 values",
		{`[true,false]`, `[true,0]`}:                "flags[1] type: must be a boolean",
		{`[-9223372036854775808,1]`, `[1.5]`}:       "bigs[0] type: must be an integer",
		{`[1,2]`, `[1,2147483648]`}:                 "grid[0][1] format: must fit into 32 bits",
		{`"m"`, `7`}:                                "maybe type: must be a string",
		{`{"kind":"a"}`, `{"kind":"c"}`}:            "inner.kind enum: must be a or b",
		{`{"kind":"a"}`, `[]`}:                      "inner type: must be an object",
		{`{"kind":"b"}`, `null`}:                    "inners[1] type: must not be null",
		{`"maybe":"m",`, ``}:                        "maybe required: is missing",
	} {
		_, err := send(handlers{}, "PUT", "/things/a", "application/json", strings.Replace(whole, change[0], change[1], 1))
		invalid := (*wire.InvalidError)(nil)
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %v", change[1], err)
			continue
		}
		if f := invalid.Fields[0]; f.Field+" "+f.Rule+": "+f.Detail != want {
			t.Errorf("%s: %+v, not %s", change[1], f, want)
		}
	}
}

func TestNotationsOfAnInteger(t *testing.T) {
	var big int64
	h := handlers{put: func(r gen.PutThingRequest) (gen.PutThingAnswer, error) {
		big = r.Body.Big
		return gen.PutThing204{}, nil
	}}
	for number, want := range map[string]int64{
		"100": 100, "1e2": 100, "100.0": 100, "-0": 0, "-1e0": -1,
		"9007199254740992": 1 << 53, "9007199254740993": 1<<53 + 1, "-9223372036854775808": -1 << 63, "9007199254740992.0": 1 << 53,
	} {
		if _, err := send(h, "PUT", "/things/a", "application/json", strings.Replace(whole, "9007199254740993", number, 1)); err != nil || big != want {
			t.Errorf("%s is read as %d, %v", number, big, err)
		}
	}
}

func TestARequestIsAdmittedOnlyIfItObeysTheContract(t *testing.T) {
	if _, err := send(handlers{}, "PUT", "/things/a?dry=true", "application/json", whole); !errors.Is(err, errDenied) {
		t.Errorf("error is %v", err)
	}
	invalid := (*wire.InvalidError)(nil)
	if _, err := send(handlers{}, "PUT", "/things/a?dry=true", "application/json", `{}`); !errors.As(err, &invalid) {
		t.Errorf("error is %v", err)
	}
	mediaType := (*wire.MediaTypeError)(nil)
	if _, err := send(handlers{}, "PUT", "/things/a?dry=true", "text/plain", whole); !errors.As(err, &mediaType) {
		t.Errorf("error is %v", err)
	}
}

func TestARequiredHeaderIsNotForgotten(t *testing.T) {
	h := handlers{put: func(gen.PutThingRequest) (gen.PutThingAnswer, error) { return gen.PutThing200{}, nil }}
	missing := (*wire.HeaderError)(nil)
	if _, err := send(h, "PUT", "/things/a", "application/json", whole); !errors.As(err, &missing) || missing.Header != "ETag" {
		t.Errorf("error is %v", err)
	}
}

func TestABodyMayBeAFormOrJSON(t *testing.T) {
	h := handlers{note: func(n gen.Note) (gen.AddNoteAnswer, error) {
		if n.By == nil {
			return gen.AddNote200{Body: []byte(n.Text)}, nil
		}
		return gen.AddNote200{Body: []byte(n.Text + " by " + *n.By)}, nil
	}}
	for sent, want := range map[[2]string]string{
		{"application/x-www-form-urlencoded", "text=%E4%B8%80&by=b&more=c"}: "一 by b",
		{"application/json", `{"text":"a","by":7.0}`}:                       "a by 7",
		{"application/json", `{"text":"a"}`}:                                "a",
	} {
		if w, err := send(h, "POST", "/note?text=query", sent[0], sent[1]); err != nil || w.Body.String() != want || w.Header().Get("Content-Type") != "text/plain" {
			t.Errorf("%s: %s, %v", sent, w.Body, err)
		}
	}
	if _, err := send(h, "POST", "/note", "application/x-www-form-urlencoded", "by=b&text=toolong"); err == nil {
		t.Error("a form that breaks a rule was read")
	}
}

func things(n int, err error) iter.Seq2[*gen.Thing, error] {
	return func(yield func(*gen.Thing, error) bool) {
		for range n {
			if !yield(&gen.Thing{Words: []string{strings.Repeat("a", 1000)}}, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func TestStreams(t *testing.T) {
	list := gen.ThingList{Count: 2}
	for name, c := range map[string]struct {
		response gen.ListThingsAnswer
		begin    string
		lines    int
		err      error
		sent     bool
	}{
		"lines":                 {gen.ListThings200Thing{Body: things(2, nil)}, `{"big":0,`, 2, nil, true},
		"no line":               {gen.ListThings200Thing{Body: things(0, nil)}, ``, 0, nil, true},
		"array":                 {gen.ListThings200ThingList{Body: list, Items: things(2, nil)}, `{"count":2,"items":[{"big":0,`, 1, nil, true},
		"empty array":           {gen.ListThings200ThingList{Body: list, Items: things(0, nil)}, `{"count":2,"items":[]}`, 1, nil, true},
		"the other form":        {gen.ListThings200Refusal{Body: gen.Refusal{Reason: "r"}}, `{"reason":"r"}`, 1, nil, true},
		"error at once":         {gen.ListThings200Thing{Body: things(0, errBroken)}, ``, 0, errBroken, false},
		"error before a chunk":  {gen.ListThings200ThingList{Body: list, Items: things(2, errBroken)}, ``, 0, errBroken, false},
		"error after the begin": {gen.ListThings200Thing{Body: things(100, errBroken)}, `{"big":0,`, 0, errBroken, true},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := send(handlers{list: c.response}, "GET", "/things", "", "")
			text := w.Body.String()
			if !errors.Is(err, c.err) || !strings.HasPrefix(text, c.begin) || (w.Header().Get("Content-Type") != "") != c.sent {
				t.Errorf("%v, %.100s", err, text)
			}
			if c.err == nil && strings.Count(text, "\n") != c.lines {
				t.Errorf("%d lines", strings.Count(text, "\n"))
			}
		})
	}
}

func TestABodyOfAnyMediaTypeIsReadAsItIs(t *testing.T) {
	for _, contentType := range []string{"text/xml", "application/json; charset=x", ""} {
		if w, err := send(handlers{}, "POST", "/any", contentType, "<\xff>"); err != nil || w.Body.String() != contentType+": <\xff>" {
			t.Errorf("%q: got %q, %v", contentType, w.Body, err)
		}
	}
	const form = "multipart/form-data; boundary=x"
	if w, err := send(handlers{}, "POST", "/files", form, "--x"); err != nil || w.Body.String() != form+": --x" {
		t.Errorf("%s, %v", w.Body, err)
	}
	if _, err := send(handlers{}, "POST", "/files", "text/plain", "--x"); !errors.As(err, new(*wire.MediaTypeError)) {
		t.Errorf("text/plain: %v", err)
	}
}

func TestAnObjectOfAnyMembersIsSentAsItIs(t *testing.T) {
	w, err := send(handlers{}, "GET", "/free", "", "")
	if text, _ := io.ReadAll(w.Body); err != nil || string(text) != `{"any":[1]}` || w.Header().Get("Content-Length") != "11" {
		t.Errorf("%s, %v, %v", text, err, w.Header())
	}
}

func TestTheTableOfOperations(t *testing.T) {
	o := gen.Operations["PUT /things/{id}"]
	for i, c := range []struct {
		value string
		ok    bool
	}{{"abc", true}, {"true", true}, {"9223372036854775807", true}, {"123456789", false}} {
		if fields := o.Parameters[i].Check([]string{c.value}); (fields == nil) != c.ok {
			t.Errorf("%s: %v", o.Parameters[i].Name, fields)
		}
	}
	if o.Secured || o.ID != "putThing" || len(gen.Operations) != 6 {
		t.Errorf("%+v", o)
	}
}
