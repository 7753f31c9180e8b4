//go:build !nosimulator

package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"onestroke/impl/moderation"
	"onestroke/impl/seal"
	"onestroke/impl/session"
	"onestroke/impl/wechat"
	"onestroke/impl/wechatsim"
)

// notebook is a [session.Notes] of one process.
type notebook struct {
	mu    sync.Mutex
	notes map[string]string
	err   error
}

func (n *notebook) Note(_ context.Context, name string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.notes[name], n.err
}

func (n *notebook) SwapNote(_ context.Context, name, from, to string, _ time.Duration) (bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil || n.notes[name] != from {
		return false, n.err
	}
	if n.notes == nil {
		n.notes = map[string]string{}
	}
	n.notes[name] = to
	return true, nil
}

// platform is a simulated WeChat whose clock the test moves, with replicas that share
// a notebook.
type platform struct {
	t   *testing.T
	sim *wechatsim.Simulator
	url string
	key *seal.Key

	mu   sync.Mutex
	past time.Duration

	notes  notebook
	openID string
}

func newPlatform(t *testing.T) *platform {
	t.Helper()
	p := &platform{t: t, sim: wechatsim.New(appID, appSecret)}
	p.sim.Now = p.now
	srv := httptest.NewServer(p.sim)
	t.Cleanup(srv.Close)
	p.url = srv.URL
	key, err := seal.New("secret of the replicas")
	if err != nil {
		t.Fatal(err)
	}
	p.key = key
	login := (&wx{url: p.url}).phone(t, map[string]any{"user": "小明"})
	identity, err := p.replica().Exchange(t.Context(), login)
	if err != nil {
		t.Fatal(err)
	}
	p.openID = identity.OpenID
	return p
}

func (p *platform) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Add(p.past)
}

func (p *platform) pass(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.past += d
}

func (p *platform) replica() *wechat.Client {
	return newClient(wechat.Options{BaseURL: p.url + "/simulator", Notes: &p.notes, Seal: p.key, Now: p.now})
}

func (p *platform) plan(format string, args ...any) {
	p.t.Helper()
	response, err := http.Post(p.url+"/simulator/plan", "application/json", strings.NewReader(fmt.Sprintf(format, args...)))
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		p.t.Fatal(response.Status)
	}
}

// check checks a title, and expects a state.
func (p *platform) check(c *wechat.Client, title string, want moderation.Verdict) {
	p.t.Helper()
	got, err := c.Text(p.t.Context(), p.openID, moderation.Text{Scene: moderation.SocialLog, Title: title})
	if err != nil || got != want {
		p.t.Errorf("%s: %+v, %v, want %+v", title, got, err, want)
	}
}

func (p *platform) calls(path string) int { return p.sim.Calls(path) }

var approved = moderation.Verdict{State: moderation.Approved}

const (
	tokenPath = "/cgi-bin/stable_token"
	textPath  = "/wxa/msg_sec_check"
	mediaPath = "/wxa/media_check_async"
)

func TestReplicasShareOneTokenUntilShortlyBeforeItsEnd(t *testing.T) {
	p := newPlatform(t)
	var all sync.WaitGroup
	for range 4 {
		replica := p.replica()
		for range 4 {
			all.Go(func() { p.check(replica, "一笔猫", approved) })
		}
	}
	all.Wait()
	if n := p.calls(tokenPath); n != 1 {
		t.Errorf("16 calls of four replicas fetched %d tokens, want one", n)
	}
	for _, note := range p.notes.notes {
		if strings.Contains(note, "Value") || strings.Contains(note, appSecret) {
			t.Errorf("a note is not sealed: %q", note)
		}
	}
	last := p.replica()
	p.pass(wechatsim.TokenLife - 6*time.Minute)
	p.login()
	p.check(last, "six minutes before the end", approved)
	if n := p.calls(tokenPath); n != 1 {
		t.Errorf("six minutes before its end, %d tokens were fetched", n)
	}
	p.pass(2 * time.Minute)
	p.check(last, "four minutes before the end", approved)
	p.check(p.replica(), "another replica", approved)
	if n := p.calls(tokenPath); n != 2 {
		t.Errorf("four minutes before its end, %d tokens were fetched in all, want two", n)
	}
}

