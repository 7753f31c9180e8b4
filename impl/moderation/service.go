package moderation

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"onestroke/impl/seal"
)

// Options of a [Service]. All are required, except for Checker and Now.
type Options struct {
	Checker Checker // nil if nothing is checked
	Store   Store
	Notes   Notes
	// OpenID returns the openid of a user, or "" if it is not known now.
	OpenID func(ctx context.Context, userID string) (string, error)
	// PublicURL is where the checker reaches this service, without a slash at the end.
	// If it is empty, no picture can be checked, and a person must review each.
	PublicURL string
	// Seal makes the addresses of pictures: only who was given one has it.
	Seal   *seal.Key
	Logger *slog.Logger
	Now    func() time.Time
}

// Notes is session.Notes: it holds results that arrive before their trace is stored.
type Notes interface {
	Note(ctx context.Context, name string) (string, error)
	SwapNote(ctx context.Context, name, from, to string, hold time.Duration) (bool, error)
}

// Service checks things, for all replicas of the service that share a [Store]. Without
// a Checker it takes reports and checks nothing. A nil Service does nothing.
type Service struct {
	Options
	subjects map[Kind]Subject
	wake     chan struct{}

	mu   sync.Mutex
	seen map[string]struct{} // users that [Service.Seen] was told of, until Run looks for their tasks
	busy map[Thing]*work     // what this replica works on
}

// work is what a replica does for a task.
type work struct {
	done   chan struct{}
	missed bool // there was more to do meanwhile
}

const (
	// resultTime is how long a result may take: WeChat says 30 minutes. Then the
	// picture is handed in again, maxAsked times in all.
	resultTime = 30 * time.Minute
	maxAsked   = 2
	// maxPicture is how many bytes a picture may have: WeChat checks none of more than
	// 10 MB.
	maxPicture = 10_000_000
	// pictureLife is how long the address of a picture works: a result that comes
	// later is not waited for.
	pictureLife = resultTime
	// workTime bounds the work on one task; meanwhile no other replica does it.
	workTime = 30 * time.Second
	// retryAfter is when a check that failed is tried again. After each failure that
	// follows, it is twice as long, up to longestRetry.
	retryAfter   = time.Minute
	longestRetry = time.Hour
	// maxRefusals is how often the checker may say that it does not take a thing. It is
	// asked so often within half an hour.
	maxRefusals = 6
	// failuresLife is how long the failures of a check are counted together.
	failuresLife = 24 * time.Hour
	// pollEvery is how often a replica looks for tasks that are due.
	pollEvery = 5 * time.Second
	// atOnce bounds the tasks that a replica works on.
	atOnce    = 4
	taskBatch = 50
	// maxSeen bounds the users whose tasks are looked for together.
	maxSeen = 1000
	// maxReports bounds the reports of one thing, and MaxNotes those with a note.
	maxReports = 200
	// MaxNotes is how many of the newest reports of a thing have their note.
	MaxNotes = 20
	// earlyLife is how long a result is stored that came before its trace.
	earlyLife = 10 * time.Minute
)

// New returns a service. Before it is used, [Service.Add] adds the kinds of things.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{
		Options: o, subjects: map[Kind]Subject{}, wake: make(chan struct{}, 1), seen: map[string]struct{}{}, busy: map[Thing]*work{},
	}
}

// Add adds a kind of things.
func (s *Service) Add(kind Kind, subject Subject) {
	if s != nil {
		s.subjects[kind] = subject
	}
}

// off reports whether nothing is checked.
func (s *Service) off() bool { return s == nil || s.Checker == nil }

// Judge returns the verdict on a version of a thing, given the stored check: what
// others may see. If nothing is checked, all is approved that no person refused.
func (s *Service) Judge(c Check, version string) Verdict {
	verdict := c.On(version)
	if s.off() && verdict.State != Refused && !c.Person {
		return Verdict{State: Approved}
	}
	return verdict
}

