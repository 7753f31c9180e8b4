// Package service runs the service for tests, which reach it as its clients
// do: over HTTP only. [Start] runs it in this process, where the race detector
// sees it; [Build] and [Binary.Start] run the very program that is shipped.
//
// Whatever goes through a [Service]'s HTTP client is held against the
// contract, see [newKeeper].
package service

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/api"
	"onestroke/impl/gallery"
	"onestroke/impl/mongostore"
	"onestroke/impl/rediscache"
	"onestroke/impl/session"
	"onestroke/impl/wechat"
	"onestroke/impl/wechatsim"
	"onestroke/tests/output"
	"onestroke/tests/stores"
)

// Service is a running service as its clients see it.
type Service struct {
	URL      string
	BasePath string       // of the 2017 paths
	HTTP     *http.Client // fails the test when an answer breaks the contract
}

// Options say what a service in this process is made of.
type Options struct {
	RedisURL, MongoDBURI string // of servers; keys and database are the service's own
	BasePath             string // /applet/session when empty
	AppID                string // random when empty
	// WeChat answers at /simulator/ and exchanges the codes; a simulator of the
	// service's own when nil. Replicas share one, of their common AppID and AppSecret.
	WeChat        http.Handler
	WeChatTimeout time.Duration // 5 s when 0

	SessionIdle time.Duration    // 2 h when 0
	Now         func() time.Time // the clock of sessions; time.Now when nil

	LoginsPerMinute, RequestsPerMinute int // no limit when 0
	DrawingQuota                       int // no limit when 0
	TrustedProxies                     []netip.Prefix
	TrustCloudRun                      bool
	// Fault is what the stores answer to whatever begins a request, when not nil.
	Fault       error
	CORSOrigins []string
	MaxInFlight int             // no limit when 0
	Stopping    <-chan struct{} // closed when the service is about to end
}

// Local is a service in this process.
type Local struct {
	Service
	Simulator *wechatsim.Simulator // nil where the options brought a WeChat
}

// AppSecret is the secret that services in this process have with WeChat.
const AppSecret = "simulated"

// DefaultBasePath is where programs of 2017 find their paths.
const DefaultBasePath = "/applet/session"

// Start runs the service in this process until the test ends. What it logged is
// shown where the test failed.
func Start(t testing.TB, o Options) *Local {
	t.Helper()
	if o.AppID == "" {
		o.AppID = "wx" + rand.Text()
	}
	if o.BasePath == "" {
		o.BasePath = DefaultBasePath
	}
	local := &Local{}
	if o.WeChat == nil {
		local.Simulator = wechatsim.New(o.AppID, AppSecret)
		o.WeChat = local.Simulator
	}

	server := httptest.NewUnstartedServer(nil)
	local.Service = newService(t, "http://"+server.Listener.Addr().String(), o.BasePath)
	written := new(output.Output)
	logger := slog.New(slog.NewTextHandler(written, nil))
	sessions, drawings := rediscache.New(stores.DialRedis(t, o.RedisURL)), openMongoDB(t, o.MongoDBURI)
	var sessionStore session.Store = sessions
	var drawingStore gallery.Store = drawings
	if o.Fault != nil {
		sessionStore, drawingStore = faultySessions{sessions, o.Fault}, faultyDrawings{drawings, o.Fault}
	}
	handler, err := api.New(api.Options{
		Sessions: session.New(
			wechat.New(wechat.Options{AppID: o.AppID, AppSecret: AppSecret, BaseURL: local.URL + "/simulator", Timeout: o.WeChatTimeout}),
			sessionStore, session.Options{ExchangeTimeout: o.WeChatTimeout, IdleTTL: o.SessionIdle, Now: o.Now}),
		Limits:         session.NewLimits(sessions, o.LoginsPerMinute, o.RequestsPerMinute),
		Drawings:       gallery.New(drawingStore, gallery.Options{Quota: o.DrawingQuota}),
		Dependencies:   []api.Dependency{{Name: "redis", Check: sessions.Ping}, {Name: "mongodb", Check: drawings.Ping}},
		Contract:       contract(t),
		BasePath:       o.BasePath,
		TrustedProxies: o.TrustedProxies,
		TrustCloudRun:  o.TrustCloudRun,
		CORSOrigins:    o.CORSOrigins,
		MaxInFlight:    o.MaxInFlight,
		Stopping:       o.Stopping,
		Logger:         logger,
		Extra:          map[string]http.Handler{"/simulator/": o.WeChat},
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Config.MaxHeaderBytes = api.ReadHeaders
	server.Config.ErrorLog = slog.NewLogLogger(logger.Handler(), slog.LevelDebug)
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if t.Failed() {
			t.Logf("the service logged:\n%s", written)
		}
	})
	return local
}

// Behind is a service as its clients see it through a proxy at url, to which
// transport leads.
func Behind(t testing.TB, url string, transport *http.Transport) Service {
	return reached(t, url, DefaultBasePath, transport)
}

func newService(t testing.TB, url, basePath string) Service {
	// A service of a test has a certificate that nobody else trusts.
	return reached(t, url, basePath, &http.Transport{MaxIdleConnsPerHost: 100, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}})
}

func reached(t testing.TB, url, basePath string, transport *http.Transport) Service {
	t.Helper()
	t.Cleanup(transport.CloseIdleConnections)
	return Service{
		URL:      url,
		BasePath: basePath,
		HTTP: &http.Client{
			Transport:     newKeeper(t, basePath, transport),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func openMongoDB(t testing.TB, uri string) *mongostore.Store {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	database := NewDatabase()
	t.Cleanup(func() {
		ctx := context.Background()
		if err := client.Database(database).Drop(ctx); err != nil {
			t.Error(err)
		}
		_ = client.Disconnect(ctx)
	})
	store := mongostore.New(client, database)
	if err := store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}

// NewDatabase returns the name of a MongoDB database that nobody else uses.
func NewDatabase() string { return "test" + rand.Text()[:12] }

// InDatabase returns uri with the name of a database in it.
func InDatabase(t testing.TB, uri, database string) string {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + database
	return u.String()
}
