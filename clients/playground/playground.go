// Package playground is the page at /: draw, look through your drawings, replay
// and share them. It is a program of its own that runs in the browser and talks
// to the service as any other client does.
package playground

import (
	"bytes"
	"embed"
	"io/fs"
	"net/http"
	"strings"
)

// Options say what the page offers.
type Options struct {
	// Simulator tells that /simulator/login plays a phone: people can then log
	// in under any name and draw. Otherwise the page says what the service is,
	// and shows what was shared.
	Simulator bool
}

// Handlers returns what answers the page and each of its files, by pattern for
// http.ServeMux. No other path is taken. A file is answered by what file returns for its
// name, its text and the header that it is sent with.
func Handlers(o Options, file func(name string, text []byte, header http.Header) http.Handler) map[string]http.Handler {
	text := page
	if o.Simulator {
		text = bytes.Replace(text, []byte(`data-simulator="false"`), []byte(`data-simulator="true"`), 1)
	}
	handlers := map[string]http.Handler{"GET /{$}": file("index.html", text, ofPage)}
	names, err := fs.Glob(dist, "dist/assets/*")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	for _, name := range append(names, "dist/icon.svg", "dist/manifest.webmanifest", "dist/sw.js") {
		text, err := dist.ReadFile(name)
		if err != nil {
			panic(err) // dist was built without it
		}
		header := revalidated
		if strings.HasPrefix(name, "dist/assets/") {
			header = immutable
		}
		handlers["GET "+strings.TrimPrefix(name, "dist")] = file(name, text, header)
	}
	return handlers
}

// policy keeps the page to itself: it loads from here, talks to here only, and
// makes no markup from text. Pictures of drawings are data: and blob: URLs. The
// one trusted type is the address of the service worker.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types service-worker"

var (
	// ofPage is the header of the document, which names the other files. Browsers ask each
	// time whether it has changed.
	ofPage = http.Header{
		"Cache-Control":              {"no-cache"},
		"Content-Security-Policy":    {policy},
		"Cross-Origin-Opener-Policy": {"same-origin"},
		"Permissions-Policy":         {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
		"Referrer-Policy":            {"no-referrer"},
	}

	// revalidated lets browsers ask each time whether a file has changed.
	revalidated = http.Header{"Cache-Control": {"no-cache"}, "Cross-Origin-Resource-Policy": {"same-origin"}}

	// immutable lets browsers keep a file for good: its name changes with what it holds.
	immutable = http.Header{"Cache-Control": {"public, max-age=31536000, immutable"}, "Cross-Origin-Resource-Policy": {"same-origin"}}
)

var (
	//go:embed dist
	dist embed.FS

	// Not a template: html/template keeps the linker from leaving out unused methods,
	// which are several MB of the program.
	//
	//go:embed dist/index.html
	page []byte
)
