package operator_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"onestroke/impl/moderation"
	"onestroke/impl/moderation/moderationtest"
	"onestroke/impl/operator"
	"onestroke/impl/operator/operatortest"
)

func TestTheStoreOfTheTestsConforms(t *testing.T) {
	operatortest.Run(t, func(*testing.T) operator.Store { return new(operatortest.Memory) })
}

// subject has one thing, of version 1.
type subject struct {
	check   moderation.Check
	removed bool
	trouble error
}

func (s *subject) Content(context.Context, string, string) (moderation.Content, error) {
	return moderation.Content{Version: "1", Check: s.check}, s.trouble
}

func (s *subject) Decide(_ context.Context, _, _ string, from, to moderation.Check) error {
	if to.Version != "1" || from != s.check {
		return moderation.ErrGone
	}
	s.check = to
	return s.trouble
}

func (s *subject) Shown(context.Context, string, string, int) ([]string, error) { return nil, nil }

func (s *subject) TakeDown(context.Context, string, string, moderation.Check) error {
	s.removed = true
	return s.trouble
}

// An action is in the trail with what became of it, also if it failed.
func TestEachDecisionIsInTheTrail(t *testing.T) {
	trouble := errors.New("trouble")
	thing := moderation.Thing{Kind: "thing", Owner: "author", ID: "x"}
	for name, test := range map[string]struct {
		kind    moderation.Kind
		d       operator.Decision
		trouble error
		outcome operator.Outcome
		state   moderation.State
	}{
		"approved":                 {"thing", operator.Decision{Action: operator.Approve, Version: "1"}, nil, operator.Done, moderation.Approved},
		"refused":                  {"thing", operator.Decision{Action: operator.Refuse, Version: "1", Reason: moderation.Abuse}, nil, operator.Done, moderation.Refused},
		"taken down":               {"thing", operator.Decision{Action: operator.TakeDown, Version: "1", Reason: moderation.Abuse}, nil, operator.Done, moderation.Refused},
		"another version":          {"thing", operator.Decision{Action: operator.Approve, Version: "2"}, nil, operator.Changed, ""},
		"taken down, another one":  {"thing", operator.Decision{Action: operator.TakeDown, Version: "2"}, nil, operator.Changed, ""},
		"an unknown kind":          {"song", operator.Decision{Action: operator.Refuse, Version: "1"}, nil, operator.Changed, ""},
		"an unknown kind, no more": {"song", operator.Decision{Action: operator.TakeDown, Version: "1"}, nil, operator.Changed, ""},
		"an error":                 {"thing", operator.Decision{Action: operator.TakeDown, Version: "1"}, trouble, operator.Failed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			store := new(operatortest.Memory)
			checks := moderation.New(moderation.Options{Store: new(moderationtest.Memory)})
			s := &subject{trouble: test.trouble}
			checks.Add("thing", s)
			service := operator.New(operator.Options{Store: store, Checks: checks, Exists: exists})
			test.d.By, test.d.Note = "小红", "why"
			thing := thing
			thing.Kind = test.kind
			err := service.Decide(t.Context(), thing, test.d)
			nothing := errors.Is(err, moderation.ErrGone) || errors.Is(err, moderation.ErrChanged)
			if (err == nil) != (test.outcome == operator.Done) || nothing != (test.outcome == operator.Changed) {
				t.Errorf("the error is %v", err)
			}
			if s.check.State != test.state || s.check.Reason != test.d.Reason {
				t.Errorf("the check is %+v", s.check)
			}
			trail, next, err := service.Trail(t.Context(), "", 10)
			if err != nil || len(trail) != 1 || next != "" {
				t.Fatalf("the trail is %+v, %q, %v", trail, next, err)
			}
			e := trail[0]
			if age := time.Since(time.UnixMilli(e.At)); age < 0 || age > time.Minute {
				t.Errorf("the action was %v ago", age)
			}
			e.ID, e.At = "", 0
			if want := (operator.Entry{
				By: "小红", Note: "why", Action: test.d.Action, User: "author", Kind: test.kind, Thing: "x",
				Version: test.d.Version, Reason: test.d.Reason, Outcome: test.outcome,
			}); e != want {
				t.Errorf("the entry is %+v, want %+v", e, want)
			}
		})
	}
}

// left is a subject whose operator leaves while the decision is stored.
type left struct {
	subject
	leave func()
}

func (l *left) Decide(ctx context.Context, owner, id string, from, to moderation.Check) error {
	l.leave()
	return l.subject.Decide(ctx, owner, id, from, to)
}

func (l *left) TakeDown(ctx context.Context, owner, id string, refused moderation.Check) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.subject.TakeDown(ctx, owner, id, refused)
}

func TestADecisionIsDoneAlsoIfTheOperatorLeaves(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	s := &left{leave: leave}
	checks := moderation.New(moderation.Options{Store: new(moderationtest.Memory)})
	checks.Add("thing", s)
	service := operator.New(operator.Options{Store: new(operatortest.Memory), Checks: checks, Exists: exists})
	err := service.Decide(ctx, moderation.Thing{Kind: "thing", Owner: "author", ID: "x"}, operator.Decision{Action: operator.TakeDown, Version: "1"})
	trail, _, trailErr := service.Trail(t.Context(), "", 10)
	if err != nil || trailErr != nil || !s.removed || len(trail) != 1 || trail[0].Outcome != operator.Done {
		t.Errorf("%v, %v: it is removed: %t, and the trail is %+v", err, trailErr, s.removed, trail)
	}
}

