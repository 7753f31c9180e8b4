// Package api is the HTTP surface: it turns requests into calls of the session
// and drawing rules, and every result and every error into the answer that the
// contract promises.
//
// The contract's operations are methods of small handler types, which [handlers]
// puts together, bound by the generated package gen. What programs of 2017 need
// besides is in the files whose names end with 2017.
package api

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"path"
	"runtime"
	"strings"
	"sync"
	"time"

	"onestroke/gen"
	"onestroke/impl/account"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/operator"
	"onestroke/impl/profile"
	"onestroke/impl/push"
	"onestroke/impl/session"
	"onestroke/impl/telemetry"
)

// Options are the parts a server is made of. Sessions, Limits, Drawings, Profiles,
// Checks, Account, Pushes, Operators, Contract, BasePath, Telemetry and Logger are required.
type Options struct {
	Sessions *session.Service
	Limits   *session.Limits
	Drawings *gallery.Service
	Profiles *profile.Service
	// Checks decides what others see, and has the pictures that are checked.
	Checks *moderation.Service
	Pushes *push.Service
	// Operators knows who is suspended, and what operators did.
	Operators *operator.Service
	// AdminToken is the token of operators; their operations do not exist without one.
	AdminToken string
	// Account deletes all that is stored of a user.
	Account *account.Service
	// PublicURL is where others reach the service, without a slash at the end. Empty:
	// not known.
	PublicURL string
	// Stores are checked by /readyz.
	Stores []Store
	// Stopping is closed when the service is about to end: /readyz then fails, so
	// that users are sent to other replicas.
	Stopping <-chan struct{}
	// Contract is the text of openapi.yaml.
	Contract []byte
	// BasePath is where programs of 2017 find their paths, such as /applet/session.
	BasePath string
	// TrustedProxies are believed when they send X-Forwarded-For, the address of
	// the client, and X-Request-Id, the id of the request.
	TrustedProxies []netip.Prefix
	// TrustCloudRun takes the caller's openid from the headers that the gateway of
	// WeChat Cloud Run adds. It must be false if clients can reach the service
	// without that gateway: they could send the headers themselves.
	TrustCloudRun bool
	// MaxHeaders and MaxBody limit the size of a request, in bytes. 0 is the
	// contract's limit, [MaxHeaders] and [MaxBody].
	MaxHeaders int
	MaxBody    int64
	// ReadTimeout is how long a whole request may take to arrive. 0 is a minute.
	ReadTimeout time.Duration
	// MaxInFlight limits how many requests below /v1 and BasePath are served at
	// the same time, and how many bodies may arrive from one address. 0 is no limit.
	MaxInFlight int
	// MaxBodyMemory limits how many bytes of memory the bodies of requests, and the
	// large ones of answers, may take at the same time. Half of it may be taken by those
	// of one address. 0 is no limit.
	MaxBodyMemory int64
	// MaxExports limits how many exports are sent at the same time. 0 is no limit.
	MaxExports int
	// CORSOrigins are the origins of web pages that may call /v1, such as
	// https://example.com.
	CORSOrigins []string
	Telemetry   *telemetry.Telemetry
	// SlowRequest is how long a request may take before it is logged as slow; 0: as
	// long as it likes.
	SlowRequest time.Duration
	Logger      *slog.Logger
	// LogKey is the key of the pseudonyms of users in the log. It should be
	// secret, and the same for all replicas.
	LogKey []byte
	// Extra are handlers beside the contract, by their pattern for http.ServeMux.
	Extra map[string]http.Handler
}

// Store is a database that requests need. Without reads no request is served.
type Store struct {
	Name              string // such as redis; clients see it
	CanRead, CanWrite func(context.Context) error
}

// handlers are the operations of the contract, as [gen.Handlers].
type handlers struct {
	sessions
	drawings
	profiles
	images
	shares
	accounts
	paints2017
	fromWeChat
	operators
	health
	documents
}

type server struct {
	Options
	mux     *http.ServeMux
	extra   *http.ServeMux // of Extra only
	callers callers
	places  places    // of requests below /v1 and BasePath
	memory  memory    // for bodies
	macs    sync.Pool // of pseudonyms: a [hash.Hash] with the LogKey costs more to make than to use
}

