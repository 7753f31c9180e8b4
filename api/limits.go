package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"onestroke/gen"
	"onestroke/impl/session"
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
		if r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
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

// limitUser counts a request of the caller, who may be nobody any more where a
// session is ended that has ended.
func (s *server) limitUser(ctx context.Context) error {
	if owner(ctx) == "" {
		return nil
	}
	left, err := s.Limits.Request(ctx, owner(ctx))
	noteOf(ctx).limited(left)
	return err
}

// limitLogin counts an attempt to log in with code from the client's address.
func (s *server) limitLogin(ctx context.Context, code string) error {
	left, err := s.Limits.LogIn(ctx, s.clientAddress(noteOf(ctx)), code)
	noteOf(ctx).limited(left)
	return err
}

// tellLimit says what a limit has left (draft-ietf-httpapi-ratelimit-headers).
func tellLimit(h http.Header, left *session.Allowance) {
	if left == nil {
		return
	}
	name := `"` + left.Name + `"`
	h.Set("Ratelimit", name+";r="+strconv.Itoa(max(left.Left, 0))+";t="+strconv.Itoa(seconds(left.Reset)))
	h.Set("Ratelimit-Policy", name+";q="+strconv.Itoa(left.PerMinute)+";w=60")
}

// seconds rounds up: a client that waits so long has waited long enough.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// clientAddress is whom the limits of logins count: the address of the peer,
// or where that is a trusted proxy the nearest one before it in
// X-Forwarded-For that is not. An IPv6 client has a whole /64.
func (s *server) clientAddress(e *exchange) string {
	host, _, _ := net.SplitHostPort(e.peer)
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	hops := strings.Split(strings.Join(e.header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusts(address); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop
	}
	if address = address.Unmap(); address.Is6() {
		network, _ := address.WithZone("").Prefix(64)
		return network.String()
	}
	return address.String()
}

func (s *server) trusts(address netip.Addr) bool {
	for _, p := range s.TrustedProxies {
		if p.Contains(address.Unmap()) {
			return true
		}
	}
	return false
}
