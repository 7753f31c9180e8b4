package api

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"onestroke/gen"
)

// readyTimeout bounds the check of each dependency: a load balancer asks often
// and must not wait.
const readyTimeout = time.Second

// health are the operations for load balancers and supervisors.
type health struct {
	dependencies []Dependency
	stopping     func() bool
	logger       *slog.Logger
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
	failures := make([]error, len(h.dependencies))
	var wg sync.WaitGroup
	for i, d := range h.dependencies {
		wg.Go(func() { failures[i] = d.Check(ctx) })
	}
	wg.Wait()

	var fields []gen.FieldError
	for i, err := range failures {
		if err != nil {
			fields = append(fields, gen.FieldError{Field: h.dependencies[i].Name, Rule: "reachable", Detail: "cannot be reached"})
			h.logger.WarnContext(ctx, "dependency away", "name", h.dependencies[i].Name, "cause", err)
		}
	}
	if fields != nil {
		return nil, &problem{
			code: gen.ErrUnavailable, fields: fields, retryAfter: 2,
			detail: fmt.Sprintf("%s %s", fields[0].Field, fields[0].Detail),
		}
	}
	return gen.Readyz200{Body: gen.Readiness{Status: gen.Ready}}, nil
}
