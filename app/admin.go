package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"onestroke/impl/config"
	"onestroke/impl/telemetry"
)

// adminHeaderTimeout bounds how long the headers of a request to ADMIN_PORT may take.
const adminHeaderTimeout = 5 * time.Second

// serveAdmin serves metrics and profiles on ADMIN_PORT, if it is set, until stop is called:
// also while the requests in flight are answered at the end.
func serveAdmin(c config.Config, t *telemetry.Telemetry, logger *slog.Logger) (stop func(), err error) {
	if c.AdminPort == 0 {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", c.AdminAddress())
	if err != nil {
		return nil, &config.Error{Variable: "ADMIN_HOST, ADMIN_PORT", Problem: fmt.Sprintf("cannot be listened on: %v", err)}
	}
	server := &http.Server{
		Handler: t.Handler(), ReadHeaderTimeout: adminHeaderTimeout,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("metrics are not served any more", "cause", err)
		}
	}()
	return func() { server.Close() }, nil
}
