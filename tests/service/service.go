// Package service runs the service for tests, which use it over HTTP only, as its
// clients do. [Start] runs it in this process, with the race detector; [Build] and
// [Binary.Start] run the program as released.
//
// The HTTP client of a [Service] validates each answer against the contract, see
// [newContractTransport].
package service

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/api/connections"
	"onestroke/app"
	"onestroke/impl/config"
	"onestroke/impl/wechatsim"
	"onestroke/tests/output"
)

// Service is a running service, as its clients use it.
type Service struct {
	URL      string
	BasePath string       // of the 2017 paths
	HTTP     *http.Client // fails the test if an answer violates the contract
}

// Options of a service in this process.
type Options struct {
	RedisURL, MongoDBURI string // of servers; each service has its own keys and database. SQLite if empty
	BasePath             string // /applet/session when empty
	AppID                string // random when empty
	// WeChat answers at /simulator/ and exchanges the codes; a new simulator when
	// nil. Replicas use the same one, with the same AppID and AppSecret.
	WeChat        http.Handler
	WeChatTimeout time.Duration // 5 s when 0

	SessionIdle time.Duration    // 2 h when 0
	Now         func() time.Time // the clock of sessions; time.Now when nil

	LoginsPerMinute, RequestsPerMinute, VisitsPerMinute int // no limit when 0
	DrawingQuota                                        int // no limit when 0
	TrustedProxies                                      []netip.Prefix
	TrustCloudRun                                       bool
	ContentCheck                                        string // off when empty
	PushAESKey                                          string // of safe mode; plain mode when empty
	// Fault is the error of the stores at the begin of each request, when not nil.
	Fault         error
	CORSOrigins   []string
	MaxInFlight   int           // no limit when 0
	MaxBodyMemory int64         // the default of the configuration when 0
	MaxExports    int           // the default of the configuration when 0
	ReadTimeout   time.Duration // the default of the configuration when 0
}

// Local is a service in this process.
type Local struct {
	Service
	Simulator *wechatsim.Simulator // nil if the options have a WeChat
	DataDir   string               // of the SQLite file
	Stop      func()               // announces to the service that it is about to stop
}

// AdminToken is the token of operators of services in this process.
const AdminToken = "operators-of-the-tests-5757575757575757"

// AppSecret is the app secret of services in this process.
const AppSecret = "simulated"

// DefaultBasePath is the default prefix of the paths for programs of 2017.
const DefaultBasePath = "/applet/session"

// Start runs the service in this process until the test ends. If the test fails, it
// shows the log.
func Start(t testing.TB, o Options) *Local {
	t.Helper()
	if o.BasePath == "" {
		o.BasePath = DefaultBasePath
	}
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	local := &Local{Service: newService(t, url, o.BasePath)}
	c := o.config(t)
	local.DataDir = c.DataDir
	parts, err := app.Open(c, url)
	if err != nil {
		t.Fatal(err)
	}
	parts.Now = o.Now
	if o.WeChat == nil {
		local.Simulator = parts.Simulator.(*wechatsim.Simulator)
	} else {
		parts.Simulator = o.WeChat
	}
	if o.Fault != nil {
		parts.Sessions, parts.Drawings = faultySessions{parts.Sessions, o.Fault}, faultyDrawings{parts.Drawings, o.Fault}
	}
	written := new(output.Output)
	logger := slog.New(slog.NewTextHandler(written, nil))
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	local.Stop = stop
	handler, err := app.NewHandler(ctx, c, contract(t), parts, logger)
	if err != nil {
		t.Fatal(err)
	}
	server.Config = app.NewServer(c, handler, logger)
	server.Listener = connections.Listen(server.Listener, connections.Options{Timeout: c.ReadHeaderTimeout, Logger: logger})
	server.Start()
	t.Cleanup(func() {
		server.Close()
		stop()
		if c.MongoDBURI != "" {
			dropDatabase(t, c.MongoDBURI)
		}
		if err := parts.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the service logged:\n%s", written)
		}
	})
	return local
}

// Behind returns a service behind a proxy at url. transport connects to the proxy.
func Behind(t testing.TB, url string, transport *http.Transport) Service {
	return reached(t, url, DefaultBasePath, transport)
}

func newService(t testing.TB, url, basePath string) Service {
	// A service under test may have a self-signed certificate.
	return reached(t, url, basePath, &http.Transport{MaxIdleConnsPerHost: 100, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}})
}

func reached(t testing.TB, url, basePath string, transport *http.Transport) Service {
	t.Helper()
	t.Cleanup(transport.CloseIdleConnections)
	return Service{
		URL:      url,
		BasePath: basePath,
		HTTP: &http.Client{
			Transport:     newContractTransport(t, basePath, transport),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// config returns the default configuration, changed by the options.
func (o Options) config(t testing.TB) config.Config {
	t.Helper()
	c, err := config.Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.RedisURL, c.DataDir = o.RedisURL, t.TempDir()
	if o.MongoDBURI != "" {
		c.MongoDBURI = InDatabase(t, o.MongoDBURI, NewDatabase())
	}
	c.BasePath = o.BasePath
	c.Simulator, c.WeChatAppID, c.WeChatAppSecret = "on", cmp.Or(o.AppID, "wx"+rand.Text()), AppSecret
	c.WeChatTimeout = cmp.Or(o.WeChatTimeout, c.WeChatTimeout)
	c.ReadTimeout = cmp.Or(o.ReadTimeout, c.ReadTimeout)
	c.SessionIdle = cmp.Or(o.SessionIdle, c.SessionIdle)
	c.LoginRatePerMinute, c.RequestRatePerMinute, c.ShareRatePerMinute = o.LoginsPerMinute, o.RequestsPerMinute, o.VisitsPerMinute
	c.DrawingQuota, c.MaxBodyMemory, c.MaxExports = o.DrawingQuota, o.MaxBodyMemory, cmp.Or(o.MaxExports, c.MaxExports)
	c.AdminToken = AdminToken
	c.ContentCheck, c.PushAESKey = cmp.Or(o.ContentCheck, "off"), o.PushAESKey
	c.TrustedProxies, c.TrustCloudRun, c.CORSOrigins, c.MaxInFlight = o.TrustedProxies, o.TrustCloudRun, o.CORSOrigins, o.MaxInFlight
	return c
}

func dropDatabase(t testing.TB, uri string) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := client.Database(strings.TrimPrefix(u.Path, "/")).Drop(ctx); err != nil {
		t.Error(err)
	}
	_ = client.Disconnect(ctx)
}

// NewDatabase returns a unique name of a MongoDB database.
func NewDatabase() string { return "test" + rand.Text()[:12] }

// InDatabase returns uri with the name of the database.
func InDatabase(t testing.TB, uri, database string) string {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + database
	return u.String()
}
