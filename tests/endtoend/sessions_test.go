package endtoend

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestSessionsAreListedAndTheCurrentOneIsMarked(t *testing.T) {
	s := start(t)
	user := service.NewUser()
	labels := map[string]http.Header{
		"mini program 42":       {"Referer": {"https://servicewechat.com/wx0123456789abcdef/42/page-frame.html"}, "User-Agent": {"Mozilla/5.0"}},
		"mini program devtools": header("Referer", "https://servicewechat.com/wx0123456789abcdef/devtools/page-frame.html"),
		"Mozilla/5.0 (一笔)":      {"Referer": {"https://servicewechat.com.example.com/wx/1/page-frame.html"}, "User-Agent": {"Mozilla/5.0 (一笔)"}},
		"":                      {"User-Agent": {""}},
	}
	callers := map[string]service.Caller{}
	for label, h := range labels {
		callers[label] = logInFrom(t, s, user, h)
	}
	callers["onestroke of 2017"] = logIn2017From(t, s, user, header("User-Agent", "onestroke of 2017"))
	otherUser := s.LogIn(t, service.NewUser())

	for label, caller := range callers {
		seen := sessions(t, caller)
		if len(seen) != len(callers) {
			t.Fatalf("%d sessions, want %d", len(seen), len(callers))
		}
		if !slices.IsSortedFunc(seen, func(a, b gen.SessionSummary) int { return b.CreatedAt.Compare(a.CreatedAt) }) {
			t.Errorf("not the newest first: %v", seen)
		}
		for _, x := range seen {
			if _, known := callers[x.Label]; !known {
				t.Errorf("a session from %q", x.Label)
			}
			if x.Current != (x.Label == label) {
				t.Errorf("of %q, %q is current: %t", label, x.Label, x.Current)
			}
			if isCode := x.Kind == gen.KindCode; isCode != (x.Label == "onestroke of 2017") {
				t.Errorf("%q is a %s", x.Label, x.Kind)
			}
			if age := time.Since(x.CreatedAt); age < 0 || age > time.Minute || x.LastUsedAt.Before(x.CreatedAt) || !x.ExpiresAt.After(time.Now()) {
				t.Errorf("times of %+v", x)
			}
		}
	}
	if seen := sessions(t, otherUser); len(seen) != 1 || !seen[0].Current {
		t.Errorf("another user sees %+v", seen)
	}
}

func TestASessionEndsHereAtOnceAndOnOtherReplicasWithinASecond(t *testing.T) {
	t.Parallel()
	endings := map[string]func(t *testing.T, ended, other service.Caller){
		"logging out": func(t *testing.T, ended, _ service.Caller) {
			ended.Do(t, http.MethodDelete, "/v1/session", nil).Expect(t, http.StatusNoContent)
		},
		"ending it from another": func(t *testing.T, ended, other service.Caller) {
			other.Do(t, http.MethodDelete, "/v1/sessions/"+current(t, ended), nil).Expect(t, http.StatusNoContent)
		},
		"ending it from itself": func(t *testing.T, ended, _ service.Caller) {
			ended.Do(t, http.MethodDelete, "/v1/sessions/"+current(t, ended), nil).Expect(t, http.StatusNoContent)
		},
		"ending all others": func(t *testing.T, _, other service.Caller) {
			other.Do(t, http.MethodDelete, "/v1/sessions", nil).Expect(t, http.StatusNoContent)
		},
	}
	onEveryServer(t, func(t *testing.T, redis, mongodb stores.Server) {
		here, elsewhere := startReplicas(t, redis, mongodb)
		for ending, end := range endings {
			for kind, logIn := range map[string]func(t testing.TB, user string) service.Caller{"token": here.LogIn, "code": here.LogIn2017} {
				t.Run(ending+", "+kind, func(t *testing.T) {
					user := service.NewUser()
					ended, other := logIn(t, user), here.LogIn(t, user)
					far := elsewhere.With(ended.Header)
					far.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK) // it is now in the cache of that replica

					end(t, ended, other)
					done := time.Now()
					ended.Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrSessionExpired)
					ended.Do(t, http.MethodGet, "/applet/session/paints/list", nil).ExpectSessionFailure(t, http.StatusOK, "ERR_SESSION_EXPIRED", "")
					eventually(t, func() bool {
						asked := time.Now()
						opened := far.Do(t, http.MethodGet, "/v1/session", nil).Status == http.StatusOK
						if late := asked.Sub(done); opened && late > time.Second {
							t.Fatalf("it works on the other replica %v later", late)
						}
						return !opened
					})
					if seen := sessions(t, other); len(seen) != 1 || !seen[0].Current {
						t.Errorf("left is %+v", seen)
					}
				})
			}
		}
	})
}

func TestASessionOfAnotherUserCannotBeEnded(t *testing.T) {
	s := start(t)
	victim, otherUser := s.LogIn(t, service.NewUser()), s.LogIn(t, service.NewUser())
	id := current(t, victim)
	otherUser.Do(t, http.MethodDelete, "/v1/sessions/"+id, nil).Expect(t, http.StatusNoContent) // like a session that has ended
	otherUser.Do(t, http.MethodDelete, "/v1/sessions", nil).Expect(t, http.StatusNoContent)
	if seen := sessions(t, victim); len(seen) != 1 || seen[0].ID != id {
		t.Errorf("left is %+v", seen)
	}
	for _, bad := range []string{"p", strings.Repeat("A", 23), "a%20session"} {
		otherUser.Do(t, http.MethodDelete, "/v1/sessions/"+bad, nil).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
	}
}

