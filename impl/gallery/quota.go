package gallery

import (
	"context"
	"time"

	"onestroke/impl/lease"
)

// Tally counts what was admitted for an owner: how many drawings there were at
// the last recount, and every lease that was taken since. Deletions do not lower
// it.
type Tally struct {
	Admitted int
	Recounts int // how often it was replaced; at least 1
}

// leaseLife bounds for how long a lease is missing in the count of another
// process.
const leaseLife = time.Minute

// newLeases returns what this process may create without asking the store.
func (s *Service) newLeases() *lease.Leases[struct{}] {
	return lease.New(leaseLife, nil, func(ctx context.Context, owner string, _ *struct{}) (lease.Lease[struct{}], error) {
		n, err := s.reserve(ctx, owner)
		return lease.Lease[struct{}]{Left: n}, err
	})
}

// admit returns [ErrQuota] if the owner may not create one more drawing.
func (s *Service) admit(ctx context.Context, owner string) error {
	if s.quota <= 0 {
		return nil
	}
	_, ok, err := s.leases.Use(ctx, owner)
	if err == nil && !ok {
		return ErrQuota
	}
	return err
}

// reserve takes a hundredth of the owner's quota, at least 1, and returns how many
// drawings that is: less if the quota has less left, 0 if it is used up.
//
// Usually that is one step of the store. Only if the tally is too high, the
// drawings are counted, and the tally is replaced. The count misses drawings that
// are not written yet, and what other processes have left of their leases: so many
// can be above the quota.
func (s *Service) reserve(ctx context.Context, owner string) (n int, err error) {
	for attempt := 1; ; attempt++ {
		n = max(1, s.quota/100)
		admitted, err := s.store.Admit(ctx, owner, n, s.quota)
		if err != nil || admitted {
			return n, err
		}
		// Read before the count: if another process recounts meanwhile, and admits
		// more, this count is out of date and must not replace its tally.
		tally, err := s.store.Tally(ctx, owner)
		if err != nil {
			return 0, err
		}
		stored, err := s.store.Count(ctx, owner, s.quota)
		if err != nil {
			return 0, err
		}
		n = min(n, s.quota-stored)
		if n <= 0 {
			return 0, nil
		}
		replaced, err := s.store.Recount(ctx, owner, tally, stored+n)
		if err != nil || replaced {
			return n, err
		}
		if err := Backoff(ctx, attempt); err != nil {
			return 0, err
		}
	}
}
