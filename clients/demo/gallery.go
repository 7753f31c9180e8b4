package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"

	onestroke "github.com/onestroke/onestroke/clients/go"
)

// retries is how often a request to a busy service is sent again. Logins and drawings
// come faster than the limits of a service allow.
const retries = 9

// gallery is the drawings of one user.
type gallery struct {
	client *onestroke.Client
	has    map[uuid.UUID]bool // the drawings that were there when it was opened
}

// openGallery logs user in and lists the drawings.
func openGallery(ctx context.Context, service, user string) (*gallery, error) {
	service = strings.TrimSuffix(service, "/")
	client, err := onestroke.New(service, onestroke.Options{
		Login:   func(ctx context.Context) (string, error) { return loginCode(ctx, service, user) },
		Retries: retries,
	})
	if err != nil {
		return nil, err
	}
	if err := client.Open(ctx); err != nil {
		return nil, err
	}
	g := &gallery{client: client, has: map[uuid.UUID]bool{}}
	for drawing, err := range client.Drawings(ctx, &onestroke.ListDrawingsParams{Limit: new(int32(100))}) {
		if err != nil {
			return nil, fmt.Errorf("list drawings: %w", err)
		}
		g.has[drawing.ID] = true
	}
	return g, nil
}

// add saves a drawing if it is not there yet, and reports whether it did.
func (g *gallery) add(ctx context.Context, d drawing) (isNew bool, err error) {
	if g.has[d.id] {
		return false, nil
	}
	_, err = g.client.PutDrawingWithResponse(ctx, d.id, &onestroke.PutDrawingParams{IfNoneMatch: new(onestroke.Asterisk)}, d.content)
	if refused, ok := errors.AsType[*onestroke.Error](err); ok && refused.Code == onestroke.ErrPreconditionFailed {
		return false, nil // another run of the demo has created it meanwhile
	}
	if err != nil {
		return false, fmt.Errorf("save %s: %w", d.source, err)
	}
	return true, nil
}

// loginCode returns a login code, as wx.login() would on user's phone. It is from
// the simulator of the service, which is not part of the contract.
func loginCode(ctx context.Context, service, user string) (string, error) {
	body, err := json.Marshal(map[string]string{"user": user})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, service+"/simulator/login", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("no service answers at %s; start one with: make run", service)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusNotFound {
		return "", fmt.Errorf("%s does not simulate WeChat, so the demo cannot log in; start a service with: SIMULATOR=on make run", service)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return "", err
	}
	var phone struct{ Code string }
	if answer.StatusCode != http.StatusOK || json.Unmarshal(text, &phone) != nil || phone.Code == "" {
		line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
		return "", fmt.Errorf("the simulator answers HTTP %s %s", answer.Status, line[:min(len(line), 200)])
	}
	return phone.Code, nil
}
