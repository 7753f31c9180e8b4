// Package api is the surface: what HTTP means here. It turns requests into
// calls of the session and drawing rules, and every result and every error
// into the form that the contract promises.
package api

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"runtime"
	"strings"
	"sync/atomic"

	"onestroke/gen"
	"onestroke/impl/gallery"
	"onestroke/impl/session"
)

// Options are the parts a server is made of. Stopping, CORSOrigins, Extra and the
// bounds may be left out.
type Options struct {
	Sessions *session.Service
	Limits   *session.Limits
	Drawings *gallery.Service
	// Dependencies are asked by /readyz.
	Dependencies []Dependency
	// Stopping is closed when the service is about to end: /readyz then sends
	// users elsewhere.
	Stopping <-chan struct{}
	// Contract is the text of openapi.yaml.
	Contract []byte
	// BasePath is where programs of 2017 find their paths, such as /applet/session.
	BasePath string
	// TrustedProxies may say for whom they forward, in X-Forwarded-For, and how
	// they call the request, in X-Request-Id.
	TrustedProxies []netip.Prefix
	// TrustCloudRun takes the caller's openid from the headers that the gateway
	// of WeChat Cloud Run adds. Anybody else could send them, too.
	TrustCloudRun bool
	// MaxHeaders and MaxBody bound what a request may bring, in bytes; the
	// contract's [MaxHeaders] and [MaxBody] when 0.
	MaxHeaders int
	MaxBody    int64
	// MaxInFlight bounds the requests below /v1 and BasePath that may be under way
	// at once; none does when 0.
	MaxInFlight int
	// CORSOrigins are those of web pages that may call /v1, such as
	// https://example.com; none when empty.
	CORSOrigins []string
	Logger      *slog.Logger
	// LogKey makes the pseudonyms of users in the log; it should be secret, and
	// the same for all replicas.
	LogKey []byte
	// Extra are handlers beside the contract, by their pattern for http.ServeMux.
	Extra map[string]http.Handler
}

// Dependency is a part that the service cannot serve users without.
type Dependency struct {
	Name  string // as people call it, such as redis
	Check func(context.Context) error
}

type server struct {
	Options
	mux      *http.ServeMux
	contract *contract
	easels   chan struct{} // one for each PNG that may be drawn at once
	inFlight atomic.Int64  // requests below /v1 and BasePath
}

// New returns the handler for everything the service answers. It fails when
// the contract cannot be used.
func New(o Options) (http.Handler, error) {
	o.MaxHeaders, o.MaxBody = cmp.Or(o.MaxHeaders, MaxHeaders), cmp.Or(o.MaxBody, MaxBody)
	c, err := newContract(o.Contract, o.BasePath)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	s := &server{
		Options: o, mux: http.NewServeMux(), contract: c,
		easels: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	gen.HandlerWithOptions(
		gen.NewStrictHandlerWithOptions(s, []gen.StrictMiddlewareFunc{bindJSON}, gen.StrictHTTPServerOptions{
			RequestErrorHandlerFunc:  s.fail,
			ResponseErrorHandlerFunc: s.fail,
		}),
		gen.StdHTTPServerOptions{BaseRouter: operations{s}, ErrorHandlerFunc: s.fail},
	)
	for pattern, h := range o.Extra {
		s.mux.Handle(pattern, h)
	}
	s.mux.HandleFunc("/", s.noRoute)

	return s.observe(s.recover(s.crossOrigin(s.limit(s.atBasePath(s.mux))))), nil
}

// operations is where the generated code registers its routes. It puts before
// each what every operation of the contract has in common.
type operations struct{ *server }

func (s operations) HandleFunc(pattern string, handle func(http.ResponseWriter, *http.Request)) {
	op := newOperation(pattern)
	_, route, _ := strings.Cut(pattern, " ")
	bounded := strings.HasPrefix(route, "/v1/") || strings.HasPrefix(route, contractBase+"/")
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		note(r).route = route
		if bounded {
			if !s.enter() {
				s.fail(w, r, errTooMany)
				return
			}
			defer s.leave()
		}
		if err := op.negotiate(r); err != nil {
			s.fail(w, r, err)
			return
		}
		if op.Secured {
			if err := s.identify(op, r); err != nil {
				s.fail(w, r, err)
				return
			}
			if err := s.limitUser(r.Context()); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		if err := op.validate(r); err != nil {
			s.fail(w, r, err)
			return
		}
		handle(w, r)
	})
}

func (s operations) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// noRoute answers what no operation does: 405 where the path has other methods.
func (s *server) noRoute(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
		probe := http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(&probe); pattern != "/" {
			allow = append(allow, method)
		}
	}
	if allow == nil {
		s.fail(w, r, errNoRoute)
		return
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	s.fail(w, r, errMethodNotAllowed)
}

// contractBase is where the contract has the 2017 paths.
const contractBase = "/applet/session"

// atBasePath leads the configured base path to where the contract has it. A
// path that is not written plainly (//, /./, a trailing slash) is no path of
// the contract; the mux would redirect it, which no client here expects.
func (s *server) atBasePath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, below := strings.CutPrefix(r.URL.Path, s.BasePath+"/")
		switch {
		case !isPlain(r.URL.Path) && !s.isExtra(r):
			s.fail(w, r, errNoRoute)
			return
		case s.BasePath == contractBase:
		case below:
			r = withPath(r, contractBase+"/"+rest)
		case strings.HasPrefix(r.URL.Path, contractBase+"/"):
			s.fail(w, r, errNoRoute)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isPlain(p string) bool { return strings.HasPrefix(p, "/") && path.Clean(p) == p }

func (s *server) isExtra(r *http.Request) bool {
	for pattern := range s.Extra {
		if strings.HasPrefix(r.URL.Path, pattern) {
			return true
		}
	}
	return false
}

func withPath(r *http.Request, p string) *http.Request {
	moved, u := *r, *r.URL
	u.Path, u.RawPath = p, ""
	moved.URL = &u
	return &moved
}

// is2017 tells whether errors of this request take the 2017 form. The path is
// the one the client sent, or the one it was led to.
func (s *server) is2017(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, contractBase+"/") || strings.HasPrefix(r.URL.Path, s.BasePath+"/")
}
