package endtoend

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"onestroke/gen"
	"onestroke/impl/wechatsim"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestFiftyFirstRequestsExchangeTheirCodeOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		phone := s.Phone(t, service.NewUser())
		caller := s.With(phone.Headers())
		var requests sync.WaitGroup
		for i := range 50 {
			requests.Go(func() {
				if i%2 == 0 {
					caller.Do(t, http.MethodGet, "/applet/session/paints/list", nil).ExpectPaints(t)
					return
				}
				caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
			})
		}
		requests.Wait()
		if n := s.Simulator.Exchanges(phone.Code); n != 1 {
			t.Errorf("the code was exchanged %d times", n)
		}
		// An answer was lost: the same again. Then the code is the credential.
		caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
		s.With(header("X-WX-Code", phone.Code)).Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
		// Without rawData a signature has no effect, as in 2017.
		s.With(http.Header{"X-Wx-Code": {phone.Code}, "X-Wx-Signature": {strings.Repeat("0", 40)}}).
			Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
		if n := s.Simulator.Exchanges(phone.Code); n != 1 {
			t.Errorf("the code was exchanged %d times", n)
		}
		other := phone
		other.Signature = strings.Repeat("0", 40)
		s.With(other.Headers()).Do(t, http.MethodGet, "/applet/session/paints/list", nil).
			ExpectSessionFailure(t, http.StatusOK, "ERR_SESSION_KEY_EXCHANGE_FAILED", "jscode failed to exchange session_key")
	})
}

// A program of 2017 sends rawData with its first request only, and the code alone
// with the next ones, which it does not delay until the first has its answer.
func TestACodeAloneWaitsForItsLogin(t *testing.T) {
	for name, exchange := range map[string]struct{ delayMS, requests int }{
		"200 ms": {200, 8},
		"2.5 s":  {2500, 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the test mostly waits
			follow := func(t *testing.T, simulator *wechatsim.Simulator, replicas ...service.Service) {
				phone := replicas[0].Phone(t, service.NewUser(), map[string]any{"delayMs": exchange.delayMS})
				headers := phone.Headers()
				often := time.NewTicker(60 * time.Millisecond)
				defer often.Stop()
				var all sync.WaitGroup
				for i := range exchange.requests {
					caller := replicas[i%len(replicas)].With(headers)
					all.Go(func() {
						caller.Do(t, http.MethodGet, "/applet/session/paints/list", nil).ExpectPaints(t)
					})
					if i == 0 { // what is sent next may arrive first
						eventually(t, func() bool { return simulator.Exchanges(phone.Code) == 1 })
					}
					headers = header("X-WX-Code", phone.Code)
					<-often.C
				}
				all.Wait()
				if n := simulator.Exchanges(phone.Code); n != 1 {
					t.Errorf("the code was exchanged %d times", n)
				}
			}
			t.Run(stores.SQLite.Name, func(t *testing.T) {
				s := startOn(t, stores.SQLite, stores.SQLite)
				follow(t, s.Simulator, s.Service)
			})
			onEveryServer(t, func(t *testing.T, redis, mongodb stores.Server) {
				a, b := startReplicas(t, redis, mongodb)
				follow(t, a.Simulator, a.Service, b.Service)
			})
		})
	}
}

// A login that fails says why to the requests that waited for it.
func TestACodeAloneLearnsWhyItsLoginFailed(t *testing.T) {
	s := start(t)
	phone := s.Phone(t, service.NewUser(), map[string]any{"delayMs": 500, "errcode": 40226})
	var login sync.WaitGroup
	login.Go(func() { s.With(phone.Headers()).Do(t, http.MethodGet, "/v1/session", nil) })
	eventually(t, func() bool { return s.Simulator.Exchanges(phone.Code) == 1 })
	s.With(header("X-WX-Code", phone.Code)).Do(t, http.MethodGet, "/v1/session", nil).
		ExpectProblem(t, http.StatusForbidden, gen.ErrSessionKeyExchangeFailed)
	login.Wait()
}

