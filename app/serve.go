package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel"

	"onestroke/api/connections"
	"onestroke/impl/config"
	"onestroke/impl/logwriter"
	"onestroke/impl/self"
	"onestroke/impl/systemd"
)

// Build names the build that is running.
type Build struct{ Version, Commit string }

// Serve serves as environ configures until ctx is done and all requests in flight
// are answered. contract is the text of openapi.yaml. The greeting goes to stdout.
func Serve(ctx context.Context, environ []string, contract []byte, build Build, stdout io.Writer, log *logwriter.Writer) (err error) {
	c, err := config.Read(environ, reserved...)
	if err != nil {
		return err
	}
	logger := slog.New(log.Handler(slog.Level(c.LogLevel)))
	if err := limitMemory(); err != nil {
		logger.Warn("memory is not limited", "cause", err)
	}
	if err := unsignedPush(c); err != nil {
		logger.Warn("pushed messages are not signed", "cause", err)
	}
	redis.SetLogger(redisLog{logger})
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("spans are lost", "cause", err) }))

	tlsCertificate, err := loadCertificate(c)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Address())
	if err != nil {
		return &config.Error{Variable: "HOST, PORT", Problem: fmt.Sprintf("cannot be listened on: %v", err)}
	}
	defer listener.Close()
	url := self.URL(tlsCertificate != nil, listener.Addr().String())
	p, err := Open(c, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	p.Telemetry.Build(build.Version, build.Commit)
	p.Telemetry.DroppedLines(log.Dropped)
	stopAdmin, err := serveAdmin(c, p.Telemetry, logger)
	if err != nil {
		return err
	}
	defer stopAdmin()
	handler, err := NewHandler(ctx, c, contract, p, logger)
	if err != nil {
		return err
	}

	server := NewServer(c, handler, logger)
	options := connections.Options{Timeout: c.ReadHeaderTimeout, Logger: logger}
	if tlsCertificate != nil {
		tlsCertificate.LogDoubts(logger)
		go tlsCertificate.Watch(ctx, logger)
		options.TLS = tlsCertificate.Config()
	}
	accepted := connections.Listen(listener, options)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(accepted) }()
	debug.FreeOSMemory() // what was needed at the start only
	if c.AdminPort != 0 {
		p.show("Metrics", "http://"+c.AdminAddress()+"/metrics")
	}
	greet(stdout, c, url, p.shown)
	if err := systemd.Ready(); err != nil {
		logger.Warn("cannot notify systemd", "cause", err)
	}
	go keepAlive(ctx, url, logger)

	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	return drain(server, accepted, c, logger)
}

// firstRequest is how long the first request of a connection that was accepted may still
// come when the service stops: about as long as a handshake and a request take by mobile
// network.
const firstRequest = time.Second

// drain keeps serving for as long as balancers need to notice, then accepts no
// more connections and waits for the requests in flight.
func drain(server *http.Server, accepted *connections.Listener, c config.Config, logger *slog.Logger) error {
	logger.Info("stopping", "delay", c.ShutdownDelay.String())
	if err := systemd.Stopping(); err != nil {
		logger.Warn("cannot notify systemd", "cause", err)
	}
	time.Sleep(c.ShutdownDelay)
	ctx, cancel := context.WithTimeout(context.Background(), c.ShutdownTimeout)
	defer cancel()
	accepted.Drain(min(firstRequest, c.ShutdownTimeout))
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("SHUTDOWN_TIMEOUT has passed with requests in flight: %w", err)
	}
	return nil
}

// keepAlive tells systemd that the service is alive for as long as it answers.
func keepAlive(ctx context.Context, url string, logger *slog.Logger) {
	systemd.KeepAlive(ctx, func(ctx context.Context) error { return self.Alive(ctx, url) }, func(err error) {
		logger.Error("cannot notify systemd", "cause", err)
	})
}
