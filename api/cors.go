package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/rs/cors"
)

// preflightLife is how long a browser may remember the answer to a preflight
// request. Chromium caps it at two hours.
const preflightLife = 2 * time.Hour

// anyHeader allows every header: libraries add X-Requested-With, Cache-Control or
// traceparent, and what a header does is decided where it is read.
var anyHeader = []string{"*"}

// crossOrigin lets web pages of other origins read answers (CORS, in the Fetch
// standard): any page may read the contract, the configured ones may call /v1.
// Credentials in the sense of CORS are never allowed: there are no cookies, and a
// page sets Authorization itself.
func (s *server) crossOrigin(next http.Handler) http.Handler {
	contract := cors.New(cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: []string{http.MethodGet, http.MethodHead},
		AllowedHeaders: anyHeader,
		ExposedHeaders: []string{"ETag", "X-Request-Id"},
		MaxAge:         int(preflightLife.Seconds()),
	}).Handler(next)
	v1 := next
	if len(s.CORSOrigins) > 0 {
		v1 = cors.New(cors.Options{
			AllowedOrigins: s.CORSOrigins,
			AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete},
			AllowedHeaders: anyHeader,
			ExposedHeaders: []string{"ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"},
			MaxAge:         int(preflightLife.Seconds()),
		}).Handler(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/openapi"):
			contract.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/v1/"):
			v1.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}
