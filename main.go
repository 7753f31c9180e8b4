// Onestroke is the back end of 一笔到底, a drawing program for WeChat: it knows
// its users by their request headers and keeps what they draw.
//
// The environment configures it; see the README.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"onestroke/api"
	"onestroke/impl/config"
	"onestroke/impl/docs"
	"onestroke/impl/drawing"
	"onestroke/impl/embedded"
	"onestroke/impl/mongostore"
	"onestroke/impl/rediscache"
	"onestroke/impl/session"
	"onestroke/impl/wechat"
	"onestroke/impl/wechatsim"
)

//go:embed openapi.yaml
var contract []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx, os.Environ(), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "onestroke:", err)
		os.Exit(1)
	}
}

// run serves until ctx is done and what is in flight has been answered.
func run(ctx context.Context, environ []string, stdout, stderr io.Writer) (err error) {
	c, err := config.Read(environ)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	redis.SetLogger(redisLog{logger})

	var parts closers
	defer func() { err = errors.Join(err, parts.close()) }()

	sessions, redisName, err := openRedis(c, &parts)
	if err != nil {
		return err
	}
	drawings, mongoName, err := openMongoDB(c, &parts)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Address())
	if err != nil {
		return &config.Error{Variable: "HOST, PORT", Problem: fmt.Sprintf("cannot be listened on: %v", err)}
	}
	defer listener.Close()
	exchanger, simulator, wechatName, err := openWeChat(c, listener.Addr())
	if err != nil {
		return err
	}
	page := docs.New(docs.Options{Simulator: simulator != nil})
	extra := map[string]http.Handler{"/docs": page, "/docs/": page}
	if simulator != nil {
		extra["/simulator/"] = simulator
	}
	ready := prepare(ctx, drawings, logger)

	limits := session.NewLimits(sessions, c.LoginRatePerMinute, c.RequestRatePerMinute)
	handler, err := api.New(api.Options{
		Sessions: session.New(exchanger, sessions, session.Options{
			IdleTTL: c.SessionIdle, MaxAge: c.SessionMaxAge, ExchangeTimeout: c.WeChatTimeout, Limits: limits,
		}),
		Limits:   limits,
		Drawings: drawing.New(drawings, drawing.Options{Quota: c.DrawingQuota}),
		Dependencies: []api.Dependency{
			{Name: "redis", Check: sessions.Ping},
			{Name: "mongodb", Check: ready},
		},
		Contract:       contract,
		BasePath:       c.BasePath,
		TrustedProxies: c.TrustedProxies,
		TrustCloudRun:  c.TrustCloudRun,
		CORSOrigins:    c.CORSOrigins,
		Logger:         logger,
		Extra:          extra,
	})
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second, // as long as WeChat lets a request take
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    api.MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	greet(stdout, c, listener.Addr(), wechatName, redisName, mongoName)
	return serve(ctx, server, listener, c.ShutdownTimeout)
}

// serve answers until ctx is done, then accepts nothing more and gives what is
// in flight as long as grace.
func serve(ctx context.Context, server *http.Server, listener net.Listener, grace time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("SHUTDOWN_TIMEOUT has passed with requests in flight: %w", err)
	}
	return nil
}

// openRedis connects to REDIS_URL, or to a Redis in this process. It does not
// wait for an answer.
func openRedis(c config.Config, parts *closers) (store *rediscache.Store, name string, err error) {
	url := c.RedisURL
	if url == "" {
		server, err := embedded.Redis(embedded.Loopback)
		if err != nil {
			return nil, "", err
		}
		parts.add(server.Close)
		url, name = server.URL, "embedded, its sessions end with this process"
	}
	client, address, err := dialRedis(url)
	if err != nil { // may quote the password
		return nil, "", &config.Error{Variable: "REDIS_URL", Problem: "must be a redis:// or rediss:// URL, such as redis://:password@host:6379/0"}
	}
	if name == "" {
		name = address
	}
	parts.add(client.Close)
	return rediscache.New(client), name, nil
}

// dialRedis reads a URL of a single server, or with its other servers as
// addr=host:port of a cluster. A Redis that is away is said to be at once: a
// connection is tried once, and each command is tried again anyway.
func dialRedis(url string) (client redis.UniversalClient, name string, err error) {
	const timeout, retries = time.Second, 1
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	cluster, err := redis.ParseClusterURL(url)
	if err == nil && len(cluster.Addrs) > 1 {
		cluster.DialTimeout, cluster.ReadTimeout, cluster.WriteTimeout = timeout, timeout, timeout
		cluster.ContextTimeoutEnabled, cluster.DialerRetries, cluster.MaintNotificationsConfig = true, retries, quiet
		return redis.NewClusterClient(cluster), "cluster of " + strings.Join(cluster.Addrs, ", "), nil
	}
	single, err := redis.ParseURL(url)
	if err != nil {
		return nil, "", err
	}
	single.DialTimeout, single.ReadTimeout, single.WriteTimeout = timeout, timeout, timeout
	single.ContextTimeoutEnabled, single.DialerRetries, single.MaintNotificationsConfig = true, retries, quiet
	return redis.NewClient(single), single.Addr, nil
}

