package session

import (
	"context"
	"slices"
	"strings"

	"onestroke/impl/seal"
)

// maxOpenID bounds an openid, in bytes. WeChat's have 28.
const maxOpenID = 128

// MaxSealed bounds [Session].Sealed, in bytes.
const MaxSealed = 255

// seal encrypts what WeChat calls a user, as a session holds it, or returns "" if
// there is no key. Neither name has a space. A unionid for which there is no room is left
// out: WeChat's have 29 bytes at most.
func (s *Service) seal(userID string, i Identity) string {
	if s.options.Seal == nil {
		return ""
	}
	if len(i.OpenID)+len(" ")+len(i.UnionID)+seal.Overhead > MaxSealed {
		i.UnionID = ""
	}
	return s.options.Seal.Seal(openIDOf(userID), strings.TrimSuffix(i.OpenID+" "+i.UnionID, " "))
}

// open decrypts what seal returned. ok is false if it was sealed with an earlier
// key, or without one.
func (s *Service) open(x Session) (openID, unionID string, ok bool) {
	if s.options.Seal == nil || x.Sealed == "" {
		return "", "", false
	}
	text, err := s.options.Seal.Open(openIDOf(x.User.ID), x.Sealed)
	openID, unionID, _ = strings.Cut(text, " ")
	return openID, unionID, err == nil
}

// UnionID returns the unionid that WeChat gave for the login of a session, or "".
func (s *Service) UnionID(x Session) string {
	_, unionID, _ := s.open(x)
	return unionID
}

// OpenID returns the openid of a user, from the session that was used last or from what
// [Service.Present] stored, or "" if neither has it: WeChat can be asked about users only
// while they use the program.
func (s *Service) OpenID(ctx context.Context, userID string) (string, error) {
	all, err := s.store.List(ctx, userID)
	if err != nil || s.options.Seal == nil {
		return "", err
	}
	slices.SortFunc(all, func(a, b Session) int { return b.LastUsedAt.Compare(a.LastUsedAt) })
	for _, x := range all {
		if s.expired(x) {
			continue
		}
		if openID, _, ok := s.open(x); ok {
			return openID, nil
		}
	}
	return s.presentOpenID(ctx, userID)
}

// openIDOf is the purpose for which an openid is sealed: that of one user does not
// open as that of another.
func openIDOf(userID string) string { return "openid " + userID }