// Begin has a thing checked from the start: it is new or was changed.
func (s *Service) Begin(ctx context.Context, thing Thing) error {
	if s.off() {
		return nil
	}
	defer s.nudge()
	return s.change(ctx, thing, func(t Task) (Task, bool) { return t.begun(thing, s.now()), true })
}

// Ensure has a thing checked, unless that is under way, and adds to its verdict what it
// waits for. It is called for every thing that is looked at and not approved: so a check
// that was lost with a replica is done all the same, and what is in review waits for a
// person, also if nothing is checked.
func (s *Service) Ensure(ctx context.Context, thing Thing, verdict Verdict) (Verdict, error) {
	switch {
	case s == nil:
		return verdict, nil
	case verdict.State == Review:
		return verdict, s.change(ctx, thing, func(t Task) (Task, bool) {
			return Task{Thing: thing, Due: ForPerson, Reports: t.Reports}, t.Turn == ""
		})
	case verdict.State != Pending:
		return verdict, nil
	}
	err := s.change(ctx, thing, func(t Task) (Task, bool) {
		if verdict.Reason = ""; t.Turn != "" && t.Due == 0 {
			verdict.Reason = AuthorAway
		}
		return t.begun(thing, s.now()), t.Turn == "" || t.Due == ForPerson
	})
	s.nudge()
	return verdict, err
}

// Report stores a report of a thing, for a person to look at. One reporter counts once:
// of a second report nothing is stored, and that is no error. Of more than maxReports the
// oldest is forgotten. reporter is what those have in common who count as one; it is not
// stored.
func (s *Service) Report(ctx context.Context, thing Thing, reporter string, reason Reason, note string) error {
	r := Report{
		Reporter: s.Seal.Digest("reporter of "+string(thing.Kind)+" "+thing.Owner+" "+thing.ID, reporter),
		Reason:   reason, Note: note, At: s.now(),
	}
	return s.change(ctx, thing, func(t Task) (Task, bool) {
		known := slices.ContainsFunc(t.Reports, func(other Report) bool { return other.Reporter == r.Reporter })
		if known {
			return t, false
		}
		if t.Turn == "" {
			t.Thing, t.Due = thing, ForPerson
		}
		t.Reports = append(slices.Clone(t.Reports[max(0, len(t.Reports)+1-maxReports):]), r)
		for i := range len(t.Reports) - MaxNotes {
			t.Reports[i].Note = ""
		}
		return t, true
	})
}

// Hide ends the check of a thing that others cannot see any more. Its reports are kept for
// a person, who may see it as long as it has the version: its owner could show it again.
// Without a version, it was hidden before. If it is checked ahead and has no reports, the
// check goes on.
func (s *Service) Hide(ctx context.Context, thing Thing, version string, ahead bool) error {
	if s == nil {
		return nil
	}
	return s.change(ctx, thing, func(t Task) (Task, bool) {
		if len(t.Reports) == 0 {
			return Task{}, t.Turn != "" && !ahead
		}
		return Task{Thing: thing, Due: ForPerson, Version: cmp.Or(version, t.Version), Reports: t.Reports}, true
	})
}

// End removes the task of a thing, with its reports. It is not an error if there is none.
func (s *Service) End(ctx context.Context, thing Thing) error {
	if s == nil {
		return nil
	}
	return s.change(ctx, thing, func(t Task) (Task, bool) { return Task{}, t.Turn != "" })
}

// Try works on the task of a thing at once, if it is due, or waits while this replica does
// that. It does not wait longer than ctx allows; the work goes on then.
func (s *Service) Try(ctx context.Context, thing Thing) {
	if s.off() {
		return
	}
	for tried := ""; ; {
		t, err := s.Store.Task(ctx, thing)
		if err != nil || t.Turn == "" {
			return
		}
		done := s.workOf(thing)
		if done == nil {
			if !s.isDue(t) || t.Turn == tried {
				return
			}
			tried = t.Turn
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				s.workOn(context.WithoutCancel(ctx), t)
			}()
			done = ended
		}
		select {
		case <-done:
		case <-ctx.Done():
			return
		}
	}
}