func TestASessionIDIsNotACredential(t *testing.T) {
	s := start(t)
	id := current(t, s.LogIn2017(t, service.NewUser()))
	for _, h := range []http.Header{header("X-WX-Code", id), header("Authorization", "Bearer "+id), header("Authorization", "Bearer onestroke_"+id)} {
		s.With(h).Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrSessionExpired)
	}
}

func TestCloudRunHeadersAreTrustedInsideCloudRunOnly(t *testing.T) {
	openID := "o" + strings.Repeat("A", 27)
	inside := http.Header{"X-Wx-Openid": {openID}, "X-Wx-Source": {"wx_client"}}
	anybody := start(t)
	anybody.With(inside).Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
	caller := anybody.LogIn(t, service.NewUser())
	if got, want := userID(t, caller, inside), userID(t, caller); got != want {
		t.Errorf("the headers changed the user from %s to %s", want, got)
	}

	redis := stores.Redis(t)[0].Proxy(t)
	s := service.Start(t, service.Options{
		RedisURL: redis.URL, MongoDBURI: stores.MongoDB(t)[0].URL, TrustCloudRun: true, RequestsPerMinute: 6000,
		WeChat: weChat(openID, published.sessionKey),
	})
	for name, h := range map[string]http.Header{
		"no source": header("X-WX-OPENID", openID), "no openid": header("X-WX-SOURCE", "wx_client"), "an empty openid": {"X-Wx-Openid": {""}, "X-Wx-Source": {"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			s.With(h).Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
		})
	}
	// One of two openids may be what the client sent.
	for _, twice := range []http.Header{
		{"X-Wx-Openid": {"o" + strings.Repeat("B", 27), openID}, "X-Wx-Source": {"wx_client"}},
		{"X-Wx-Openid": {"", openID}, "X-Wx-Source": {"wx_client"}},
	} {
		problem := s.With(twice).Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
		if e := (*problem.Errors)[0]; e.Field != "X-WX-OPENID" || e.Rule != "duplicate" {
			t.Errorf("%+v", e)
		}
	}
	// The openid gives the same user as a login with a code.
	login := s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": newID()})
	login.Expect(t, http.StatusCreated)
	var loggedIn gen.LoggedIn
	login.Decode(t, &loggedIn)
	gateway, phone := s.With(inside), s.With(header("Authorization", "Bearer "+loggedIn.Token))
	if got := userID(t, gateway); got != loggedIn.User.ID {
		t.Errorf("the gateway's user is %s, not %s", got, loggedIn.User.ID)
	}
	id := newID()
	gateway.Do(t, http.MethodPut, path(id), oneStroke("by cloud run"), creating()).Expect(t, http.StatusCreated)
	get(t, phone, id)
	if seen := paints(t, gateway); len(seen) != 1 {
		t.Errorf("got %v", seen)
	}
	// The gateway's requests have no session, so none is current and none ends.
	if seen := sessions(t, gateway); len(seen) != 1 || seen[0].Current {
		t.Errorf("got %+v", seen)
	}
	gateway.Do(t, http.MethodDelete, "/v1/session", nil).Expect(t, http.StatusNoContent)
	gateway.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	phone.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	gateway.Do(t, http.MethodDelete, "/v1/sessions", nil).Expect(t, http.StatusNoContent)
	phone.Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrSessionExpired)

	// Without a session no Redis is needed, and its outage rejects no request.
	redis.Down()
	for range 150 { // more than a replica takes of a limit in advance
		gateway.Do(t, http.MethodGet, path(id), nil).Expect(t, http.StatusOK)
	}
}

// logInFrom logs a user in with a token, from a program that sends these headers.
func logInFrom(t *testing.T, s *service.Local, user string, h http.Header) service.Caller {
	t.Helper()
	answer := s.With(h).Do(t, http.MethodPost, "/v1/session", map[string]any{"code": s.Phone(t, user).Code})
	answer.Expect(t, http.StatusCreated)
	var login gen.LoggedIn
	answer.Decode(t, &login)
	return s.With(header("Authorization", "Bearer "+login.Token))
}

// logIn2017From logs a user in with a code, from a program that sends these headers.
func logIn2017From(t *testing.T, s *service.Local, user string, h http.Header) service.Caller {
	t.Helper()
	phone := s.Phone(t, user)
	s.With(phone.Headers()).Do(t, http.MethodGet, "/v1/session", nil, h).Expect(t, http.StatusOK)
	return s.With(header("X-WX-Code", phone.Code))
}

// startReplicas runs the service twice, with one Redis and one WeChat.
func startReplicas(t *testing.T, redis, mongodb stores.Server) (*service.Local, *service.Local) {
	t.Helper()
	o := service.Options{RedisURL: redis.URL, MongoDBURI: mongodb.URL, AppID: "wx" + newID()[:8]}
	first := service.Start(t, o)
	o.WeChat = first.Simulator
	return first, service.Start(t, o)
}

func sessions(t *testing.T, c service.Caller) []gen.SessionSummary {
	t.Helper()
	answer := c.Do(t, http.MethodGet, "/v1/sessions", nil)
	answer.Expect(t, http.StatusOK)
	var list gen.SessionList
	answer.Decode(t, &list)
	return list.Items
}

// current returns the id of the caller's session.
func current(t *testing.T, c service.Caller) string {
	t.Helper()
	for _, x := range sessions(t, c) {
		if x.Current {
			return x.ID
		}
	}
	t.Fatal("no session is the caller's")
	return ""
}

func userID(t *testing.T, c service.Caller, more ...http.Header) string {
	t.Helper()
	answer := c.Do(t, http.MethodGet, "/v1/session", nil, more...)
	answer.Expect(t, http.StatusOK)
	var session gen.Session
	answer.Decode(t, &session)
	return session.User.ID
}
