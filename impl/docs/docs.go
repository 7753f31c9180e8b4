// Package docs serves the reference page of the contract. The page is a list of the
// operations, in two languages; Swagger UI shows an operation when it is opened. All
// files are in the program.
package docs

import (
	"embed"
	"net/http"
	"strings"

	"github.com/swaggest/swgui/v5/static"
)

// Options of the page.
type Options struct {
	// Simulator adds a button that logs in as any user, with /simulator/login.
	// Without it there is a field for a token.
	Simulator bool
}

// Handlers returns what answers the page and each of its files, by pattern for
// http.ServeMux. A file is answered by what file returns for its name, its text and the
// header that it is sent with. The page reads the contract at /openapi.json.
func Handlers(o Options, file func(name string, text []byte, header http.Header) http.Handler) map[string]http.Handler {
	without := "simulator"
	if o.Simulator {
		without = "token"
	}
	page := strings.Replace(cut(page, without), "<!-- operations -->\n", operations, 1)
	handlers := map[string]http.Handler{"GET /docs": file("docs.html", []byte(page), http.Header{
		"Cache-Control":           {caching},
		"Content-Security-Policy": {policy},
		"Referrer-Policy":         {"no-referrer"},
	})}
	for name, from := range map[string]embed.FS{
		"docs.js": files, "docs.css": files, "icon.svg": files,
		"swagger-ui-bundle.js.gz": static.FS, "swagger-ui.css.gz": static.FS,
	} {
		text, err := from.ReadFile(name)
		if err != nil {
			panic(err) // the file is part of the program
		}
		handlers["GET /docs/"+strings.TrimSuffix(name, ".gz")] = file(name, text, http.Header{"Cache-Control": {caching}})
	}
	return handlers
}

// cut removes the part of the page between the comments <!-- name --> and
// <!-- end of name -->.
func cut(page, name string) string {
	before, rest, _ := strings.Cut(page, "<!-- "+name+" -->")
	_, after, _ := strings.Cut(rest, "<!-- end of "+name+" -->")
	return before + after
}

// policy allows the page to load from and connect to this service only. Swagger UI
// has icons in data: URLs and shows downloaded pictures in blob: URLs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// caching lets browsers keep a file and check its ETag before each use.
const caching = "public, no-cache"

var (
	//go:embed docs.js docs.css icon.svg
	files embed.FS

	// Not a template: html/template keeps the linker from leaving out unused methods,
	// which are several MB of the program.
	//
	//go:embed docs.html
	page string

	// The list of the operations below their tags, made from the contract.
	//
	//go:embed operations.html
	operations string
)
