package endtoend

import (
	"net/http"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
)

func wrongHeaders() map[string]wrong {
	put := func(h http.Header) wrong { return wrong{body: oneStroke("wrong"), header: h} }
	is := func(w wrong, status int, code gen.ErrorCode) wrong {
		w.status, w.code = status, code
		return w
	}
	breaks := func(w wrong, field, rule string) wrong {
		w.field, w.rule = field, rule
		return w
	}
	both := creating()
	both.Set("If-Match", "*")
	return map[string]wrong{
		"no precondition":           is(put(header("If-None-Match")), http.StatusPreconditionRequired, gen.ErrPreconditionRequired),
		"both preconditions":        is(put(both), http.StatusPreconditionFailed, gen.ErrPreconditionFailed),
		"If-Match without quotes":   breaks(put(http.Header{"If-Match": {"abc"}, "If-None-Match": nil}), "If-Match", "pattern"),
		"If-Match on two lines":     is(put(http.Header{"If-Match": {`"a"`, `"b",`}, "If-None-Match": nil}), http.StatusPreconditionFailed, gen.ErrPreconditionFailed),
		"an empty If-Match":         breaks(put(http.Header{"If-Match": {""}, "If-None-Match": nil}), "If-Match", "pattern"),
		"an empty If-None-Match":    is(put(header("If-None-Match", "")), http.StatusPreconditionRequired, gen.ErrPreconditionRequired),
		"If-None-Match with a tag":  breaks(put(header("If-None-Match", `"a"`)), "If-None-Match", "enum"),
		"If-Match of 1 KB":          breaks(put(http.Header{"If-Match": {`"` + strings.Repeat("a", 1024) + `"`}, "If-None-Match": nil}), "If-Match", "maxLength"),
		"an Accept without JSON":    is(put(header("Accept", "text/html")), http.StatusNotAcceptable, gen.ErrNotAcceptable),
		"an Accept that forbids it": is(put(header("Accept", "application/json;q=0, text/html")), http.StatusNotAcceptable, gen.ErrNotAcceptable),
		"a code of 257 characters":  breaks(put(header("X-WX-Code", strings.Repeat("a", 257))), "X-WX-Code", "maxLength"),
		"rawData of 20 KB":          breaks(put(header("X-WX-RawData", strings.Repeat("a", 20<<10))), "X-WX-RawData", "maxLength"),
		"rawData of 100 KB": breaks(is(put(header("X-WX-RawData", strings.Repeat("a", 100<<10))),
			http.StatusRequestHeaderFieldsTooLarge, gen.ErrHeadersTooLarge), "X-WX-RawData", "maxLength"),
	}
}

func wrongPlaces() map[string]wrong {
	none := func(request string) wrong {
		method, path, _ := strings.Cut(request, " ")
		return wrong{method: method, path: path, status: http.StatusNotFound, code: gen.ErrNotFound}
	}
	query := func(q, field, rule string) wrong {
		return wrong{method: http.MethodGet, path: "/v1/drawings?" + q, field: field, rule: rule}
	}
	return map[string]wrong{
		"a limit of 0":                   query("limit=0", "limit", "minimum"),
		"a limit of 101":                 query("limit=101", "limit", "maximum"),
		"a limit in words":               query("limit=ten", "limit", "type"),
		"a limit beyond 64 bits":         query("limit=99999999999999999999", "limit", "type"),
		"an empty limit":                 query("limit=", "limit", "type"),
		"two limits":                     query("limit=1&limit=2", "limit", "duplicate"),
		"a cursor of other signs":        query("cursor=a%2Bb", "cursor", "pattern"),
		"a cursor made elsewhere":        query("cursor=AAAA", "cursor", "cursor"),
		"a cursor of 1 KB":               query("cursor="+strings.Repeat("A", 1024), "cursor", "maxLength"),
		"a cursor and a percent sign":    query("limit=2&cursor=AAAA%", "cursor", "pattern"),
		"a limit and half an escape":     query("limit=2%0", "limit", "type"),
		"parameters after a semicolon":   query("limit=2;thumbnail=none", "limit", "type"),
		"getting what is no UUID":        {method: http.MethodGet, path: path("1"), field: "id", rule: "pattern"},
		"putting what is no UUID":        {method: http.MethodPut, path: path("me"), body: oneStroke(""), field: "id", rule: "pattern"},
		"deleting what is no UUID":       {method: http.MethodDelete, path: path("*"), field: "id", rule: "pattern"},
		"a UUID in braces":               {method: http.MethodGet, path: path("%7B" + newID() + "%7D"), field: "id", rule: "pattern"},
		"If-None-Match without quotes":   {method: http.MethodGet, path: path(newID()), header: header("If-None-Match", "abc"), field: "If-None-Match", rule: "pattern"},
		"deleting without quotes":        {method: http.MethodDelete, path: path(newID()), header: header("If-Match", "abc"), field: "If-Match", rule: "pattern"},
		"no such path":                   none("GET /v1/paintings"),
		"no such version":                none("GET /v2/drawings"),
		"capitals":                       none("GET /V1/drawings"),
		"a slash too many before":        none("GET //v1/drawings"),
		"a slash too many between":       none("GET /v1//drawings"),
		"a slash too many behind":        none("GET /v1/drawings/"),
		"a slash behind an id":           none("DELETE " + path(newID()) + "/"),
		"a dot between":                  none("GET /v1/./drawings"),
		"two dots between":               none("GET /v1/x/../drawings"),
		"a way out of the path":          none("GET " + path("..%2f..%2fv1%2fdrawings")),
		"a path below a drawing":         none("GET " + path(newID()) + "/strokes"),
		"HEAD of no such path":           none("HEAD /v1/paintings"),
		"the simulator's way, elsewhere": none("GET /sns/jscode2session"),
	}
}

