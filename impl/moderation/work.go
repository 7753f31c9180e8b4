package moderation

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// Run works on tasks until ctx is done.
func (s *Service) Run(ctx context.Context) {
	if s.off() {
		return
	}
	for {
		if err := s.runOnce(ctx); err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "content is not checked at the moment", "cause", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pollEvery):
		case <-s.wake:
		}
	}
}

func (s *Service) runOnce(ctx context.Context) error {
	if err := s.seenReturned(ctx); err != nil {
		return err
	}
	due, err := s.Store.DueTasks(ctx, s.Now(), taskBatch)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, t := range due {
		group.Go(func() error {
			s.workOn(ctx, t)
			return nil
		})
	}
	return group.Wait()
}

func (s *Service) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Service) isDue(t Task) bool { return t.Due > 0 && t.Due <= s.now() }

// workOn does what is due of a task, unless another replica does, or this one works on
// its thing already: then Run looks for it again.
func (s *Service) workOn(ctx context.Context, t Task) {
	if !s.isDue(t) {
		return
	}
	s.mu.Lock()
	if w := s.busy[t.Thing]; w != nil {
		w.missed = true
		s.mu.Unlock()
		return
	}
	w := &work{done: make(chan struct{})}
	s.busy[t.Thing] = w
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.busy, t.Thing)
		s.mu.Unlock()
		if close(w.done); w.missed {
			s.nudge()
		}
	}()
	claimed := t
	claimed.Due, claimed.Turn = s.now()+workTime.Milliseconds(), rand.Text()
	if done, err := s.Store.SwapTask(ctx, t, claimed); err != nil || !done {
		return
	}
	working, cancel := context.WithTimeout(ctx, workTime)
	defer cancel()
	if err := s.work(working, claimed); err != nil {
		s.Logger.WarnContext(ctx, "a check failed; it is tried again", "kind", string(t.Kind), "cause", err)
		s.postpone(ctx, claimed, claimed.Asked, s.now()+retryAfter.Milliseconds())
	}
}

// failed says what becomes of a task whose checker gave no verdict on a version: it is
// tried again when the author is back, or later after each failure. What the checker does
// not take waits for a person after maxRefusals. asked is how often a picture was handed in.
func (s *Service) failed(ctx context.Context, t Task, version string, asked int, cause error) error {
	if errors.Is(cause, ErrAway) {
		s.postpone(ctx, t, asked, 0)
		return nil
	}
	s.Logger.WarnContext(ctx, "the checker gives no verdict; it is asked again", "kind", string(t.Kind), "cause", cause)
	counting, cancel := context.WithTimeout(context.WithoutCancel(ctx), workTime)
	defer cancel()
	refused := errors.Is(cause, ErrUncheckable)
	failures := s.countFailure(counting, t.Thing, version, refused)
	if refused && failures >= maxRefusals {
		return s.decide(counting, t, Check{Version: version, Verdict: Verdict{Review, NoResult}})
	}
	s.postpone(ctx, t, asked, s.now()+min(retryAfter<<min(failures-1, 10), longestRetry).Milliseconds())
	return nil
}

// countFailure returns how often the check of a version has failed in this way, so far as
// is known: if the count is lost, it begins anew. It is not in the task, so that sharing
// anew does not begin it.
func (s *Service) countFailure(ctx context.Context, t Thing, version string, refused bool) int {
	name := "failures " + s.Seal.Digest("failures", fmt.Sprint(t.Kind, " ", t.Owner, " ", t.ID, " ", version, " ", refused))
	before, err := s.Notes.Note(ctx, name)
	failures, _ := strconv.Atoi(before) // 0 if there is none
	if failures++; err == nil {
		_, _ = s.Notes.SwapNote(ctx, name, before, strconv.Itoa(failures), failuresLife)
	}
	return failures
}

// postpone makes a task that is worked on due at a time, or with 0 when the author is back,
// unless the thing was changed meanwhile. If this fails, it is due when the claim ends.
func (s *Service) postpone(ctx context.Context, t Task, asked int, due int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), workTime)
	defer cancel()
	_ = s.change(ctx, t.Thing, func(now Task) (Task, bool) {
		mine := now.Turn != "" && now.Due == t.Due && now.Version == t.Version
		now.Asked, now.Due = asked, due
		return now, mine
	})
}

