package endtoend

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestAUserWithTooManyRequestsGetsRetryAfter(t *testing.T) {
	onEveryServer(t, func(t *testing.T, redis, mongodb stores.Server) {
		const limit = 20
		o := service.Options{RedisURL: redis.URL, MongoDBURI: mongodb.URL, RequestsPerMinute: limit}
		o.AppID = "wx" + newID()[:8] // the replicas have the same app, so the same users
		s := service.Start(t, o)
		o.WeChat = s.Simulator
		replica := service.Start(t, o)

		user := service.NewUser()
		today, then := s.LogIn(t, user), s.LogIn2017(t, user) // which is one request
		for i := range limit - 1 {
			answer := today.Do(t, http.MethodGet, "/v1/session", nil)
			answer.Expect(t, http.StatusOK)
			if got := answer.Header.Get("RateLimit"); !strings.HasPrefix(got, `"user";r=`) {
				t.Errorf("request %d: RateLimit %q", i, got)
			}
			expectPolicy(t, answer, "user", limit)
		}
		elsewhere := replica.With(today.Header)
		// A replica takes a sixtieth of the limit in advance.
		elsewhere.Do(t, http.MethodGet, "/v1/drawings", nil).Expect(t, http.StatusOK)
		for _, caller := range []service.Caller{today, elsewhere} {
			answer := caller.Do(t, http.MethodGet, "/v1/drawings", nil)
			for more := 0; more < 3 && answer.Status == http.StatusOK; more++ { // one becomes available in three seconds
				answer = caller.Do(t, http.MethodGet, "/v1/drawings", nil)
			}
			answer.ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
			expectRefusal(t, answer, "user", limit)
		}
		answer := then.Do(t, http.MethodGet, "/applet/session/paints/list", nil)
		answer.ExpectPaintFailure(t, http.StatusTooManyRequests, "ERR_RATE_LIMITED")
		expectRefusal(t, answer, "user", limit)

		// Another user has their own limit.
		s.LogIn(t, service.NewUser()).Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	})
}

func TestAnAddressWithTooManyLoginsGetsRetryAfter(t *testing.T) {
	const limit = 5
	s := startLimited(t, service.Options{LoginsPerMinute: limit})
	var first service.Caller
	for i := range limit {
		phone := s.Phone(t, service.NewUser())
		if i == 0 {
			answer := s.With(phone.Headers()).Do(t, http.MethodGet, "/v1/session", nil)
			answer.Expect(t, http.StatusOK)
			expectPolicy(t, answer, "login", limit)
			first = s.With(header("X-WX-Code", phone.Code))
			continue
		}
		s.logInFrom(t, "").Expect(t, http.StatusCreated)
	}
	answer := s.logInFrom(t, "")
	answer.ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
	expectRefusal(t, answer, "login", limit)
	answer = s.With(s.Phone(t, service.NewUser()).Headers()).Do(t, http.MethodGet, "/applet/session/paints/list", nil)
	answer.ExpectPaintFailure(t, http.StatusTooManyRequests, "ERR_RATE_LIMITED")
	expectRefusal(t, answer, "login", limit)
	// A user who is logged in does not log in again.
	first.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
}

