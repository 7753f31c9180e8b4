package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"

	"onestroke/impl/breaker"
	"onestroke/impl/certificate"
	"onestroke/impl/config"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/mongostore"
	"onestroke/impl/push"
	"onestroke/impl/rediscache"
	"onestroke/impl/seal"
	"onestroke/impl/self"
	"onestroke/impl/session"
	"onestroke/impl/sqlitestore"
	"onestroke/impl/telemetry"
	"onestroke/impl/wechat"
	"onestroke/impl/wechatsim"
)

// Parts are what the service is wired from. A test replaces them, or makes its own.
type Parts struct {
	Sessions  telemetry.SessionStore
	Drawings  telemetry.DrawingStore
	Databases []Database // that those two are in
	Exchanger session.Exchanger
	Checker   moderation.Checker // of what others see; nil if nothing is checked
	Codes     gallery.CodeMaker  // of the codes of shares; nil if there are none
	Seal      *seal.Key
	Telemetry *telemetry.Telemetry
	PublicURL string           // where Checker reaches this service; empty if it is not known
	Pushes    push.Opener      // of WeChat's messages; nil if message push is not configured
	Simulator http.Handler     // answers below /simulator/; nil if it is off
	Now       func() time.Time // the clock of the rules; time.Now if nil
	Alone     bool             // no other replica has these Sessions

	shown []shownPart
	close func() error
}

// Database is a server or a file that the service cannot do without.
type Database struct {
	Name    string                      // as /readyz reports it
	Read    func(context.Context) error // fails if it cannot be read
	Write   func(context.Context) error // fails if it refuses writes
	Use     func(context.Context) error // notes in it that a service uses it; nil if it has no such note
	Prepare func(context.Context) error // creates its indexes; nil if it has none to create
}

// shownPart is what a log may show of a part: no password.
type shownPart struct{ name, text string }

// Open opens the parts as c configures them. It does not wait for a server to
// answer. url is that of this service. [Parts.Close] closes them.
func Open(c config.Config, url string) (p Parts, err error) {
	open := &opener{Config: c}
	p.close = open.close
	defer func() {
		if err != nil {
			err = errors.Join(err, open.close())
		}
	}()
	if err := open.measure(); err != nil {
		return p, err
	}
	p.Telemetry = open.telemetry
	if c.RedisURL != "" {
		store, shown, err := open.redis()
		if err != nil {
			return p, err
		}
		breakers := open.breakers("redis", breaker.Store{
			CanRead: store.CanRead, CanWrite: store.CanWrite, Unavailable: session.ErrUnavailable, NoAnswer: rediscache.NoAnswer, Timeout: rediscache.Timeout,
		})
		p.Sessions = p.Telemetry.Sessions(telemetry.Redis, store, breakers)
		p.Databases = append(p.Databases, Database{Name: "redis", Read: breakers.Reads.Check, Write: breakers.Writes.Check, Use: useOfRedis(store)})
		p.Telemetry.Pool(telemetry.Redis, store.Pool)
		p.show("Redis", shown)
	}
	if c.MongoDBURI != "" {
		store, shown, err := open.mongoDB()
		if err != nil {
			return p, err
		}
		breakers := open.breakers("mongodb", breaker.Store{
			CanRead: store.CanRead, CanWrite: store.CanWrite, Unavailable: gallery.ErrUnavailable, NoAnswer: mongostore.NoAnswer,
		})
		p.Drawings = p.Telemetry.Drawings(telemetry.MongoDB, store, breakers)
		p.Databases = append(p.Databases, Database{Name: "mongodb", Read: breakers.Reads.Check, Write: breakers.Writes.Check, Use: useOfMongoDB(store), Prepare: store.Prepare})
		p.Telemetry.Pool(telemetry.MongoDB, store.Pool)
		p.show("MongoDB", shown)
	}
	if usesSQLite(c) {
		db, err := open.sqlite()
		if err == nil {
			err = refuseMoved(context.Background(), c, db)
		}
		if err != nil {
			return p, err
		}
		if p.Sessions == nil {
			p.Sessions, p.Alone = p.Telemetry.Sessions(telemetry.SQLite, db.Sessions(), breaker.Breakers{}), true
		}
		if p.Drawings == nil {
			p.Drawings = p.Telemetry.Drawings(telemetry.SQLite, db.Drawings(), breaker.Breakers{})
		}
		p.Databases = append(p.Databases, Database{Name: "sqlite", Read: db.CanRead, Write: db.CanWrite})
		p.Telemetry.Pool(telemetry.SQLite, db.Pool)
		p.show("SQLite", db.Path())
	}
	return p, open.connectWeChat(&p, url)
}

