// Onestroke is the back end of 一笔到底, a drawing program for WeChat: it knows
// its users by their request headers and keeps what they draw.
//
// The environment configures it; onestroke --help explains it.
package main

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"go.yaml.in/yaml/v3"
	_ "golang.org/x/crypto/x509roots/fallback" // an image from scratch has no certificates to check WeChat by
	"golang.org/x/term"

	"onestroke/api"
	"onestroke/clients/playground"
	"onestroke/impl/certificate"
	"onestroke/impl/config"
	"onestroke/impl/docs"
	"onestroke/impl/embedded"
	"onestroke/impl/gallery"
	"onestroke/impl/mongostore"
	"onestroke/impl/rediscache"
	"onestroke/impl/self"
	"onestroke/impl/session"
	"onestroke/impl/systemd"
	"onestroke/impl/wechat"
	"onestroke/impl/wechatsim"
)

//go:embed openapi.yaml
var contract []byte

// Of a release, set with -ldflags "-X main.version=v1.2.3 -X main.commit=…".
// Without, both are what the go command has noted.
var version, commit string

const usage = `onestroke is the back end of 一笔到底. It serves until SIGTERM.

  onestroke --check     try what is configured, say what is wrong and what to do
  onestroke --health    ask the service that this environment configures, on
                        this machine, whether it is alive
  onestroke --version   say version, commit and version of the contract
  onestroke --help      say this

These variables configure it, each with what it is where it is not set. One that
is empty counts as not set. What is marked * may stand in a file instead:
REDIS_URL_FILE names one that holds REDIS_URL.

`

func main() {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Reset() // a second signal ends the process at once
		stop()
	}()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run does what its arguments ask for and returns the exit code: 1 when that
// failed, 2 when they ask for nothing there is.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	var err error
	switch strings.Join(args, " ") {
	case "":
		err = serve(ctx, environ, stdout, stderr)
	case "--check":
		err = check(ctx, environ, stdout)
	case "--health":
		err = health(ctx, environ)
	case "--version":
		err = writeVersion(stdout)
	case "--help", "-h":
		if _, err = io.WriteString(stdout, usage); err == nil {
			err = config.WriteTable(stdout)
		}
	default:
		fmt.Fprintf(stderr, "onestroke: it takes one of --check, --health, --version and --help, and not %q\n", strings.Join(args, " "))
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, "onestroke:", err)
		return 1
	}
	return 0
}

