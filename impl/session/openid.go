package session

import (
	"context"
	"slices"
)

// maxOpenID bounds an openid, in bytes. WeChat's have 28.
const maxOpenID = 128

// Seal encrypts the openid of a user as a session holds it, or returns "" if
// there is no key.
func (s *Service) Seal(userID, openID string) string {
	if s.options.Seal == nil {
		return ""
	}
	return s.options.Seal.Seal(openIDOf(userID), openID)
}

// OpenID returns the openid of a user, from the session that was used last, or ""
// if no session has it: WeChat can be asked about users only while they have one.
func (s *Service) OpenID(ctx context.Context, userID string) (string, error) {
	all, err := s.store.List(ctx, userID)
	if err != nil || s.options.Seal == nil {
		return "", err
	}
	slices.SortFunc(all, func(a, b Session) int { return b.LastUsedAt.Compare(a.LastUsedAt) })
	for _, x := range all {
		if s.expired(x) || x.Sealed == "" {
			continue
		}
		// One that does not open was sealed with an earlier key.
		if openID, err := s.options.Seal.Open(openIDOf(userID), x.Sealed); err == nil {
			return openID, nil
		}
	}
	return "", nil
}

// openIDOf is the purpose for which an openid is sealed: that of one user does not
// open as that of another.
func openIDOf(userID string) string { return "openid " + userID }