// WeChat exchanges a code once, and a login ends the user's previous session: a
// request that is refused for another reason must do neither.
func TestAnInvalidRequestDoesNotLogIn(t *testing.T) {
	s := start(t)
	user := service.NewUser()
	previous := s.LogIn2017(t, user)
	phone := s.Phone(t, user)
	first := s.With(phone.Headers())
	first.Do(t, http.MethodGet, "/v1/drawings?limit=0", nil).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
	first.Do(t, http.MethodPut, path(newID()), map[string]any{"format": 2}, creating()).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
	first.Do(t, http.MethodPost, "/applet/session/paints/save", map[string]any{"id": strings.Repeat("a", 1025), "actions": "[]"}).
		ExpectPaintFailure(t, http.StatusBadRequest, "ERR_INVALID_REQUEST")
	if n := s.Simulator.Exchanges(phone.Code); n != 0 {
		t.Errorf("the code was exchanged %d times", n)
	}
	previous.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	first.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	if n := s.Simulator.Exchanges(phone.Code); n != 1 {
		t.Errorf("the code was exchanged %d times", n)
	}
}

func TestTheSameLoginAgainGetsTheSameToken(t *testing.T) {
	s := start(t)
	phone := s.Phone(t, service.NewUser())
	logIn := func(body map[string]any) (session gen.LoggedIn) {
		answer := s.Nobody().Do(t, http.MethodPost, "/v1/session", body)
		answer.Expect(t, http.StatusCreated)
		answer.Decode(t, &session)
		return session
	}
	body := map[string]any{"code": phone.Code, "encryptedData": phone.EncryptedData, "iv": phone.IV}
	first, second := logIn(body), logIn(body)
	if first.Token != second.Token || s.Simulator.Exchanges(phone.Code) != 1 {
		t.Errorf("two tokens, or %d exchanges", s.Simulator.Exchanges(phone.Code))
	}
	s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": phone.Code}).
		ExpectProblem(t, http.StatusUnauthorized, gen.ErrSessionKeyExchangeFailed)
}

func TestANewLoginEndsThePreviousCode(t *testing.T) {
	s := start(t)
	user := service.NewUser()
	first := s.LogIn2017(t, user)
	token := s.LogIn(t, user)
	second := s.LogIn2017(t, user)
	// A cache of another replica, or of this one, may have the session for a second.
	eventually(t, func() bool { return first.Do(t, http.MethodGet, "/v1/session", nil).Status == http.StatusUnauthorized })
	second.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	token.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
}

func TestNamesInAHeaderAreNotChanged(t *testing.T) {
	s := start(t)
	for _, name := range []string{"小明", "🎨 한붓그리기 👩‍👩‍👧", "a+b c%2Bd", `"quoted" \ <b>&amp;`} {
		answer := s.With(s.Phone(t, name).Headers()).Do(t, http.MethodGet, "/v1/session", nil)
		answer.Expect(t, http.StatusOK)
		var session gen.Session
		answer.Decode(t, &session)
		if session.User.Nickname == nil || *session.User.Nickname != name {
			t.Errorf("%s became %s", name, answer.Body)
		}
	}
}

func TestRawDataThatIsNotJSONHasTheParsersMessageAndNoReason(t *testing.T) {
	const openID = "oNobodyInParticular"
	s := startService(t, service.Options{
		WeChat: weChat(openID, published.sessionKey),
	})
	for name, h := range map[string]http.Header{
		"not percent-encoded": {"X-Wx-Code": {newID()}, "X-Wx-Rawdata": {"%zz"}, "X-Wx-Signature": {published.signature}},
		"cut in an escape":    {"X-Wx-Code": {newID()}, "X-Wx-Rawdata": {"%7B%7"}, "X-Wx-Signature": {published.signature}},
		// SHA-1 of these rawData followed by the published session key.
		"not JSON":      {"X-Wx-Code": {newID()}, "X-Wx-Rawdata": {"drawing"}, "X-Wx-Signature": {sign("drawing")}},
		"not an object": {"X-Wx-Code": {newID()}, "X-Wx-Rawdata": {"7"}, "X-Wx-Signature": {sign("7")}},
	} {
		t.Run(name, func(t *testing.T) {
			s.With(h).Do(t, http.MethodGet, "/applet/session/paints/list", nil).ExpectSessionFailure(t, http.StatusOK, "", "")
			p := s.With(h).Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
			if p.Reason != nil || p.SessionMark == nil || p.Error == nil || p.Error.Message == "" || !names(p, "rawData", "json") {
				t.Errorf("got %+v", p)
			}
		})
	}
	s.With(service.Phone{Code: newID(), RawData: "{}", Signature: published.signature}.Headers()).
		Do(t, http.MethodGet, "/applet/session/paints/list", nil).
		ExpectSessionFailure(t, http.StatusOK, "ERR_UNTRUSTED_RAW_DATA", "untrusted raw data")
}