// serve serves until ctx is done and what is in flight has been answered.
func serve(ctx context.Context, environ []string, stdout, stderr io.Writer) (err error) {
	c, err := config.Read(environ)
	if err != nil {
		return err
	}
	// Little is alive here, so that the garbage would be collected every few hundred
	// requests. With the ballast it is when 32 MB have come together, or more. It is
	// never written to, and so takes no memory itself; only GOMEMLIMIT counts it.
	ballast := make([]byte, 32<<20)
	defer runtime.KeepAlive(ballast)

	logger := newLogger(stderr, c.LogLevel)
	redis.SetLogger(redisLog{logger})
	tlsCertificate, err := loadCertificate(c)
	if err != nil {
		return err
	}

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
	url := self.URL(tlsCertificate != nil, listener.Addr().String())
	exchanger, simulator, wechatName, err := openWeChat(c, url)
	if err != nil {
		return err
	}
	extra := playground.Handlers(playground.Options{Simulator: simulator != nil})
	reference := docs.New(docs.Options{Simulator: simulator != nil})
	extra["/docs"], extra["/docs/"] = reference, reference
	if simulator != nil {
		extra["/simulator/"] = simulator
	}
	ready := prepare(ctx, drawings, logger)
	logKey, err := hkdf.Key(sha256.New, []byte(c.WeChatAppSecret), nil, "onestroke log", sha256.Size)
	if err != nil {
		return err
	}

	handler, err := api.New(api.Options{
		Sessions: session.New(exchanger, sessions, session.Options{
			IdleTTL: c.SessionIdle, MaxAge: c.SessionMaxAge, ExchangeTimeout: c.WeChatTimeout,
		}),
		Limits:   session.NewLimits(sessions, c.LoginRatePerMinute, c.RequestRatePerMinute),
		Drawings: gallery.New(drawings, gallery.Options{Quota: c.DrawingQuota}),
		Dependencies: []api.Dependency{
			{Name: "redis", Check: sessions.Ping},
			{Name: "mongodb", Check: ready},
		},
		Stopping:       ctx.Done(),
		Contract:       contract,
		BasePath:       c.BasePath,
		TrustedProxies: c.TrustedProxies,
		TrustCloudRun:  c.TrustCloudRun,
		CORSOrigins:    c.CORSOrigins,
		MaxHeaders:     c.MaxHeaderBytes,
		MaxBody:        int64(c.MaxBodyBytes),
		MaxInFlight:    c.MaxInFlight,
		Logger:         logger,
		LogKey:         logKey,
		Extra:          extra,
	})
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: c.ReadHeaderTimeout,
		ReadTimeout:       c.ReadTimeout,
		WriteTimeout:      c.WriteTimeout,
		IdleTimeout:       c.IdleTimeout,
		MaxHeaderBytes:    api.ReadHeaders,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	if tlsCertificate == nil {
		go func() { failed <- server.Serve(listener) }()
	} else {
		tlsCertificate.LogDoubts(logger)
		go tlsCertificate.Watch(ctx, logger)
		server.TLSConfig = tlsCertificate.Config()
		go func() { failed <- server.ServeTLS(listener, "", "") }()
	}
	debug.FreeOSMemory() // what was read once, the contract above all, is garbage by now
	greet(stdout, c, url, wechatName, redisName, mongoName)
	if err := systemd.Ready(); err != nil {
		logger.Warn("systemd is not told", "cause", err)
	}
	go keepAlive(ctx, url, logger)

	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	return drain(server, c, logger)
}

// drain goes on for the delay that balancers need to notice, then accepts
// nothing more and lets what is in flight finish.
func drain(server *http.Server, c config.Config, logger *slog.Logger) error {
	logger.Info("stopping", "delay", c.ShutdownDelay.String())
	if err := systemd.Stopping(); err != nil {
		logger.Warn("systemd is not told", "cause", err)
	}
	time.Sleep(c.ShutdownDelay)
	ctx, cancel := context.WithTimeout(context.Background(), c.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("SHUTDOWN_TIMEOUT has passed with requests in flight: %w", err)
	}
	return nil
}

// check tries what is configured, part by part, and says what is wrong.
func check(ctx context.Context, environ []string, stdout io.Writer) error {
	redis.SetLogger(redisLog{slog.New(slog.DiscardHandler)})
	failed := 0
	say := func(name, shown string, err error) {
		verdict := "ok"
		if err != nil {
			verdict = "wrong"
			failed++
			shown += "\n" + err.Error()
		}
		shown = strings.ReplaceAll(strings.TrimSpace(shown), "\n", "\n"+strings.Repeat(" ", 16))
		fmt.Fprintf(stdout, "%-6s %-8s %s\n", verdict, name, shown)
	}
	c, err := config.Read(environ)
	say("Settings", "", err)
	if err != nil {
		return errors.New("the rest was not tried")
	}
	var parts closers
	defer func() { _ = parts.close() }()
	for _, part := range []struct {
		name string
		try  func() (shown string, err error)
	}{
		{"HTTPS", func() (string, error) {
			loaded, err := loadCertificate(c)
			if loaded == nil {
				return "left to what stands in front", err
			}
			return loaded.String(), errors.Join(loaded.Doubts()...)
		}},
		{"Redis", func() (string, error) {
			store, shown, err := openRedis(c, &parts)
			if err == nil {
				err = store.Check(ctx)
			}
			return shown, err
		}},
		{"MongoDB", func() (string, error) {
			store, shown, err := openMongoDB(c, &parts)
			if err == nil {
				err = store.Check(ctx)
			}
			return shown, err
		}},
		{"WeChat", func() (string, error) {
			client, simulator, shown, err := openWeChat(c, self.URL(c.TLSCert != "", c.Address()))
			if err == nil && (simulator == nil || c.WeChatAPIURL != "") {
				err = client.Check(ctx)
			}
			return shown, err
		}},
	} {
		shown, err := part.try()
		say(part.name, shown, err)
	}
	if failed > 0 {
		return errors.New("not all is well")
	}
	return nil
}

