// Package account holds the rules of all that is stored of a user: what is deleted
// with the account, and what goes when the user withdraws a consent.
package account

import (
	"context"

	"onestroke/impl/gallery"
	"onestroke/impl/profile"
	"onestroke/impl/session"
)

// Service applies them.
type Service struct {
	Sessions *session.Service
	Drawings *gallery.Service
	Profiles *profile.Service
}

// Exists reports whether anything is stored of a user.
func (s *Service) Exists(ctx context.Context, userID string) (bool, error) {
	for _, exists := range []func(context.Context, string) (bool, error){s.Drawings.Has, s.Profiles.Has, s.Sessions.Has} {
		if found, err := exists(ctx, userID); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// Delete deletes all that is stored of a user. After an error something may be left,
// and it must be called again. If the sessions have ended by then, because the second
// deletion of the data has failed or a store has not answered, the user has to log in
// before.
func (s *Service) Delete(ctx context.Context, userID string) error {
	if err := s.deleteData(ctx, userID); err != nil {
		return err
	}
	// The sessions come after: until all else is deleted the user can try again.
	if err := s.Sessions.EndAll(ctx, userID); err != nil {
		return err
	}
	return s.deleteData(ctx, userID) // what requests stored meanwhile
}

func (s *Service) deleteData(ctx context.Context, userID string) error {
	if err := s.Profiles.Remove(ctx, userID); err != nil {
		return err
	}
	return s.Drawings.DeleteAll(ctx, userID)
}

// Forget removes a user's nickname or avatar, or both, wherever it is stored: the
// user has withdrawn the consent.
func (s *Service) Forget(ctx context.Context, userID string, nickname, avatar bool) error {
	if nickname {
		if err := s.Profiles.SetNickname(ctx, userID, ""); err != nil {
			return err
		}
	}
	if avatar {
		if err := s.Profiles.RemoveAvatar(ctx, userID); err != nil {
			return err
		}
	}
	return s.Sessions.Forget(ctx, userID, nickname, avatar)
}
