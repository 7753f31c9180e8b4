package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"onestroke/impl/config"
	"onestroke/impl/logwriter"
)

// greet says where the service serves and what to try next: as text on a terminal,
// and as one line of the log elsewhere. It does not wait for a blocked output for
// more than a second.
func greet(w io.Writer, c config.Config, url string, shown []shownPart) {
	try := "curl -s " + url + "/readyz"
	if c.SimulatorOn() {
		try = "open " + url + " in a browser and draw, or: curl -s " + url + "/simulator/login -d '{\"user\":\"小明\"}'"
	}
	out := logwriter.New(w)
	defer out.Close()
	if !out.Text() {
		line := []any{"url", url}
		for _, part := range shown {
			line = append(line, strings.ToLower(part.name), part.text)
		}
		slog.New(out.Handler(slog.LevelInfo)).Info("serving", append(line, "try", try)...)
		return
	}
	text := "onestroke serves " + url + "\n"
	for _, part := range append(shown, shownPart{"Contract", url + "/docs"}) {
		text += fmt.Sprintf("  %-8s %s\n", part.name, part.text)
	}
	fmt.Fprintf(out, "%sTry: %s\n", text, try)
}

// redisLog takes the log of go-redis, which otherwise goes to stderr in another
// form.
type redisLog struct{ *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.DebugContext(ctx, fmt.Sprintf(format, v...))
}