// openMongoDB connects to MONGODB_URI, or to a MongoDB in this process. It does
// not wait for an answer.
func openMongoDB(c config.Config, parts *closers) (store *mongostore.Store, name string, err error) {
	uri := c.MongoDBURI
	if uri == "" {
		server, err := embedded.MongoDB(embedded.Loopback, c.DataDir)
		if err != nil {
			return nil, "", err
		}
		parts.add(server.Close)
		uri, name = server.URL, "embedded, in "+c.DataDir
	}
	parsed, err := connstring.Parse(uri)
	if err != nil { // may quote the password
		return nil, "", &config.Error{Variable: "MONGODB_URI", Problem: "must be a mongodb:// or mongodb+srv:// URI, such as mongodb://user:password@host:27017/onestroke"}
	}
	database := parsed.Database
	if database == "" {
		database = "onestroke"
	}
	if name == "" {
		name = fmt.Sprintf("%s, database %s", parsed.Hosts[0], database)
	}
	o := options.Client().ApplyURI(uri).SetAppName("onestroke")
	if parsed.ServerSelectionTimeout == 0 {
		o.SetServerSelectionTimeout(2 * time.Second)
	}
	if parsed.Timeout == 0 {
		o.SetTimeout(10 * time.Second)
	}
	client, err := mongo.Connect(o)
	if err != nil {
		return nil, "", &config.Error{Variable: "MONGODB_URI", Problem: "cannot be used: an option in it is wrong"}
	}
	parts.add(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return client.Disconnect(ctx)
	})
	return mongostore.New(client, database), name, nil
}

// openWeChat returns what exchanges codes, and the simulator where it is on.
func openWeChat(c config.Config, self net.Addr) (x session.Exchanger, simulator http.Handler, name string, err error) {
	o := wechat.Options{
		AppID: c.WeChatAppID, AppSecret: c.WeChatAppSecret, BaseURL: c.WeChatAPIURL,
		Timeout: c.WeChatTimeout, MaxDataAge: c.WeChatDataMaxAge,
	}
	name = o.BaseURL
	if name == "" {
		name = wechat.DefaultBaseURL
	}
	if c.SimulatorOn() {
		if !wechatsim.Included {
			return nil, nil, "", &config.Error{Variable: "WECHAT_APP_ID", Problem: "is needed: this build has no simulator"}
		}
		if o.AppID == "" {
			o.AppID, o.AppSecret = "wx5757575757575757", "simulated"
		}
		simulator = wechatsim.New(o.AppID, o.AppSecret)
		if o.BaseURL == "" {
			o.BaseURL, name = "http://"+reachable(self)+"/simulator", "simulated, at /simulator"
		}
	}
	return wechat.New(o), simulator, name, nil
}

// prepare makes the indexes as soon as the database is there, and returns the
// check that tells when it can be used.
func prepare(ctx context.Context, store *mongostore.Store, logger *slog.Logger) func(context.Context) error {
	var prepared atomic.Bool
	go func() {
		for {
			err := store.Prepare(ctx)
			if err == nil {
				prepared.Store(true)
				return
			}
			logger.WarnContext(ctx, "indexes not made yet", "cause", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
	}()
	return func(ctx context.Context) error {
		if err := store.Ping(ctx); err != nil {
			return err
		}
		if !prepared.Load() {
			return errors.New("indexes not made yet")
		}
		return nil
	}
}

func greet(w io.Writer, c config.Config, addr net.Addr, wechatName, redisName, mongoName string) {
	url := "http://" + reachable(addr)
	fmt.Fprintf(w, "onestroke serves %s\n  WeChat   %s\n  Redis    %s\n  MongoDB  %s\n  Contract %s/docs\n", url, wechatName, redisName, mongoName, url)
	if c.SimulatorOn() {
		fmt.Fprintf(w, "Try: curl -s %s/simulator/login -d '{\"user\":\"小明\"}' | curl -s %s/v1/session -H 'Content-Type: application/json' -d @-\n", url, url)
		return
	}
	fmt.Fprintf(w, "Try: curl -s %s/readyz\n", url)
}

// reachable is the address at which this machine reaches a listener.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
}

// closers are closed in the reverse of the order in which they were opened.
type closers []func() error

func (c *closers) add(f func() error) { *c = append(*c, f) }

func (c *closers) close() (err error) {
	for i := len(*c) - 1; i >= 0; i-- {
		err = errors.Join(err, (*c)[i]())
	}
	return err
}

// redisLog takes go-redis's own log, which would go to stderr in a form of its own.
type redisLog struct{ *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.DebugContext(ctx, fmt.Sprintf(format, v...))
}