// useOfRedis notes that a service uses Redis. Without the right to do so the variable is
// wrong: a move would not know of the service.
func useOfRedis(store *rediscache.Store) func(context.Context) error {
	return func(ctx context.Context) error {
		err := store.Use(ctx)
		if rediscache.Forbidden(err) {
			return &config.Error{Variable: "REDIS_URL", Problem: fmt.Sprintf("names a user who may not write the key %s: %s", rediscache.MoveKey, rediscache.Permissions)}
		}
		return err
	}
}

// useOfMongoDB is [useOfRedis] for MongoDB.
func useOfMongoDB(store *mongostore.Store) func(context.Context) error {
	return func(ctx context.Context) error {
		err := store.Use(ctx)
		if mongostore.Forbidden(err) {
			return &config.Error{Variable: "MONGODB_URI", Problem: fmt.Sprintf("gives no right to write the collection %s: name a user in it who has readWrite on its database", mongostore.MovesCollection)}
		}
		return err
	}
}

func (p *Parts) show(name, text string) { p.shown = append(p.shown, shownPart{name, text}) }

// usesSQLite reports whether sessions, drawings or both are in the SQLite file.
func usesSQLite(c config.Config) bool { return c.RedisURL == "" || c.MongoDBURI == "" }

// Close closes what [Open] opened. Of parts that were made in another way, nothing.
func (p Parts) Close() error {
	if p.close == nil {
		return nil
	}
	return p.close()
}

// opener opens parts as they are configured, and closes what it opened.
type opener struct {
	config.Config
	telemetry *telemetry.Telemetry // nil: nothing is measured
	closers   []func() error
}

// measure begins to measure what the configuration, and OpenTelemetry's variables,
// ask for.
func (o *opener) measure() error {
	exporter, err := telemetry.NewExporter(o.variable)
	if invalid := (*telemetry.VariableError)(nil); errors.As(err, &invalid) {
		return &config.Error{Variable: invalid.Variable, Problem: invalid.Problem}
	}
	o.telemetry = telemetry.New(telemetry.Options{Metrics: o.AdminPort != 0, Traces: exporter})
	o.add(func() error { o.telemetry.Close(); return nil })
	return nil
}

// variable returns the value of one of OpenTelemetry's variables, most of which only its
// SDK knows.
func (o *opener) variable(name string) string {
	switch name {
	case "OTEL_EXPORTER_OTLP_ENDPOINT":
		return o.OTLPEndpoint
	case "OTEL_EXPORTER_OTLP_HEADERS":
		return o.OTLPHeaders
	default:
		return os.Getenv(name)
	}
}

// add remembers how to close a part.
func (o *opener) add(close func() error) { o.closers = append(o.closers, close) }

// close closes parts in the reverse of the order in which they were opened.
func (o *opener) close() (err error) {
	for i := len(o.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, o.closers[i]())
	}
	return err
}

// breakers returns the breakers of a server, and has them shown. A file needs none:
// it is in this process.
func (o *opener) breakers(name string, s breaker.Store) breaker.Breakers {
	ctx, cancel := context.WithCancel(context.Background())
	o.add(func() error { cancel(); return nil })
	b := breaker.New(ctx, s)
	o.telemetry.Breaker(name+"_reads", b.Reads.Open)
	o.telemetry.Breaker(name+"_writes", b.Writes.Open)
	return b
}

// redis connects to REDIS_URL. It does not wait for an answer. shown is what a log
// may show of it.
func (o *opener) redis() (store *rediscache.Store, shown string, err error) {
	client, shown, err := rediscache.Dial(o.RedisURL)
	if err != nil {
		return nil, "", &config.Error{Variable: "REDIS_URL", Problem: err.Error()}
	}
	o.add(client.Close)
	if o.telemetry.Tracing() {
		client.AddHook(o.telemetry.RedisHook())
	}
	return rediscache.New(client), shown, nil
}

