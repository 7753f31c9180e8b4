package history

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

const (
	users     = 50
	perUser   = 4 // clients
	idle      = 3 * time.Minute
	jump      = 61 * time.Second // after it, every session is extended by a request
	usual     = 15 * time.Second
	thought   = 6 * time.Second        // at most, between two requests of a client
	impatient = 500 * time.Millisecond // with WeChat
)

func TestMain(m *testing.M) { stores.Main(m) }

// TestSessionsAreConsistentDuringFailures has two replicas on a Redis that is
// stopped now and then, and one on SQLite. Each runs for HISTORY_DURATION, such as
// 10m, with the random numbers of HISTORY_SEED.
func TestSessionsAreConsistentDuringFailures(t *testing.T) {
	t.Run(stores.SQLite.Name, func(t *testing.T) { areConsistent(t, newWorld(t, nil)) })
	redis := stores.Redis(t)[0]
	t.Run(redis.Name+" Redis", func(t *testing.T) { areConsistent(t, newWorld(t, redis.Proxy(t))) })
}

func areConsistent(t *testing.T, w *world) {
	w.meet(t)
	var clients sync.WaitGroup
	for i := range users * perUser {
		c := &client{world: w, user: i % users, random: rand.New(rand.NewPCG(w.seed, uint64(i)))}
		clients.Go(func() {
			for !w.over.Load() {
				<-time.After(time.Duration(c.random.Int64N(int64(thought))))
				c.act(t)
			}
		})
	}
	w.trouble(t)
	clients.Wait()

	count := map[string]int{}
	for _, e := range w.events {
		count[fmt.Sprintf("%s: %s", e.act, e.outcome)]++
	}
	t.Logf("seed %d, %d requests, Redis stopped %d times: %v", w.seed, len(w.events), w.stops, count)
	for _, must := range []act{logInCode, logInToken, use, logOut, endOthers} {
		if count[fmt.Sprintf("%s: %s", must, served)] == 0 {
			t.Errorf("no request had the outcome %s", must)
		}
	}
	for i, v := range violations(w.events) {
		if i == 10 {
			t.Fatal("and so on")
		}
		t.Error(v)
	}
}

// world is the state that all clients share.
type world struct {
	seed     uint64
	duration time.Duration
	replicas []*service.Local
	redis    *stores.Proxy
	ids      [users]string // of the users
	over     atomic.Bool
	stops    int

	// The clock jumps between requests, not during one: requests hold a read lock.
	clock sync.RWMutex
	ahead atomic.Int64 // nanoseconds

	mu     sync.Mutex
	events []event
}

