package api

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"onestroke/gen"
)

// readyTimeout bounds the question to each dependency: a balancer asks often
// and must not wait.
const readyTimeout = time.Second

func (s *server) Livez(context.Context, gen.LivezRequestObject) (gen.LivezResponseObject, error) {
	return gen.Livez200JSONResponse{Body: gen.Liveness{Status: gen.Live}}, nil
}

func (s *server) Readyz(ctx context.Context, _ gen.ReadyzRequestObject) (gen.ReadyzResponseObject, error) {
	if s.stopping() {
		return nil, errStopping
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	failures := make([]error, len(s.Dependencies))
	var wg sync.WaitGroup
	for i, d := range s.Dependencies {
		wg.Go(func() { failures[i] = d.Check(ctx) })
	}
	wg.Wait()

	var fields []gen.FieldError
	for i, err := range failures {
		if err != nil {
			fields = append(fields, gen.FieldError{Field: s.Dependencies[i].Name, Rule: "reachable", Detail: "cannot be reached"})
			s.Logger.WarnContext(ctx, "dependency away", "name", s.Dependencies[i].Name, "cause", err)
		}
	}
	if fields != nil {
		return nil, &problem{
			code: gen.ErrUnavailable, fields: fields, retryAfter: 2,
			detail: fmt.Sprintf("%s %s", fields[0].Field, fields[0].Detail),
		}
	}
	return gen.Readyz200JSONResponse{Body: gen.Readiness{Status: gen.Ready}}, nil
}

func (s *server) GetContractYaml(_ context.Context, r gen.GetContractYamlRequestObject) (gen.GetContractYamlResponseObject, error) {
	return contractAnswer{s.contract.yaml, "application/yaml", r.Params.IfNoneMatch}, nil
}

func (s *server) GetContractJSON(_ context.Context, r gen.GetContractJSONRequestObject) (gen.GetContractJSONResponseObject, error) {
	return contractAnswer{s.contract.json, "application/json", r.Params.IfNoneMatch}, nil
}

// contractAnswer is the contract as it was rendered at start, or that the
// client holds it already.
type contractAnswer struct {
	document
	mediaType   string
	ifNoneMatch *string
}

func (a contractAnswer) VisitGetContractYamlResponse(w http.ResponseWriter) error { return a.write(w) }

func (a contractAnswer) VisitGetContractJSONResponse(w http.ResponseWriter) error { return a.write(w) }

func (a contractAnswer) write(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("ETag", quote(a.etag))
	h.Set("Cache-Control", publicCaching)
	if a.ifNoneMatch != nil && parseEntityTags(*a.ifNoneMatch).include(a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", a.mediaType)
	_, err := w.Write(a.text)
	return err
}

const publicCaching = "public, no-cache"
