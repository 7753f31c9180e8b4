// Package adminpage serves the page of operators at /admin. The page is a client of the
// operations below /v1/admin: its files have no data, so it is served without the token.
package adminpage

import (
	_ "embed"
	"net/http"
)

// policy allows the page to load from and connect to this service only, and to make no
// markup of text. Pictures need the token, so the page gets them as blob: URLs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Handlers returns what answers the page and each of its files, by pattern for
// http.ServeMux. No other path is taken. A file is answered by what file returns for its
// name, its text and the header that it is sent with.
func Handlers(file func(name string, text []byte, header http.Header) http.Handler) map[string]http.Handler {
	// Browsers may cache a file, and check its ETag before each use.
	header := http.Header{
		"Cache-Control":                {"no-cache"},
		"Content-Security-Policy":      {policy},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Referrer-Policy":              {"no-referrer"},
	}
	return map[string]http.Handler{
		"GET /admin":           file("admin.html", page, header),
		"GET /admin/admin.css": file("admin.css", style, header),
		"GET /admin/admin.js":  file("admin.js", script, header),
	}
}

var (
	//go:embed admin.html
	page []byte

	//go:embed admin.css
	style []byte

	//go:embed admin.js
	script []byte
)