// newWorld returns one with SQLite if redis is nil.
func newWorld(t *testing.T, redis *stores.Proxy) *world {
	w := &world{seed: rand.Uint64(), duration: usual, redis: redis}
	var err error
	if text := os.Getenv("HISTORY_SEED"); text != "" {
		if w.seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if text := os.Getenv("HISTORY_DURATION"); text != "" {
		if w.duration, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	o := service.Options{AppID: "wx0123456789abcdef", WeChatTimeout: impatient, SessionIdle: idle, Now: w.now}
	if redis == nil {
		w.replicas = []*service.Local{service.Start(t, o)}
		return w
	}
	o.RedisURL, o.MongoDBURI = redis.URL, stores.MongoDB(t)[0].URL
	first := service.Start(t, o)
	o.WeChat = first.Simulator
	w.replicas = []*service.Local{first, service.Start(t, o)}
	return w
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// meet reads the id of each user before the failures begin.
func (w *world) meet(t *testing.T) {
	seen := map[string]bool{}
	for i := range users {
		phone := w.replicas[0].Phone(t, name(i))
		answer := w.replicas[0].Nobody().Do(t, http.MethodPost, "/v1/session",
			map[string]any{"code": phone.Code, "rawData": phone.RawData, "signature": phone.Signature})
		answer.Expect(t, http.StatusCreated)
		var login gen.LoggedIn
		answer.Decode(t, &login)
		if seen[login.User.ID] || login.User.Nickname == nil || *login.User.Nickname != name(i) {
			t.Fatalf("%s is %s", name(i), answer.Body)
		}
		seen[login.User.ID], w.ids[i] = true, login.User.ID
	}
}

func name(user int) string { return "user " + strconv.Itoa(user) }

// trouble stops and starts Redis and moves the clock until the test is over.
func (w *world) trouble(t *testing.T) {
	random := rand.New(rand.NewPCG(w.seed, users*perUser))
	pause := func(upTo time.Duration) { <-time.After(upTo/2 + time.Duration(random.Int64N(int64(upTo/2)))) }
	for end := time.Now().Add(w.duration); time.Now().Before(end); {
		pause(2 * time.Second)
		if w.redis == nil || random.IntN(2) == 0 {
			w.clock.Lock()
			w.ahead.Add(int64(jump))
			w.clock.Unlock()
			continue
		}
		w.redis.Down()
		pause(800 * time.Millisecond)
		w.redis.Up(t)
		w.stops++
	}
	w.over.Store(true)
}

// client is one mini program on one phone.
type client struct {
	*world
	user   int
	random *rand.Rand
	held   credential   // the one it uses; none when empty
	ended  []credential // that it had
}

type credential struct {
	secret string
	isCode bool
}

func (c credential) header() http.Header {
	if c.isCode {
		return http.Header{"X-Wx-Code": {c.secret}}
	}
	return http.Header{"Authorization": {"Bearer " + c.secret}}
}

func (c *client) act(t *testing.T) {
	if c.held.secret == "" {
		c.logIn(t)
		return
	}
	switch n := c.random.IntN(100); {
	case n < 70:
		if c.session(t, c.held) == expired {
			c.leave()
		}
	case n < 82 && len(c.ended) > 0:
		c.session(t, c.ended[c.random.IntN(len(c.ended))])
	case n < 88:
		c.send(t, event{act: use}, c.held, http.MethodGet, "/v1/sessions", nil)
	case n < 93:
		c.send(t, event{act: logOut}, c.held, http.MethodDelete, "/v1/session", nil)
		c.leave()
	case n < 97:
		c.send(t, event{act: endOthers}, c.held, http.MethodDelete, "/v1/sessions", nil)
	case n < 99:
		c.leave() // without logging out
	}
}

func (c *client) leave() { c.ended, c.held = append(c.ended, c.held), credential{} }

// session gets the user of the credential.
func (c *client) session(t *testing.T, with credential) outcome {
	return c.send(t, event{act: use}, with, http.MethodGet, "/v1/session", nil)
}

// logIn logs in one of the three ways, with a code whose exchange may fail.
func (c *client) logIn(t *testing.T) {
	how := map[string]any{}
	switch c.random.IntN(30) {
	case 0:
		how["errcode"] = -1
	case 1:
		how["errcode"] = []int{40029, 40163, 45011, 40226}[c.random.IntN(4)]
	case 2:
		how["httpStatus"] = 500
	case 3:
		how["delayMs"] = c.random.IntN(2 * int(impatient/time.Millisecond))
	}
	phone := c.replica().Phone(t, name(c.user), how)
	body := map[string]any{"code": phone.Code}
	switch c.random.IntN(3) {
	case 0:
		with := credential{phone.Code, true}
		if c.sendHeaders(t, event{act: logInCode}, with, phone.Headers(), http.MethodGet, "/v1/session", nil) == served {
			c.held = with
		}
		return
	case 1:
		body["encryptedData"], body["iv"] = phone.EncryptedData, phone.IV
	}
	e := event{act: logInToken}
	c.sendHeaders(t, e, credential{}, http.Header{}, http.MethodPost, "/v1/session", body)
}

func (c *client) replica() *service.Local { return c.replicas[c.random.IntN(len(c.replicas))] }

func (c *client) send(t *testing.T, e event, with credential, method, path string, body any) outcome {
	return c.sendHeaders(t, e, with, with.header(), method, path, body)
}

// sendHeaders sends a request to any replica and records the result.
func (c *client) sendHeaders(t *testing.T, e event, with credential, h http.Header, method, path string, body any) outcome {
	replica := c.replica()
	c.clock.RLock()
	e.begin = c.now()
	answer := replica.With(h).Do(t, method, path, body)
	e.end = c.now()
	c.clock.RUnlock()

	e.user, e.credential, e.isCode = c.ids[c.user], with.secret, with.isCode
	var said struct {
		Code      gen.ErrorCode
		Token     string
		ExpiresAt time.Time
		User      *gen.User
	}
	if len(answer.Body) > 0 {
		answer.Decode(t, &said)
	}
	e.expiresAt, e.servedAs = said.ExpiresAt, e.user // if the answer has no user
	switch {
	case answer.Status < 400:
		e.outcome = served
	case said.Code == gen.ErrSessionExpired:
		e.outcome = expired
	case said.Code == gen.ErrSessionKeyExchangeFailed:
		e.outcome = failed
	case said.Code == gen.ErrUnavailable:
		e.outcome = unknown
	default:
		t.Errorf("%s %s answered %d %s", method, path, answer.Status, answer.Body)
	}
	if said.User != nil {
		e.servedAs = said.User.ID
		if n := said.User.Nickname; n != nil && *n != name(c.user) { // the profile is stored in the session only
			t.Errorf("%s was served as %s", name(c.user), answer.Body)
		}
	}
	if said.Token != "" {
		c.held = credential{secret: said.Token}
		e.credential = said.Token
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
	return e.outcome
}
