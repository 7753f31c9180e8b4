package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"onestroke/impl/rediscache"
	"onestroke/impl/session"
)

// shareSessions stores n sessions in Redis, each of another user, for both programs,
// and returns the tokens.
func (b *bench) shareSessions(n int) ([]string, error) {
	tokens, err := openSessions(rediscache.New(b.redis), n)
	if err != nil {
		return nil, err
	}
	// The tokens of the reference are as long as ours.
	ours, err := dial(b.ours.address)
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	answer, err := ours.do(request(http.MethodGet, "/v1/session", bearer(tokens[0]), nil))
	if err != nil {
		return nil, err
	}
	for i := 0; i < n; i += 1000 {
		p := b.redis.Pipeline()
		for _, token := range tokens[i:min(i+1000, n)] {
			p.Set(context.Background(), "reference:Bearer "+token, answer, 2*time.Hour)
		}
		if _, err := p.Exec(context.Background()); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// sessionOpener is a store that opens a session without a login.
type sessionOpener interface {
	Open(context.Context, session.Session) (session.Session, error)
}

// openSessions stores n sessions, each of another user, and returns the tokens.
// Logging all of them in would take minutes.
func openSessions(store sessionOpener, n int) ([]string, error) {
	tokens := make([]string, n)
	for i := range tokens {
		var secret [48]byte
		rand.Read(secret[:])
		tokens[i] = session.TokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	}
	return tokens, keepSessions(store, tokens)
}

// keepSessions opens a session for each token. Its first 16 bytes are the user's.
func keepSessions(store sessionOpener, tokens []string) error {
	now := time.Now().Truncate(time.Second)
	var inFlight errgroup.Group
	inFlight.SetLimit(64)
	for _, token := range tokens {
		secret, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, session.TokenPrefix))
		if err != nil {
			return err
		}
		inFlight.Go(func() error {
			_, err := store.Open(context.Background(), session.Session{
				ID:   session.Credential{Kind: session.Token, Secret: token}.ID(),
				Kind: session.Token,
				User: session.User{ID: base64.RawURLEncoding.EncodeToString(secret[:16]), Profile: session.Profile{
					Nickname: "Band", AvatarURL: "http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0",
					Gender: 1, Language: "zh_CN", Country: "CN", Province: "Guangdong", City: "Guangzhou",
				}},
				Label: "bench", CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(2 * time.Hour),
			})
			return err
		})
	}
	return inFlight.Wait()
}