// work checks a thing as it is now.
func (s *Service) work(ctx context.Context, t Task) error {
	content, err := s.content(ctx, t.Thing)
	switch {
	case errors.Is(err, ErrGone):
		_, err := s.Store.SwapTask(ctx, t, Task{Thing: t.Thing})
		return err
	case err != nil:
		return err
	case content.Hidden && !content.Ahead:
		return s.finish(ctx, t, "")
	}
	if state := content.Check.On(content.Version).State; state != Pending {
		return s.finish(ctx, t, state)
	}
	asked := t.Asked
	if t.Version != content.Version {
		asked = 0
	}
	if asked >= maxAsked {
		return s.decide(ctx, t, Check{Version: content.Version, Verdict: Verdict{Review, NoResult}})
	}
	openID, err := s.OpenID(ctx, t.Owner)
	if err != nil {
		return err
	}
	if openID == "" {
		return s.failed(ctx, t, content.Version, t.Asked, ErrAway)
	}
	if content.Text.Title != "" || content.Text.Nickname != "" {
		verdict, err := s.Checker.Text(ctx, openID, content.Text)
		if err != nil {
			return s.failed(ctx, t, content.Version, t.Asked, err)
		}
		if verdict.State != Approved {
			return s.decide(ctx, t, Check{Version: content.Version, Verdict: verdict})
		}
	}
	switch {
	case content.Picture == nil:
		return s.decide(ctx, t, Check{Version: content.Version, Verdict: Verdict{State: Approved}})
	case s.PublicURL == "":
		return s.decide(ctx, t, Check{Version: content.Version, Verdict: Verdict{Review, NoResult}})
	}
	if content.Whole != nil {
		whole, err := content.Whole()
		if err != nil {
			return err
		}
		if !whole {
			return s.decide(ctx, t, Check{Version: content.Version, Verdict: Verdict{Review, NoResult}})
		}
	}
	return s.handIn(ctx, t, openID, content, asked+1)
}

// handIn hands the picture in, and stores under which trace its result arrives. The
// task is stored before: the checker may fetch the picture at once.
func (s *Service) handIn(ctx context.Context, t Task, openID string, content Content, asked int) error {
	next := Task{
		Thing: t.Thing, Turn: rand.Text(), Due: t.Due,
		Version: content.Version, Asked: asked, Reports: t.Reports,
	}
	if done, err := s.Store.SwapTask(ctx, t, next); err != nil || !done {
		return err // not done: the thing was changed meanwhile, and is checked anew
	}
	same := func(t Task) bool { return t.Turn != "" && t.Version == next.Version && t.Asked == next.Asked }
	trace, err := s.Checker.Picture(ctx, openID, content.Scene, s.address(next))
	if err != nil {
		return s.failed(ctx, next, next.Version, asked-1, err) // it was not handed in
	}
	err = s.change(ctx, t.Thing, func(t Task) (Task, bool) {
		mine := same(t)
		t.Trace, t.Due = trace, s.now()+resultTime.Milliseconds()
		return t, mine
	})
	if err != nil {
		return err
	}
	result, err := s.Notes.Note(ctx, early(trace))
	if err != nil || result == "" {
		return err
	}
	v, checked := decodeResult(result)
	t, err = s.Store.TaskOf(ctx, trace)
	if err != nil || t.Turn == "" {
		return err
	}
	return s.apply(ctx, t, v, checked)
}

// apply stores the verdict on a picture. An approval counts only if the checker has
// fetched the picture: WeChat approves some that it could not fetch.
func (s *Service) apply(ctx context.Context, t Task, v Verdict, checked bool) error {
	if checked && (v.State != Approved || t.Fetched) {
		return s.decide(ctx, t, Check{Version: t.Version, Verdict: v})
	}
	defer s.nudge()
	return s.change(ctx, t.Thing, func(now Task) (Task, bool) {
		mine := now.Turn == t.Turn
		now.Trace, now.Due = "", s.now()
		return now, mine
	})
}

// decide stores a check and ends its task. A thing that was changed meanwhile is
// checked anew. What a person decided while the checker was asked stays.
func (s *Service) decide(ctx context.Context, t Task, c Check) error {
	now, err := s.content(ctx, t.Thing)
	if err == nil {
		if state := now.Check.On(c.Version).State; state != Pending {
			return s.finish(ctx, t, state)
		}
		err = s.subjects[t.Kind].Decide(ctx, t.Owner, t.ID, now.Check, c)
	}
	if errors.Is(err, ErrGone) {
		defer s.nudge()
		return s.change(ctx, t.Thing, func(now Task) (Task, bool) { return now.begun(t.Thing, s.now()), now.Turn == t.Turn })
	}
	if err != nil {
		return err
	}
	return s.finish(ctx, t, c.State)
}

// finish ends what the checker does for a task. One that needs a review, or has reports,
// waits for a person.
func (s *Service) finish(ctx context.Context, t Task, state State) error {
	to := Task{Thing: t.Thing}
	if state == Review || len(t.Reports) > 0 {
		to.Turn, to.Due, to.Reports = rand.Text(), ForPerson, t.Reports
	}
	_, err := s.Store.SwapTask(ctx, t, to)
	return err
}

// change replaces the task of a thing by what next returns for it, until it returns
// false or no other change came first. The zero Task removes it.
func (s *Service) change(ctx context.Context, thing Thing, next func(Task) (Task, bool)) error {
	for {
		t, err := s.Store.Task(ctx, thing)
		if err != nil {
			return err
		}
		to, changes := next(t)
		if !changes {
			return nil
		}
		if to.Thing == (Thing{}) {
			to.Thing = thing
		} else {
			to.Turn = rand.Text()
		}
		t.Thing = thing
		if done, err := s.Store.SwapTask(ctx, t, to); err != nil || done {
			return err
		}
	}
}

func (s *Service) content(ctx context.Context, t Thing) (Content, error) {
	subject, ok := s.subjects[t.Kind]
	if !ok {
		return Content{}, ErrGone
	}
	return subject.Content(ctx, t.Owner, t.ID)
}
