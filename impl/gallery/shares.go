package gallery

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"regexp"

	"onestroke/impl/drawing"
	"onestroke/impl/moderation"
)

var shareToken = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)

// Shared is the share of a drawing as its owner sees it.
type Shared struct {
	Token   string
	Verdict moderation.Verdict // others see the drawing if it is approved
}

// Share lets everyone who has the token see a drawing, as soon as it is approved:
// see [moderation]. If the drawing is shared already, its token remains and created
// is false. Its revision and etag do not change. It returns [ErrNotFound] if the
// owner has no such drawing.
func (s *Service) Share(ctx context.Context, owner string, id drawing.ID) (shared Shared, created bool, err error) {
	r, err := s.store.Get(ctx, owner, id)
	if err != nil {
		return Shared{}, false, err
	}
	proposed := Share{Token: random128()}
	if r.Share, err = s.store.Share(ctx, owner, id, proposed); err != nil {
		return Shared{}, false, err
	}
	created = r.Share == proposed
	if s.checks.Judge(r.Check, r.ETag).State == moderation.Pending {
		given := r.Share
		if err := s.checkNow(ctx, owner, id); err != nil {
			return Shared{}, false, err
		}
		if r, err = s.store.Get(ctx, owner, id); err != nil {
			return Shared{}, false, err
		}
		if r.Share == (Share{}) { // it has ended during the check
			r.Share = given
		}
	}
	shared, err = s.shared(ctx, owner, r)
	return shared, created, err
}

// ShareOf returns the share of a drawing, or [ErrNotFound] if it has none.
func (s *Service) ShareOf(ctx context.Context, owner string, id drawing.ID) (Shared, error) {
	r, err := s.store.Get(ctx, owner, id)
	if err != nil {
		return Shared{}, err
	}
	if r.Share == (Share{}) {
		return Shared{}, ErrNotFound
	}
	shared, _ := s.shared(ctx, owner, r) // a check that cannot be begun now is begun when it is next looked at
	return shared, nil
}

// Unshare makes the token of a drawing invalid for ever. It is not an error if
// there is none.
func (s *Service) Unshare(ctx context.Context, owner string, id drawing.ID) error {
	r, err := s.store.Get(ctx, owner, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	err = s.store.Unshare(ctx, owner, id)
	if err != nil && !errors.Is(err, context.Canceled) { // otherwise it may have ended
		return err
	}
	var shown string // the revision that others could see
	if r.Share != (Share{}) {
		shown = r.ETag
	}
	// Also if the client has left: a person looks at what was reported.
	return cmp.Or(err, s.checks.Hide(context.WithoutCancel(ctx), thing(owner, id), shown, s.checkSaved))
}

// Visit returns the drawing that a token leads to, and its owner. Every other token
// is [ErrNotFound], and so is one whose drawing is not approved as it is now, or whose
// owner is suspended.
func (s *Service) Visit(ctx context.Context, token string) (d Drawing, owner string, err error) {
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
	if suspended, err := s.suspended(ctx, owner); err != nil || suspended {
		return Drawing{}, "", cmp.Or(err, ErrNotFound)
	}
	if verdict := s.checks.Judge(r.Check, r.ETag); verdict.State != moderation.Approved {
		// If the check was lost, it is done now. The visitor gets the same answer, also if
		// that fails.
		_, _ = s.checks.Ensure(ctx, thing(owner, id), verdict)
		return Drawing{}, "", ErrNotFound
	}
	d, err = r.drawing()
	return d, owner, err
}

// Report stores a report of the drawing that a token leads to, or returns [ErrNotFound].
// reporter is what those have in common who count as one; see [moderation.Service.Report].
func (s *Service) Report(ctx context.Context, token, reporter string, reason moderation.Reason, note string) error {
	d, owner, err := s.Visit(ctx, token)
	if err != nil {
		return err
	}
	return s.checks.Report(ctx, thing(owner, d.ID), reporter, reason, note)
}
