package telemetry

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// System is where a request can spend time outside of the service's own code.
type System string

// The systems.
const (
	Body    System = "body"   // the client sends the body
	Answer  System = "answer" // the client takes the answer
	Redis   System = "redis"
	MongoDB System = "mongodb"
	SQLite  System = "sqlite"
	WeChat  System = "wechat"
)

var systems = [...]System{Body, Answer, Redis, MongoDB, SQLite, WeChat}

// Spent is the time that a request spent in each system. What it did at the same
// time is added up.
type Spent struct {
	by [len(systems)]atomic.Int64 // nanoseconds, in the order of systems
}

func (s *Spent) add(system System, d time.Duration) {
	for i := range systems {
		if systems[i] == system {
			s.by[i].Add(int64(d))
			return
		}
	}
}

// client is the time in which the service waited for the client.
func (s *Spent) client() time.Duration { return time.Duration(s.by[0].Load() + s.by[1].Load()) }

// TimesSpent returns the times in microseconds, as a part of a line in the log. Systems that took
// none are left out.
func (s *Spent) TimesSpent() slog.Attr {
	var times []any
	for i, system := range systems {
		if d := time.Duration(s.by[i].Load()); d > 0 {
			times = append(times, slog.Int64(string(system), d.Microseconds()))
		}
	}
	return slog.Group("spent", times...)
}

type spentKey struct{}

// spentOf returns where the request of ctx adds up its time; nil if ctx has none.
func spentOf(ctx context.Context) *Spent {
	s, _ := ctx.Value(spentKey{}).(*Spent)
	return s
}