// mongoDB connects to MONGODB_URI. It does not wait for an answer. shown is what a
// log may show of it.
func (o *opener) mongoDB() (store *mongostore.Store, shown string, err error) {
	var monitor *event.CommandMonitor
	if o.telemetry.Tracing() {
		monitor = o.telemetry.MongoDBMonitor()
	}
	store, shown, err = mongostore.Dial(o.MongoDBURI, monitor)
	if err != nil {
		return nil, "", &config.Error{Variable: "MONGODB_URI", Problem: err.Error()}
	}
	o.add(store.Close)
	return store, shown, nil
}

// sqlite opens the database in DATA_DIR.
func (o *opener) sqlite() (*sqlitestore.DB, error) {
	db, err := sqlitestore.Open(o.DataDir, sqlitestore.Options{CacheBytes: pageMemory()})
	if err != nil {
		return nil, err
	}
	o.add(db.Close)
	return db, nil
}

// simulated is the app secret and the token of message push of the simulator, unless
// others are configured.
const simulated = "simulated"

// connectWeChat adds the parts that are WeChat or need it. url is that of this
// service.
func (o *opener) connectWeChat(p *Parts, url string) (err error) {
	if p.Seal, err = seal.New(cmp.Or(o.SealKey, o.WeChatAppSecret, simulated)); err != nil {
		return err
	}
	client, simulator, shown, err := o.weChat(url, p.Sessions, p.Seal)
	if err != nil {
		return err
	}
	p.Exchanger, p.Codes, p.Simulator = client, client, simulator
	p.Telemetry.Breaker("wechat_login", client.LoginsStopped)
	p.Telemetry.Breaker("wechat_api", client.CallsStopped)
	if o.Checks() != "off" {
		p.Checker = client
	}
	p.PublicURL = o.PublicURL
	token := o.PushToken
	if simulator != nil {
		p.PublicURL, token = cmp.Or(p.PublicURL, url), cmp.Or(token, simulated)
	}
	if token != "" {
		if p.Pushes, err = wechat.NewPushes(client.AppID(), token, o.PushAESKey); err != nil {
			return &config.Error{Variable: "WECHAT_PUSH_AES_KEY", Problem: err.Error()}
		}
	}
	p.shown = append([]shownPart{{"WeChat", shown}}, p.shown...)
	return nil
}

// weChat returns the client of WeChat, and the simulator if it is on. url is that of
// this service. shown is what a log may show of it.
func (o *opener) weChat(url string, notes session.Notes, key *seal.Key) (client *wechat.Client, simulator http.Handler, shown string, err error) {
	w := wechat.Options{
		AppID: o.WeChatAppID, AppSecret: o.WeChatAppSecret, BaseURL: o.WeChatAPIURL,
		Timeout: o.WeChatTimeout, MaxDataAge: o.WeChatDataMaxAge,
		Notes: notes, Seal: key, CodePage: o.CodePage, CodeVersion: o.CodeVersion, WithoutToken: o.WithoutToken,
	}
	if o.telemetry != nil {
		w.Observe = o.telemetry.WeChatCall
	}
	shown = cmp.Or(w.BaseURL, wechat.DefaultBaseURL)
	if o.SimulatorOn() {
		if !wechatsim.Included {
			return nil, nil, "", &config.Error{Variable: "WECHAT_APP_ID", Problem: "is needed: this build has no simulator"}
		}
		if w.AppID == "" {
			w.AppID, w.AppSecret = "wx5757575757575757", simulated
		}
		sim := wechatsim.New(w.AppID, w.AppSecret)
		sim.Push = wechatsim.Push{URL: url + "/wechat/push", Token: cmp.Or(o.PushToken, simulated), AESKey: o.PushAESKey}
		simulator = sim
		if w.BaseURL == "" {
			w.BaseURL, w.Transport, shown = url+"/simulator", self.Transport(), "simulated, at /simulator"
		}
	}
	return wechat.New(w), simulator, shown, nil
}

// loadCertificate returns the certificate of HTTPS, or nil if the service speaks HTTP.
func loadCertificate(c config.Config) (*certificate.Certificate, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	loaded, err := certificate.Load(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, &config.Error{Variable: "TLS_CERT_FILE, TLS_KEY_FILE", Problem: fmt.Sprintf("cannot be used: %v", err)}
	}
	return loaded, nil
}