func TestEachFailedExchangeHasItsAnswer(t *testing.T) {
	exchanges := map[string]struct {
		how        map[string]any
		status     int
		retryAfter bool
	}{
		"40029, invalid code":      {map[string]any{"errcode": 40029}, 401, false},
		"40163, used code":         {map[string]any{"errcode": 40163}, 401, false},
		"45011, too often":         {map[string]any{"errcode": 45011}, 429, true},
		"40226, blocked":           {map[string]any{"errcode": 40226}, 403, false},
		"40013, our app id":        {map[string]any{"errcode": 40013}, 500, false},
		"40125, our secret":        {map[string]any{"errcode": 40125}, 500, false},
		"41002, no app id":         {map[string]any{"errcode": 41002}, 500, false},
		"41004, no secret":         {map[string]any{"errcode": 41004}, 500, false},
		"an unknown errcode":       {map[string]any{"errcode": 12345}, 502, false},
		"not JSON":                 {map[string]any{"body": "<html>"}, 502, false},
		"a success without openid": {map[string]any{"body": `{"session_key":"HyVFkGl5F5OQWJZZaNzBBg=="}`}, 502, false},
		"a success without key":    {map[string]any{"body": `{"openid":"oNobodyInParticular"}`}, 502, false},
		"-1, busy":                 {map[string]any{"errcode": -1}, 503, true},
		"HTTP 500":                 {map[string]any{"httpStatus": 500}, 503, true},
		"no answer in good time":   {map[string]any{"delayMs": 60_000}, 503, true},
	}
	t.Run("v1", func(t *testing.T) {
		s := startImpatient(t)
		for name, e := range exchanges {
			t.Run(name, func(t *testing.T) {
				answer := s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": s.Phone(t, service.NewUser(), e.how).Code})
				answer.ExpectProblem(t, e.status, gen.ErrSessionKeyExchangeFailed)
				if got := answer.Header.Get("Retry-After") != ""; got != e.retryAfter {
					t.Errorf("Retry-After: %q", answer.Header.Get("Retry-After"))
				}
			})
		}
	})
	t.Run("2017", func(t *testing.T) {
		s := startImpatient(t)
		for name, e := range exchanges {
			t.Run(name, func(t *testing.T) {
				s.With(s.Phone(t, service.NewUser(), e.how).Headers()).Do(t, http.MethodGet, "/applet/session/paints/list", nil).
					ExpectSessionFailure(t, http.StatusOK, "ERR_SESSION_KEY_EXCHANGE_FAILED", "jscode failed to exchange session_key")
			})
		}
	})
}

// startImpatient runs the service with a short timeout for WeChat.
func startImpatient(t *testing.T) *service.Local {
	return startService(t, service.Options{
		WeChatTimeout: 300 * time.Millisecond,
	})
}

