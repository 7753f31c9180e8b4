package rediscache_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"onestroke/impl/move/movetest"
	"onestroke/impl/rediscache"
	"onestroke/impl/session"
	"onestroke/impl/session/sessiontest"
	"onestroke/tests/ports"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m) }

func connect(t *testing.T, s stores.Server) redis.UniversalClient {
	return stores.DialRedis(t, s.URL)
}

func TestStoreConforms(t *testing.T) {
	for _, s := range stores.RedisAndCluster(t) {
		t.Run(s.Name, func(t *testing.T) {
			client := connect(t, s)
			sessiontest.Run(t, func(*testing.T) session.Store { return rediscache.New(client) })
		})
	}
}

func TestBucketsConform(t *testing.T) {
	for _, s := range stores.RedisAndCluster(t) {
		t.Run(s.Name, func(t *testing.T) {
			sessiontest.RunBuckets(t, func(t *testing.T) session.Buckets { return rediscache.New(connect(t, s)) })
		})
	}
}

func TestNotesConform(t *testing.T) {
	for _, s := range stores.RedisAndCluster(t) {
		t.Run(s.Name, func(t *testing.T) {
			sessiontest.RunNotes(t, func(t *testing.T) session.Notes { return rediscache.New(connect(t, s)) })
		})
	}
}

func TestAServiceMarksItsRedis(t *testing.T) {
	client := connect(t, stores.EmptyRedis(t))
	store := rediscache.New(client)
	movetest.Run(t, func() movetest.Target {
		if err := client.Del(t.Context(), rediscache.MoveKey).Err(); err != nil {
			t.Fatal(err)
		}
		return store
	})
	if err := store.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	movetest.Marked(t, store, "ID", true) // a check leaves the mark
}

func TestABucketExpiresWhenItIsFull(t *testing.T) {
	for _, s := range stores.RedisAndCluster(t) {
		t.Run(s.Name, func(t *testing.T) {
			client := connect(t, s)
			left := take(t, rediscache.New(client), t.Name(), 15)
			if expires := client.PTTL(t.Context(), "onestroke:rate:test:{"+t.Name()+"}").Val(); expires <= 0 || expires > left.Reset {
				t.Errorf("the key has %v left, the bucket is full in %v", expires, left.Reset)
			}
		})
	}
}

// The clock of Redis steps back an hour, or another server takes over whose clock is behind.
func TestABucketOfAClockThatSteppedBackRefillsAtOnce(t *testing.T) {
	for _, s := range stores.RedisAndCluster(t) {
		t.Run(s.Name, func(t *testing.T) {
			client, r := connect(t, s), session.Rate{Name: "test", PerMinute: 6000} // one in 10 ms
			buckets, key := rediscache.New(client), "onestroke:rate:test:{"+t.Name()+"}"
			if err := client.Set(t.Context(), key, time.Now().Add(time.Hour).UnixMilli(), time.Hour).Err(); err != nil {
				t.Fatal(err)
			}
			taken, left, err := buckets.Take(t.Context(), t.Name(), r, 1)
			if err != nil || taken != 0 || left.Reset > time.Minute || left.Wait > 10*time.Millisecond {
				t.Fatalf("took %d, %+v, %v", taken, left, err)
			}
			for deadline := time.Now().Add(10 * time.Second); taken == 0; {
				if taken, left, err = buckets.Take(t.Context(), t.Name(), r, 1); err != nil || time.Now().After(deadline) {
					t.Fatalf("took %d, %+v, %v", taken, left, err)
				}
			}
			if expires := client.PTTL(t.Context(), key).Val(); expires > time.Minute {
				t.Errorf("the key has %v left", expires)
			}
		})
	}
}

func take(t *testing.T, b session.Buckets, subject string, n int) session.Allowance {
	t.Helper()
	taken, left, err := b.Take(t.Context(), subject, session.Rate{Name: "test", PerMinute: 60}, n)
	if err != nil || taken != n {
		t.Fatalf("took %d, %v", taken, err)
	}
	return left
}

