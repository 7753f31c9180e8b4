// Package docs is the reference page for those who build on the contract:
// Swagger UI, served by the program itself and needing nothing from elsewhere.
package docs

import (
	"embed"
	"html/template"
	"net/http"

	"github.com/swaggest/swgui/v5/static"
	"github.com/vearutop/statigz"
)

// Options say what the page offers.
type Options struct {
	// Simulator tells that /simulator/login plays a phone: the page then has a
	// button that logs in as anybody.
	Simulator bool
}

// New returns the handler of /docs and of what lies below it. The page reads
// the contract at /openapi.json.
func New(o Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /docs", func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		_ = page.Execute(w, o) // the client may be gone
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

// policy keeps the page to itself: it loads from here and talks to here only.
// Swagger UI draws its icons from data: URLs and shows pictures that it fetched
// from blob: URLs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// revalidated lets browsers keep a file as long as its ETag is the same.
func revalidated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, no-cache")
		next.ServeHTTP(w, r)
	})
}

var (
	//go:embed docs.js docs.css
	files embed.FS

	//go:embed docs.html
	text string
	page = template.Must(template.New("docs").Parse(text))
)
