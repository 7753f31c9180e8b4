package main

import (
	"context"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"onestroke/impl/drawing"
	"onestroke/impl/wechatsim"
)

const appID, appSecret = "wxbench", "bench"

// bench has the two programs and everything they need.
type bench struct {
	ctx context.Context // ends the programs
	closers
	stores          *servers
	dir             string
	env             []string
	ours, reference *program
	onSQLite        *busyProgram // ours, on its default store; nil until it is started
	redis           *redis.Client
	wechat          *connection
	people          int // number of users who logged in so far

	drawings []drawing.Content
	bodies   [][]byte // of drawings
	actions  []string // of 2017
	accounts          // in Redis and MongoDB
}

// accounts are what the requests of the rows need in a store.
type accounts struct {
	tokens         []string
	ids            []string // of drawings of the first token
	painter, saver string   // credentials of 2017
}

// begin reads the drawings and starts WeChat.
func begin(ctx context.Context, o settings) (b *bench, err error) {
	b = &bench{ctx: ctx}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.drawings, err = load(o.data); err != nil {
		return b, err
	}
	for _, c := range b.drawings {
		b.bodies = append(b.bodies, encode(c))
		b.actions = append(b.actions, actions(c))
	}
	if b.dir, err = os.MkdirTemp("", "bench"); err != nil {
		return b, err
	}
	b.add(func() { os.RemoveAll(b.dir) })
	wechat := httptest.NewServer(wechatsim.New(appID, appSecret))
	b.add(wechat.Close)
	if b.wechat, err = dial(strings.TrimPrefix(wechat.URL, "http://")); err != nil {
		return b, err
	}
	b.env = []string{
		"WECHAT_API_URL=" + wechat.URL + "/simulator", "WECHAT_APP_ID=" + appID, "WECHAT_APP_SECRET=" + appSecret, "PORT=0",
		// Limits that one client does not reach; the others have their defaults.
		"LOGIN_RATE_PER_MINUTE=600000", "REQUEST_RATE_PER_MINUTE=600000", "SHARE_RATE_PER_MINUTE=600000", "DRAWING_QUOTA=100000",
	}
	return b, nil
}

// prepare starts the programs, logs users in and saves the drawings for the reading rows.
func prepare(ctx context.Context, o settings) (b *bench, err error) {
	if b, err = begin(ctx, o); err != nil {
		return b, err
	}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.stores, err = openStores(ctx); err != nil {
		return b, err
	}
	b.add(b.stores.close)
	redisOptions, err := redis.ParseURL(b.stores.redisURL)
	if err != nil {
		return b, err
	}
	b.redis = redis.NewClient(redisOptions)
	b.env = append(b.env, "REDIS_URL="+b.stores.redisURL, "MONGODB_URI="+b.stores.mongoURI)
	if b.ours, err = b.run("onestroke", ".", nil, "GOMAXPROCS=1"); err != nil {
		return b, err
	}
	if b.reference, err = b.run("reference", "./tests/bench/reference", nil, "GOMAXPROCS=1"); err != nil {
		return b, err
	}
	return b, b.fill(o.sessions)
}

// run builds and starts a program on the stores.
func (b *bench) run(name, pkg string, flags []string, env ...string) (*program, error) {
	binary, err := build(b.ctx, b.dir, name, pkg, flags...)
	if err != nil {
		return nil, err
	}
	p, err := start(b.ctx, binary, append(b.env, env...)...)
	if err == nil {
		b.add(p.stop)
	}
	return p, err
}

// fill logs users in and saves the drawings for the reading rows.
func (b *bench) fill(sessions int) (err error) {
	if b.tokens, err = b.shareSessions(sessions); err != nil {
		return err
	}
	return b.draw(&b.accounts, b.ours, b.reference)
}

// draw saves the drawings for the reading rows, in each of the programs.
func (b *bench) draw(a *accounts, programs ...*program) (err error) {
	var connections []*connection
	for _, p := range programs {
		c, err := dial(p.address)
		if err != nil {
			return err
		}
		defer c.Close()
		connections = append(connections, c)
	}
	save := func(request []byte) error {
		for _, to := range connections {
			if _, err := to.do(request); err != nil {
				return err
			}
		}
		return nil
	}
	const drawn = 100
	for i := range drawn {
		a.ids = append(a.ids, uuid.NewString())
		body := b.bodies[i*len(b.bodies)/drawn] // some of each file
		if err := save(creation(a.ids[i], bearer(a.tokens[0]), body)); err != nil {
			return err
		}
	}
	if a.painter, err = b.credential2017(connections[0]); err != nil {
		return err
	}
	if a.saver, err = b.credential2017(connections[0]); err != nil {
		return err
	}
	for i := range 20 {
		if err := save(b.paint(a.painter, uuid.NewString(), i)); err != nil {
			return err
		}
	}
	return nil
}
