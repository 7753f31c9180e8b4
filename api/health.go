package api

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"onestroke/gen"
)

// readyTimeout bounds the check of each store: a load balancer asks often
// and must not wait.
const readyTimeout = time.Second

// health are the operations for load balancers and supervisors.
type health struct {
	stores   []Store
	stopping func() bool
	logger   *slog.Logger
}

func (h health) Livez(context.Context, gen.LivezRequest) (gen.LivezAnswer, error) {
	return gen.Livez200{Body: gen.Liveness{Status: gen.Live}}, nil
}

func (h health) Readyz(ctx context.Context, _ gen.ReadyzRequest) (gen.ReadyzAnswer, error) {
	if h.stopping() {
		return nil, errStopping
	}
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
		return gen.Readyz200{Body: gen.Readiness{Status: gen.Ready}}, nil
	}
}
