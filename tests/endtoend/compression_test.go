package endtoend

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/tests/service"
)

// createLong creates a drawing whose text is some KB, and returns its id.
func createLong(t *testing.T, c service.Caller) (id string) {
	t.Helper()
	id = newID()
	c.Do(t, http.MethodPut, path(id), longStrokes("long"), creating()).Expect(t, http.StatusCreated)
	return id
}

func longStrokes(title string) gen.DrawingContent {
	d := oneStroke(title)
	s := drawingtest.Content(title, 1, 500).Strokes[0]
	d.Strokes = []gen.Stroke{{Tool: gen.Pen, Color: "#333333", Width: 30, X: s.X, Y: s.Y, T: &s.T}}
	return d
}

// uncompressed returns the body of an answer whose request asks for gzip itself.
func uncompressed(t *testing.T, a service.Answer) []byte {
	t.Helper()
	if a.Header.Get("Content-Encoding") == "" {
		return a.Body
	}
	expectHeader(t, a, "Content-Encoding", "gzip")
	r, err := gzip.NewReader(bytes.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAcceptEncodingDecidesWhetherAnAnswerIsCompressed(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	id := createLong(t, caller)
	transport := &http.Transport{DisableCompression: true} // it sends no Accept-Encoding
	asIs := service.Behind(t, s.URL, transport).With(caller.Header).Do(t, http.MethodGet, path(id), nil)
	expectHeader(t, asIs, "Content-Encoding", "")
	for _, c := range []struct {
		accepts []string
		want    string
	}{
		{[]string{"gzip"}, "gzip"},
		{[]string{"x-gzip"}, "gzip"},
		{[]string{"GZIP"}, "gzip"},
		{[]string{"gzip, deflate, br, zstd"}, "gzip"},
		{[]string{"br;q=1.0, gzip;q=0.8, *;q=0.1"}, "gzip"},
		{[]string{"deflate", "gzip"}, "gzip"},
		{[]string{"*"}, "gzip"},
		{[]string{"gzip;q=0.001"}, "gzip"},
		{[]string{"gzip ; Q=1"}, "gzip"},
		{[]string{"identity;q=0.5, gzip;q=0.5"}, "gzip"},
		{[]string{"identity;q=0, *;q=0.1"}, "gzip"},
		{[]string{"identity"}, ""},
		{[]string{"identity, gzip;q=0.5"}, ""},
		{[]string{"gzip;q=0"}, ""},
		{[]string{"gzip;q=0.000, *"}, ""},
		{[]string{"*;q=0"}, ""},
		{[]string{"br, zstd, deflate"}, ""},
		{[]string{"gzip;q=2"}, ""},
		{[]string{"gzipped"}, ""},
	} {
		answer := caller.Do(t, http.MethodGet, path(id), nil, header("Accept-Encoding", c.accepts...))
		if got := answer.Header.Get("Content-Encoding"); got != c.want {
			t.Errorf("%q gets %q, not %q", c.accepts, got, c.want)
			continue
		}
		if text := uncompressed(t, answer); !bytes.Equal(text, asIs.Body) {
			t.Errorf("%q: %.200s is not %.200s", c.accepts, text, asIs.Body)
		}
		expectHeader(t, answer, "Content-Length", strconv.Itoa(len(answer.Body)))
		expectHeader(t, answer, "Vary", "Accept-Encoding")
		wantTag := asIs.Header.Get("ETag")
		if c.want == "gzip" {
			wantTag = compressedTag(wantTag)
		}
		expectHeader(t, answer, "ETag", wantTag)
	}
}

// compressedTag is the tag of the compressed answer, by that of the other one.
func compressedTag(tag string) string { return strings.TrimSuffix(tag, `"`) + `.gzip"` }

func TestLongTextsAreCompressedAndNothingElse(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := service.NewUser()
	caller, then := s.LogIn(t, user), s.LogIn2017(t, service.NewUser())
	id := createLong(t, caller)
	for range 3 {
		createLong(t, caller)
	}
	savePaint(t, then, "long", twoLines)
	shared := share(t, caller, id, http.StatusCreated)
	invalid := strings.Repeat(`{"tool":"brush"},`, 20)
	invalid = `{"canvas":{},"strokes":[` + strings.TrimSuffix(invalid, ",") + `]}`
	for _, c := range []struct {
		name, method, path string
		caller             service.Caller
		body               any
		status             int
		mediaType, vary    string
		coding             string
	}{
		{"a list", http.MethodGet, "/v1/drawings", caller, nil, 200, "application/json", "Accept-Encoding", "gzip"},
		{"a drawing", http.MethodGet, path(id), caller, nil, 200, "application/json", "Accept-Encoding", "gzip"},
		{"a shared drawing", http.MethodGet, "/v1/shared/" + shared, s.Nobody(), nil, 200, "application/json", "Accept-Encoding", "gzip"},
		{"an SVG", http.MethodGet, path(id) + "/image?format=svg", caller, nil, 200, "image/svg+xml", "Accept, Accept-Encoding", "gzip"},
		{"a shared SVG", http.MethodGet, "/v1/shared/" + shared + "/image?format=svg", s.Nobody(), nil, 200, "image/svg+xml", "Accept, Accept-Encoding", "gzip"},
		{"a PNG", http.MethodGet, path(id) + "/image?format=png", caller, nil, 200, "image/png", "Accept", ""},
		{"an export", http.MethodGet, "/v1/export", caller, nil, 200, "application/x-ndjson", "Accept-Encoding", "gzip"},
		{"the list of 2017", http.MethodGet, "/applet/session/paints/list", caller, nil, 200, "application/json", "Accept-Encoding", "gzip"},
		{"a short list of 2017", http.MethodGet, "/applet/session/paints/list", then, nil, 200, "application/json", "", ""},
		{"the contract as YAML", http.MethodGet, "/openapi.yaml", s.Nobody(), nil, 200, "application/yaml", "Origin, Accept-Encoding", "gzip"},
		{"the contract as JSON", http.MethodGet, "/openapi-v1.json", s.Nobody(), nil, 200, "application/json", "Origin, Accept-Encoding", "gzip"},
		{"the page of a shared drawing", http.MethodGet, "/s/" + shared, s.Nobody(), nil, 200, "text/html; charset=utf-8", "Accept-Encoding", "gzip"},
		{"a long problem", http.MethodPut, path(id), caller, invalid, 400, "application/problem+json", "Accept-Encoding", "gzip"},
		{"a short problem", http.MethodGet, path(newID()), caller, nil, 404, "application/problem+json", "", ""},
		{"a session", http.MethodGet, "/v1/session", caller, nil, 200, "application/json", "", ""},
		{"a health check", http.MethodGet, "/livez", s.Nobody(), nil, 200, "application/json", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			more := header("If-Match", "*")
			if c.method == http.MethodGet {
				more = nil
			}
			asIs := c.caller.Do(t, c.method, c.path, c.body, more, header("Accept-Encoding", "identity"))
			answer := c.caller.Do(t, c.method, c.path, c.body, more, header("Accept-Encoding", "gzip"))
			for coding, a := range map[string]service.Answer{"": asIs, c.coding: answer} {
				a.Expect(t, c.status)
				expectHeader(t, a, "Content-Type", c.mediaType)
				expectHeader(t, a, "Vary", c.vary)
				expectHeader(t, a, "Content-Encoding", coding)
			}
			if c.coding == "" {
				return
			}
			text := uncompressed(t, answer)
			if c.status == 200 && !bytes.Equal(text, asIs.Body) || len(text) < 1024 || len(answer.Body) >= len(text) {
				t.Errorf("%d bytes, %d compressed: %.200s is not %.200s", len(text), len(answer.Body), text, asIs.Body)
			}
			if tag := asIs.Header.Get("ETag"); tag != "" {
				expectHeader(t, answer, "ETag", compressedTag(tag))
			}
			if c.method != http.MethodGet {
				return
			}
			head := c.caller.Do(t, http.MethodHead, c.path, nil, header("Accept-Encoding", "gzip"))
			for _, name := range []string{"Content-Encoding", "Content-Type", "Vary", "ETag"} {
				expectHeader(t, head, name, answer.Header.Get(name))
			}
			if length := answer.Header.Get("Content-Length"); length != "" {
				expectHeader(t, head, "Content-Length", length)
			}
		})
	}
}

// The length of an answer must not depend on how much its token has in common with
// what another one has chosen.
func TestAnAnswerWithATokenIsNotCompressed(t *testing.T) {
	s := startService(t, service.Options{WeChat: weChat("oGZUI0egBJY1zhBYw2KhdUfwVJJE", published.sessionKey)})
	long := strings.Repeat("一", 64)
	rawData := `{"nickName":"` + long + `","country":"` + long + `","province":"` + long + `","city":"` + long +
		`","avatarUrl":"https://example.com/` + strings.Repeat("a", 450) + `"}`
	sum := sha1.Sum([]byte(rawData + published.sessionKey))
	answer := s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{
		"code": newID(), "rawData": rawData, "signature": hex.EncodeToString(sum[:]),
	}, header("Accept-Encoding", "gzip"))
	answer.Expect(t, http.StatusCreated)
	expectHeader(t, answer, "Content-Encoding", "")
	var opened gen.LoggedIn
	if answer.Decode(t, &opened); opened.Token == "" || len(answer.Body) < 1024 {
		t.Errorf("an answer of %d bytes: %s", len(answer.Body), answer.Body)
	}
	// The same user without a token is compressed.
	session := s.With(header("Authorization", "Bearer "+opened.Token)).Do(t, http.MethodGet, "/v1/session", nil, header("Accept-Encoding", "gzip"))
	expectHeader(t, session, "Content-Encoding", "gzip")
}

