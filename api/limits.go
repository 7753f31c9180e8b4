package api

import (
	"fmt"
	"net/http"

	"onestroke/gen"
)

const (
	maxBody    = 512 << 10 // bytes, of every request
	maxHeaders = 64 << 10  // bytes, names and values of one request in all

	// MaxHeaderBytes is what the HTTP server itself should read of a request's
	// headers: enough above the limit of the contract that most of what breaks
	// it gets an answer that names the header.
	MaxHeaderBytes = 1 << 20
)

// limit bounds what a request may bring.
func (s *server) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := checkHeaders(r.Header); err != nil {
			s.fail(w, r, err)
			return
		}
		if r.ContentLength > maxBody {
			// Not read, so the connection cannot be used again.
			w.Header().Set("Connection", "close")
			s.fail(w, r, &http.MaxBytesError{Limit: maxBody})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

func checkHeaders(h http.Header) error {
	total, largest, largestName := 0, 0, ""
	for name, values := range h {
		n := 0
		for _, v := range values {
			n += len(name) + len(v)
		}
		total += n
		if n > largest {
			largest, largestName = n, name
		}
	}
	if total <= maxHeaders {
		return nil
	}
	return &problem{
		code:   gen.ErrHeadersTooLarge,
		detail: fmt.Sprintf("the headers are larger than %d bytes; the largest is %s", maxHeaders, cut(largestName, 128)),
		fields: []gen.FieldError{{Field: cut(contractName(largestName), 128), Rule: "maxLength", Detail: fmt.Sprintf("is %d bytes long", largest)}},
	}
}