// exists knows every user but one.
func exists(_ context.Context, user string) (bool, error) { return user != "nobody", nil }

func TestAUserOfWhomNothingIsStoredIsNotSuspended(t *testing.T) {
	service := operator.New(operator.Options{Store: new(operatortest.Memory), Exists: exists})
	for _, change := range []func(context.Context, string, string, string) error{service.Suspend, service.Lift} {
		if err := change(t.Context(), "nobody", "小红", "why"); !errors.Is(err, operator.ErrNoUser) {
			t.Errorf("the error is %v", err)
		}
	}
	trail, _, err := service.Trail(t.Context(), "", 10)
	if err != nil || len(trail) != 2 || trail[0].Outcome != operator.Changed || trail[1].Outcome != operator.Changed {
		t.Errorf("the trail is %+v, %v", trail, err)
	}
}

// Several actions in one millisecond are listed in their order.
func TestTheTrailIsInTheOrderOfTheActions(t *testing.T) {
	now := time.Now()
	service := operator.New(operator.Options{Store: new(operatortest.Memory), Exists: exists, Now: func() time.Time { return now }})
	for n := range 20 {
		if err := service.Suspend(t.Context(), "user", "小红", fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
	}
	trail, _, err := service.Trail(t.Context(), "", 50)
	if err != nil || len(trail) != 20 {
		t.Fatalf("the trail is %+v, %v", trail, err)
	}
	for n, e := range trail {
		if e.Note != fmt.Sprint(19-n) || e.At != now.UnixMilli() {
			t.Errorf("entry %d is %+v", n, e)
		}
	}
}

// unwritable fails to store an entry.
type unwritable struct{ operatortest.Memory }

func (*unwritable) PutEntry(context.Context, operator.Entry) error { return errors.New("full") }

func TestNoActionIsWithoutAnEntry(t *testing.T) {
	store := new(unwritable)
	s := &subject{}
	checks := moderation.New(moderation.Options{Store: new(moderationtest.Memory)})
	checks.Add("thing", s)
	service := operator.New(operator.Options{Store: store, Checks: checks, Exists: exists})
	if err := service.Decide(t.Context(), moderation.Thing{Kind: "thing"}, operator.Decision{Action: operator.TakeDown, Version: "1"}); err == nil || s.removed {
		t.Errorf("it was done: %v, %v", s.removed, err)
	}
	if err := service.Suspend(t.Context(), "user", "", ""); err == nil {
		t.Error("suspended without an entry")
	}
	if suspended, err := service.Suspended(t.Context(), "user"); err != nil || suspended {
		t.Errorf("suspended: %v, %v", suspended, err)
	}
}

// Another replica follows when its cache has expired.
func TestASuspensionCountsOnEachReplica(t *testing.T) {
	store := new(operatortest.Memory)
	now := time.Now()
	clock := func() time.Time { return now }
	o := operator.Options{Store: store, Exists: exists, Now: clock}
	here, there := operator.New(o), operator.New(o)
	is := func(s *operator.Service, want bool) {
		t.Helper()
		if got, err := s.Suspended(t.Context(), "user"); err != nil || got != want {
			t.Errorf("suspended: %v, %v, want %v", got, err, want)
		}
	}
	is(here, false)
	is(there, false)
	for _, step := range []struct {
		do   func(context.Context, string, string, string) error
		want bool
	}{{here.Suspend, true}, {here.Lift, false}} {
		if err := step.do(t.Context(), "user", "小红", "why"); err != nil {
			t.Fatal(err)
		}
		is(here, step.want)
		is(there, !step.want)
		now = now.Add(time.Second)
		is(there, step.want)
	}
}

// slow is a store that is asked for a suspension, and in which something else happens
// before the answer arrives.
type slow struct {
	*operatortest.Memory
	meanwhile func()
}

func (s *slow) Suspension(ctx context.Context, user string) (operator.Suspension, error) {
	found, err := s.Memory.Suspension(ctx, user)
	if meanwhile := s.meanwhile; meanwhile != nil {
		s.meanwhile = nil
		meanwhile()
	}
	return found, err
}

func TestASuspensionCountsAtOnceAlsoWhileTheStoreIsAsked(t *testing.T) {
	store := &slow{Memory: new(operatortest.Memory)}
	now := time.Now()
	service := operator.New(operator.Options{Store: store, Exists: exists, Now: func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}})
	store.meanwhile = func() {
		if err := service.Suspend(t.Context(), "user", "小红", "why"); err != nil {
			t.Error(err)
		}
	}
	for n := range 2 {
		suspended, err := service.Suspended(t.Context(), "user")
		if err != nil || suspended != (n > 0) || store.meanwhile != nil {
			t.Errorf("request %d: suspended: %v, %v", n, suspended, err)
		}
	}
}
