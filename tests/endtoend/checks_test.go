package endtoend

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"onestroke/gen"
	"onestroke/impl/gallery"
	"onestroke/impl/seal"
	"onestroke/impl/session"
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
	o.ContentCheck, o.Now, o.SessionIdle = "shared", now, 1000*time.Hour
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

func TestAnAbsentAuthorsShareWaits(t *testing.T) {
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

func TestWhatWeChatFailsToDoIsTriedAgain(t *testing.T) {
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

// While a drawing changes between two titles, of which one is refused, visitors see
// the other one or nothing.
func TestNoVisitorSeesWhatIsNotApprovedWhileItChanges(t *testing.T) {
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

func TestAWithdrawnConsentRemovesTheNickname(t *testing.T) {
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		user := service.NewUser()
		author := c.LogIn2017(t, user)
		id := create(t, author, "猫")
		token := share(t, author, id, http.StatusCreated)
		becomes(t, author, id, gen.ShareApproved, "")
		if status := c.push(t, map[string]any{"event": "user_authorization_revoke", "user": user, "revokeInfo": "1"}); status != http.StatusOK {
			t.Errorf("answered with %d", status)
		}
		if who := me(t, author).User; who.Nickname == nil || *who.Nickname != user {
			t.Errorf("another consent was withdrawn, and the user is %+v", who)
		}
		c.push(t, map[string]any{"event": "user_info_modified", "user": user, "revokeInfo": "6"})
		c.pass(2 * time.Second) // a session may be cached for one
		if who := me(t, author).User; who.Nickname != nil || who.AvatarURL != nil {
			t.Errorf("the user is still %+v", who)
		}
		var seen gen.SharedDrawing
		c.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Decode(t, &seen)
		if seen.Title != "猫" || seen.Author != nil {
			t.Errorf("a visitor sees %v", seen.Author)
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

func TestAClosedAccountIsDeleted(t *testing.T) {
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		user, other := service.NewUser(), service.NewUser()
		author, witness := c.LogIn(t, user), c.LogIn(t, other)
		id, kept := create(t, author, "猫"), create(t, witness, "狗")
		token := share(t, author, id, http.StatusCreated)
		if status := c.push(t, map[string]any{"event": "user_authorization_cancellation", "user": user}); status != http.StatusOK {
			t.Errorf("answered with %d", status)
		}
		c.pass(2 * time.Second)
		author.Do(t, http.MethodGet, path(id), nil).Expect(t, http.StatusUnauthorized)
		c.isNotShown(t, token)
		again := c.LogIn(t, user)
		again.Do(t, http.MethodGet, path(id), nil).Expect(t, http.StatusNotFound)
		witness.Do(t, http.MethodGet, path(kept), nil).Expect(t, http.StatusOK)
		if status := c.push(t, map[string]any{"event": "subscribe", "user": user}); status != http.StatusOK {
			t.Errorf("an unknown event was answered with %d", status)
		}
	})
}

// pushSigned sends a message signed with a token, as WeChat does in plain mode.
func pushSigned(t *testing.T, s service.Service, token string, at time.Time, nonce, body string) service.Answer {
	t.Helper()
	return s.Nobody().Do(t, http.MethodPost, "/wechat/push?"+signedQuery(token, at, nonce).Encode(), strings.NewReader(body), header("Content-Type", "text/xml"))
}

func signedQuery(token string, at time.Time, nonce string) url.Values {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	parts := []string{token, timestamp, nonce}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return url.Values{"signature": {hex.EncodeToString(sum[:])}, "timestamp": {timestamp}, "nonce": {nonce}}
}

func TestAPushIsTakenOnceAndOnlyIfItIsWeChats(t *testing.T) {
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		const body = `<xml><Event>user_authorization_cancellation</Event></xml>`
		now := time.Now()
		for name, forged := range map[string]service.Answer{
			"another token":   pushSigned(t, c.Service, "BBBBB", now, "1", body),
			"six minutes old": pushSigned(t, c.Service, "simulated", now.Add(-6*time.Minute), "2", body),
			"of the future":   pushSigned(t, c.Service, "simulated", now.Add(6*time.Minute), "3", body),
			"not a message":   pushSigned(t, c.Service, "simulated", now, "4", "hello"),
			"for another app": pushSigned(t, c.Service, "simulated", now, "5", `{"Event":"x","AppID":"wx0000000000000000"}`),
			"encrypted":       pushSigned(t, c.Service, "simulated", now, "6", `{"Encrypt":"AAAA"}`),
		} {
			t.Log(name)
			forged.ExpectProblem(t, http.StatusForbidden, gen.ErrPushRefused)
		}
		answer := pushSigned(t, c.Service, "simulated", now, "7", body)
		answer.Expect(t, http.StatusOK)
		if string(answer.Body) != "success" || answer.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("answered %q as %s", answer.Body, answer.Header.Get("Content-Type"))
		}
		pushSigned(t, c.Service, "simulated", now, "7", body).Expect(t, http.StatusOK)
		pushSigned(t, c.Service, "simulated", now, "8", body).Expect(t, http.StatusOK)

		// The address is verified by the same signature. It is for one request: in plain mode
		// nothing else says that a message is WeChat's.
		const other = `<xml><Event>user_authorization_revoke</Event></xml>`
		query := signedQuery("simulated", now, "9")
		query.Set("echostr", "4375120948345356249")
		for range 2 {
			answer = c.Nobody().Do(t, http.MethodGet, "/wechat/push?"+query.Encode(), nil)
			answer.Expect(t, http.StatusOK)
			if string(answer.Body) != "4375120948345356249" {
				t.Errorf("answered %q", answer.Body)
			}
		}
		pushSigned(t, c.Service, "simulated", now, "9", other).ExpectProblem(t, http.StatusForbidden, gen.ErrPushRefused)
		pushSigned(t, c.Service, "simulated", now, "8", other).ExpectProblem(t, http.StatusForbidden, gen.ErrPushRefused)
		query = signedQuery("simulated", now, "8")
		query.Set("echostr", "4375120948345356249")
		c.Nobody().Do(t, http.MethodGet, "/wechat/push?"+query.Encode(), nil).ExpectProblem(t, http.StatusForbidden, gen.ErrPushRefused)
		query = signedQuery("simulated", now, "10")
		query.Set("echostr", "4375120948345356249")
		query.Set("signature", strings.Repeat("0", 40))
		c.Nobody().Do(t, http.MethodGet, "/wechat/push?"+query.Encode(), nil).ExpectProblem(t, http.StatusForbidden, gen.ErrPushRefused)
	})
}

