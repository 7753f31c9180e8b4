package api

import (
	"net/http"
	"strings"
)

// contractBase is where the contract has the paths of 2017.
const contractBase = "/applet/session"

// isPath2017 reports whether a path of the contract is one of 2017.
func isPath2017(path string) bool { return strings.HasPrefix(path, contractBase+"/") }

// atBasePath serves the paths of 2017 at the configured base path instead of the
// contract's.
func (s *server) atBasePath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, below := strings.CutPrefix(r.URL.Path, s.BasePath+"/")
		switch {
		case !isPlain(r.URL.Path) && !s.isExtra(r):
			s.fail(w, r, errNoRoute)
			return
		case s.BasePath == contractBase:
		case below:
			r = withPath(r, contractBase+"/"+rest)
		case isPath2017(r.URL.Path):
			s.fail(w, r, errNoRoute)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func withPath(r *http.Request, p string) *http.Request {
	moved, u := *r, *r.URL
	u.Path, u.RawPath = p, ""
	moved.URL = &u
	return &moved
}

// deprecate says in the headers of an answer that the paths of 2017 are deprecated
// (RFC 9745), and where it is explained. They stay.
func deprecate(h http.Header) {
	h.Set("Deprecation", "@1795651200") // 2026-11-26
	h.Set("Link", `<https://github.com/onestroke/onestroke/blob/main/docs/compatibility.md>; rel="deprecation"; type="text/html"`)
}

// is2017 reports whether errors of this request have the form of 2017. Its path is
// the one the client sent, or the contract's.
func (s *server) is2017(r *http.Request) bool {
	return isPath2017(r.URL.Path) || strings.HasPrefix(r.URL.Path, s.BasePath+"/")
}