// login makes the user one who has used the program lately.
func (p *platform) login() {
	p.t.Helper()
	if _, err := p.replica().Exchange(p.t.Context(), (&wx{url: p.url}).phone(p.t, map[string]any{"user": "小明"})); err != nil {
		p.t.Fatal(err)
	}
}

func TestATokenThatWeChatRefusesIsFetchedOnceMore(t *testing.T) {
	for _, errcode := range []int{40001, 40014, 42001} {
		p := newPlatform(t)
		replica := p.replica()
		p.check(replica, "before", approved)
		p.plan(`{"path":%q,"errcode":%d}`, textPath, errcode)
		p.check(replica, "after", approved)
		if tokens, texts := p.calls(tokenPath), p.calls(textPath); tokens != 2 || texts != 3 {
			t.Errorf("%d: %d tokens for %d calls, want 2 for 3", errcode, tokens, texts)
		}
		p.plan(`{"path":%q,"errcode":%d,"times":2}`, textPath, errcode)
		_, err := replica.Text(t.Context(), p.openID, moderation.Text{Scene: moderation.Forum, Title: "a"})
		if failed := (*wechat.CallError)(nil); !errors.As(err, &failed) || failed.ErrCode != errcode {
			t.Errorf("refused twice: %v", err)
		}
		if tokens, texts := p.calls(tokenPath), p.calls(textPath); tokens != 3 || texts != 5 {
			t.Errorf("%d: %d tokens for %d calls, want 3 for 5", errcode, tokens, texts)
		}
	}
}

func TestWithoutItsNotesAReplicaFetchesTheTokenItself(t *testing.T) {
	p := newPlatform(t)
	p.notes.err = session.ErrUnavailable
	p.check(p.replica(), "a", approved)
	p.notes.err = nil
	p.notes.notes = map[string]string{"wechat-token " + appID: "sealed with another key"}
	p.check(p.replica(), "a", approved)
}

func TestTheVerdictIsThatOfTheSuggestion(t *testing.T) {
	p := newPlatform(t)
	c := p.replica()
	for title, want := range map[string]moderation.Verdict{
		"猫":           approved,
		"risky 10001": {State: moderation.Refused, Reason: moderation.Advertising},
		"risky 20002": {State: moderation.Refused, Reason: moderation.Pornography},
		"risky 99999": {State: moderation.Refused, Reason: moderation.Other},
		"review":      {State: moderation.Review, Reason: moderation.Other},
	} {
		p.check(c, title, want)
	}
	for body, want := range map[string]moderation.Verdict{
		`{"errcode":0,"result":{"suggest":"risky","label":"20013"}}`: {State: moderation.Refused, Reason: moderation.Copyright},
		`{"errcode":0,"result":{"suggest":"risky","label":{}}}`:      {State: moderation.Refused, Reason: moderation.Other},
		`{"errcode":0,"result":{"suggest":"PASS","label":100}}`:      {State: moderation.Review, Reason: moderation.Other},
		`{"errcode":0,"result":{}}`:                                  {State: moderation.Review, Reason: moderation.Other},
	} {
		p.plan(`{"path":%q,"body":%q}`, textPath, body)
		p.check(c, body, want)
	}
}

func TestACallThatFailsIsNoVerdict(t *testing.T) {
	for plan, want := range map[string]string{
		`"errcode":-1`:     "errcode -1",
		`"errcode":45009`:  "quota",
		`"errcode":48001`:  "API permissions",
		`"errcode":12345`:  "errcode 12345",
		`"httpStatus":502`: "HTTP status 502",
		`"body":"oops"`:    "not the expected JSON",
		`"errcode":61010`:  moderation.ErrAway.Error(),
		`"errcode":40003`:  moderation.ErrAway.Error(),
		`"errcode":43104`:  moderation.ErrAway.Error(),
		`"delayMs":60000`:  "",

		`"body":"{\"errcode\":0,\"errmsg\":\"ok\"}"`:             "no result",
		`"body":"{\"errcode\":\"0\"}"`:                           "not the expected JSON",
		`"errcode":40164,"errmsg":"invalid ip 203.0.113.7 ipv6"`: "203.0.113.7",
	} {
		p := newPlatform(t)
		p.plan(`{"path":%q,%s}`, textPath, plan)
		c := newClient(wechat.Options{BaseURL: p.url + "/simulator", Notes: &p.notes, Seal: p.key, Now: p.now, Timeout: 500 * time.Millisecond})
		got, err := c.Text(t.Context(), p.openID, moderation.Text{Scene: moderation.Profile, Nickname: "a secret name"})
		if err == nil || got != (moderation.Verdict{}) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %q", plan, got, err, want)
		}
		if isFinal := plan == `"errcode":12345`; errors.Is(err, moderation.ErrUncheckable) != isFinal {
			t.Errorf("%s: it is never checked: %v", plan, err)
		}
		for _, secret := range []string{appSecret, p.openID, "access_token=", "secret name", "expected JSON: oops"} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error has %q: %v", plan, secret, err)
			}
		}
	}
}

