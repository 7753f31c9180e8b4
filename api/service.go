package api

import (
	"bytes"
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

func (s *server) GetContractYaml(context.Context, gen.GetContractYamlRequestObject) (gen.GetContractYamlResponseObject, error) {
	caching := publicCaching
	return gen.GetContractYaml200ApplicationYamlResponse{
		Body:          bytes.NewReader(s.contract.yaml),
		ContentLength: int64(len(s.contract.yaml)),
		Headers:       gen.GetContractYaml200ResponseHeaders{CacheControl: &caching},
	}, nil
}

func (s *server) GetContractJSON(context.Context, gen.GetContractJSONRequestObject) (gen.GetContractJSONResponseObject, error) {
	return contractJSON(s.contract.json), nil
}

// contractJSON answers with the contract as it was rendered at start.
type contractJSON []byte

func (c contractJSON) VisitGetContractJSONResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", publicCaching)
	_, err := w.Write(c)
	return err
}

const publicCaching = "public, no-cache"
