package api

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"onestroke/gen"
	"onestroke/impl/session"
)

// What the contract lets a request bring, in bytes.
const (
	MaxBody    = 512 << 10
	MaxHeaders = 64 << 10 // names and values in all

	// ReadHeaders is what the HTTP server itself should read of a request's
	// headers: enough above the limit of the contract that most of what breaks
	// it gets an answer that names the header.
	ReadHeaders = 1 << 20
)

// limit bounds what a request may bring.
func (s *server) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.checkHeaders(r.Header); err != nil {
			s.fail(w, r, err)
			return
		}
		if r.ContentLength > s.MaxBody {
			// Not read, so the connection cannot be used again.
			w.Header().Set("Connection", "close")
			s.fail(w, r, &http.MaxBytesError{Limit: s.MaxBody})
			return
		}
		if r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, s.MaxBody)
		}
		next.ServeHTTP(w, r)
	})
}

func (s *server) checkHeaders(h http.Header) error {
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
	if total <= s.MaxHeaders {
		return nil
	}
	return &problem{
		code:   gen.ErrHeadersTooLarge,
		detail: fmt.Sprintf("the headers are larger than %d bytes; the largest is %s", s.MaxHeaders, cut(largestName, 128)),
		fields: []gen.FieldError{{Field: cut(contractName(largestName), 128), Rule: "maxLength", Detail: fmt.Sprintf("is %d bytes long", largest)}},
	}
}

// enter admits an operation while there are not too many under way, and tells
// whether it did; leave ends it.
func (s *server) enter() bool {
	if s.MaxInFlight == 0 || s.inFlight.Add(1) <= int64(s.MaxInFlight) {
		return true
	}
	s.leave()
	return false
}

func (s *server) leave() { s.inFlight.Add(-1) }

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
	address, ok := addressOf(e.peer)
	if !ok {
		return e.peer
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

// addressOf reads the address of a peer, who has dialled.
func addressOf(peer string) (netip.Addr, bool) {
	address, err := netip.ParseAddrPort(peer)
	return address.Addr(), err == nil
}

func (s *server) trusts(address netip.Addr) bool {
	for _, p := range s.TrustedProxies {
		if p.Contains(address.Unmap()) {
			return true
		}
	}
	return false
}