func TestAPictureIsHandedInForAResultUnderItsTrace(t *testing.T) {
	p := newPlatform(t)
	c := p.replica()
	trace, err := c.Picture(t.Context(), p.openID, moderation.SocialLog, "http://127.0.0.1:1/picture")
	if err != nil || trace == "" {
		t.Errorf("trace %q, %v", trace, err)
	}
	for _, body := range []string{`{"errcode":0}`, `{"errcode":0,"trace_id":""}`, `{"errcode":0,"trace_id":7}`, `{"trace_id":"` + strings.Repeat("x", 1000) + `"}`} {
		p.plan(`{"path":%q,"body":%q}`, mediaPath, body)
		if trace, err := c.Picture(t.Context(), p.openID, moderation.SocialLog, "http://127.0.0.1:1/picture"); err == nil {
			t.Errorf("%s: trace %q", body, trace)
		}
	}
	p.pass(3 * time.Hour)
	if _, err := c.Picture(t.Context(), p.openID, moderation.SocialLog, "http://127.0.0.1:1/picture"); !errors.Is(err, moderation.ErrAway) {
		t.Errorf("three hours later: %v", err)
	}
}

// What WeChat says when it is asked for the token says nothing about the text.
func TestATokenThatIsRefusedIsNoVerdict(t *testing.T) {
	p := newPlatform(t)
	p.plan(`{"path":"/cgi-bin/stable_token","errcode":12345}`)
	_, err := p.replica().Text(t.Context(), p.openID, moderation.Text{Scene: moderation.Profile, Nickname: "a"})
	if err == nil || errors.Is(err, moderation.ErrUncheckable) {
		t.Errorf("the error is %v", err)
	}
}

func TestInCloudRunCallsGoWithoutAToken(t *testing.T) {
	var asked *http.Request
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Clone(context.Background())
		answer(200, `{"errcode":0,"result":{"suggest":"pass","label":100}}`)(w, r)
	})
	c := newClient(wechat.Options{BaseURL: srv.URL, WithoutToken: true})
	if _, err := c.Text(t.Context(), openID, moderation.Text{Scene: moderation.Forum, Title: "a"}); err != nil {
		t.Fatal(err)
	}
	if n := srv.requests.Load(); n != 1 || asked.URL.RawQuery != "" || asked.URL.Path != textPath {
		t.Errorf("%d requests, the last for %s", n, asked.URL)
	}
	if err := c.CheckToken(t.Context()); err != nil || srv.requests.Load() != 1 {
		t.Errorf("check: %v", err)
	}
}

func TestCheckTokenDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &scripted{}
		server.become(hangs)
		began := time.Now()
		if err := newClient(wechat.Options{Transport: server}).CheckToken(t.Context()); err == nil {
			t.Error("there is no error")
		}
		if took := time.Since(began); took != timeout {
			t.Errorf("it took %s", took)
		}
	})
}

func TestCheckTokenSaysWhatToDo(t *testing.T) {
	p := newPlatform(t)
	if err := p.replica().CheckToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	for errcode, want := range map[int]string{40164: "IP白名单", 45009: "quota", 40125: "WECHAT_APP_SECRET", 40013: "WECHAT_APP_ID"} {
		p.plan(`{"path":%q,"errcode":%d}`, tokenPath, errcode)
		if err := p.replica().CheckToken(t.Context()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), appSecret) {
			t.Errorf("%d: %v", errcode, err)
		}
	}
}
