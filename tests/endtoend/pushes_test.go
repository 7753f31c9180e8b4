package endtoend

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"onestroke/gen"
	"onestroke/impl/seal"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestAWithdrawnConsentRemovesTheNickname(t *testing.T) {
	t.Parallel()
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

func TestAClosedAccountIsDeleted(t *testing.T) {
	t.Parallel()
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

// Another replica lets the user in for a second more. WeChat does not wait for that.
func TestAClosedAccountIsDeletedAlsoIfAnotherReplicaDoesNotKnowYet(t *testing.T) {
	t.Parallel() // the test mostly waits
	onEveryServer(t, func(t *testing.T, redis, mongodb stores.Server) {
		database := service.InDatabase(t, mongodb.URL, service.NewDatabase())
		here := service.Build(t).Start(t, "REDIS_URL="+redis.URL, "MONGODB_URI="+database)
		elsewhere := service.Build(t).Start(t, "REDIS_URL="+redis.URL, "MONGODB_URI="+database)
		var shared string
		eventually(t, func() bool { // on a busy machine that second may be over
			user, id := service.NewUser(), newID()
			far := elsewhere.With(here.LogIn(t, user).Header)
			far.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK) // it is now in the cache of that replica
			here.Nobody().Do(t, http.MethodPost, "/simulator/push", map[string]any{"event": "user_authorization_cancellation", "user": user}).Expect(t, http.StatusOK)
			far.Do(t, http.MethodPut, path(id), oneStroke("late"), creating())
			answer := far.Do(t, http.MethodPut, path(id)+"/share", nil)
			if answer.Status != http.StatusCreated {
				return false
			}
			var s gen.Share
			answer.Decode(t, &s)
			shared = "/v1/shared/" + s.Token
			return true
		})
		// A login would tell the service that the user is back.
		eventually(t, func() bool {
			return elsewhere.Nobody().Do(t, http.MethodGet, shared, nil).Status == http.StatusNotFound
		})
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
		// An event without a meaning here may have members of the same name.
		for n, members := range []string{`"result": "ok"`, `"result": [0]`, `"trace_id": 7`, `"OpenID": {"of": "a shop"}, "RevokeInfo": ["6"]`} {
			pushSigned(t, c.Service, "simulated", now, fmt.Sprint("other ", n), `{`+members+`, "Event": "another"}`).Expect(t, http.StatusOK)
		}
		pushSigned(t, c.Service, "simulated", now, "for another app", `{"result": "ok", "AppID": "wx0000000000000000"}`).
			ExpectProblem(t, http.StatusForbidden, gen.ErrPushRefused)

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

func TestWeChatIsToldWhenAStoreFails(t *testing.T) {
	key, err := seal.New(service.AppSecret)
	if err != nil {
		t.Fatal(err)
	}
	picture := fmt.Sprintf(`{"Kind":"drawing","Owner":"a","ID":"b","Version":"c","Asked":1,"Until":%d}`, time.Now().Add(time.Hour).UnixMilli())
	address := base64.RawURLEncoding.EncodeToString([]byte(key.Seal("address of a picture", picture)))
	for _, trouble := range troubles {
		s := startService(t, service.Options{Fault: trouble.fault, ContentCheck: "shared"})
		pushSigned(t, s.Service, "simulated", time.Now(), "1", `{"Event":"subscribe"}`).ExpectProblem(t, trouble.status, trouble.code)
		query := signedQuery("simulated", time.Now(), "2")
		query.Set("echostr", "4375120948345356249")
		s.Nobody().Do(t, http.MethodGet, "/wechat/push?"+query.Encode(), nil).ExpectProblem(t, trouble.status, trouble.code)
		s.Nobody().Do(t, http.MethodGet, "/wechat/pictures/"+address, nil).ExpectProblem(t, trouble.status, trouble.code)
	}
}
