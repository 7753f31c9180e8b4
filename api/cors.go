package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/rs/cors"
)

// preflightLife is how long a browser may remember what it was allowed. None
// remembers longer than two hours.
const preflightLife = 2 * time.Hour

// crossOrigin lets pages of other origins in (the CORS protocol of the Fetch
// standard): any page may read the contract, the configured ones may call /v1.
// Nothing else is open to them. There are no cookies here, so credentials are
// what a page sets itself, and never the browser's.
func (s *server) crossOrigin(next http.Handler) http.Handler {
	contract := cors.New(cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: []string{http.MethodGet, http.MethodHead},
		AllowedHeaders: []string{"Accept", "If-None-Match"},
		ExposedHeaders: []string{"ETag", "X-Request-Id"},
		MaxAge:         int(preflightLife.Seconds()),
	}).Handler(next)
	v1 := next
	if len(s.CORSOrigins) > 0 {
		v1 = cors.New(cors.Options{
			AllowedOrigins: s.CORSOrigins,
			AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete},
			AllowedHeaders: []string{
				"Accept", "Authorization", "Content-Type", "If-Match", "If-None-Match", headerCode, headerRawData, headerSignature,
			},
			ExposedHeaders: []string{"ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"},
			MaxAge:         int(preflightLife.Seconds()),
		}).Handler(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/openapi.json" || r.URL.Path == "/openapi.yaml":
			contract.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/v1/"):
			v1.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}