// A 304 has the tag of the copy that the client has. A client that does not accept gzip
// can do nothing with a compressed copy.
func TestACompressedCopyIsRevalidated(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	id := createLong(t, caller)
	shared := share(t, caller, id, http.StatusCreated)
	for at, vary := range map[string]string{
		path(id): "Accept-Encoding", path(id) + "/image": "Accept, Accept-Encoding", "/v1/shared/" + shared: "Accept-Encoding",
		"/openapi.yaml": "Origin, Accept-Encoding", "/s/" + shared: "Accept-Encoding",
	} {
		plain := caller.Do(t, http.MethodGet, at, nil, header("Accept-Encoding", "identity")).Header.Get("ETag")
		compressed := compressedTag(plain)
		for _, c := range []struct{ accepts, held, want string }{
			{"gzip", compressed, compressed},
			{"gzip", "W/" + compressed, compressed},
			{"gzip", plain, plain},
			{"gzip", plain + ", " + compressed, compressed},
			{"gzip", "*", plain},
			{"gzip", `"other.gzip"`, ""},
			{"identity", plain, plain},
			{"identity", plain + ", " + compressed, plain},
			{"identity", compressed, ""},
		} {
			answer := caller.Do(t, http.MethodGet, at, nil, header("Accept-Encoding", c.accepts), header("If-None-Match", c.held))
			expectHeader(t, answer, "Vary", vary)
			if c.want == "" {
				answer.Expect(t, http.StatusOK)
				continue
			}
			answer.Expect(t, http.StatusNotModified)
			expectHeader(t, answer, "ETag", c.want)
			expectHeader(t, answer, "Content-Encoding", "")
			if len(answer.Body) > 0 {
				t.Errorf("%s, %s: a body of %d bytes", at, c.held, len(answer.Body))
			}
		}
	}
}

