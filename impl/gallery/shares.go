package gallery

import (
	"context"
	"crypto/subtle"
	"regexp"

	"onestroke/impl/drawing"
)

var shareToken = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)

// Share lets everyone who has the token see a drawing and the nickname. If the
// drawing is shared already, its token and nickname remain and created is false.
// Its revision and etag do not change. It returns [ErrNotFound] if the owner has
// no such drawing.
func (s *Service) Share(ctx context.Context, owner, nickname string, id drawing.ID) (token string, created bool, err error) {
	proposed := Share{Token: random128(), Nickname: nickname}
	stored, err := s.store.Share(ctx, owner, id, proposed)
	if err != nil {
		return "", false, err
	}
	return stored.Token, stored.Token == proposed.Token, nil
}

// Unshare makes the token of a drawing invalid for ever. It is not an error if
// there is none.
func (s *Service) Unshare(ctx context.Context, owner string, id drawing.ID) error {
	return s.store.Unshare(ctx, owner, id)
}

// Shared returns the drawing that a token leads to, and its author's nickname.
// Every other token is [ErrNotFound].
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
