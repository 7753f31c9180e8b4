package endtoend

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"onestroke/tests/service"
)

// wx.request may give a program the names of headers as they are on the wire, so
// they are those of the contract there.
func TestHeadersHaveTheNamesOfTheContract(t *testing.T) {
	t.Parallel()
	s := startService(t, service.Options{RequestsPerMinute: 100})
	caller := s.LogIn(t, service.NewUser())
	id := create(t, caller, "one")
	contract := map[string]string{}
	for _, item := range readContract(t).Paths.Map() {
		for _, o := range item.Operations() {
			for _, response := range o.Responses.Map() {
				for name := range response.Value.Headers {
					contract[strings.ToLower(name)] = name
				}
			}
		}
	}
	seen := map[string]bool{}
	for _, request := range []string{
		"GET " + path(id), "GET " + path(id) + "/image", "PATCH " + path(id), "GET /v1/session", "GET /livez", "GET /openapi.json",
	} {
		for _, authorization := range []string{caller.Header.Get("Authorization"), "Basic"} {
			for _, name := range headersOf(t, s.URL, request, authorization) {
				if want, ok := contract[strings.ToLower(name)]; ok && name != want {
					t.Errorf("%s: %s is written %s", request, want, name)
				}
				seen[name] = true
			}
		}
	}
	for _, name := range []string{"ETag", "RateLimit", "RateLimit-Policy", "WWW-Authenticate", "X-Request-Id"} {
		if !seen[name] {
			t.Errorf("no answer has %s", name)
		}
	}
}

// headersOf returns the names of an answer's headers as they are sent.
func headersOf(t *testing.T, url, request, authorization string) (names []string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = io.WriteString(conn, request+" HTTP/1.1\r\nHost: x\r\nAuthorization: "+authorization+"\r\nConnection: close\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(conn)
	lines.Scan() // the status
	for lines.Scan() && lines.Text() != "" {
		name, _, _ := strings.Cut(lines.Text(), ":")
		names = append(names, name)
	}
	return names
}

// Empty elements and several lines are the same list (RFC 9110, section 5.6.1), and
// an empty cursor is the first page.
func TestListsAndCursorsMayBeEmpty(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	id := create(t, caller, "one")
	tag := caller.Do(t, http.MethodGet, path(id), nil).Header.Get("ETag")
	for _, c := range []struct {
		none []string
		want int
	}{
		{[]string{""}, http.StatusOK},
		{[]string{" , "}, http.StatusOK},
		{[]string{tag + ","}, http.StatusNotModified},
		{[]string{`"a,b" ,, ` + tag}, http.StatusNotModified},
		{[]string{`"other"`, "W/" + tag}, http.StatusNotModified},
		{[]string{`"other"`, `"a,b"`}, http.StatusOK},
	} {
		answer := caller.Do(t, http.MethodGet, path(id), nil, header("If-None-Match", c.none...))
		if answer.Status != c.want {
			t.Errorf("If-None-Match %q is answered with %d", c.none, answer.Status)
		}
	}
	answer := caller.Do(t, http.MethodPut, path(id), oneStroke("two"), http.Header{"If-Match": {`"other",`, tag + ","}, "If-None-Match": {""}})
	answer.Expect(t, http.StatusOK)
	caller.Do(t, http.MethodDelete, path(id), nil, header("If-Match", "")).Expect(t, http.StatusBadRequest)
	if items := page(t, caller, "?limit=1&cursor=").Items; len(items) != 1 {
		t.Errorf("the first page has %d drawings", len(items))
	}
	caller.Do(t, http.MethodDelete, path(id), nil, header("If-Match", answer.Header.Get("ETag")+", ")).Expect(t, http.StatusNoContent)
}
