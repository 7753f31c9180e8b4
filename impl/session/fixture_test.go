package session_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"onestroke/impl/rediscache"
	"onestroke/impl/session"
	"onestroke/tests/stores"
)

// fixture is one Redis, one clock and one WeChat for any number of services.
type fixture struct {
	t      *testing.T
	redis  redis.UniversalClient
	proxy  *stores.Proxy // leads services to it
	wechat *wechat
	writes *writes
	reads  atomic.Int64 // of login attempts

	mu  sync.Mutex
	now time.Time
}

func newFixture(t *testing.T) *fixture {
	server := stores.LocalRedis(t)
	return &fixture{
		t:      t,
		redis:  stores.DialRedis(t, server.URL),
		proxy:  server.Proxy(t),
		wechat: &wechat{},
		writes: &writes{},
		now:    time.Now().Truncate(time.Second).UTC(), // as in Redis
	}
}

// service returns one more replica.
func (h *fixture) service() *session.Service {
	return session.New(h.wechat, h.store(), h.options())
}

const idle, maxAge = 2 * time.Hour, 30 * 24 * time.Hour

func (h *fixture) options() session.Options {
	return session.Options{IdleTTL: idle, MaxAge: maxAge, ExchangeTimeout: 12 * time.Second, Now: h.clock}
}

func (h *fixture) store() *rediscache.Store {
	client := redis.NewClient(&redis.Options{
		Addr: strings.TrimPrefix(h.proxy.URL, "redis://"), ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1,
	})
	client.AddHook(h.writes)
	client.AddHook(counter{&h.reads})
	h.t.Cleanup(func() { client.Close() })
	return rediscache.New(client)
}

func (h *fixture) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// pass lets time go by, here and in Redis.
func (h *fixture) pass(d time.Duration) {
	h.mu.Lock()
	h.now = h.now.Add(d)
	h.mu.Unlock()
	if err := h.redis.Do(h.t.Context(), "CLOCK.ADVANCE", d.Milliseconds()).Err(); err != nil {
		h.t.Fatal(err)
	}
}

// dump is all that Redis holds, as it is.
func (h *fixture) dump() string {
	var all strings.Builder
	ctx := h.t.Context()
	for _, key := range h.redis.Keys(ctx, "*").Val() {
		all.WriteString(key + "\n")
		if text, err := h.redis.Get(ctx, key).Result(); err == nil {
			all.WriteString(text + "\n")
			continue
		}
		fields, err := h.redis.HGetAll(ctx, key).Result()
		if err != nil {
			h.t.Fatal(err)
		}
		for field, value := range fields {
			all.WriteString(field + "\n" + value + "\n")
		}
	}
	return all.String()
}

func (h *fixture) logIn(s *session.Service, l session.Login) (session.Credential, session.Session) {
	h.t.Helper()
	token, x, err := s.LogIn(h.t.Context(), l)
	if err != nil {
		h.t.Fatal(err)
	}
	return session.Credential{Kind: session.Token, Secret: token}, x
}

func (h *fixture) logInWithCode(s *session.Service, l session.Login) (session.Credential, session.Session) {
	h.t.Helper()
	x, err := s.LogInWithCode(h.t.Context(), l)
	if err != nil {
		h.t.Fatal(err)
	}
	return session.Credential{Kind: session.Code, Secret: l.Code}, x
}

func (h *fixture) opens(s *session.Service, c session.Credential, userID string) {
	h.t.Helper()
	if x, err := s.Resolve(h.t.Context(), c); err != nil || x.User.ID != userID {
		h.t.Errorf("opened a session of %q, %v, want one of %q", x.User.ID, err, userID)
	}
}

func (h *fixture) opensNothing(s *session.Service, c session.Credential) {
	h.t.Helper()
	if x, err := s.Resolve(h.t.Context(), c); !errors.Is(err, session.ErrExpired) {
		h.t.Errorf("opened %+v, %v, want ErrExpired", x, err)
	}
}

// wechat exchanges codes of the form "user:anything", each once. The zero value works.
type wechat struct {
	answer chan struct{} // closed to let answers go, when set

	mu    sync.Mutex
	calls int
	burnt []string
	fails error // instead of an exchange, when set
	says  error // instead of a user, when set
}

func (w *wechat) Exchange(ctx context.Context, l session.Login) (session.Identity, error) {
	if err := w.burn(l.Code); err != nil {
		return session.Identity{}, err
	}
	if w.answer != nil {
		select {
		case <-w.answer:
		case <-ctx.Done():
			return session.Identity{}, ctx.Err()
		}
	}
	if err := w.said(); err != nil {
		return session.Identity{}, err
	}
	user, _, _ := strings.Cut(l.Code, ":")
	return session.Identity{OpenID: openID(user), Profile: session.Profile{Nickname: user}}, nil
}

func (w *wechat) burn(code string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	if w.fails != nil {
		return w.fails
	}
	if slices.Contains(w.burnt, code) {
		return &session.ExchangeError{Cause: session.CauseUsedCode, ErrCode: 40163}
	}
	w.burnt = append(w.burnt, code)
	return nil
}

func openID(user string) string { return "openid-of-" + user }

func userID(user string) string { return session.UserID(openID(user)) }

func (w *wechat) called() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls
}

func (w *wechat) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fails = err
}

// later makes err the answer to exchanges that wait for one.
func (w *wechat) later(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.says = err
}

func (w *wechat) said() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.says
}

// counter counts the commands GET.
type counter struct{ n *atomic.Int64 }

func (c counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "get" {
			c.n.Add(1)
		}
		return next(ctx, cmd)
	}
}

func (c counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (c counter) DialHook(next redis.DialHook) redis.DialHook { return next }

// writes counts the scripts sent to Redis: all that Resolve writes is in one.
type writes struct {
	mu    sync.Mutex
	times int
}

func (w *writes) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.times
}

func (w *writes) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil && strings.HasPrefix(cmd.Name(), "eval") {
			w.mu.Lock()
			w.times++
			w.mu.Unlock()
		}
		return err
	}
}

func (w *writes) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (w *writes) DialHook(next redis.DialHook) redis.DialHook { return next }

// until waits for a condition that another goroutine brings about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("not within a minute: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

// atOnce calls f with 0 to 49, all at the same moment.
func atOnce(f func(i int)) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range 50 {
		all.Go(func() { <-begin; f(i) })
	}
	close(begin)
	all.Wait()
}
