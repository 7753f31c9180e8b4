package moderation

import (
	"context"
	"errors"
)

// Waiting is a thing that waits for a person, or whose check has no result yet.
type Waiting struct {
	Task
	Content
	Verdict Verdict // what others may see of it now
}

// Waiting returns a page of what waits: at most limit things that come after one, in the
// order of owner, kind and ID. next is the last one that was looked at, and the zero
// Thing on the last page. What others cannot see any more waits no longer.
func (s *Service) Waiting(ctx context.Context, after Thing, limit int) (page []Waiting, next Thing, err error) {
	tasks, err := s.Store.Tasks(ctx, after, limit)
	if err != nil {
		return nil, Thing{}, err
	}
	for _, t := range tasks {
		content, err := s.content(ctx, t.Thing)
		if errors.Is(err, ErrGone) {
			_, err = s.Store.SwapTask(ctx, t, Task{Thing: t.Thing})
			if err == nil {
				continue
			}
		}
		if err != nil {
			return nil, Thing{}, err
		}
		verdict := s.Judge(content.Check, content.Version)
		if verdict.State == Pending && t.Due == 0 {
			verdict.Reason = AuthorAway
		}
		page = append(page, Waiting{t, content, verdict})
	}
	if len(tasks) == limit {
		next = tasks[limit-1].Thing
	}
	return page, next, nil
}

// Look draws the picture of a version of a thing, for a person. It returns [ErrGone] if the
// thing has another version, or no picture.
func (s *Service) Look(ctx context.Context, thing Thing, version string) ([]byte, error) {
	content, err := s.content(ctx, thing)
	if err != nil {
		return nil, err
	}
	if content.Version != version || content.Picture == nil {
		return nil, ErrGone
	}
	return content.Picture()
}

// Settle stores what a person decided about a version of a thing, and ends its task. It
// returns [ErrGone] if there is no such thing, and [ErrChanged] if it has another version.
func (s *Service) Settle(ctx context.Context, thing Thing, version string, v Verdict) error {
	return s.decided(ctx, thing, version, func(subject Subject) error {
		return subject.Decide(ctx, thing.Owner, thing.ID, Check{version, v})
	})
}

// TakeDown removes from others what they see of a thing, and ends its task. It returns
// [ErrGone] if there is no such thing, and [ErrChanged] if it had another version a
// moment ago.
func (s *Service) TakeDown(ctx context.Context, thing Thing, version string) error {
	return s.decided(ctx, thing, version, func(subject Subject) error { return subject.TakeDown(ctx, thing.Owner, thing.ID) })
}

func (s *Service) decided(ctx context.Context, thing Thing, version string, do func(Subject) error) error {
	content, err := s.content(ctx, thing)
	if err != nil {
		return err
	}
	if content.Version != version {
		return ErrChanged
	}
	err = do(s.subjects[thing.Kind])
	if errors.Is(err, ErrGone) {
		return ErrChanged // since it was read
	}
	if err != nil {
		return err
	}
	return s.End(ctx, thing)
}
