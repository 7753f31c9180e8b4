package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"onestroke/impl/config"
	"onestroke/impl/logwriter"
)

// shownParts is what may be shown of parts: no passwords.
type shownParts struct{ weChat, redis, mongoDB string }

// greet says where the service serves and what to try next: as text on a terminal,
// and as one line of the log elsewhere. It does not wait for a blocked output for
// more than a second.
func greet(w io.Writer, c config.Config, url string, shown shownParts) {
	try := "curl -s " + url + "/readyz"
	if c.SimulatorOn() {
		try = "open " + url + " in a browser and draw, or: curl -s " + url + "/simulator/login -d '{\"user\":\"小明\"}'"
	}
	out := logwriter.New(w)
	defer out.Close()
	if !out.Text() {
		slog.New(out.Handler(slog.LevelInfo)).Info("serving", "url", url, "wechat", shown.weChat, "redis", shown.redis, "mongodb", shown.mongoDB, "try", try)
		return
	}
	fmt.Fprintf(out, "onestroke serves %s\n  WeChat   %s\n  Redis    %s\n  MongoDB  %s\n  Contract %s/docs\nTry: %s\n", url, shown.weChat, shown.redis, shown.mongoDB, url, try)
}

// redisLog takes the log of go-redis, which otherwise goes to stderr in another
// form.
type redisLog struct{ *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.DebugContext(ctx, fmt.Sprintf(format, v...))
}
