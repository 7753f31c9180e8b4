package session

import "context"

// Forget removes a user's nickname or avatar, or both, from the profile. Sessions that
// another replica has cached show them for a second more.
func (s *Service) Forget(ctx context.Context, userID string, nickname, avatar bool) error {
	for {
		all, err := s.store.List(ctx, userID)
		if err != nil || len(all) == 0 {
			return err // without a session there is no profile
		}
		from := all[0].User.Profile
		to := from
		if nickname {
			to.Nickname = ""
		}
		if avatar {
			to.AvatarURL = ""
		}
		if to == from {
			return nil
		}
		done, err := s.store.SetProfile(ctx, userID, from, to)
		s.changed(userID, err)
		if err != nil || done {
			return err
		}
	}
}
