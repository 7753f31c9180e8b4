package gallery

import (
	"bytes"
	"context"
	"errors"
	"time"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/render"
	"onestroke/impl/moderation"
)

// CheckKind is the kind of a drawing whose revisions are checked.
const CheckKind moderation.Kind = "drawing"

// checkTime bounds how long a user waits for a check when they share a drawing. What
// takes longer goes on without them.
const checkTime = 2 * time.Second

func thing(owner string, id drawing.ID) moderation.Thing {
	return moderation.Thing{Kind: CheckKind, Owner: owner, ID: id.String()}
}

// Content returns what others see of a drawing; see [moderation.Subject].
func (s *Service) Content(ctx context.Context, owner, id string) (moderation.Content, error) {
	parsed, err := drawing.ParseID(id)
	if err != nil {
		return moderation.Content{}, moderation.ErrGone
	}
	r, err := s.store.Get(ctx, owner, parsed)
	if errors.Is(err, ErrNotFound) {
		return moderation.Content{}, moderation.ErrGone
	}
	if err != nil {
		return moderation.Content{}, err
	}
	return moderation.Content{
		Version: r.ETag,
		Hidden:  r.Share == (Share{}),
		Ahead:   s.checkSaved,
		Check:   r.Check,
		Text:    moderation.Text{Scene: moderation.SocialLog, Title: r.Title},
		Scene:   moderation.SocialLog,
		Picture: r.checkedPicture,
		Whole:   r.checkedWhole,
	}, nil
}

// Decide stores the check of a drawing; see [moderation.Subject].
func (s *Service) Decide(ctx context.Context, owner, id string, from, to moderation.Check) error {
	parsed, err := drawing.ParseID(id)
	if err != nil {
		return moderation.ErrGone
	}
	err = s.store.SwapCheck(ctx, owner, parsed, from, to)
	if errors.Is(err, ErrChanged) {
		return moderation.ErrGone
	}
	return err
}

// Shown returns the shared drawings of an owner; see [moderation.Subject].
func (s *Service) Shown(ctx context.Context, owner, after string, limit int) ([]string, error) {
	var last *drawing.ID
	if after != "" {
		parsed, err := drawing.ParseID(after)
		if err != nil {
			return nil, ErrCursor
		}
		last = &parsed
	}
	shared, err := s.store.Shared(ctx, owner, last, limit)
	ids := make([]string, len(shared))
	for i, id := range shared {
		ids[i] = id.String()
	}
	return ids, err
}

// TakeDown ends the share of a drawing, whatever its revision is by now; see
// [moderation.Subject].
func (s *Service) TakeDown(ctx context.Context, owner, id string, refused moderation.Check) error {
	parsed, err := drawing.ParseID(id)
	if err != nil {
		return moderation.ErrGone
	}
	if err := s.store.Unshare(ctx, owner, parsed); err != nil {
		return err
	}
	for { // another operator may have approved it meanwhile
		r, err := s.store.Get(ctx, owner, parsed)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil || r.ETag != refused.Version || r.Check == refused {
			return err
		}
		err = s.store.SwapCheck(ctx, owner, parsed, r.Check, refused)
		if !errors.Is(err, ErrChanged) {
			return err
		}
	}
}

// sheet is all that others see of a drawing, in the picture or in its replay.
func (r Record) sheet() (*render.Sheet, error) {
	d, err := r.drawing()
	if err != nil {
		return nil, err
	}
	return render.NewSheet(d.Content()), nil
}

// checkedPicture draws the PNG that is checked.
func (r Record) checkedPicture() ([]byte, error) {
	sheet, err := r.sheet()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = sheet.PNG(&b)
	return b.Bytes(), err
}

// checkedWhole reports whether the picture shows all that others see.
func (r Record) checkedWhole() (bool, error) {
	sheet, err := r.sheet()
	return err == nil && sheet.Whole(), err
}

// checkNow has a drawing checked, as far as that is done in checkTime.
func (s *Service) checkNow(ctx context.Context, owner string, id drawing.ID) error {
	s.checks.Returned(ctx, owner)
	if _, err := s.checks.Ensure(ctx, thing(owner, id), moderation.Verdict{State: moderation.Pending}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	s.checks.Try(ctx, thing(owner, id))
	return nil
}

// shared returns the share of a record as its owner sees it.
func (s *Service) shared(ctx context.Context, owner string, r Record) (Shared, error) {
	verdict, err := s.checks.Ensure(ctx, thing(owner, r.ID), s.checks.Judge(r.Check, r.ETag))
	return Shared{Token: r.Share.Token, Verdict: verdict}, err
}

// saved has a drawing checked that was just written, if others could see it; one in review
// waits for a person, also if nothing is checked. check is the stored one. The write is
// done, and the client may leave: if this fails, a repeated write or the next request for
// the share does it.
func (s *Service) saved(ctx context.Context, owner string, r Record, check moderation.Check, isShared bool) {
	ctx = context.WithoutCancel(ctx)
	switch verdict := s.checks.Judge(check, r.ETag); {
	case isShared && verdict.State == moderation.Review:
		_, _ = s.checks.Ensure(ctx, thing(owner, r.ID), verdict)
	case isShared || s.checkSaved:
		_ = s.checks.Begin(ctx, thing(owner, r.ID))
	}
}

// savedAgain ends a write that is repeated, and finds what it writes: the answer of the
// store may have been lost, and the check with it. It returns nil if what is stored is
// certain to last, or [ErrChanged].
func (s *Service) savedAgain(ctx context.Context, owner string, stored Record) error {
	if stored.Share != (Share{}) || s.checkSaved {
		_, _ = s.checks.Ensure(ctx, thing(owner, stored.ID), s.checks.Judge(stored.Check, stored.ETag))
	}
	return s.store.Replace(ctx, owner, stored.ETag, stored)
}
