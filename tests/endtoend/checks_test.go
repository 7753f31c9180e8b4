package endtoend

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// checked is a service that has shared drawings checked by the simulated WeChat, with
// a clock of both that the test moves.
type checked struct {
	*service.Local
	past *atomic.Int64
}

func startChecked(t *testing.T, o service.Options) checked {
	t.Helper()
	c := checked{past: new(atomic.Int64)}
	now := func() time.Time { return time.Now().Add(time.Duration(c.past.Load())) }
	o.ContentCheck, o.Now, o.SessionIdle = cmp.Or(o.ContentCheck, "shared"), now, 1000*time.Hour
	c.Local = service.Start(t, o)
	c.Simulator.Now = now
	return c
}

// onEveryCheckedStore runs a test of a service with content check on every store.
func onEveryCheckedStore(t *testing.T, test func(t *testing.T, c checked)) {
	t.Helper()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		test(t, startChecked(t, service.Options{RedisURL: redis.URL, MongoDBURI: mongodb.URL}))
	})
}

func (c checked) pass(d time.Duration) { c.past.Add(int64(d)) }

// plan says how the next calls of WeChat are answered; see wechatsim.
func (c checked) plan(t *testing.T, plan map[string]any) {
	t.Helper()
	c.Nobody().Do(t, http.MethodPost, "/simulator/plan", plan).Expect(t, http.StatusNoContent)
}

// calls returns how often a path of the simulated WeChat was called so far.
func calls(t *testing.T, s service.Service, path string) int {
	t.Helper()
	var state struct{ Calls map[string]int }
	s.Nobody().Do(t, http.MethodGet, "/simulator/state", nil).Decode(t, &state)
	return state.Calls[path]
}

const mediaCheck = "/wxa/media_check_async"

// handedIn waits until n pictures were handed in and were fetched, and returns them.
func (c checked) handedIn(t *testing.T, n int) []handedIn {
	t.Helper()
	var state struct{ Pictures []handedIn }
	eventually(t, func() bool {
		c.Nobody().Do(t, http.MethodGet, "/simulator/state", nil).Decode(t, &state)
		return len(state.Pictures) >= n && !slices.ContainsFunc(state.Pictures[:n], func(p handedIn) bool { return p.Status == 0 })
	})
	return state.Pictures
}

type handedIn struct {
	Trace, URL, Type string
	Status           int
}

// push has WeChat push a message, and returns the status of the answer.
func (c checked) push(t *testing.T, message map[string]any) int {
	t.Helper()
	answer := c.Nobody().Do(t, http.MethodPost, "/simulator/push", message)
	answer.Expect(t, http.StatusOK)
	var got struct{ Status int }
	answer.Decode(t, &got)
	return got.Status
}

// result pushes the result of a picture.
func (c checked) result(t *testing.T, trace, suggest string, label int) {
	t.Helper()
	if status := c.push(t, map[string]any{"event": "wxa_media_check", "trace": trace, "suggest": suggest, "label": label}); status != http.StatusOK {
		t.Errorf("a result was answered with %d", status)
	}
}

func shareOf(t *testing.T, c service.Caller, id string) (s gen.Share) {
	t.Helper()
	answer := c.Do(t, http.MethodGet, path(id)+"/share", nil)
	answer.Expect(t, http.StatusOK)
	answer.Decode(t, &s)
	return s
}

// becomes waits until a share has a state, and a reason if there is one.
func becomes(t *testing.T, c service.Caller, id string, state gen.ShareState, reason gen.ShareReason) gen.Share {
	t.Helper()
	var s gen.Share
	eventually(t, func() bool {
		s = shareOf(t, c, id)
		return s.State == state && (s.Reason == nil && reason == "" || s.Reason != nil && *s.Reason == reason)
	})
	return s
}

// isShown and isNotShown say what anyone with the token sees: the drawing and its
// picture, or neither.
func (c checked) isShown(t *testing.T, token string) {
	t.Helper()
	c.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusOK)
	c.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token+"/image", nil).Expect(t, http.StatusOK)
}

func (c checked) isNotShown(t *testing.T, token string) {
	t.Helper()
	c.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
	c.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token+"/image", nil, header("Accept", "image/png")).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
}

