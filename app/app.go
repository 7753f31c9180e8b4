// Package app wires the service: it reads the configuration, opens the parts that
// it names, and serves. It is the only place that knows all of them; main, the
// tests and the benchmarks use it.
package app

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"onestroke/api"
	"onestroke/api/connections"
	"onestroke/clients/playground"
	"onestroke/impl/account"
	"onestroke/impl/adminpage"
	"onestroke/impl/config"
	"onestroke/impl/docs"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/operator"
	"onestroke/impl/profile"
	"onestroke/impl/push"
	"onestroke/impl/session"
	"onestroke/impl/telemetry"
)

// reserved are the paths at which the service answers besides BASE_PATH.
var reserved = []string{"/v1", "/s", "/wechat", "/assets", "/docs", "/simulator", "/admin"}

// NewHandler wires parts into the handler for everything that the service answers.
// contract is the text of openapi.yaml. When ctx is done, /readyz says that the
// service is about to stop.
func NewHandler(ctx context.Context, c config.Config, contract []byte, p Parts, logger *slog.Logger) (http.Handler, error) {
	extra := playground.Handlers(playground.Options{Simulator: p.Simulator != nil}, api.File)
	maps.Copy(extra, docs.Handlers(docs.Options{Simulator: p.Simulator != nil}, api.File))
	if p.Simulator != nil {
		extra["/simulator/"] = p.Simulator
	}
	if c.AdminToken != "" {
		maps.Copy(extra, adminpage.Handlers(api.File))
	}
	logKey, err := hkdf.Key(sha256.New, []byte(c.WeChatAppSecret), nil, "onestroke log", sha256.Size)
	if err != nil {
		return nil, err
	}
	var stores []api.Store
	for _, d := range p.Databases {
		stores = append(stores, api.Store{Name: d.Name, CanRead: d.Read, CanWrite: d.Write})
	}
	if err := useAll(ctx, p.Databases, logger); err != nil {
		return nil, err
	}
	// Set below: they need what calls them.
	var (
		checks   *moderation.Service
		accounts *account.Service
	)
	sessions := session.New(p.Exchanger, p.Sessions, session.Options{
		IdleTTL: c.SessionIdle, MaxAge: c.SessionMaxAge, ExchangeTimeout: c.WeChatTimeout, Now: p.Now, Alone: p.Alone, Seal: p.Seal, Notes: p.Sessions,
		Returned: func(userID string) { checks.Seen(userID) },
	})
	checks = moderation.New(moderation.Options{
		Checker: p.Checker, Store: p.Drawings, Notes: p.Sessions, OpenID: sessions.OpenID,
		PublicURL: p.PublicURL, Seal: p.Seal, Logger: logger, Now: p.Now,
	})
	measured := p.Telemetry
	if measured == nil {
		measured = telemetry.New(telemetry.Options{})
	}
	measured.Cache(sessions.CacheHits, sessions.CacheMisses)
	measured.LimitInFlight(c.MaxInFlight)
	operators := operator.New(operator.Options{
		Store: p.Drawings, Checks: checks, Now: p.Now,
		Exists: func(ctx context.Context, user string) (bool, error) { return accounts.Exists(ctx, user) },
	})
	drawings := gallery.New(p.Drawings, gallery.Options{
		Quota: c.DrawingQuota, Now: p.Now, Codes: p.Codes, Checks: checks, CheckSaved: c.Checks() == "all", Suspended: operators.Suspended,
	})
	profiles := profile.New(p.Drawings, checks)
	accounts = &account.Service{Sessions: sessions, Drawings: drawings, Profiles: profiles}
	pushes := push.New(push.Options{
		Opener: p.Pushes, Notes: p.Sessions, Checks: checks, Accounts: accounts, Logger: logger, Now: p.Now,
	})
	measured.UnknownPushes(pushes.Unknown)
	go checks.Run(ctx)
	return api.New(api.Options{
		Sessions:       sessions,
		Limits:         session.NewLimits(p.Sessions, session.Rates{Logins: c.LoginRatePerMinute, Requests: c.RequestRatePerMinute, Visits: c.ShareRatePerMinute}),
		Drawings:       drawings,
		Profiles:       profiles,
		Checks:         checks,
		PublicURL:      p.PublicURL,
		Account:        accounts,
		Pushes:         pushes,
		Operators:      operators,
		AdminToken:     c.AdminToken,
		Stores:         stores,
		Stopping:       ctx.Done(),
		Contract:       contract,
		BasePath:       c.BasePath,
		TrustedProxies: c.TrustedProxies,
		TrustCloudRun:  c.TrustCloudRun,
		CORSOrigins:    c.CORSOrigins,
		MaxHeaders:     c.MaxHeaderBytes,
		MaxBody:        int64(c.MaxBodyBytes),
		ReadTimeout:    c.ReadTimeout,
		MaxInFlight:    c.MaxInFlight,
		Telemetry:      measured,
		SlowRequest:    c.SlowRequest,
		MaxExports:     c.MaxExports,
		MaxBodyMemory:  cmp.Or(c.MaxBodyMemory, bodyMemory()),
		Logger:         logger,
		LogKey:         logKey,
		Extra:          extra,
	}), nil
}