func wrongLogins() map[string]wrong {
	login := func(body, field, rule string) wrong {
		return wrong{method: http.MethodPost, path: "/v1/session", body: body, field: field, rule: rule}
	}
	return map[string]wrong{
		"a login without code":             login(`{}`, "code", "required"),
		"a login with an empty code":       login(`{"code":""}`, "code", "minLength"),
		"a login with a number":            login(`{"code":1}`, "code", "type"),
		"a login with null":                login(`{"code":null}`, "code", "type"),
		"a login by openid":                login(`{"code":"a","openid":"b"}`, "openid", "additionalProperties"),
		"a login with CODE":                login(`{"code":"a","CODE":"b"}`, "CODE", "additionalProperties"),
		"rawData without signature":        login(`{"code":"a","rawData":"{}"}`, "signature", "required"),
		"a signature without rawData":      login(`{"code":"a","signature":"75e81ceda165f4ffa64f4068af58c64b8f54b88c"}`, "rawData", "required"),
		"a signature in capitals":          login(`{"code":"a","rawData":"{}","signature":"75E81CEDA165F4FFA64F4068AF58C64B8F54B88C"}`, "signature", "pattern"),
		"encryptedData without iv":         login(`{"code":"a","encryptedData":"AAAA"}`, "iv", "required"),
		"encryptedData of half a block":    login(`{"code":"a","encryptedData":"AAAA","iv":"AAAAAAAAAAAAAAAAAAAAAA=="}`, "encryptedData", "base64"),
		"an iv of 17 bytes":                login(`{"code":"a","encryptedData":"AAAAAAAAAAAAAAAAAAAAAA==","iv":"AAAAAAAAAAAAAAAAAAAAAAA="}`, "iv", "base64"),
		"an iv that is no base64":          login(`{"code":"a","encryptedData":"AAAAAAAAAAAAAAAAAAAAAA==","iv":"!"}`, "iv", "base64"),
		"an iv without encryptedData":      login(`{"code":"a","iv":"AAAA"}`, "encryptedData", "required"),
		"rawData of more than 8,192 signs": login(`{"code":"a","rawData":"`+strings.Repeat("a", 8193)+`","signature":"75e81ceda165f4ffa64f4068af58c64b8f54b88c"}`, "rawData", "maxLength"),
	}
}

func TestAnUnsupportedMethodGetsAllow(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	for request, allow := range map[string]string{
		"PATCH " + path(newID()): "GET, HEAD, PUT, DELETE",
		"POST " + path(newID()):  "GET, HEAD, PUT, DELETE",
		"POST /v1/drawings":      "GET, HEAD",
		"DELETE /v1/drawings":    "GET, HEAD",
		"PUT /v1/session":        "GET, HEAD, POST, DELETE",
		"OPTIONS /v1/session":    "GET, HEAD, POST, DELETE",
		"TRACE /v1/session":      "GET, HEAD, POST, DELETE",
		"POST /livez":            "GET, HEAD",
		"DELETE /openapi.json":   "GET, HEAD",
	} {
		t.Run(request, func(t *testing.T) {
			method, path, _ := strings.Cut(request, " ")
			answer := caller.Do(t, method, path, oneStroke(""))
			answer.ExpectProblem(t, http.StatusMethodNotAllowed, gen.ErrMethodNotAllowed)
			if got := answer.Header.Get("Allow"); got != allow {
				t.Errorf("Allow: %s, want %s", got, allow)
			}
		})
	}
	for request, allow := range map[string]string{
		"POST /applet/session/paints/list":  "GET, HEAD",
		"GET /applet/session/paints/save":   "POST",
		"PUT /applet/session/paints/delete": "POST",
	} {
		t.Run(request, func(t *testing.T) {
			method, path, _ := strings.Cut(request, " ")
			answer := caller.Do(t, method, path, map[string]string{"id": "a"})
			answer.ExpectPaintFailure(t, http.StatusMethodNotAllowed, "ERR_METHOD_NOT_ALLOWED")
			if got := answer.Header.Get("Allow"); got != allow {
				t.Errorf("Allow: %s, want %s", got, allow)
			}
		})
	}
}
