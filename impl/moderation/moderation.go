// Package moderation decides when others may see what a user made: a shared
// drawing, a nickname, an avatar. A [Checker] judges it; WeChat's judges text at
// once and pictures later.
//
// A verdict belongs to one version of a thing. Who changes the thing has another
// version, and no verdict on it: nothing has to be taken back, and no order of
// changes, results and requests shows a version that was not approved.
//
// It knows neither HTTP nor WeChat nor a database. What it needs of them is in the
// interfaces [Checker], [Store] and [Subject].
package moderation

import (
	"context"
	"errors"
	"iter"
	"math"
	"time"
)

// State says whether others may see a version of a thing. Only an approved one is
// shown to others.
type State string

const (
	Pending  State = "pending"  // the check has no result yet
	Approved State = "approved" // others may see it
	Refused  State = "refused"  // it breaks the rules of the platform
	Review   State = "review"   // the check cannot decide: a person must
)

// Reason is why a thing is not approved. It is a code of ours: the words of WeChat
// are not shown.
type Reason string

const (
	Advertising Reason = "advertising"
	Politics    Reason = "politics"
	Pornography Reason = "pornography"
	Abuse       Reason = "abuse"
	Crime       Reason = "crime"
	Fraud       Reason = "fraud"
	Vulgar      Reason = "vulgar"
	Copyright   Reason = "copyright"
	Other       Reason = "other"
	NoResult    Reason = "no_result"   // in review, as the checker gave no result
	AuthorAway  Reason = "author_away" // pending until the author uses the program again
)

// Verdict is a state, and why it is not approved.
type Verdict struct {
	State  State  `json:"state"`
	Reason Reason `json:"reason"` // empty if it is approved, or just pending
}

// Check is the verdict on one version of a thing. The zero value is on none.
type Check struct {
	Version string `json:"version"`
	Verdict `json:",inline"`
	// Person: a person refused this version, or one before it. Until a person approves
	// one, each other version is in review.
	Person bool `json:"person,omitempty"`
}

// On returns the verdict on a version. One that was not checked is pending, or in review
// if a person refused another.
func (c Check) On(version string) Verdict {
	switch {
	case c.Version != "" && c.Version == version:
		return c.Verdict
	case c.Person:
		return Verdict{Review, c.Reason}
	default:
		return Verdict{State: Pending}
	}
}

// Scene is where others see a text or a picture.
type Scene int

// The scenes that WeChat knows.
const (
	Profile   Scene = 1
	Comment   Scene = 2
	Forum     Scene = 3
	SocialLog Scene = 4
)

// Text is what is checked at once. At least one of its strings is not empty; each
// has at most 2,500 characters.
type Text struct {
	Scene    Scene
	Title    string
	Nickname string
}

// Checker judges what users made. Its errors are [ErrAway], [ErrUncheckable],
// context.Canceled, and any other if there is no verdict for now.
type Checker interface {
	// Text judges a text by the user openID.
	Text(ctx context.Context, openID string, t Text) (Verdict, error)
	// Picture asks for a verdict on the PNG at a URL. It arrives later, at
	// [Service.Result], under the trace.
	Picture(ctx context.Context, openID string, scene Scene, url string) (trace string, err error)
}

var (
	// ErrAway: the checker knows no user who has used the program lately. It is asked
	// again when the user comes back.
	ErrAway = errors.New("the author has not used the program lately")
	// ErrUncheckable: the checker does not take the thing, and asking again will hardly
	// help.
	ErrUncheckable = errors.New("the checker does not take it")
	// ErrGone: there is no such thing, or it has nothing that others see, or, where a
	// version is asked for, it has another one.
	ErrGone = errors.New("nothing to check")
	// ErrChanged: the thing has another version than the one that a person saw, or another
	// person refused it meanwhile.
	ErrChanged = errors.New("the thing has another version or verdict")
)

// Kind names a [Subject].
type Kind string