// health asks the service at the configured address whether it is alive. It does
// not ask whether Redis and MongoDB are: a restart would bring neither back.
func health(ctx context.Context, environ []string) error {
	c, err := config.Read(environ)
	if err != nil {
		return err
	}
	if c.Port == 0 {
		return &config.Error{Variable: "PORT", Problem: "must be set to that of the running service"}
	}
	return self.Alive(ctx, self.URL(c.TLSCert != "", c.Address()))
}

func keepAlive(ctx context.Context, url string, logger *slog.Logger) {
	err := systemd.KeepAlive(ctx, func(ctx context.Context) error { return self.Alive(ctx, url) })
	if err != nil {
		logger.Error("systemd is not told that the service is alive", "cause", err)
	}
}

func writeVersion(w io.Writer) error {
	var document struct{ Info struct{ Version string } }
	if err := yaml.Unmarshal(contract, &document); err != nil {
		return err
	}
	version, commit := version, commit
	if build, ok := debug.ReadBuildInfo(); ok {
		if version == "" {
			version = build.Main.Version
		}
		for _, s := range build.Settings {
			if commit == "" && s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	if commit == "" {
		commit = "unknown"
	}
	_, err := fmt.Fprintf(w, "onestroke %s, commit %s, contract %s, %s\n", version, commit, document.Info.Version, runtime.Version())
	return err
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
	client, address, err := rediscache.Dial(url)
	if err != nil {
		return nil, "", &config.Error{Variable: "REDIS_URL", Problem: err.Error()}
	}
	parts.add(client.Close)
	return rediscache.New(client), cmp.Or(name, address), nil
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
	store, address, err := mongostore.Dial(uri)
	if err != nil {
		return nil, "", &config.Error{Variable: "MONGODB_URI", Problem: err.Error()}
	}
	parts.add(store.Close)
	return store, cmp.Or(name, address), nil
}

// loadCertificate returns that of HTTPS, or nil where HTTP is spoken.
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

// openWeChat returns what exchanges codes, and the simulator where it is on.
func openWeChat(c config.Config, url string) (x *wechat.Client, simulator http.Handler, name string, err error) {
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
			o.BaseURL, o.Transport, name = url+"/simulator", self.Transport(), "simulated, at /simulator"
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

// greet says where the service serves and what to try next: to people, or as a
// line of the log.
func greet(w io.Writer, c config.Config, url, wechatName, redisName, mongoName string) {
	try := "curl -s " + url + "/readyz"
	if c.SimulatorOn() {
		try = "open " + url + " in a browser and draw, or: curl -s " + url + "/simulator/login -d '{\"user\":\"小明\"}'"
	}
	if !isTerminal(w) {
		newLogger(w, slog.LevelInfo).Info("serving", "url", url, "wechat", wechatName, "redis", redisName, "mongodb", mongoName, "try", try)
		return
	}
	fmt.Fprintf(w, "onestroke serves %s\n  WeChat   %s\n  Redis    %s\n  MongoDB  %s\n  Contract %s/docs\nTry: %s\n", url, wechatName, redisName, mongoName, url, try)
}

// newLogger writes for people where they watch, and for programs elsewhere.
func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
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