// Tokens of shares cannot be guessed in large numbers: requests for shared drawings
// are counted by address, whether there is such a share or not.
func TestAnAddressThatAsksForManySharesGetsRetryAfter(t *testing.T) {
	const limit = 5
	s := startLimited(t, service.Options{VisitsPerMinute: limit, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	author := s.LogIn(t, service.NewUser())
	id := newID()
	author.Do(t, http.MethodPut, path(id), oneStroke("cat"), creating()).Expect(t, http.StatusCreated)
	token := share(t, author, id, http.StatusCreated)
	visit := func(address, path string) service.Answer {
		return s.With(header("X-Forwarded-For", address)).Do(t, http.MethodGet, "/v1/shared/"+path, nil)
	}
	const guessed = "AAAAAAAAAAAAAAAAAAAAAA"
	for i, path := range []string{token, guessed, token + "/image"} {
		answer := visit("192.0.2.1", path)
		answer.Expect(t, []int{http.StatusOK, http.StatusNotFound}[i%2])
		expectPolicy(t, answer, "share", limit)
	}
	page := func(address string) service.Answer {
		return s.With(header("X-Forwarded-For", address)).Do(t, http.MethodGet, "/s/"+token, nil)
	}
	shown := page("192.0.2.1")
	shown.Expect(t, http.StatusOK)
	expectPolicy(t, shown, "share", limit)
	found := visit("192.0.2.1", token)
	visit("192.0.2.1", token) // a replica takes one in advance
	refused := page("192.0.2.1")
	refused.ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
	expectRefusal(t, refused, "share", limit)
	for _, path := range []string{token, guessed, token + "/image", token + "/avatar"} {
		answer := s.With(http.Header{"X-Forwarded-For": {"192.0.2.1"}, "If-None-Match": {found.Header.Get("ETag")}}).Do(t, http.MethodGet, "/v1/shared/"+path, nil)
		answer.ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
		expectRefusal(t, answer, "share", limit)
	}
	report(t, s.Service, token, gen.Report{Reason: gen.ReportOther}, header("X-Forwarded-For", "192.0.2.1")).
		ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
	visit("192.0.2.2", token).Expect(t, http.StatusOK)
	page("192.0.2.2").Expect(t, http.StatusOK)
	author.Do(t, http.MethodGet, path(id), nil, header("X-Forwarded-For", "192.0.2.1")).Expect(t, http.StatusOK)
}

func TestTheAttemptsOfOneCodeAreLimited(t *testing.T) {
	const most = 120
	s := startLimited(t, service.Options{LoginsPerMinute: 100_000})
	phone := s.Phone(t, service.NewUser())
	body := map[string]any{"code": phone.Code, "rawData": phone.RawData, "signature": strings.Repeat("0", 40)}
	var answer service.Answer
	tries := 0
	for ; tries < 2*most && answer.Status != http.StatusTooManyRequests; tries++ { // two attempts per second become available
		answer = s.Nobody().Do(t, http.MethodPost, "/v1/session", body)
	}
	answer.ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
	if tries <= most {
		t.Errorf("it could be tried %d times only", tries-1)
	}
	expectRefusal(t, answer, "code", most)
	s.logInFrom(t, "").Expect(t, http.StatusCreated)
}

func TestTheClientAddressIsReadFromTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	const limit = 2
	loopback, inner := netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")
	for name, c := range map[string]struct {
		trusted   []netip.Prefix
		forwarded [limit + 1]string
		refused   bool // the last request: all are one client
	}{
		"no proxy is trusted":         {nil, [...]string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, true},
		"another is trusted":          {[]netip.Prefix{inner}, [...]string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, true},
		"clients of a proxy":          {[]netip.Prefix{loopback}, [...]string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, false},
		"one client of a proxy":       {[]netip.Prefix{loopback}, [...]string{"192.0.2.1", "192.0.2.1", "192.0.2.1"}, true},
		"a client that adds others":   {[]netip.Prefix{loopback}, [...]string{"192.0.2.1", "198.51.100.7, 192.0.2.1", "198.51.100.8,192.0.2.1"}, true},
		"a client that adds a proxy":  {[]netip.Prefix{loopback, inner}, [...]string{"192.0.2.1", "10.0.0.1, 192.0.2.1", "10.9.9.9,192.0.2.1"}, true},
		"a chain of proxies":          {[]netip.Prefix{loopback, inner}, [...]string{"192.0.2.1, 10.0.0.1", "192.0.2.2, 10.0.0.2, 10.0.0.1", "192.0.2.3"}, false},
		"a chain, one client":         {[]netip.Prefix{loopback, inner}, [...]string{"192.0.2.1, 10.0.0.1", "192.0.2.1, 10.0.0.2, 10.0.0.1", "192.0.2.1"}, true},
		"what is no address":          {[]netip.Prefix{loopback}, [...]string{"unknown", "_hidden", "192.0.2.300"}, true},
		"a network of IPv6":           {[]netip.Prefix{loopback}, [...]string{"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"}, true},
		"networks of IPv6":            {[]netip.Prefix{loopback}, [...]string{"2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:2::1"}, false},
		"IPv4 in IPv6 is that client": {[]netip.Prefix{loopback}, [...]string{"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := startLimited(t, service.Options{LoginsPerMinute: limit, TrustedProxies: c.trusted})
			for _, forwarded := range c.forwarded[:limit] {
				s.logInFrom(t, forwarded).Expect(t, http.StatusCreated)
			}
			last := s.logInFrom(t, c.forwarded[limit])
			if c.refused {
				last.ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
				return
			}
			last.Expect(t, http.StatusCreated)
		})
	}
}

func TestALimitOfZeroMeansNoLimit(t *testing.T) {
	s := startLimited(t, service.Options{})
	phone := s.Phone(t, service.NewUser())
	for range 130 { // more than the limit of attempts for one code
		answer := s.With(phone.Headers()).Do(t, http.MethodGet, "/v1/session", nil)
		answer.Expect(t, http.StatusOK)
		if answer.Header.Get("RateLimit") != "" || answer.Header.Get("RateLimit-Policy") != "" {
			t.Fatalf("the answer has a limit: %v", answer.Header)
		}
	}
}

func TestManyPhonesBehindOneAddressCanLogIn(t *testing.T) {
	p := service.Build(t).Start(t) // with the default limits
	for range 30 {
		caller := p.LogIn2017(t, service.NewUser())
		for range 10 {
			caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
		}
	}
}

func TestTheProgramHasItsConfiguredLimits(t *testing.T) {
	p := service.Build(t).Start(t, "LOGIN_RATE_PER_MINUTE=2", "REQUEST_RATE_PER_MINUTE=1", "SHARE_RATE_PER_MINUTE=3", "TRUSTED_PROXIES=127.0.0.1, 10.0.0.0/8")
	for range 2 {
		caller := p.LogIn(t, service.NewUser())
		expectPolicy(t, caller.Do(t, http.MethodGet, "/v1/session", nil), "user", 1)
		caller.Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
	}
	body := map[string]any{"code": p.Phone(t, service.NewUser()).Code}
	p.Nobody().Do(t, http.MethodPost, "/v1/session", body).ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
	expectPolicy(t, p.Nobody().Do(t, http.MethodGet, "/v1/shared/AAAAAAAAAAAAAAAAAAAAAA", nil), "share", 3)
	forwarded := header("X-Forwarded-For", "192.0.2.1, 10.0.0.1")
	p.Nobody().Do(t, http.MethodPost, "/v1/session", body, forwarded).Expect(t, http.StatusCreated)
}

func TestEndingAnEndedSessionDoesNotCountForTheUser(t *testing.T) {
	s := startLimited(t, service.Options{RequestsPerMinute: 1})
	for range 3 {
		s.With(header("X-WX-Code", newID())).Do(t, http.MethodDelete, "/v1/session", nil).Expect(t, http.StatusNoContent)
	}
}

// Some proxies write the client's port into X-Forwarded-For, too.
func TestAPortInXForwardedForIsNotPartOfTheAddress(t *testing.T) {
	s := startLimited(t, service.Options{LoginsPerMinute: 1, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	for _, first := range []string{"203.0.113.9:4000", "[2001:db8::1]:443", "[2001:db8:0:1::1]", "192.0.2.1, 127.0.0.2:80, "} {
		s.logInFrom(t, first).Expect(t, http.StatusCreated)
	}
	for _, again := range []string{"203.0.113.9", "203.0.113.9:4001", "2001:db8::2", "2001:db8:0:1::3", "192.0.2.1:1"} {
		expectRefusal(t, s.logInFrom(t, again), "login", 1)
	}
}

// What a client sends comes before what the proxy adds, and may have a quote that does not
// end. X-Forwarded-For has no quoted text.
func TestAQuoteInXForwardedForHidesNoAddress(t *testing.T) {
	s := startLimited(t, service.Options{LoginsPerMinute: 1, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	s.logInFrom(t, "203.0.113.9").Expect(t, http.StatusCreated)
	for _, forwarded := range []string{`", 203.0.113.9`, `192.0.2.1, "a, 203.0.113.9, 127.0.0.2`} {
		expectRefusal(t, s.logInFrom(t, forwarded), "login", 1)
	}
}

// limited returns a service with limits and its own Redis, as the clients of all
// tests have the same address.
type limited struct{ *service.Local }

func startLimited(t *testing.T, o service.Options) limited {
	t.Helper()
	redis, mongodb := stores.OfService(t)
	if redis != stores.SQLite {
		redis = stores.EmptyRedis(t)
	}
	o.RedisURL, o.MongoDBURI = redis.URL, mongodb.URL
	return limited{service.Start(t, o)}
}

// logInFrom logs a user in from the address in X-Forwarded-For.
func (l limited) logInFrom(t *testing.T, forwarded string) service.Answer {
	t.Helper()
	h := http.Header{}
	if forwarded != "" {
		h.Set("X-Forwarded-For", forwarded)
	}
	return l.With(h).Do(t, http.MethodPost, "/v1/session", map[string]any{"code": l.Phone(t, service.NewUser()).Code})
}

func expectRefusal(t *testing.T, a service.Answer, name string, perMinute int) {
	t.Helper()
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || seconds < 1 || seconds > 60 {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	if got := a.Header.Get("RateLimit"); !strings.HasPrefix(got, strconv.Quote(name)+";r=0;t=") {
		t.Errorf("RateLimit %q", got)
	}
	expectPolicy(t, a, name, perMinute)
}

func expectPolicy(t *testing.T, a service.Answer, name string, perMinute int) {
	t.Helper()
	if got, want := a.Header.Get("RateLimit-Policy"), strconv.Quote(name)+";q="+strconv.Itoa(perMinute)+";w=60"; got != want {
		t.Errorf("RateLimit-Policy %q, want %q", got, want)
	}
}