func TestASharedDrawingIsSeenWhenItIsApproved(t *testing.T) {
	t.Parallel()
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		user := service.NewUser()
		author := c.LogIn2017(t, user)
		id := create(t, author, "一笔猫")
		c.plan(t, map[string]any{"path": mediaCheck, "pushes": 0})
		answer := author.Do(t, http.MethodPut, path(id)+"/share", nil)
		answer.Expect(t, http.StatusCreated)
		var s gen.Share
		if answer.Decode(t, &s); s.State != gen.SharePending || s.Reason != nil {
			t.Errorf("shared as %+v", s)
		}
		c.isNotShown(t, s.Token)
		p := c.handedIn(t, 1)[0]
		if p.Status != http.StatusOK || p.Type != "image/png" {
			t.Errorf("WeChat fetched the picture with %d %s", p.Status, p.Type)
		}
		c.isNotShown(t, s.Token)
		c.result(t, p.Trace, "pass", 100)
		becomes(t, author, id, gen.ShareApproved, "")
		c.isShown(t, s.Token)
		var seen gen.SharedDrawing
		c.Nobody().Do(t, http.MethodGet, "/v1/shared/"+s.Token, nil).Decode(t, &seen)
		if seen.Author == nil || *seen.Author != user {
			t.Errorf("the author is %v", seen.Author)
		}

		// Late and doubled results change nothing.
		c.result(t, p.Trace, "risky", 20002)
		c.result(t, p.Trace, "pass", 100)
		becomes(t, author, id, gen.ShareApproved, "")
		// The address of the picture has ended.
		c.Nobody().Do(t, http.MethodGet, strings.TrimPrefix(p.URL, c.URL), nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		// Shared anew, it is approved already.
		author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
		author.Do(t, http.MethodGet, path(id)+"/share", nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		answer = author.Do(t, http.MethodPut, path(id)+"/share", nil)
		if answer.Decode(t, &s); s.State != gen.ShareApproved {
			t.Errorf("shared anew as %+v", s)
		}
		c.isShown(t, s.Token)
	})
}

func TestAChangedDrawingIsNotSeenUntilItIsApprovedAgain(t *testing.T) {
	t.Parallel()
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		author := c.LogIn(t, service.NewUser())
		id := create(t, author, "first")
		c.plan(t, map[string]any{"path": mediaCheck, "pushes": 0, "times": 3})
		token := share(t, author, id, http.StatusCreated)
		first := c.handedIn(t, 1)[0]
		author.Do(t, http.MethodPut, path(id), oneStroke("second"), replacing("*")).Expect(t, http.StatusOK)
		second := c.handedIn(t, 2)[1]
		// The result of the first revision says nothing about the second.
		c.result(t, first.Trace, "pass", 100)
		becomes(t, author, id, gen.SharePending, "")
		c.isNotShown(t, token)
		c.Nobody().Do(t, http.MethodGet, strings.TrimPrefix(first.URL, c.URL), nil).Expect(t, http.StatusNotFound)
		c.result(t, second.Trace, "pass", 100)
		becomes(t, author, id, gen.ShareApproved, "")
		c.isShown(t, token)

		// What is not approved is not seen for a moment.
		author.Do(t, http.MethodPut, path(id), oneStroke("third, risky"), replacing("*")).Expect(t, http.StatusOK)
		c.isNotShown(t, token)
		becomes(t, author, id, gen.ShareRefused, gen.ShareReason("politics"))
		c.isNotShown(t, token)
		// A program of 2017 changes it, too.
		savePaint(t, author, id, `[{"method":"stroke","data":[]}]`)
		c.isNotShown(t, token)
	})
}

func TestAVerdictSaysWhy(t *testing.T) {
	t.Parallel()
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		author := c.LogIn(t, service.NewUser())
		for _, test := range []struct {
			title  string
			plan   map[string]any
			state  gen.ShareState
			reason gen.ShareReason
		}{
			{"risky20003", nil, gen.ShareRefused, "abuse"},
			{"review", nil, gen.ShareInReview, "other"},
			{"", map[string]any{"suggest": "risky", "label": 20002, "pushes": 2}, gen.ShareRefused, "pornography"},
			{"fine", map[string]any{"suggest": "review", "label": 20012}, gen.ShareInReview, "vulgar"},
			{"fine", map[string]any{"pushes": 3}, gen.ShareApproved, ""},
		} {
			if test.plan != nil {
				test.plan["path"] = mediaCheck
				c.plan(t, test.plan)
			}
			id := create(t, author, test.title)
			token := share(t, author, id, http.StatusCreated)
			becomes(t, author, id, test.state, test.reason)
			if test.state == gen.ShareApproved {
				c.isShown(t, token)
			} else {
				c.isNotShown(t, token)
			}
		}
	})
}