func TestKeysExpireWithTheLastSessionInThem(t *testing.T) {
	for _, s := range stores.RedisAndCluster(t) {
		t.Run(s.Name, func(t *testing.T) {
			client := connect(t, s)
			store := rediscache.New(client)
			now := time.Now().Truncate(time.Second)
			short := session.Session{
				ID: session.Credential{Kind: session.Token, Secret: t.Name()}.ID(), Kind: session.Token,
				User:      session.User{ID: session.UserID(t.Name())},
				CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour),
			}
			long := short
			long.ID, long.ExpiresAt = session.Credential{Kind: session.Token, Secret: t.Name() + "long"}.ID(), now.Add(2*time.Hour)
			renewed := short
			renewed.LastUsedAt, renewed.ExpiresAt = now.Add(time.Minute), now.Add(3*time.Hour)
			key := "onestroke:user:{" + short.User.ID + "}"
			for _, step := range []struct {
				name string
				do   func() error
				want time.Duration
			}{
				{"one", func() error { _, err := store.Open(t.Context(), short); return err }, time.Hour},
				{"a longer one", func() error { _, err := store.Open(t.Context(), long); return err }, 2 * time.Hour},
				{"the short one again", func() error { _, err := store.Open(t.Context(), short); return err }, 2 * time.Hour},
				{"renewed", func() error { _, err := store.Renew(t.Context(), short, renewed); return err }, 3*time.Hour - time.Minute},
			} {
				if err := step.do(); err != nil {
					t.Fatal(err)
				}
				// The clock of the server may be in the second before.
				if left := client.PTTL(t.Context(), key).Val(); left > step.want+time.Second || left < step.want-10*time.Second {
					t.Errorf("%s: the key has %v left, want %v", step.name, left, step.want)
				}
			}
			if err := store.EndOthers(t.Context(), short.User.ID, ""); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestSessionIsSmall(t *testing.T) {
	for _, s := range stores.RedisAndCluster(t) {
		if s.Name == "local" {
			continue // counts its memory in its own way
		}
		t.Run(s.Name, func(t *testing.T) { weigh(t, connect(t, s)) })
	}
}

// weigh logs somebody in with WeChat's published example of a profile and weighs
// all keys that come of it.
func weigh(t *testing.T, client redis.UniversalClient) {
	const limit = 700 // bytes
	service := session.New(published{}, rediscache.New(client), session.Options{IdleTTL: 2 * time.Hour, MaxAge: 24 * time.Hour, ExchangeTimeout: time.Second})
	for kind, logIn := range map[session.Kind]func(session.Login) (session.Session, error){
		session.Code: func(l session.Login) (session.Session, error) {
			return service.LogInWithCode(t.Context(), l)
		},
		session.Token: func(l session.Login) (session.Session, error) {
			_, x, err := service.LogIn(t.Context(), l)
			return x, err
		},
	} {
		code := rand.Text()
		x, err := logIn(session.Login{Code: code, Label: "Mini program 1.2.3"})
		if err != nil {
			t.Fatal(err)
		}
		user := client.MemoryUsage(t.Context(), "onestroke:user:{"+x.User.ID+"}", 0).Val()
		attempt := client.MemoryUsage(t.Context(), "onestroke:code:{"+session.Credential{Kind: session.Code, Secret: code}.ID()+"}", 0).Val()
		t.Logf("a %s session: %d + %d bytes", kind, user, attempt)
		if user == 0 || attempt == 0 || user+attempt > limit {
			t.Errorf("a %s session: %d + %d bytes, want at most %d", kind, user, attempt, limit)
		}
		if err := service.EndAll(t.Context(), x.User.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// published gives every code a user of its own, each with the profile of WeChat's
// published example of signed data.
type published struct{}

func (published) Exchange(_ context.Context, l session.Login) (session.Identity, error) {
	return session.Identity{OpenID: l.Code, Profile: session.Profile{
		Nickname:  "Band",
		AvatarURL: "http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0",
		Gender:    1, Language: "zh_CN", Country: "CN", Province: "Guangdong", City: "Guangzhou",
	}}, nil
}

func TestRedisAwayIsUnavailable(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: ports.Reserve(t), MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { client.Close() })
	for name, err := range everyCall(t.Context(), rediscache.New(client)) {
		if !errors.Is(err, session.ErrUnavailable) || errors.Is(err, session.ErrExpired) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
	}
}

// A key that is no hash and no string is what a bug would leave: Redis answers, and
// it refuses every command and every script.
func TestAnErrorThatRedisAnswersIsNotUnavailable(t *testing.T) {
	for _, s := range stores.RedisAndCluster(t) {
		t.Run(s.Name, func(t *testing.T) {
			client := connect(t, s)
			keys := []string{"onestroke:user:{u}", "onestroke:code:{c}", "onestroke:rate:r:{s}"}
			for _, key := range keys {
				if err := client.RPush(t.Context(), key, "a list").Err(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { client.Del(context.Background(), key) })
			}
			calls := everyCall(t.Context(), rediscache.New(client))
			for _, never := range []string{"CanRead", "CanWrite", "Forget"} { // they fail for no key
				delete(calls, never)
			}
			for name, err := range calls {
				if err == nil || errors.Is(err, session.ErrUnavailable) {
					t.Errorf("%s: %v, want another error", name, err)
				}
			}
		})
	}
}

func TestCallerWhoGivesUpIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range everyCall(ctx, rediscache.New(connect(t, stores.LocalRedis(t)))) {
		if !errors.Is(err, context.Canceled) || errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
	}
}

// everyCall makes every call of a store once, and returns their errors.
func everyCall(ctx context.Context, s *rediscache.Store) map[string]error {
	failed := map[string]error{"CanRead": s.CanRead(ctx), "CanWrite": s.CanWrite(ctx)}
	a := session.Attempt{Kind: session.Token}
	x := session.Session{Kind: session.Token, User: session.User{ID: "u"}, ID: "s"}
	_, failed["Find"] = s.Find(ctx, "u", "s")
	_, failed["Renew"] = s.Renew(ctx, x, x)
	_, failed["List"] = s.List(ctx, "u")
	failed["End"] = s.End(ctx, "u", "s")
	failed["EndOthers"] = s.EndOthers(ctx, "u", "s")
	_, failed["Claim"] = s.Claim(ctx, "c", a, time.Second)
	failed["Settle"] = s.Settle(ctx, "c", a, a, time.Second)
	_, failed["Complete"] = s.Complete(ctx, x, "c", a, a, time.Second)
	_, failed["Attempt"] = s.Attempt(ctx, "c")
	_, _, failed["Take"] = s.Take(ctx, "s", session.Rate{Name: "r", PerMinute: 1}, 1)
	failed["Forget"] = s.Forget(ctx, "c")
	return failed
}

// TestAPromotedReplicaIsFoundSoon kills the master of a user's sessions: they are at
// its replica, which the client has to find out about.
func TestAPromotedReplicaIsFoundSoon(t *testing.T) {
	const soon = 40 * time.Second // a minute without a reload every second
	if !stores.HaveRedisServer(t) {
		return
	}
	cluster := stores.StartFailingCluster(t)
	client := stores.DialRedis(t, cluster.URL).(*redis.ClusterClient)
	store := rediscache.New(client)
	now := time.Now().Truncate(time.Second)
	x := session.Session{
		ID: session.Credential{Kind: session.Token, Secret: t.Name()}.ID(), Kind: session.Token,
		User:      session.User{ID: session.UserID(t.Name())},
		CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	if _, err := store.Open(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	waitForReplicas(t, client)
	cluster.Kill(t, "onestroke:user:{"+x.User.ID+"}")
	for deadline := time.Now().Add(soon); ; {
		// As the service asks: a call that meets the dead master must not use up the time.
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		_, err := store.Find(ctx, x.User.ID, x.ID)
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not found %v after the promotion: %v", soon, err)
		}
	}
}

// waitForReplicas waits until a replica has the one key that was written: Redis
// answers a write before that.
func waitForReplicas(t *testing.T, client *redis.ClusterClient) {
	t.Helper()
	var keys atomic.Int64
	for deadline := time.Now().Add(time.Minute); keys.Load() == 0; {
		err := client.ForEachSlave(t.Context(), func(ctx context.Context, replica *redis.Client) error {
			n, err := replica.DBSize(ctx).Result()
			keys.Add(n)
			return err
		})
		if err != nil || time.Now().After(deadline) {
			t.Fatal("no replica has the session: ", err)
		}
	}
}

func TestUnknownLayoutIsNotAnExpiredSession(t *testing.T) {
	client := connect(t, stores.LocalRedis(t))
	store := rediscache.New(client)
	const good = "t7000000070000000" + "70000000label"
	text, err := json.Marshal(session.Profile{})
	if err != nil {
		t.Fatal(err)
	}
	for name, stored := range map[string]struct{ session, profile string }{
		"empty":            {"", ""},
		"short":            {good[:24], ""},
		"kind":             {"x" + good[1:], ""},
		"time":             {"t-" + "zzzzzzz" + good[9:], ""},
		"profile":          {good, "not JSON"},
		"another profile":  {good, string(text)},
		"profile's member": {good, "4:name0:1:x"},
		"profile cut off":  {good, "4:nam"},
	} {
		if err := client.HSet(t.Context(), "onestroke:user:{u}", "id", stored.session, "p", stored.profile).Err(); err != nil {
			t.Fatal(err)
		}
		if got, err := store.Find(t.Context(), "u", "id"); err == nil || errors.Is(err, session.ErrExpired) {
			t.Errorf("%s: found %+v, %v, want an error that is not ErrExpired", name, got, err)
		}
		if got, err := store.List(t.Context(), "u"); err == nil {
			t.Errorf("%s: listed %+v", name, got)
		}
	}
	const proof = "01234567"
	for _, stored := range []string{"", "d", "?t" + proof, "p?" + proof, "dt" + proof + "short", "ft" + proof, "ft" + proof + "?", "ft" + proof + "xnumber busy"} {
		if err := client.Set(t.Context(), "onestroke:code:{c}", stored, 0).Err(); err != nil {
			t.Fatal(err)
		}
		if got, err := store.Attempt(t.Context(), "c"); err == nil {
			t.Errorf("%q: attempt %+v, want an error", stored, got)
		}
	}
}
