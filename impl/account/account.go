// Package account holds the rules of all that is stored of a user: what is deleted
// with the account, and what goes when the user withdraws a consent.
package account

import (
	"context"
	"time"

	"onestroke/impl/gallery"
	"onestroke/impl/profile"
	"onestroke/impl/session"
)

// Service applies them.
type Service struct {
	Sessions *session.Service
	Drawings *gallery.Service
	Profiles *profile.Service

	writes writes
}

// storing is how long a request may take to store something, if its user is logged in at
// another replica. A store that takes longer then may leave what it stores.
const storing = time.Second

// Exists reports whether anything is stored of a user.
func (s *Service) Exists(ctx context.Context, userID string) (bool, error) {
	for _, exists := range []func(context.Context, string) (bool, error){s.Drawings.Has, s.Profiles.Has, s.Sessions.Has} {
		if found, err := exists(ctx, userID); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// BeginWrite is called before a request that stores something of a user is let in for
// good, and end when it has ended. [Service.Delete] waits for it.
func (s *Service) BeginWrite(userID string) (end func()) { return s.writes.begin(userID) }

// Delete deletes all that is stored of a user, and what requests to this replica store
// meanwhile, also if the client leaves. After an error something may be left, and it must
// be called again. If the sessions have ended by then, because the second deletion of the
// data has failed or a store has not answered, the user has to log in before.
func (s *Service) Delete(ctx context.Context, userID string) error {
	ctx = context.WithoutCancel(ctx)
	if err := s.deleteData(ctx, userID); err != nil {
		return err
	}
	// The sessions come after: until all else is deleted the user can try again.
	if err := s.Sessions.EndAll(ctx, userID); err != nil {
		return err
	}
	s.writes.wait(userID)
	return s.deleteData(ctx, userID) // nobody can try again any more
}

// DeleteEverywhere deletes also what requests to other replicas store meanwhile. If there
// may be others it takes two seconds: until then one may let in a request of a session
// that has ended.
func (s *Service) DeleteEverywhere(ctx context.Context, userID string) error {
	if err := s.Delete(ctx, userID); err != nil || s.Sessions.EndLag() == 0 {
		return err
	}
	time.Sleep(s.Sessions.EndLag() + storing)
	return s.deleteData(context.WithoutCancel(ctx), userID)
}

// DeleteLate comes after [Service.Delete] where nobody can wait for [Service.DeleteEverywhere].
// It deletes what requests to other replicas stored meanwhile, as late as that one does; who
// has logged in again by then loses nothing.
func (s *Service) DeleteLate(ctx context.Context, userID string) error {
	if s.Sessions.EndLag() == 0 {
		return nil
	}
	time.Sleep(s.Sessions.EndLag() + storing)
	if isBack, err := s.Sessions.Has(ctx, userID); isBack || err != nil {
		return err
	}
	return s.deleteData(ctx, userID)
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
