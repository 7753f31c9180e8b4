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
	extra := playground.Handlers(playground.Options{Simulator: p.Simulator != nil})
	reference, err := docs.New(docs.Options{Contract: contract, Simulator: p.Simulator != nil})
	if err != nil {
		return nil, err
	}
	extra["/docs"], extra["/docs/"] = reference, reference
	if p.Simulator != nil {
		extra["/simulator/"] = p.Simulator
	}
	if c.AdminToken != "" {
		maps.Copy(extra, adminpage.Handlers())
	}
	logKey, err := hkdf.Key(sha256.New, []byte(c.WeChatAppSecret), nil, "onestroke log", sha256.Size)
	if err != nil {
		return nil, err
	}
	var stores []api.Store
	for _, d := range p.Databases {
		if d.Use != nil {
			if err := use(ctx, d, logger); err != nil {
				return nil, err
			}
		}
		stores = append(stores, api.Store{Name: d.Name, CanRead: d.Read, CanWrite: d.Write})
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
	retryUse = time.Second
	// useEvery is how often a use is noted again: someone who empties the database
	// removes the note.
	useEvery = time.Minute
)

// use notes that a database is used, until ctx is done, and creates its indexes. Where
// there are many drawings already that takes long; the service is slow meanwhile, and no
// answer depends on it. An error says that the service may not use the database.
func use(ctx context.Context, d Database, logger *slog.Logger) error {
	prepared := d.Prepare == nil
	try := func(ctx context.Context) error {
		err := d.Use(ctx)
		if !prepared {
			prepareErr := d.Prepare(ctx)
			prepared = prepareErr == nil
			err = errors.Join(err, prepareErr)
		}
		return err
	}
	first, cancel := context.WithTimeout(ctx, firstUse)
	defer cancel()
	err := try(first)
	if wrong := (*config.Error)(nil); errors.As(err, &wrong) {
		return wrong
	}
	go func() {
		begun := false // all was done once
		for {
			pause := useEvery
			switch {
			case err == nil:
				begun = true
			case begun:
				logger.WarnContext(ctx, "use of the store not noted", "store", d.Name, "cause", err)
			default:
				logger.WarnContext(ctx, "store not prepared yet", "store", d.Name, "cause", err)
				pause = retryUse
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			err = try(ctx)
		}
	}()
	return nil
}
