package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"onestroke/gen"
	"onestroke/impl/session"
	"onestroke/impl/text"
)

// The contract's limits on the size of a request, in bytes.
const (
	MaxBody    = 512 << 10
	MaxHeaders = 64 << 10 // all names and values together
)

// ReadHeaders is how much the HTTP server should read of a request's headers if
// they may have maxHeaders bytes: twice that, so that headers which are somewhat too
// large get an answer that names the largest one. It is not more, as that much
// memory may be taken on each connection before the headers are complete.
func ReadHeaders(maxHeaders int) int { return 2 * cmp.Or(maxHeaders, MaxHeaders) }

// limitSize refuses requests that are too large.
func (s *server) limitSize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.checkHeaders(r.Header); err != nil {
			s.fail(w, r, err)
			return
		}
		largest := s.MaxBody
		if r.URL.Path == avatarPath {
			largest = maxUpload
		}
		if r.ContentLength > largest {
			// It may be too large to be read, so the connection is not used again.
			w.Header().Set("Connection", "close")
			s.fail(w, r, &http.MaxBytesError{Limit: largest})
			return
		}
		if r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, largest)
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
	if name, ok := headerNames[largestName]; ok {
		largestName = name
	}
	largestName = text.First(128, largestName)
	return &problem{
		code:   gen.ErrHeadersTooLarge,
		detail: fmt.Sprintf("the headers are larger than %d bytes; the largest is %s", s.MaxHeaders, largestName),
		fields: []gen.FieldError{{Field: largestName, Rule: "maxLength", Detail: fmt.Sprintf("is %d bytes long", largest)}},
	}
}

// limiter counts requests against the rate limits. What a limit has left goes
// into the request's record, from which the answer's headers are made.
type limiter struct {
	limits  *session.Limits
	proxies []netip.Prefix // trusted
}

// countRequest counts a request of a user. The user is empty if a request ends a
// session that has ended already.
func (l limiter) countRequest(ctx context.Context, user string) error {
	if user == "" {
		return nil
	}
	left, err := l.limits.Request(ctx, user)
	infoOf(ctx).limited(left)
	return err
}

// countLogin counts an attempt to log in with a code from the client's address.
func (l limiter) countLogin(ctx context.Context, code string) error {
	info := infoOf(ctx)
	left, err := l.limits.LogIn(ctx, clientAddress(info, l.proxies), code)
	info.limited(left)
	return err
}

// countVisit counts a request for a shared drawing from the client's address.
func (l limiter) countVisit(ctx context.Context) error {
	info := infoOf(ctx)
	left, err := l.limits.Visit(ctx, clientAddress(info, l.proxies))
	info.limited(left)
	return err
}

// countOperator counts a request of an operator from the client's address.
func (l limiter) countOperator(ctx context.Context) error {
	info := infoOf(ctx)
	left, err := l.limits.Operate(ctx, clientAddress(info, l.proxies))
	info.limited(left)
	return err
}

// setLimitHeaders describes a limit (draft-ietf-httpapi-ratelimit-headers).
func setLimitHeaders(h http.Header, left *session.Allowance) {
	if left == nil {
		return
	}
	name := append(make([]byte, 0, 64), `"`+left.Name+`"`...)
	now := strconv.AppendInt(append(name, ";r="...), int64(max(left.Left, 0)), 10)
	now = strconv.AppendInt(append(now, ";t="...), int64(seconds(left.Reset)), 10)
	h["RateLimit"] = []string{string(now)}
	policy := strconv.AppendInt(append(name, ";q="...), int64(left.PerMinute), 10)
	h["RateLimit-Policy"] = []string{string(append(policy, ";w=60"...))}
}

// seconds rounds up, so that a client that waits so long has waited long enough.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// clientAddress returns the address whose logins and visits are counted: that of the peer,
// or, if the peer is a trusted proxy, the last one in X-Forwarded-For that is not
// a trusted proxy. For IPv6 it is the /64 network, because one client usually has
// a whole /64.
func clientAddress(info *requestInfo, proxies []netip.Prefix) string {
	address, ok := addressOf(info.peer)
	if !ok {
		return info.peer
	}
	// Quotes mean nothing here: one that a client sends must not hide what the proxy adds.
	hops := strings.Split(strings.Join(info.header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && isTrusted(address, proxies); i-- {
		entry := strings.TrimSpace(hops[i])
		if entry == "" {
			continue
		}
		hop, ok := addressOf(entry)
		if !ok {
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

// addressOf reads the address of a peer or of a hop, with or without a port: some
// proxies write 203.0.113.9:4000 or [2001:db8::1]:443 into X-Forwarded-For.
func addressOf(peer string) (netip.Addr, bool) {
	if address, err := netip.ParseAddrPort(peer); err == nil {
		return address.Addr(), true
	}
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(peer, "["), "]"))
	return address, err == nil
}

func isTrusted(address netip.Addr, proxies []netip.Prefix) bool {
	address = address.WithZone("").Unmap() // a network contains no address with a zone
	for _, p := range proxies {
		if p.Contains(address) {
			return true
		}
	}
	return false
}
