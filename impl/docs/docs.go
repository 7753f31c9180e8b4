// Package docs serves the reference page of the contract: Swagger UI, with all its
// files in the program.
package docs

import (
	"embed"
	"io"
	"net/http"
	"strings"

	"github.com/swaggest/swgui/v5/static"
	"github.com/vearutop/statigz"
)

// Options of the page.
type Options struct {
	// Simulator adds a button that logs in as any user, with /simulator/login.
	Simulator bool
}

// New returns the handler of /docs and the paths below it. The page reads the
// contract at /openapi.json.
func New(o Options) http.Handler {
	mux, page := http.NewServeMux(), page
	if !o.Simulator {
		page = withoutSimulator(page)
	}
	mux.HandleFunc("GET /docs", func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		_, _ = io.WriteString(w, page) // an error means that the client has disconnected
	})
	own := statigz.FileServer(files, statigz.EncodeOnInit)
	swagger := statigz.FileServer(static.FS)
	for name, from := range map[string]http.Handler{
		"docs.js": own, "docs.css": own,
		"swagger-ui-bundle.js": swagger, "swagger-ui.css": swagger, "favicon-32x32.png": swagger,
	} {
		mux.Handle("GET /docs/"+name, http.StripPrefix("/docs", revalidated(from)))
	}
	return mux
}

func withoutSimulator(page string) string {
	before, rest, _ := strings.Cut(page, "  <!-- simulator -->\n")
	_, after, _ := strings.Cut(rest, "  <!-- end of simulator -->\n")
	return before + after
}

// policy allows the page to load from and connect to this service only. Swagger UI
// has icons in data: URLs and shows downloaded pictures in blob: URLs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// revalidated lets browsers cache a file and check its ETag before each use.
func revalidated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, no-cache")
		next.ServeHTTP(w, r)
	})
}

var (
	//go:embed docs.js docs.css
	files embed.FS

	// Not a template: html/template keeps the linker from leaving out unused methods,
	// which are several MB of the program.
	//
	//go:embed docs.html
	page string
)