// A message that was begun is done when WeChat sends it again: while a store does not
// answer it is told to, and after the process was killed another one does it.
func TestAPushThatWasNotFinishedIsDoneWhenItIsRepeated(t *testing.T) {
	t.Parallel() // the test mostly waits
	onEveryServer(t, func(t *testing.T, redis, mongodb stores.Server) {
		proxy, database := mongodb.Proxy(t), service.NewDatabase()
		start := func(mongodb string) *service.Process {
			return service.Build(t).Start(t, "REDIS_URL="+redis.URL, "MONGODB_URI="+service.InDatabase(t, mongodb, database))
		}
		killed, user := start(proxy.URL), service.NewUser()
		id := create(t, killed.LogIn(t, user), "猫")
		var who struct{ OpenID string }
		killed.Nobody().Do(t, http.MethodGet, "/simulator/sns/jscode2session?"+url.Values{
			"appid": {"wx5757575757575757"}, "secret": {"simulated"}, "grant_type": {"authorization_code"}, "js_code": {killed.Phone(t, user).Code},
		}.Encode(), nil).Decode(t, &who)
		signedAt, nonce := time.Now(), newID()
		push := func(p *service.Process) service.Answer {
			begun := time.Now()
			answer := pushSigned(t, p.Service, "simulated", signedAt, nonce, `{"Event":"user_authorization_cancellation","OpenID":"`+who.OpenID+`"}`)
			if took := time.Since(begun); took > 5*time.Second { // as long as WeChat waits
				t.Errorf("WeChat waited for %v", took)
			}
			return answer
		}

		proxy.Freeze()
		for range 2 {
			push(killed).ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
		}
		killed.Signal(t, syscall.SIGKILL)
		killed.Wait(t)
		proxy.Thaw()
		next := start(mongodb.URL)
		eventually(t, func() bool { return push(next).Status == http.StatusOK })
		author := next.LogIn(t, user)
		author.Do(t, http.MethodGet, path(id), nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)

		// Once more, it deletes nothing of the account that the user opened since.
		id = create(t, author, "狗")
		push(next).Expect(t, http.StatusOK)
		author.Do(t, http.MethodGet, path(id), nil).Expect(t, http.StatusOK)
	})
}

