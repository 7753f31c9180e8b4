package endtoend

import (
	"crypto/sha1"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestInvalidInputOf2017IsRejectedAndNotStored(t *testing.T) {
	const save, remove = "/applet/session/paints/save", "/applet/session/paints/delete"
	s := start(t)
	old := s.LogIn2017(t, service.NewUser())
	large := `{"id":"large","actions":"` + strings.Repeat("a", 513<<10) + `"}`
	good := map[string]string{"id": "a", "actions": "[]"}
	for name, w := range map[string]struct {
		path   string
		body   any
		header http.Header
		status int
		reason string
	}{
		// Errors that existed in 2017.
		"no id":                {save, map[string]string{"actions": "[]"}, nil, 200, "id or actions does not exists"},
		"no actions":           {save, map[string]string{"id": "a"}, nil, 200, "id or actions does not exists"},
		"an empty id":          {save, map[string]string{"id": "", "actions": "[]"}, nil, 200, "id or actions does not exists"},
		"empty actions":        {save, map[string]string{"id": "a", "actions": ""}, nil, 200, "id or actions does not exists"},
		"nothing":              {save, `{}`, nil, 200, "id or actions does not exists"},
		"a form with no id":    {save, url.Values{"actions": {"[]"}}, nil, 200, "id or actions does not exists"},
		"an id in the query":   {save + "?id=a", url.Values{"actions": {"[]"}}, nil, 200, "id or actions does not exists"},
		"deleting no id":       {remove, `{}`, nil, 200, "id does not exists"},
		"deleting an empty id": {remove, url.Values{"id": {""}}, nil, 200, "id does not exists"},
		"no body":              {save, "", nil, 200, "id or actions does not exists"},
		"no body, in chunks":   {save, io.MultiReader(strings.NewReader("")), nil, 200, "id or actions does not exists"},
		"deleting nothing":     {remove, "", nil, 200, "id does not exists"},
		"another media type":   {save, good, header("Content-Type", "text/plain"), 200, "id or actions does not exists"},
		"no media type":        {save, good, header("Content-Type"), 200, "id or actions does not exists"},
		"an unreadable type":   {save, good, header("Content-Type", "/;="), 200, "id or actions does not exists"},
		"ID for id":            {save, `{"ID":"a","actions":"[]"}`, nil, 200, "id or actions does not exists"},
		"ID of a form":         {save, url.Values{"ID": {"a"}, "actions": {"[]"}}, nil, 200, "id or actions does not exists"},
		"the id null":          {save, `{"id":null,"actions":"[]"}`, nil, 200, "id or actions does not exists"},
		"the id 0":             {remove, `{"id":-0.0e5}`, nil, 200, "id does not exists"},
		"the id false":         {remove, `{"id":false}`, nil, 200, "id does not exists"},
		// Errors that did not exist in 2017.
		"not JSON":             {save, `{"id":`, nil, 400, "ERR_INVALID_REQUEST"},
		"another JSON value":   {save, `["a"]`, nil, 400, "ERR_INVALID_REQUEST"},
		"an array for a text":  {save, `{"id":"a","actions":[]}`, nil, 400, "ERR_INVALID_REQUEST"},
		"an operator for a id": {remove, `{"id":{"$ne":""}}`, nil, 400, "ERR_INVALID_REQUEST"},
		"a member twice":       {save, `{"id":"a","id":"b","actions":"[]"}`, nil, 400, "ERR_INVALID_REQUEST"},
		"a form's field twice": {save, "id=a&id=b&actions=c", header("Content-Type", "application/x-www-form-urlencoded"), 400, "ERR_INVALID_REQUEST"},
		"not UTF-8":            {save, "{\"id\":\"a\",\"actions\":\"\xff\"}", nil, 400, "ERR_INVALID_REQUEST"},
		"a form not UTF-8":     {save, "id=a&actions=%ff", header("Content-Type", "application/x-www-form-urlencoded"), 400, "ERR_INVALID_REQUEST"},
		"an id of 1,025 signs": {save, map[string]string{"id": strings.Repeat("画", 1025), "actions": "[]"}, nil, 400, "ERR_INVALID_REQUEST"},
		"a number too large":   {save, `{"id":1e400,"actions":"[]"}`, nil, 400, "ERR_INVALID_REQUEST"},
		"in another charset":   {save, good, header("Content-Type", "application/json; charset=gbk"), 415, "ERR_UNSUPPORTED_MEDIA_TYPE"},
		"513 KiB":              {save, large, nil, 413, "ERR_TOO_LARGE"},
		"513 KiB in chunks":    {save, io.MultiReader(strings.NewReader(large)), nil, 413, "ERR_TOO_LARGE"},
		"a header of 100 KB":   {save, good, header("X-WX-RawData", strings.Repeat("a", 100<<10)), 431, "ERR_HEADERS_TOO_LARGE"},
		"a code of 257 signs":  {save, good, header("X-WX-Code", strings.Repeat("a", 257)), 400, "ERR_INVALID_REQUEST"},
		"no such path":         {"/applet/session/paints/rename", good, nil, 404, "ERR_NOT_FOUND"},
		"a slash too many":     {save + "/", good, nil, 404, "ERR_NOT_FOUND"},
	} {
		t.Run(name, func(t *testing.T) {
			old.Do(t, http.MethodPost, w.path, w.body, w.header).ExpectPaintFailure(t, w.status, w.reason)
		})
	}
	if seen := paints(t, old); len(seen) != 0 {
		t.Errorf("stored: %v", seen)
	}
	if seen := list(t, old); len(seen) != 0 {
		t.Errorf("stored: %v", seen)
	}
}

// The server of 2017 read id and actions as String(value || "").
func TestIDsAndActionsOf2017BecomeText(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		old := startOn(t, redis, mongodb).LogIn2017(t, service.NewUser())
		long := strings.Repeat("画", 1024)
		want := map[string]string{}
		for body, paint := range map[string][2]string{
			`{"id":1511600000000,"actions":true}`:                            {"1511600000000", "true"},
			`{"id":true,"actions":0.10}`:                                     {"true", "0.1"},
			`{"id":1.0,"actions":-1e2}`:                                      {"1", "-100"},
			`{"id":1E21,"actions":1e-7}`:                                     {"1e+21", "1e-7"},
			`{"id":12345678901234567890,"actions":-1e300,"ID":"x","id2":{}}`: {"12345678901234567000", "-1e+300"},
			`{"id":"` + long + `","actions":"[]"}`:                           {long, "[]"},
			`{"id":"0","actions":"false"}`:                                   {"0", "false"},
		} {
			want[paint[0]] = paint[1]
			old.Do(t, http.MethodPost, "/applet/session/paints/save", body).ExpectPaintDone(t)
		}
		if got := paints(t, old); !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		old.Do(t, http.MethodPost, "/applet/session/paints/delete", `{"id":1.511600e12}`).ExpectPaintDone(t)
		old.Do(t, http.MethodPost, "/applet/session/paints/delete", `{"id":"`+long+`"}`).ExpectPaintDone(t)
		if got := paints(t, old); len(got) != len(want)-2 {
			t.Errorf("two were deleted, and there are %v", got)
		}
	})
}

