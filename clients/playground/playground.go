// Package playground is the page at /: draw, look through your drawings, replay
// and share them. It is a program of its own that runs in the browser and talks
// to the service as any other client does.
package playground

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/vearutop/statigz"
)

// Options say what the page offers.
type Options struct {
	// Simulator tells that /simulator/login plays a phone: people can then log
	// in under any name and draw. Otherwise the page says what the service is,
	// and shows what was shared.
	Simulator bool
}

// Handlers returns what answers the page and each of its files, by pattern for
// http.ServeMux. No other path is taken.
func Handlers(o Options) map[string]http.Handler {
	handlers := map[string]http.Handler{"GET /{$}": index(o)}
	server := statigz.FileServer(dist, statigz.EncodeOnInit, statigz.FSPrefix("dist"))
	files := immutable(server)
	names, err := fs.Glob(dist, "dist/assets/*")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	for _, name := range names {
		handlers["GET "+name[len("dist"):]] = files
	}
	for _, name := range []string{"/icon.svg", "/manifest.webmanifest", "/sw.js"} {
		handlers["GET "+name] = revalidated(server)
	}
	return handlers
}

// policy keeps the page to itself: it loads from here, talks to here only, and
// makes no markup from text. Pictures of drawings are data: and blob: URLs. The
// one trusted type is the address of the service worker.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types service-worker"

// index serves the document, which names the other files. Browsers ask each
// time whether it has changed.
func index(o Options) http.Handler {
	text := page
	if o.Simulator {
		text = bytes.Replace(text, []byte(`data-simulator="false"`), []byte(`data-simulator="true"`), 1)
	}
	sum := sha256.Sum256(text)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Referrer-Policy", "no-referrer")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
	})
}

// revalidated lets browsers ask each time whether a file has changed.
func revalidated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		if strings.HasSuffix(r.URL.Path, ".webmanifest") {
			w.Header().Set("Content-Type", "application/manifest+json") // not in every system's table
		}
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// immutable lets browsers keep a file for good: its name changes with what it holds.
func immutable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

var (
	//go:embed dist
	dist embed.FS

	// Not a template: html/template keeps the linker from leaving out unused methods,
	// which are several MB of the program.
	//
	//go:embed dist/index.html
	page []byte
)
