package onestroke

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// retry sends a request again if it may succeed later. All requests of the contract
// are idempotent.
type retry struct {
	next  HttpRequestDoer // answers with *Error
	times int
}

func (d *retry) Do(r *http.Request) (*http.Response, error) {
	for failures := 0; ; failures++ {
		answer, err := d.next.Do(r)
		if err == nil || failures >= d.times || r.Context().Err() != nil || !mayPass(err) {
			return answer, err
		}
		pause := backoff(failures)
		if refused, ok := errors.AsType[*Error](err); ok {
			pause += refused.RetryAfter
		}
		select {
		case <-time.After(pause):
		case <-r.Context().Done():
			return nil, errors.Join(r.Context().Err(), err)
		}
		if r, err = again(r); err != nil {
			return nil, err
		}
	}
}

// mayPass reports whether the same request may succeed later. Without an answer, it may.
func mayPass(err error) bool {
	refused, ok := errors.AsType[*Error](err)
	if !ok {
		return true
	}
	switch refused.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return refused.Code == "" // of a proxy
	}
	return false
}

// backoff doubles with each failure, from 0.3 s to 10 s. Up to half of it is random, so
// that clients do not return all at once.
func backoff(failures int) time.Duration {
	longest := min(300*time.Millisecond<<min(failures, 10), 10*time.Second)
	return longest - rand.N(longest/2)
}

// repeatable returns a request whose body can be sent again, also one that can be read
// only once, as a file.
func repeatable(r *http.Request) (*http.Request, error) {
	if r.Body == nil || r.GetBody != nil {
		return r, nil
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the body of the request: %w", err)
	}
	r = r.Clone(r.Context())
	r.ContentLength = int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, err = r.GetBody()
	return r, err
}

// again returns a request that sends the same body from its beginning.
func again(r *http.Request) (*http.Request, error) {
	r = r.Clone(r.Context())
	if r.GetBody == nil {
		return r, nil
	}
	body, err := r.GetBody()
	r.Body = body
	return r, err
}