func TestANicknameThatIsNotApprovedIsNotShown(t *testing.T) {
	t.Parallel()
	c := startChecked(t, service.Options{})
	for _, user := range []string{"risky name", "review name", "name"} {
		if user == "name" { // from now on, no text can be checked
			c.plan(t, map[string]any{"path": "/wxa/msg_sec_check", "errcode": -1, "times": 1_000})
		}
		author := c.LogIn2017(t, user)
		id := create(t, author, "")
		token := share(t, author, id, http.StatusCreated)
		becomes(t, author, id, gen.ShareApproved, "")
		var seen gen.SharedDrawing
		c.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Decode(t, &seen)
		if seen.Author != nil {
			t.Errorf("%s: shown as %q", user, *seen.Author)
		}
	}
}

func TestAResultThatNeverComesIsAskedForAgainAndThenNeedsAPerson(t *testing.T) {
	t.Parallel()
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		author := c.LogIn(t, service.NewUser())
		c.plan(t, map[string]any{"path": mediaCheck, "pushes": 0, "times": 2})
		id := create(t, author, "")
		token := share(t, author, id, http.StatusCreated)
		c.handedIn(t, 1)
		c.pass(31 * time.Minute)
		c.handedIn(t, 2)
		becomes(t, author, id, gen.SharePending, "")
		c.pass(31 * time.Minute)
		becomes(t, author, id, gen.ShareInReview, "no_result")
		c.isNotShown(t, token)
		if n := len(c.handedIn(t, 2)); n != 2 {
			t.Errorf("it was handed in %d times", n)
		}
	})
}

func TestAnApprovalOfAPictureThatWasNotFetchedDoesNotCount(t *testing.T) {
	c := startChecked(t, service.Options{})
	author := c.LogIn(t, service.NewUser())
	c.plan(t, map[string]any{"path": mediaCheck, "noFetch": true, "times": 2})
	id := create(t, author, "")
	token := share(t, author, id, http.StatusCreated)
	becomes(t, author, id, gen.ShareInReview, "no_result")
	c.isNotShown(t, token)
}

// Who sends HEAD gets no picture.
func TestAnApprovalOfAPictureThatWasOnlyAskedAboutDoesNotCount(t *testing.T) {
	c := startChecked(t, service.Options{})
	author := c.LogIn(t, service.NewUser())
	c.plan(t, map[string]any{"path": mediaCheck, "noFetch": true, "pushes": 0, "times": 2})
	id := create(t, author, "")
	token := share(t, author, id, http.StatusCreated)
	for n := range 2 {
		var state struct{ Pictures []handedIn }
		eventually(t, func() bool {
			c.Nobody().Do(t, http.MethodGet, "/simulator/state", nil).Decode(t, &state)
			return len(state.Pictures) == n+1
		})
		p := state.Pictures[n]
		c.Nobody().Do(t, http.MethodHead, strings.TrimPrefix(p.URL, c.URL), nil).Expect(t, http.StatusOK)
		c.result(t, p.Trace, "pass", 100)
	}
	becomes(t, author, id, gen.ShareInReview, "no_result")
	c.isNotShown(t, token)
}

func TestAnAbsentAuthorsShareWaits(t *testing.T) {
	t.Parallel()
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		user := service.NewUser()
		author := c.LogIn(t, user)
		id := create(t, author, "猫")
		c.pass(3 * time.Hour) // WeChat checks what users made who were there in the last two
		token := share(t, author, id, http.StatusCreated)
		becomes(t, author, id, gen.SharePending, "author_away")
		c.isNotShown(t, token)
		c.LogIn(t, user)
		becomes(t, author, id, gen.ShareApproved, "")
		c.isShown(t, token)
	})
}

