package api

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"onestroke/gen"
)

// readyTimeout bounds the check of each store: a load balancer asks often
// and must not wait.
const readyTimeout = time.Second

// readyLife is how long the stores count as ready after a check: anyone may ask, and each
// check is a write to the disk. After one that failed, the next one is at once.
const readyLife = 100 * time.Millisecond

// health are the operations for load balancers and supervisors.
type health struct {
	stores   []Store
	stopping func() bool
	logger   *slog.Logger
	last     *readiness
}

// readiness is what the last check of the stores found. There is one at a time, for all
// who ask meanwhile.
type readiness struct {
	checking singleflight.Group

	mu    sync.Mutex
	until time.Time // the stores count as ready
}

func (r *readiness) isReady() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Before(r.until)
}

func (r *readiness) ready() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until = time.Now().Add(readyLife)
}

func (h health) Livez(context.Context, gen.LivezRequest) (gen.LivezAnswer, error) {
	return gen.Livez200{Body: gen.Liveness{Status: gen.Live}}, nil
}

func (h health) Readyz(ctx context.Context, _ gen.ReadyzRequest) (gen.ReadyzAnswer, error) {
	if h.stopping() {
		return nil, errStopping
	}
	answer, err, _ := h.last.checking.Do("", func() (any, error) {
		if h.last.isReady() {
			return gen.Readyz200{Body: gen.Readiness{Status: gen.Ready}}, nil
		}
		return h.check(context.WithoutCancel(ctx))
	})
	if err != nil {
		return nil, err
	}
	return answer.(gen.ReadyzAnswer), nil
}

// check asks all stores.
func (h health) check(ctx context.Context) (gen.ReadyzAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	reads, writes := make([]error, len(h.stores)), make([]error, len(h.stores))
	var wg sync.WaitGroup
	for i, s := range h.stores {
		wg.Go(func() { reads[i] = s.CanRead(ctx) })
		wg.Go(func() { writes[i] = s.CanWrite(ctx) })
	}
	wg.Wait()

	var unreachable, unwritable []gen.FieldError
	for i, s := range h.stores {
		switch {
		case reads[i] != nil:
			unreachable = append(unreachable, gen.FieldError{Field: s.Name, Rule: "reachable", Detail: "cannot be reached"})
			h.logger.WarnContext(ctx, "store cannot be read", "name", s.Name, "cause", reads[i])
		case writes[i] != nil:
			unwritable = append(unwritable, gen.FieldError{Field: s.Name, Rule: "writable", Detail: "refuses writes"})
			h.logger.WarnContext(ctx, "store cannot be written to", "name", s.Name, "cause", writes[i])
		}
	}
	switch {
	case unreachable != nil:
		return nil, &problem{
			code: gen.ErrUnavailable, fields: unreachable, retryAfter: 2,
			detail: fmt.Sprintf("%s %s", unreachable[0].Field, unreachable[0].Detail),
		}
	case unwritable != nil:
		return gen.Readyz200{Body: gen.Readiness{Status: gen.Degraded, Errors: &unwritable}}, nil
	default:
		h.last.ready()
		return gen.Readyz200{Body: gen.Readiness{Status: gen.Ready}}, nil
	}
}