func TestATagOfEitherCodingNamesTheDrawing(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	tagOf := func(id string) string {
		tag := caller.Do(t, http.MethodGet, path(id), nil, header("Accept-Encoding", "gzip")).Header.Get("ETag")
		if !strings.HasSuffix(tag, `.gzip"`) {
			t.Errorf("the tag of a compressed answer is %s", tag)
		}
		return tag
	}
	id := createLong(t, caller)
	stale := tagOf(id)
	caller.Do(t, http.MethodPut, path(id), longStrokes("two"), replacing(stale)).Expect(t, http.StatusOK)
	caller.Do(t, http.MethodPut, path(id), longStrokes("three"), replacing(stale)).ExpectProblem(t, http.StatusPreconditionFailed, gen.ErrPreconditionFailed)
	caller.Do(t, http.MethodPut, path(id), longStrokes("three"), replacing(`"other", `+tagOf(id))).Expect(t, http.StatusOK)
	caller.Do(t, http.MethodDelete, path(id), nil, replacing(stale)).ExpectProblem(t, http.StatusPreconditionFailed, gen.ErrPreconditionFailed)
	caller.Do(t, http.MethodDelete, path(id), nil, replacing("W/"+tagOf(id))).ExpectProblem(t, http.StatusPreconditionFailed, gen.ErrPreconditionFailed)
	caller.Do(t, http.MethodDelete, path(id), nil, replacing(tagOf(id))).Expect(t, http.StatusNoContent)
}

// What counts for the memory of answers is what waits for a slow client.
func TestACompressedAnswerTakesItsOwnLengthOfMemory(t *testing.T) {
	s := startService(t, service.Options{MaxBodyMemory: 100 << 10}) // half of it for one address
	caller := s.LogIn(t, service.NewUser())
	for range 60 {
		createLong(t, caller)
	}
	const all = "/v1/drawings?limit=100"
	holdMemory(t, s.Service, caller, "") // a request that is alone may take more
	eventually(t, func() bool {
		return caller.Do(t, http.MethodGet, all, nil, header("Accept-Encoding", "identity")).Status == http.StatusServiceUnavailable
	})
	answer := caller.Do(t, http.MethodGet, all, nil, header("Accept-Encoding", "gzip"))
	answer.Expect(t, http.StatusOK)
	if text := uncompressed(t, answer); len(text) < 64<<10 {
		t.Errorf("the answer has only %d bytes", len(text))
	}
}