// A user for whom the gateway of WeChat Cloud Run vouches needs no session: WeChat is
// asked with the openid of the header.
func TestWhatAUserOfCloudRunSharesIsChecked(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		appID := "wx" + rand.Text()
		c := startChecked(t, service.Options{RedisURL: redis.URL, MongoDBURI: mongodb.URL, AppID: appID, TrustCloudRun: true})
		user := service.NewUser()
		var who struct{ OpenID string }
		isThere := func() { // WeChat sees the user in the program
			c.Nobody().Do(t, http.MethodGet, "/simulator/sns/jscode2session?"+url.Values{
				"appid": {appID}, "secret": {service.AppSecret}, "js_code": {c.Phone(t, user).Code}, "grant_type": {"authorization_code"},
			}.Encode(), nil).Decode(t, &who)
		}
		isThere()
		author := c.With(http.Header{"X-Wx-Openid": {who.OpenID}, "X-Wx-Source": {"wx_client"}})
		shared := func(want gen.ShareState, reason gen.ShareReason) string {
			t.Helper()
			id := create(t, author, "猫")
			share(t, author, id, http.StatusCreated)
			becomes(t, author, id, want, reason)
			return id
		}
		shared(gen.ShareApproved, "")
		c.pass(3 * time.Hour)
		id := shared(gen.SharePending, "author_away")
		c.pass(31 * time.Minute)
		isThere()
		author.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
		becomes(t, author, id, gen.ShareApproved, "")

		// After the account was deleted, the next request counts anew.
		author.Do(t, http.MethodDelete, "/v1/account", nil).Expect(t, http.StatusNoContent)
		shared(gen.ShareApproved, "")
	})
}

func TestWhatWeChatFailsToDoIsTriedAgain(t *testing.T) {
	t.Parallel()
	c := startChecked(t, service.Options{})
	author := c.LogIn(t, service.NewUser())
	for _, plan := range []map[string]any{
		{"path": "/wxa/msg_sec_check", "errcode": -1},
		{"path": "/wxa/msg_sec_check", "httpStatus": 502},
		{"path": "/wxa/msg_sec_check", "errcode": 45009},
		{"path": mediaCheck, "errcode": -1},
		{"path": mediaCheck, "body": "gone fishing"},
		{"path": "/cgi-bin/stable_token", "errcode": 40164},
	} {
		if plan["path"] == "/cgi-bin/stable_token" {
			c.plan(t, map[string]any{"path": "/wxa/msg_sec_check", "errcode": 42001})
		}
		c.plan(t, plan)
		id := create(t, author, "猫")
		token := share(t, author, id, http.StatusCreated)
		c.isNotShown(t, token)
		// It is tried again a minute after it failed, which may be later than now. No more than
		// that passes at a time: the result of a check is not waited for longer than half an hour.
		eventually(t, func() bool {
			c.pass(time.Minute)
			for end := time.Now().Add(time.Second); time.Now().Before(end); {
				if shareOf(t, author, id).State == gen.ShareApproved {
					return true
				}
			}
			return false
		})
		c.isShown(t, token)
	}
}

func TestWhatWeChatNeverChecksNeedsAPerson(t *testing.T) {
	t.Parallel()
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		author := c.LogIn(t, service.NewUser())
		c.plan(t, map[string]any{"path": mediaCheck, "errcode": 40097, "times": 100})
		id := create(t, author, "猫")
		share(t, author, id, http.StatusCreated)
		begun := c.past.Load()
		eventually(t, func() bool {
			c.pass(10 * time.Second)
			return shareOf(t, author, id).State != gen.SharePending
		})
		becomes(t, author, id, gen.ShareInReview, "no_result")
		if n, passed := calls(t, c.Service, mediaCheck), time.Duration(c.past.Load()-begun); n != 6 || passed < 20*time.Minute {
			t.Errorf("WeChat was asked %d times in %v", n, passed)
		}
		if w := deskOf(c.Service).waits(t, "drawing", id); w.State != gen.ShareInReview {
			t.Errorf("it waits as %+v", w)
		}
	})
}