// receiveBuffer is how many bytes of bodies wait on an HTTP/2 connection until
// they are read; it is the least that HTTP/2 allows. They do not count for
// MAX_BODY_MEMORY.
const receiveBuffer = 64 << 10

// NewServer returns the HTTP server of a handler.
func NewServer(c config.Config, handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ConnContext:       connections.Context,
		ConnState:         connections.State,
		ReadHeaderTimeout: c.ReadHeaderTimeout,
		ReadTimeout:       c.ReadTimeout,
		WriteTimeout:      c.WriteTimeout,
		IdleTimeout:       c.IdleTimeout,
		MaxHeaderBytes:    api.ReadHeaders(c.MaxHeaderBytes),
		HTTP2:             &http.HTTP2Config{MaxReceiveBufferPerConnection: receiveBuffer, MaxReceiveBufferPerStream: receiveBuffer},
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

const (
	// firstUse is how long the service waits for that before it serves all the same, and
	// tries again in the background.
	firstUse = 2 * time.Second
	// retryUse is how soon it tries again until all was done once, while the database is
	// unavailable. What the database refuses, it will hardly allow a second later.
	retryUse = time.Second
	// useEvery is how often a use is noted again: someone who empties the database
	// removes the note.
	useEvery = time.Minute
)

// useAll notes that databases are used, until ctx is done, and creates their indexes. Where
// there are many drawings already that takes long; the service is slow meanwhile, and no
// answer depends on it. An error says that the service may not use one of them: then
// nothing is left running.
func useAll(ctx context.Context, databases []Database, logger *slog.Logger) error {
	var uses []*use
	for _, d := range databases {
		if d.Use == nil {
			continue
		}
		u := &use{Database: d, prepared: d.Prepare == nil}
		if err := u.first(ctx); err != nil {
			return err
		}
		uses = append(uses, u)
	}
	for _, u := range uses {
		go u.goOn(ctx, logger)
	}
	return nil
}

// use is the use of a database by the service.
type use struct {
	Database
	prepared bool
	err      error // of the last try
}

func (u *use) try(ctx context.Context) {
	u.err = u.Use(ctx)
	if !u.prepared {
		err := u.Prepare(ctx)
		u.prepared = err == nil
		u.err = errors.Join(u.err, err)
	}
}

// first returns an error if the service may not use the database.
func (u *use) first(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, firstUse)
	defer cancel()
	u.try(ctx)
	if wrong := (*config.Error)(nil); errors.As(u.err, &wrong) {
		return wrong
	}
	return nil
}

// goOn tries again after the first try, until ctx is done. The service answers already:
// an error ends nothing.
func (u *use) goOn(ctx context.Context, logger *slog.Logger) {
	begun := false // all was done once
	for {
		pause, level, message := useEvery, slog.LevelWarn, "use of the store not noted"
		switch {
		case u.err == nil:
			begun = true
		case errors.As(u.err, new(*config.Error)):
			level = slog.LevelError
		case !begun && unavailable(u.err):
			pause, message = retryUse, "store not prepared yet"
		case !begun:
			message = "store not prepared yet"
		}
		if u.err != nil {
			logger.Log(ctx, level, message, "store", u.Name, "cause", u.err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		u.try(ctx)
	}
}

func unavailable(err error) bool {
	return errors.Is(err, session.ErrUnavailable) || errors.Is(err, gallery.ErrUnavailable)
}
