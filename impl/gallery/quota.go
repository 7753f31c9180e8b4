package gallery

import "context"

// Tally counts what an owner was admitted: how many drawings there were at the
// last recount, plus one for every admission since. It is never below the number
// of drawings, because deletions do not lower it.
type Tally struct {
	Admitted int
	Recounts int // how often it was replaced; at least 1
}

// admit returns [ErrQuota] if the owner may not create one more drawing.
//
// Usually that is one step of the store. Only if the tally has reached the quota
// the drawings are counted, and the tally is replaced. The count misses drawings
// that were admitted and are not written yet: so many can be above the quota.
func (s *Service) admit(ctx context.Context, owner string) error {
	if s.quota <= 0 {
		return nil
	}
	for attempt := 1; ; attempt++ {
		admitted, err := s.store.Admit(ctx, owner, s.quota)
		if err != nil || admitted {
			return err
		}
		// Read before the count: if another process recounts meanwhile, and admits
		// more, this count is out of date and must not replace its tally.
		tally, err := s.store.Tally(ctx, owner)
		if err != nil {
			return err
		}
		n, err := s.store.Count(ctx, owner, s.quota)
		if err != nil {
			return err
		}
		if n >= s.quota {
			return ErrQuota
		}
		replaced, err := s.store.Recount(ctx, owner, tally, n+1)
		if err != nil || replaced {
			return err
		}
		if err := Pause(ctx, attempt); err != nil {
			return err
		}
	}
}
