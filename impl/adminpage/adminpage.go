// Package adminpage serves the page of operators at /admin. The page is a client of the
// operations below /v1/admin: its files have no data, so it is served without the token.
package adminpage

import (
	"embed"
	"net/http"
	"testing/fstest"

	"github.com/vearutop/statigz"
)

// policy allows the page to load from and connect to this service only, and to make no
// markup of text. Pictures need the token, so the page gets them as blob: URLs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Handlers returns what answers the page and each of its files, by pattern for
// http.ServeMux. No other path is taken.
func Handlers() map[string]http.Handler {
	index := statigz.FileServer(fstest.MapFS{"index.html": {Data: page}}, statigz.EncodeOnInit)
	own := statigz.FileServer(files, statigz.EncodeOnInit)
	return map[string]http.Handler{
		"GET /admin":           http.StripPrefix("/admin", guarded(index)),
		"GET /admin/admin.css": http.StripPrefix("/admin", guarded(own)),
		"GET /admin/admin.js":  http.StripPrefix("/admin", guarded(own)),
	}
}

// guarded gives a file its policy, and lets browsers cache it and check its ETag before
// each use.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

var (
	//go:embed admin.css admin.js
	files embed.FS

	//go:embed admin.html
	page []byte
)
