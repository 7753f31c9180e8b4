package moderation

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
)

// Waiting is a thing as a person looks at it: one that waits for that, or another one
// that others see. Without a check or a report its Task has only the Thing.
type Waiting struct {
	Task
	Content
	Verdict Verdict // what others may see of it now
	// Changed: it was changed since others could see it. Then Content has only the version
	// that they could see, which is not stored any more.
	Changed bool
	current string // its version
}

// Waiting returns a page of what waits: at most limit things that come after one, in the
// order of owner, kind and ID. next is the last one that was looked at, and the zero
// Thing on the last page. What others cannot see any more waits no longer, unless it was
// reported.
func (s *Service) Waiting(ctx context.Context, after Thing, limit int) (page []Waiting, next Thing, err error) {
	tasks, err := s.Store.Tasks(ctx, after, limit)
	if err != nil {
		return nil, Thing{}, err
	}
	for _, t := range tasks {
		w, err := s.waiting(ctx, t)
		if errors.Is(err, ErrGone) {
			if !w.Ahead || t.Due == ForPerson { // otherwise the checker looks at it, and no person
				_, _ = s.Store.SwapTask(ctx, t, Task{Thing: t.Thing}) // if it fails, the next who looks does it
			}
			continue
		}
		if err != nil {
			return nil, Thing{}, err
		}
		page = append(page, w)
	}
	if len(tasks) == limit {
		next = tasks[limit-1].Thing
	}
	return page, next, nil
}

// waiting adds to a task what others see of its thing or saw of it before, or returns
// [ErrGone].
func (s *Service) waiting(ctx context.Context, t Task) (Waiting, error) {
	content, err := s.content(ctx, t.Thing)
	if content.Hidden && len(t.Reports) == 0 {
		err = ErrGone
	}
	w := Waiting{Task: t, Content: content, current: content.Version}
	// What is checked while it is hidden was changed since: Hide ended the check before.
	if w.Changed = content.Hidden && (content.Version != t.Version || t.Due != ForPerson); w.Changed {
		w.Content = Content{Version: cmp.Or(t.Version, content.Version), Hidden: true, Ahead: content.Ahead, Check: content.Check}
	}
	w.Verdict = s.Judge(content.Check, w.Content.Version)
	if w.Verdict.State == Pending && t.Turn != "" && t.Due == 0 {
		w.Verdict.Reason = AuthorAway
	}
	return w, err
}

// Shown returns a page of what others see of an owner, or would see when it is approved:
// at most limit things that come after one, in the order of kind and ID. next is the last
// one that was looked at, and the zero Thing on the last page.
func (s *Service) Shown(ctx context.Context, owner string, after Thing, limit int) (page []Waiting, next Thing, err error) {
	left := limit
	for _, kind := range slices.Sorted(maps.Keys(s.subjects)) {
		if kind < after.Kind {
			continue
		}
		if kind > after.Kind {
			after.ID = ""
		}
		ids, err := s.subjects[kind].Shown(ctx, owner, after.ID, left)
		if err != nil {
			return nil, Thing{}, err
		}
		for _, id := range ids {
			next = Thing{Kind: kind, Owner: owner, ID: id}
			w, err := s.open(ctx, next)
			if errors.Is(err, ErrGone) {
				continue // meanwhile
			}
			if err != nil {
				return nil, Thing{}, err
			}
			page = append(page, w)
		}
		if left -= len(ids); left == 0 {
			return page, next, nil
		}
	}
	return page, Thing{}, nil
}

// open returns a thing that a person may look at: one that others see, or that was
// reported when they did. Of every other thing it returns [ErrGone].
func (s *Service) open(ctx context.Context, thing Thing) (Waiting, error) {
	t, err := s.Store.Task(ctx, thing)
	if err != nil {
		return Waiting{}, err
	}
	t.Thing = thing
	return s.waiting(ctx, t)
}

// Look draws the picture of a version of a thing, for a person. It returns [ErrGone] if the
// thing has another version, or no picture, or others never saw it.
func (s *Service) Look(ctx context.Context, thing Thing, version string) ([]byte, error) {
	content, err := s.open(ctx, thing)
	if err != nil {
		return nil, err
	}
	if content.Content.Version != version || content.Picture == nil {
		return nil, ErrGone
	}
	return content.Picture()
}

// Settle stores what a person decided about a version of a thing, and ends its task. It
// returns [ErrGone] if there is no such thing, and [ErrChanged] if it has another version,
// or if it is approved and another person refused it at the same time.
func (s *Service) Settle(ctx context.Context, thing Thing, version string, v Verdict) error {
	seen, err := s.settle(ctx, thing, version, v)
	if err != nil {
		return err
	}
	return s.settled(ctx, seen)
}

// TakeDown refuses a version of a thing, removes from others what they see of it, and
// ends its task. It returns [ErrGone] if there is no such thing, and [ErrChanged] if it
// has another version.
func (s *Service) TakeDown(ctx context.Context, thing Thing, version string, reason Reason) error {
	refused := Check{Version: version, Verdict: Verdict{Refused, reason}, Person: true}
	seen, err := s.settle(ctx, thing, version, refused.Verdict)
	if err != nil {
		return err
	}
	if err := s.subjects[thing.Kind].TakeDown(ctx, thing.Owner, thing.ID, refused); err != nil {
		return err
	}
	return s.settled(ctx, seen)
}

// settle stores what a person decided about a version, in place of any other verdict on
// it, and returns the task as it was before. Of a version that is not stored any more,
// only a refusal is stored: what came in its place is in review.
func (s *Service) settle(ctx context.Context, thing Thing, version string, v Verdict) (Task, error) {
	for tried := false; ; tried = true {
		to := Check{Version: version, Verdict: v, Person: v.State == Refused}
		seen, err := s.open(ctx, thing)
		switch {
		case err != nil:
			return Task{}, err
		case seen.Content.Version != version:
			return Task{}, ErrChanged
		case tried && !to.Person && seen.Check.Person:
			return Task{}, ErrChanged
		case seen.Changed && !to.Person:
			return seen.Task, nil
		case seen.Changed:
			to.Version, to.State = seen.current, Review
		}
		if seen.Check == to {
			return seen.Task, nil
		}
		err = s.subjects[thing.Kind].Decide(ctx, thing.Owner, thing.ID, seen.Check, to)
		if !errors.Is(err, ErrGone) { // otherwise a change or another verdict came first
			return seen.Task, err
		}
	}
}

// settled ends the task of a thing that a person decided about when the task was seen.
// If it is another one since then, the reports that came meanwhile wait for a person, and
// a new version is checked.
func (s *Service) settled(ctx context.Context, seen Task) error {
	defer s.nudge()
	return s.change(ctx, seen.Thing, func(t Task) (Task, bool) {
		if t.Turn == "" || t.Turn == seen.Turn {
			return Task{}, t.Turn != ""
		}
		t.Reports = slices.DeleteFunc(slices.Clone(t.Reports), func(r Report) bool {
			return slices.ContainsFunc(seen.Reports, func(s Report) bool { return s.Reporter == r.Reporter && s.At == r.At })
		})
		if t = t.begun(seen.Thing, s.now()); s.off() {
			t.Due = ForPerson
		}
		return t, true
	})
}