// While a drawing changes between two titles, of which one is refused, visitors see
// the other one or nothing.
func TestNoVisitorSeesWhatIsNotApprovedWhileItChanges(t *testing.T) {
	t.Parallel()
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		author := c.LogIn(t, service.NewUser())
		id := create(t, author, "good")
		token := share(t, author, id, http.StatusCreated)
		becomes(t, author, id, gen.ShareApproved, "")
		done := make(chan struct{})
		var visitors sync.WaitGroup
		for range 3 {
			visitors.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					answer := c.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil)
					if answer.Status == http.StatusOK && bytes.Contains(answer.Body, []byte("risky")) {
						t.Errorf("a visitor sees %.100s", answer.Body)
						return
					}
				}
			})
		}
		for n := range 20 {
			title := fmt.Sprint("good ", n)
			if n%2 == 0 {
				title = fmt.Sprint("risky ", n)
			}
			author.Do(t, http.MethodPut, path(id), oneStroke(title), replacing("*")).Expect(t, http.StatusOK)
		}
		becomes(t, author, id, gen.ShareApproved, "") // the last title is good
		close(done)
		visitors.Wait()
		c.isShown(t, token)
	})
}

// A text is checked before the answer, however busy the service is with other checks.
func TestATextIsCheckedAtOnce(t *testing.T) {
	t.Parallel()
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		author := c.LogIn(t, service.NewUser())
		for n := range 15 {
			name, want := fmt.Sprint("name ", n), gen.ShareApproved
			if n%2 == 1 {
				name, want = fmt.Sprint("risky ", n), gen.ShareRefused
			}
			answer := author.Do(t, http.MethodPut, "/v1/profile", map[string]string{"nickname": name})
			answer.Expect(t, http.StatusOK)
			var p gen.Profile
			if answer.Decode(t, &p); p.NicknameState == nil || *p.NicknameState != want {
				t.Errorf("%s is answered with %s", name, answer.Body)
			}
		}
	})
}

// The nickname was checked when it was set: sharing asks for the title only.
func TestSharingHasOneTextChecked(t *testing.T) {
	c := startChecked(t, service.Options{})
	author := c.LogIn2017(t, service.NewUser())
	id := create(t, author, "猫")
	eventually(t, func() bool {
		var p gen.Profile
		author.Do(t, http.MethodGet, "/v1/profile", nil).Decode(t, &p)
		return p.NicknameState != nil && *p.NicknameState == gen.ShareApproved
	})
	before := calls(t, c.Service, "/wxa/msg_sec_check")
	share(t, author, id, http.StatusCreated)
	becomes(t, author, id, gen.ShareApproved, "")
	if n := calls(t, c.Service, "/wxa/msg_sec_check") - before; n != 1 {
		t.Errorf("WeChat was asked for %d texts", n)
	}
}

func TestAPictureIsForTheCheckerWhateverItAccepts(t *testing.T) {
	t.Parallel()
	c := startChecked(t, service.Options{})
	author := c.LogIn(t, service.NewUser())
	c.plan(t, map[string]any{"path": mediaCheck, "pushes": 0})
	id := create(t, author, "")
	share(t, author, id, http.StatusCreated)
	address := strings.TrimPrefix(c.handedIn(t, 1)[0].URL, c.URL)
	for _, accept := range []string{"image/png", "text/html", "image/svg+xml;q=1, */*;q=0", ""} {
		answer := c.Nobody().Do(t, http.MethodGet, address, nil, header("Accept", accept))
		answer.Expect(t, http.StatusOK)
		isPNG(t, answer.Body, 576+8+576) // the picture and its lines, each 1024 pixels high
		if caching := answer.Header.Get("Cache-Control"); caching != "no-store" {
			t.Errorf("Cache-Control is %q", caching)
		}
	}
	c.Nobody().Do(t, http.MethodGet, address[:len(address)-4]+"AAAA", nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
	if owner := me(t, author).User.ID; strings.Contains(address, owner) || strings.Contains(address, id) {
		t.Errorf("the address tells whose picture it is: %s", address)
	}
	c.pass(31 * time.Minute)
	c.Nobody().Do(t, http.MethodGet, address, nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
}

// READ_TIMEOUT is for the body, which is there.
func TestAnAnswerMayTakeLongerThanTheBody(t *testing.T) {
	t.Parallel()
	const limit = time.Second
	c := startChecked(t, service.Options{ReadTimeout: limit})
	author := c.LogIn(t, service.NewUser())
	c.plan(t, map[string]any{"path": "/wxa/msg_sec_check", "delayMs": 1_500})
	begun := time.Now()
	if p := setNickname(t, author, "小明"); p.Nickname == nil || *p.Nickname != "小明" {
		t.Errorf("%+v", p)
	}
	if took := time.Since(begun); took < limit {
		t.Errorf("it took only %s", took)
	}
}