// workOf returns what is closed when this replica has done what it does for a thing, or
// nil if it does nothing.
func (s *Service) workOf(thing Thing) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.busy[thing]; w != nil {
		return w.done
	}
	return nil
}

// Seen says that a user is back, and waits for nothing: Run looks for the tasks of all who
// were seen, at its next turn. While the store fails, at most maxSeen are remembered; the
// others are seen when they next share something.
func (s *Service) Seen(userID string) {
	if s.off() {
		return
	}
	if s.remember(userID) {
		s.nudge()
	}
}

// remember reports whether there is no room for more users who were seen.
func (s *Service) remember(users ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range users {
		if len(s.seen) < maxSeen {
			s.seen[u] = struct{}{}
		}
	}
	return len(s.seen) == maxSeen
}

func (s *Service) seenReturned(ctx context.Context) error {
	s.mu.Lock()
	users := slices.Collect(maps.Keys(s.seen))
	clear(s.seen)
	s.mu.Unlock()
	if len(users) == 0 {
		return nil
	}
	// Also what a replica works on, whose clock may be some seconds ahead: the checker may
	// have told it that the user is away.
	err := s.returned(ctx, users, s.Now().Add(workTime+pollEvery))
	if err != nil {
		s.remember(users...)
	}
	return err
}

// Returned says that a user shares something, so that the checker knows them. What a
// replica works on goes on: begun anew, it would be checked twice.
func (s *Service) Returned(ctx context.Context, userID string) {
	if s.off() {
		return
	}
	if err := s.returned(ctx, []string{userID}, time.UnixMilli(0)); err != nil {
		s.Logger.WarnContext(ctx, "checks wait for their author longer than needed", "cause", err)
	}
}

// returned makes due what waits for users who are back, and what is due by a time and was
// not handed in.
func (s *Service) returned(ctx context.Context, users []string, at time.Time) error {
	away, err := s.Store.AwayTasks(ctx, users, at)
	for _, t := range away {
		if err == nil {
			err = s.change(ctx, t.Thing, func(t Task) (Task, bool) {
				maybeAway := t.Turn != "" && t.Trace == "" && t.Due <= at.UnixMilli() && !s.isDue(t)
				t.Due = s.now()
				return t, maybeAway
			})
		}
	}
	if len(away) > 0 {
		s.nudge()
	}
	return err
}

// Result takes the verdict on a picture; checked is false if the checker failed to
// look at it. It may come more than once, late, or before the trace is stored. A
// trace that is not known any more is not an error.
func (s *Service) Result(ctx context.Context, trace string, v Verdict, checked bool) error {
	if s.off() || trace == "" {
		return nil
	}
	t, err := s.Store.TaskOf(ctx, trace)
	if err != nil {
		return err
	}
	if t.Turn == "" {
		// Stored first and looked up again: the replica that stores the trace looks here next.
		if _, err := s.Notes.SwapNote(ctx, early(trace), "", encodeResult(v, checked), earlyLife); err != nil {
			return err
		}
		if t, err = s.Store.TaskOf(ctx, trace); err != nil || t.Turn == "" {
			return err
		}
	}
	return s.apply(ctx, t, v, checked)
}

func (s *Service) now() int64 { return s.Now().UnixMilli() }

func early(trace string) string { return "result " + trace }

func encodeResult(v Verdict, checked bool) string {
	if !checked {
		return "-"
	}
	return string(v.State) + " " + string(v.Reason)
}

func decodeResult(text string) (v Verdict, checked bool) {
	state, reason, checked := strings.Cut(text, " ")
	return Verdict{State(state), Reason(reason)}, checked
}
