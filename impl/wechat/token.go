package wechat

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"onestroke/impl/seal"
	"onestroke/impl/session"
)

const (
	tokenPath = "/cgi-bin/stable_token"
	// renewBefore is how long before its end a token is replaced. In this time
	// WeChat accepts the old one and gives out the next.
	renewBefore = 5 * time.Minute
	// maxToken bounds a token, in bytes. WeChat says 512 characters.
	maxToken = 1024

	tokenPurpose = "access token"
	// claimPoll is how often a replica looks whether another one has the token.
	claimPoll = 50 * time.Millisecond
)

// tokens holds the access token. All replicas use the one that is in the notes,
// and one of them fetches it.
type tokens struct {
	client *Client
	notes  session.Notes
	seal   *seal.Key
	group  singleflight.Group

	// The names of the notes. Programs with other app ids may have the same notes.
	tokenNote, claimNote string

	mu     sync.Mutex
	cached token
}

// token is an access token as it is stored, sealed.
type token struct {
	Value string
	Until int64 // Unix seconds until when it is used
}

func (t token) holds(now time.Time, failed string) bool {
	return t.Value != "" && t.Value != failed && now.Unix() < t.Until
}

// current returns the access token. failed is one that WeChat has just refused:
// the result is another one, unless WeChat gives out the same. Its error is a
// [*CallError] or context.Canceled.
func (t *tokens) current(ctx context.Context, failed string) (string, error) {
	t.mu.Lock()
	cached := t.cached
	t.mu.Unlock()
	if cached.holds(t.client.now(), failed) {
		return cached.Value, nil
	}
	// The fetch goes on for those that wait if the first of them goes away.
	result := t.group.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.client.timeout)
		defer cancel()
		next, err := t.replace(ctx, failed)
		if err != nil {
			return "", err
		}
		t.mu.Lock()
		t.cached = next
		t.mu.Unlock()
		return next.Value, nil
	})
	select {
	case r := <-result:
		return r.Val.(string), r.Err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return "", context.Canceled
		}
		return "", &CallError{Path: tokenPath, Err: ctx.Err(), outage: true}
	}
}

// replace returns the token that the replicas have, or fetches one for all of them.
// Without the notes, which may be away, it fetches one for itself: WeChat gives
// everybody the same.
func (t *tokens) replace(ctx context.Context, failed string) (token, error) {
	if t.notes == nil || t.seal == nil {
		return t.fetch(ctx)
	}
	mine := rand.Text()
	for {
		stored, err := t.notes.Note(ctx, t.tokenNote)
		if err != nil {
			return t.fetch(ctx)
		}
		if shared := t.open(stored); shared.holds(t.client.now(), failed) {
			return shared, nil
		}
		claimed, err := t.notes.SwapNote(ctx, t.claimNote, "", mine, t.client.timeout)
		if err != nil {
			return t.fetch(ctx)
		}
		if claimed {
			next, err := t.share(ctx, stored, failed)
			_, _ = t.notes.SwapNote(context.WithoutCancel(ctx), t.claimNote, mine, "", 0) // it ends by itself, too
			return next, err
		}
		select {
		case <-time.After(claimPoll):
		case <-ctx.Done():
			return token{}, &CallError{Path: tokenPath, Err: errors.New("another replica is fetching the access token"), outage: true}
		}
	}
}

// share fetches the token and stores it for the others, unless one of them has done
// so since it was seen last.
func (t *tokens) share(ctx context.Context, seen, failed string) (token, error) {
	stored, err := t.notes.Note(ctx, t.tokenNote)
	if shared := t.open(stored); err == nil && stored != seen && shared.holds(t.client.now(), failed) {
		return shared, nil
	}
	next, err := t.fetch(ctx)
	if err == nil {
		_, _ = t.notes.SwapNote(ctx, t.tokenNote, stored, t.sealed(next), time.Unix(next.Until, 0).Sub(t.client.now()))
	}
	return next, err
}

// fetch asks WeChat for the token. Calls without force_refresh get the same one
// until five minutes before its end.
func (t *tokens) fetch(ctx context.Context) (token, error) {
	request, err := json.Marshal(map[string]any{
		"grant_type": "client_credential", "appid": t.client.appID, "secret": t.client.appSecret, "force_refresh": false,
	})
	if err != nil {
		return token{}, &CallError{Path: tokenPath, Err: err}
	}
	a, err := t.client.post(ctx, tokenPath, "", request)
	if err != nil {
		return token{}, err
	}
	var given struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"` // seconds
	}
	if json.Unmarshal(a.body, &given) != nil || given.AccessToken == "" || len(given.AccessToken) > maxToken {
		return token{}, &CallError{Path: tokenPath, Err: errors.New("the answer has no access token")}
	}
	life := max(time.Duration(given.ExpiresIn)*time.Second-renewBefore, time.Second)
	return token{given.AccessToken, t.client.now().Add(life).Unix()}, nil
}

func (t *tokens) sealed(x token) string {
	text, _ := json.Marshal(x) // a string and a number, which cannot fail
	return t.seal.Seal(tokenPurpose, string(text))
}

// open reads a stored token. One that was sealed with another key is none.
func (t *tokens) open(stored string) (x token) {
	text, err := t.seal.Open(tokenPurpose, stored)
	if err != nil || json.Unmarshal([]byte(text), &x) != nil {
		return token{}
	}
	return x
}