// Subject is a kind of things that are checked.
type Subject interface {
	// Content returns what others would see of a thing now, or could see of it before, or
	// [ErrGone].
	Content(ctx context.Context, owner, id string) (Content, error)
	// Decide replaces the check from by to, if the thing still has the version of to, and
	// the check from, in one indivisible step. Otherwise it returns [ErrGone].
	Decide(ctx context.Context, owner, id string, from, to Check) error
	// Shown returns the IDs of at most limit things of an owner that others see or would
	// see when they are approved: those after an ID, in their order; "" is before all.
	Shown(ctx context.Context, owner, after string, limit int) ([]string, error)
	// TakeDown removes from others what they see of a thing whose version was refused, and
	// stores the refusal if another check took its place. It is not an error if they see
	// nothing.
	TakeDown(ctx context.Context, owner, id string, refused Check) error
}

// Content is what is checked of one version of a thing.
type Content struct {
	Version string
	Hidden  bool                   // others do not see it, whatever the verdict
	Ahead   bool                   // it is checked also while it is hidden
	Check   Check                  // the stored one
	Text    Text                   // checked if it has a string
	Scene   Scene                  // of the picture
	Picture func() ([]byte, error) // draws the PNG; nil if there is none
	Whole   func() (bool, error)   // whether the picture shows all that others see; nil: it does
}

// Thing is one thing of a kind.
type Thing struct {
	Kind  Kind
	Owner string // user ID
	ID    string // within the owner's things of the kind
}

// Task is the check of a thing that is to be done or under way, by the checker or by a
// person.
type Task struct {
	Thing
	Turn string // random; another one after each change
	// Due is from when on something must be done, in Unix milliseconds; 0: when the
	// author is back; or [ForPerson].
	Due     int64
	Version string // that a picture was handed in of, or that others could see before the thing was hidden
	Trace   string // under which its result arrives; empty until then
	Asked   int    // how often it was handed in
	Fetched bool   // the checker has fetched the picture
	Reports []Report
}

// ForPerson is when a task is due that waits for the decision of a person.
const ForPerson = math.MaxInt64

// Report asks a person to look at a thing. The names in the tags are those in the
// stores.
type Report struct {
	Reporter string `json:"reporter"` // a pseudonym, another one for each thing
	Reason   Reason `json:"reason"`
	Note     string `json:"note"` // empty if there is none, or if there are [MaxNotes] newer reports
	At       int64  `json:"at"`   // Unix milliseconds
}

// begun returns the task of a thing that is to be checked from the start.
func (t Task) begun(thing Thing, now int64) Task {
	return Task{Thing: thing, Due: now, Reports: t.Reports}
}

// Store stores tasks. An error may be that the store cannot be reached.
type Store interface {
	// Task returns the task of a thing, or the zero Task.
	Task(ctx context.Context, t Thing) (Task, error)
	// TaskOf returns the task whose result arrives under a trace, or the zero Task.
	TaskOf(ctx context.Context, trace string) (Task, error)
	// DueTasks returns at most limit tasks that are due at a time, those due longest
	// first.
	DueTasks(ctx context.Context, at time.Time, limit int) ([]Task, error)
	// AwayTasks returns the tasks of these owners that are due when their author is back, or
	// at a time.
	AwayTasks(ctx context.Context, owners []string, at time.Time) ([]Task, error)
	// Tasks returns at most limit tasks that come after a thing in the order of owner,
	// kind and ID; the zero Thing is before all.
	Tasks(ctx context.Context, after Thing, limit int) ([]Task, error)
	// SwapTask replaces a task by to, if it still has the Turn of from, in one
	// indivisible step, and reports whether it did. A task without a Turn is no task:
	// as from, there must be none; as to, it is removed. Both are of the same thing.
	SwapTask(ctx context.Context, from, to Task) (bool, error)
}

// AllTasks yields every task in a store. One that is there throughout is seen exactly
// once. An error ends it.
func AllTasks(ctx context.Context, s Store) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		var last Thing
		for {
			tasks, err := s.Tasks(ctx, last, taskBatch)
			if err != nil {
				yield(Task{}, err)
				return
			}
			for _, t := range tasks {
				if last = t.Thing; !yield(t, nil) {
					return
				}
			}
			if len(tasks) < taskBatch {
				return
			}
		}
	}
}