func TestNoAnswerOf2017DependsOnAccept(t *testing.T) {
	s := start(t)
	old := s.LogIn2017(t, service.NewUser())
	for _, accept := range []string{"text/html", "image/*;q=1", "application/json;q=0", "*/*;q=0", ";;,", "\"a"} {
		wanted := header("Accept", accept)
		old.Do(t, http.MethodPost, "/applet/session/paints/save", map[string]string{"id": "a", "actions": "[]"}, wanted).ExpectPaintDone(t)
		if got := old.Do(t, http.MethodGet, "/applet/session/paints/list", nil, wanted).ExpectPaints(t); got["a"] != "[]" {
			t.Errorf("%s: %v", accept, got)
		}
		old.Do(t, http.MethodPost, "/applet/session/paints/delete", map[string]string{"id": "a"}, wanted).ExpectPaintDone(t)
		s.Nobody().Do(t, http.MethodGet, "/applet/session/paints/list", nil, wanted).ExpectPaintFailure(t, http.StatusOK, "openId does not exists")
		s.Nobody().Do(t, http.MethodGet, "/applet/session/paints/list", nil, wanted, header("X-WX-Code", "unknown")).
			ExpectSessionFailure(t, http.StatusOK, "ERR_SESSION_EXPIRED", "")
	}
}

func TestMediaTypesAreCaseInsensitive(t *testing.T) {
	s := start(t)
	old := s.LogIn2017(t, service.NewUser())
	for contentType, body := range map[string]string{
		"Application/JSON; Charset=UTF-8":   `{"id":"a","actions":"[]"}`,
		"APPLICATION/X-WWW-FORM-URLENCODED": "id=b&actions=[]",
	} {
		old.Do(t, http.MethodPost, "/applet/session/paints/save", body, header("Content-Type", contentType)).Expect(t, http.StatusOK)
	}
	if seen := paints(t, old); len(seen) != 2 {
		t.Errorf("stored: %v", seen)
	}
}

// The parser of 2017 took every text for a form.
func TestAFormOf2017IsReadAsBrowsersReadIt(t *testing.T) {
	s := start(t)
	old := s.LogIn2017(t, service.NewUser())
	for sent, actions := range map[string]string{
		"id=a&actions=a;b":       "a;b",
		"id=a&actions=100%":      "100%",
		"id=a&actions=%f%zz%41+": "%f%zzA ",
		"id=a&&actions=x=y&":     "x=y",
	} {
		old.Do(t, http.MethodPost, "/applet/session/paints/save", sent, header("Content-Type", "application/x-www-form-urlencoded")).ExpectPaintDone(t)
		if seen := paints(t, old); seen["a"] != actions {
			t.Errorf("%s is stored as %q", sent, seen["a"])
		}
	}
}

// sign signs rawData with the published session key, as WeChat would.
func sign(rawData string) string {
	sum := sha1.Sum([]byte(rawData + published.sessionKey))
	return hex.EncodeToString(sum[:])
}
