package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/gen/client"
)

// gallery is the drawings of one user.
type gallery struct {
	client *client.ClientWithResponses
	has    map[uuid.UUID]bool // the drawings that were there when it was opened
}

// openGallery logs user in and lists the drawings.
func openGallery(ctx context.Context, service, user string) (*gallery, error) {
	if u, err := url.Parse(service); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s is not the URL of a service, such as http://127.0.0.1:5757", service)
	}
	service = strings.TrimSuffix(service, "/")
	doer := &patient{doer: http.DefaultClient}
	code, err := loginCode(ctx, doer, service, user)
	if err != nil {
		return nil, err
	}
	token := ""
	c, err := client.NewClientWithResponses(service, client.WithHTTPClient(doer),
		client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			return nil
		}))
	if err != nil {
		return nil, err
	}
	opened, err := c.LogInWithResponse(ctx, gen.LoginRequest{Code: code})
	if err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	if opened.JSON201 == nil {
		return nil, fmt.Errorf("log in: %w", refusal(opened.HTTPResponse, opened.Body))
	}
	token = opened.JSON201.Token
	g := &gallery{client: c, has: map[uuid.UUID]bool{}}
	return g, g.list(ctx)
}

// list reads which drawings are there.
func (g *gallery) list(ctx context.Context) error {
	page := gen.ListDrawingsParams{Limit: new(int32(100))}
	for {
		list, err := g.client.ListDrawingsWithResponse(ctx, &page)
		if err != nil {
			return fmt.Errorf("list drawings: %w", err)
		}
		if list.JSON200 == nil {
			return fmt.Errorf("list drawings: %w", refusal(list.HTTPResponse, list.Body))
		}
		for _, item := range list.JSON200.Items {
			g.has[item.ID] = true
		}
		if list.JSON200.NextCursor == nil {
			return nil
		}
		page.Cursor = list.JSON200.NextCursor
	}
}

// add saves a drawing if it is not there yet, and reports whether it did.
func (g *gallery) add(ctx context.Context, d drawing) (isNew bool, err error) {
	if g.has[d.id] {
		return false, nil
	}
	answer, err := g.client.PutDrawingWithResponse(ctx, d.id, &gen.PutDrawingParams{IfNoneMatch: new(gen.Asterisk)}, d.content)
	switch {
	case err != nil:
		return false, fmt.Errorf("save %s: %w", d.source, err)
	case answer.StatusCode() == http.StatusPreconditionFailed:
		return false, nil // another run of the demo has created it meanwhile
	case answer.JSON201 == nil:
		return false, fmt.Errorf("save %s: %w", d.source, refusal(answer.HTTPResponse, answer.Body))
	}
	return true, nil
}

// loginCode returns a login code, as wx.login() would on user's phone. It is from
// the simulator of the service, which is not part of the contract.
func loginCode(ctx context.Context, doer client.HttpRequestDoer, service, user string) (string, error) {
	body, err := json.Marshal(map[string]string{"user": user})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, service+"/simulator/login", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	answer, err := doer.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("no service answers at %s; start one with: make run", service)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", fmt.Errorf("log in: %w", err)
	}
	if answer.StatusCode == http.StatusNotFound {
		return "", fmt.Errorf("%s does not simulate WeChat, so the demo cannot log in; start a service with: SIMULATOR=on make run", service)
	}
	var phone struct{ Code string }
	if answer.StatusCode != http.StatusOK || json.Unmarshal(text, &phone) != nil || phone.Code == "" {
		return "", fmt.Errorf("log in at the simulator: %w", refusal(answer, text))
	}
	return phone.Code, nil
}

// refusal describes an unexpected answer in one line.
func refusal(answer *http.Response, body []byte) error {
	var p gen.Problem
	if json.Unmarshal(body, &p) == nil && p.Code != "" {
		return fmt.Errorf("%s: %s (request %s)", p.Code, p.Detail, p.Instance)
	}
	text, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	if len(text) > 200 {
		text = text[:200]
	}
	return fmt.Errorf("HTTP %s %s", answer.Status, text)
}

// patient repeats a request after a 429 or 503, when Retry-After has passed. All
// requests of the demo can be repeated.
type patient struct{ doer client.HttpRequestDoer }

// maxTries is the number of attempts for one request.
const maxTries = 10

func (p *patient) Do(r *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		answer, err := p.doer.Do(r)
		if err != nil || try == maxTries {
			return answer, err
		}
		seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
		busy := answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusServiceUnavailable
		if !busy || err != nil {
			return answer, nil
		}
		answer.Body.Close()
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		if r.GetBody == nil {
			continue
		}
		if r.Body, err = r.GetBody(); err != nil {
			return nil, errors.Join(errors.New("send again"), err)
		}
	}
}