func TestFormsAreReadAsTheyWereIn2017(t *testing.T) {
	s := start(t)
	old := s.LogIn2017(t, service.NewUser())
	const actions = `[{"method":"fillText","data":["一笔 & a+b=c"]}]`
	old.Do(t, http.MethodPost, "/applet/session/paints/save", url.Values{"id": {"form"}, "actions": {actions}}).ExpectPaintDone(t)
	old.Do(t, http.MethodPost, "/applet/session/paints/save", url.Values{"id": {"gone"}, "actions": {"[]"}, "more": {"x"}}).ExpectPaintDone(t)
	old.Do(t, http.MethodPost, "/applet/session/paints/delete", url.Values{"id": {"gone"}}).ExpectPaintDone(t)
	if got := paints(t, old); len(got) != 1 || got["form"] != actions {
		t.Errorf("got %q", got)
	}
}

func TestTheBasePathCanBeChanged(t *testing.T) {
	t.Parallel()
	s := startService(t, service.Options{BasePath: "/x/y"})
	old := s.LogIn2017(t, service.NewUser())
	old.Do(t, http.MethodPost, "/x/y/paints/save", map[string]string{"id": "moved", "actions": "[]"}).ExpectPaintDone(t)
	if got := old.Do(t, http.MethodGet, "/x/y/paints/list", nil).ExpectPaints(t); got["moved"] != "[]" {
		t.Errorf("got %v", got)
	}
	s.Nobody().Do(t, http.MethodGet, "/x/y/paints/list", nil).ExpectPaintFailure(t, http.StatusOK, "openId does not exists")
	old.Do(t, http.MethodGet, "/x/y/nothing", nil).ExpectPaintFailure(t, http.StatusNotFound, "ERR_NOT_FOUND")
	if answer := old.Do(t, http.MethodGet, "/applet/session/paints/list", nil, nil); answer.Status != http.StatusNotFound {
		t.Errorf("it is still at the old one: %d", answer.Status)
	}
	for _, at := range []string{"/openapi.yaml", "/openapi.json"} {
		text := string(s.Nobody().Do(t, http.MethodGet, at, nil).Body)
		if !strings.Contains(text, "/x/y/paints/save") || strings.Contains(text, "/applet/session/paints") {
			t.Errorf("%s says otherwise", at)
		}
	}
}

// The repeated login asks WeChat again, which has exchanged the code: a new code helps.
func TestALoginAfterTheStoreLostItsDataNeedsANewCode(t *testing.T) {
	t.Parallel()
	for name, logIn := range map[string]func(*testing.T, service.Service, service.Phone) service.Answer{
		"of today": func(t *testing.T, s service.Service, p service.Phone) service.Answer {
			return s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": p.Code})
		},
		"of 2017": func(t *testing.T, s service.Service, p service.Phone) service.Answer {
			return s.With(p.Headers()).Do(t, http.MethodGet, "/v1/drawings", nil)
		},
	} {
		for when, early := range map[string]bool{"between exchange and session": true, "after the login": false} {
			t.Run(name+", "+when, func(t *testing.T) {
				redis := stores.LocalRedis(t)
				s := service.Start(t, service.Options{RedisURL: redis.URL})
				lose := func() {
					if err := stores.DialRedis(t, redis.URL).FlushAll(t.Context()).Err(); err != nil {
						t.Error(err)
					}
				}
				user := service.NewUser()
				delay := 0
				if early { // long enough for the loss, on a busy machine, too
					delay = 3000
				}
				phone := s.Phone(t, user, map[string]any{"delayMs": delay})
				first := make(chan service.Answer, 1)
				go func() { first <- logIn(t, s.Service, phone) }()
				if early {
					eventually(t, func() bool { return s.Simulator.Exchanges(phone.Code) == 1 })
					lose()
					(<-first).ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
				} else {
					if answer := <-first; answer.Status >= http.StatusMultipleChoices {
						t.Fatalf("got %d %s", answer.Status, answer.Body)
					}
					lose()
				}
				logIn(t, s.Service, phone).ExpectProblem(t, http.StatusUnauthorized, gen.ErrSessionKeyExchangeFailed)
				if answer := logIn(t, s.Service, s.Phone(t, user)); answer.Status >= http.StatusMultipleChoices {
					t.Errorf("with a new code: %d %s", answer.Status, answer.Body)
				}
			})
		}
	}
}
