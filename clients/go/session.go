package onestroke

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// session sends requests with the credential. If the service asks for a session, it
// logs in and sends the request once more.
type session struct {
	next  HttpRequestDoer
	login func(context.Context) (string, error)
	logIn func(context.Context, LoginRequest, ...RequestEditorFn) (*LogInResponse, error)

	renewing chan struct{} // has room for one: full during a login
	mu       sync.Mutex
	token    string // guarded by mu, as is what follows
	failures int    // logins that failed, without those of requests that were given up
	failure  error  // that of the last one
}

func (s *session) Do(r *http.Request) (*http.Response, error) {
	r, err := repeatable(r)
	if err != nil {
		return nil, err
	}
	token := s.current()
	answer, err := s.next.Do(withToken(r, token))
	refused, ok := errors.AsType[*Error](err)
	if !ok || s.login == nil || refused.Code != ErrLoginRequired && refused.Code != ErrSessionExpired {
		return answer, err
	}
	if token, err = s.renew(r.Context(), token); err != nil {
		return nil, err
	}
	if r, err = again(r); err != nil {
		return nil, err
	}
	return s.next.Do(withToken(r, token))
}

// renew replaces the credential that is no longer valid, and returns the new one. If
// another request has done so meanwhile, or failed to, it returns that one's, or its error.
func (s *session) renew(ctx context.Context, ended string) (string, error) {
	before, _ := s.failed()
	select {
	case s.renewing <- struct{}{}:
		defer func() { <-s.renewing }()
	case <-ctx.Done():
		return "", fmt.Errorf("log in: %w", ctx.Err())
	}
	if token := s.current(); token != ended {
		return token, nil
	}
	if failures, err := s.failed(); failures != before {
		return "", err
	}
	if s.login == nil {
		return "", errors.New("log in: there is no Options.Login")
	}
	opened, err := s.open(ctx)
	// WeChat accepts a code once: try again with a new one.
	if refused, ok := errors.AsType[*Error](err); ok && refused.Status == http.StatusUnauthorized &&
		refused.Code == ErrSessionKeyExchangeFailed {
		opened, err = s.open(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("log in: %w", err)
		if ctx.Err() == nil {
			s.failures, s.failure = s.failures+1, err
		}
		return "", err
	}
	s.token = opened.Token
	return s.token, nil
}

// open logs in with a new code.
func (s *session) open(ctx context.Context) (*LoggedIn, error) {
	code, err := s.login(ctx)
	if err != nil {
		return nil, err
	}
	opened, err := s.logIn(ctx, LoginRequest{Code: code})
	if err == nil && opened.JSON201 == nil {
		err = errNotOurs
	}
	if err != nil {
		return nil, err
	}
	return opened.JSON201, nil
}

func (s *session) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

// failed returns how many logins have failed, and the error of the last one.
func (s *session) failed() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures, s.failure
}

func withToken(r *http.Request, token string) *http.Request {
	if token == "" {
		return r
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}