func TestResultsArriveInSafeModeAndAsXML(t *testing.T) {
	for _, asXML := range []bool{false, true} {
		c := startChecked(t, service.Options{PushAESKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"})
		c.Simulator.Push.XML = asXML
		author := c.LogIn(t, service.NewUser())
		id := create(t, author, "猫")
		token := share(t, author, id, http.StatusCreated)
		becomes(t, author, id, gen.ShareApproved, "")
		c.isShown(t, token)
		pushSigned(t, c.Service, "simulated", time.Now(), "1", `{"Event":"wxa_media_check"}`).ExpectProblem(t, http.StatusForbidden, gen.ErrPushRefused)
	}
}

func TestWithoutATokenEveryPushIsRefused(t *testing.T) {
	p := service.Build(t).Start(t, "WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET=secret", "CONTENT_CHECK=off")
	pushSigned(t, p.Service, "", time.Now(), "1", `{}`).ExpectProblem(t, http.StatusForbidden, gen.ErrPushRefused)
	query := signedQuery("", time.Now(), "1")
	query.Set("echostr", "1")
	p.Nobody().Do(t, http.MethodGet, "/wechat/push?"+query.Encode(), nil).ExpectProblem(t, http.StatusForbidden, gen.ErrPushRefused)
}

func TestAPictureIsForTheCheckerWhateverItAccepts(t *testing.T) {
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

func TestWeChatIsToldWhenAStoreFails(t *testing.T) {
	key, err := seal.New(service.AppSecret)
	if err != nil {
		t.Fatal(err)
	}
	picture := fmt.Sprintf(`{"Kind":"drawing","Owner":"a","ID":"b","Version":"c","Asked":1,"Until":%d}`, time.Now().Add(time.Hour).UnixMilli())
	address := base64.RawURLEncoding.EncodeToString([]byte(key.Seal("address of a picture", picture)))
	for _, trouble := range []struct {
		fault  error
		status int
		code   gen.ErrorCode
	}{
		{errors.New("a fault of our own"), http.StatusInternalServerError, gen.ErrInternal},
		{fmt.Errorf("%w, %w", session.ErrUnavailable, gallery.ErrUnavailable), http.StatusServiceUnavailable, gen.ErrUnavailable},
	} {
		s := startService(t, service.Options{Fault: trouble.fault, ContentCheck: "shared"})
		pushSigned(t, s.Service, "simulated", time.Now(), "1", `{"Event":"subscribe"}`).ExpectProblem(t, trouble.status, trouble.code)
		query := signedQuery("simulated", time.Now(), "2")
		query.Set("echostr", "4375120948345356249")
		s.Nobody().Do(t, http.MethodGet, "/wechat/push?"+query.Encode(), nil).ExpectProblem(t, trouble.status, trouble.code)
		s.Nobody().Do(t, http.MethodGet, "/wechat/pictures/"+address, nil).ExpectProblem(t, trouble.status, trouble.code)
	}
}