// New returns the handler for everything the service answers.
//
// A request passes, in this order:
//
//  1. observe: it gets its request id; when it is done, a line is logged
//  2. recover: a panic becomes an answer with status 500
//  3. checkFraming: is it clear where the request ends?
//  4. crossOrigin: CORS
//  5. limitSize: the size of headers and body
//  6. atBasePath: the configured path of 2017 becomes the contract's
//  7. the mux, and for an operation of the contract [operations.HandleFunc]:
//     a place among the requests that are served, Accept, the caller, the caller's
//     rate limit, parameters
//  8. package gen: the body, for which it gives up its place; then [server.admit]:
//     a place again, a login by the headers of 2017, if there is one, and the caller
//     once more
//  9. the handler
//
// The body takes its bytes from the memory for bodies while it arrives, a large
// answer before it is sent, and both are given back when the request is done. An
// answer may come before the body has arrived; the rest of it is then read by
// [incoming.readOn].
func New(o Options) http.Handler {
	o.MaxHeaders, o.MaxBody = cmp.Or(o.MaxHeaders, MaxHeaders), cmp.Or(o.MaxBody, MaxBody)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, time.Minute)
	limits := limiter{o.Limits, o.TrustedProxies}
	s := &server{
		Options: o,
		mux:     http.NewServeMux(),
		extra:   http.NewServeMux(),
		callers: callers{sessions: o.Sessions, profiles: o.Profiles, account: o.Account, limits: limits, trustCloudRun: o.TrustCloudRun, operators: o.Operators},
		places:  places{most: o.MaxInFlight, arriving: map[string]int{}},
		memory:  memory{most: o.MaxBodyMemory, proxies: o.TrustedProxies, by: map[string]int64{}},
		macs:    sync.Pool{New: func() any { return hmac.New(sha256.New, o.LogKey) }},
	}
	o.Telemetry.BodyMemory(s.memory.size, o.MaxBodyMemory)
	exports := newExports(cmp.Or(o.MaxExports, math.MaxInt32))
	slots := make(pngSlots, runtime.GOMAXPROCS(0))
	handlers := handlers{
		sessions:   sessions{o.Sessions, s.callers},
		drawings:   drawings{o.Drawings},
		profiles:   profiles{o.Profiles, s.callers},
		images:     images{o.Drawings, newPictures(slots, pictureMemory)},
		shares:     shares{o.Drawings, o.Profiles, o.TrustedProxies},
		accounts:   accounts{o.Account, o.Drawings, profiles{o.Profiles, s.callers}, exports},
		paints2017: paints2017{o.Drawings, exports},
		fromWeChat: fromWeChat{o.Pushes, o.Checks, slots},
		operators:  operators{o.Operators, o.Checks, slots},
		health:     health{o.Stores, s.stopping, o.Logger, new(readiness)},
		documents:  newDocuments(o.Contract, o.BasePath),
	}
	gen.HandlerWithOptions(
		gen.Bind(handlers, gen.Options{Admit: s.admit, Fail: s.fail}),
		gen.StdHTTPServerOptions{BaseRouter: operations{s}, ErrorHandlerFunc: s.fail},
	)
	for pattern, h := range o.Extra {
		s.mux.Handle(pattern, h)
		s.extra.Handle(pattern, h)
	}
	s.mux.Handle("GET "+sharePageRoute, sharePage{o.Drawings, o.Profiles, limits, o.PublicURL, s.fail})
	s.mux.HandleFunc("/", s.noRoute)

	return s.observe(s.recover(s.checkFraming(s.crossOrigin(s.limitSize(s.atBasePath(s.mux))))))
}

// operations is where the generated code registers its routes. It adds what all
// operations of the contract have in common.
type operations struct{ *server }

func (s operations) HandleFunc(pattern string, handle func(http.ResponseWriter, *http.Request)) {
	op := newOperation(pattern)
	if op.operates && s.AdminToken == "" {
		return
	}
	method, route, _ := strings.Cut(pattern, " ")
	lines := s.linesOf(method, route, op.ID)
	counted := s.places.most > 0 && (strings.HasPrefix(route, "/v1/") || op.in2017)
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		info := infoOf(r.Context())
		info.operation, info.route = op.ID, route
		if r.Method == method { // and not HEAD
			info.lines = lines
		}
		if counted {
			info.place.among = &s.places
			defer info.place.leave()
		}
		if op.writes {
			defer info.written()
		}
		if err := s.check(op, r); err != nil {
			s.fail(w, r, err)
			return
		}
		if op.in2017 && len(op.Consumes) > 0 {
			r = withBody2017(r, op.Consumes)
		}
		handle(w, r)
	})
}

// check does what comes before the body is read.
func (s operations) check(op *operation, r *http.Request) error {
	info := infoOf(r.Context())
	if err := info.place.serve(); err != nil {
		return err
	}
	if err := op.negotiate(r); err != nil {
		return err
	}
	info.writes, info.secret = op.writes, op.secret
	switch {
	case op.operates:
		if err := s.identifyOperator(r); err != nil {
			return err
		}
	case op.Secured:
		if err := s.callers.identify(op, r); err != nil {
			return err
		}
	}
	if op.visits {
		if err := s.callers.limits.countVisit(r.Context()); err != nil {
			return err
		}
	}
	if err := op.checkParameters(r); err != nil {
		return err
	}
	if op.Consumes != nil {
		return info.place.arrive(clientAddress(info, s.TrustedProxies))
	}
	return nil
}

// admit does what comes between the body and the handler.
func (s *server) admit(r *http.Request) error {
	info := infoOf(r.Context())
	if err := info.place.serve(); err != nil {
		return err
	}
	if err := s.callers.logInIfDue(r); err != nil {
		return err
	}
	if info.writes {
		info.endWrite = s.Account.BeginWrite(info.user)
	}
	if info.writes || info.user != "" && r.Body != http.NoBody {
		return s.callers.confirm(r.Context())
	}
	return nil
}

func (s operations) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// noRoute answers a request that no operation serves: with 405 if the path has
// other methods, otherwise with 404.
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

// isPlain reports whether a path is in its shortest form. Another one (//, /./, a
// slash at the end) is no path of the contract. The mux would redirect it, which
// clients of an API do not expect.
func isPlain(p string) bool { return strings.HasPrefix(p, "/") && path.Clean(p) == p }

// isExtra reports whether one of Options.Extra serves the request.
func (s *server) isExtra(r *http.Request) bool {
	_, pattern := s.extra.Handler(r)
	return pattern != ""
}

func (s *server) stopping() bool {
	select {
	case <-s.Stopping:
		return true
	default:
		return false
	}
}
