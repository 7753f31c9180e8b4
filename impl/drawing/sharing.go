package drawing

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"regexp"
	"strings"
)

var shareToken = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)

// Share lets whoever has the token see a drawing and the nickname. A drawing
// that is shared already keeps its token and nickname, and created is false. Its
// revision and etag are the same as before. It returns [ErrNotFound] when the
// owner has no such drawing.
func (s *Service) Share(ctx context.Context, owner, nickname, id string) (token string, created bool, err error) {
	id = strings.ToLower(id)
	if !isDrawingID(id) {
		return "", false, ErrNotFound
	}
	offered := Share{Token: newShareToken(), Nickname: nickname}
	kept, err := s.store.Share(ctx, owner, id, offered)
	if err != nil {
		return "", false, err
	}
	return kept.Token, kept.Token == offered.Token, nil
}

// Unshare makes the token of a drawing worthless for ever. It is no error when
// there is none.
func (s *Service) Unshare(ctx context.Context, owner, id string) error {
	id = strings.ToLower(id)
	if !isDrawingID(id) {
		return nil
	}
	return s.store.Unshare(ctx, owner, id)
}

// Shared returns the drawing that a token leads to, and its author's nickname.
// Every token that does not is [ErrNotFound], whatever is wrong with it.
func (s *Service) Shared(ctx context.Context, token string) (d Drawing, nickname string, err error) {
	if !shareToken.MatchString(token) {
		return Drawing{}, "", ErrNotFound
	}
	owner, id, err := s.store.FindShare(ctx, token)
	if err != nil {
		return Drawing{}, "", err
	}
	r, err := s.store.Get(ctx, owner, id)
	if err != nil {
		return Drawing{}, "", err
	}
	if subtle.ConstantTimeCompare([]byte(r.Share.Token), []byte(token)) != 1 {
		return Drawing{}, "", ErrNotFound
	}
	d, err = r.drawing()
	return d, r.Share.Nickname, err
}

// newShareToken returns 128 random bits in base64url.
func newShareToken() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: it ends the program where there is no randomness
	return base64.RawURLEncoding.EncodeToString(b[:])
}
