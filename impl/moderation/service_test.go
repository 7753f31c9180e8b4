package moderation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"onestroke/impl/moderation"
	"onestroke/impl/moderation/moderationtest"
	"onestroke/impl/seal"
)

func TestTheStoreOfTheTestsConforms(t *testing.T) {
	moderationtest.Run(t, func(*testing.T) moderation.Store { return &moderationtest.Memory{} })
}

const kind moderation.Kind = "thing"

var pending = moderation.Verdict{State: moderation.Pending}

var thing = moderation.Thing{Kind: kind, Owner: "author", ID: "1"}

// world is everything around the service: one thing, its author, and a checker that
// answers as the test says.
type world struct {
	*moderation.Service
	store moderationtest.Memory

	mu      sync.Mutex
	version int
	title   string
	check   moderation.Check
	gone    bool
	openID  string
	notes   map[string]string
	trouble error
	refusal error         // of pictures
	takes   time.Duration // to check a text
	texts   int           // that were checked
	asked   []string      // the addresses that were handed in
	onAsk   func(trace, address string)
	more    []byte // of the picture
	// onDecide runs once, between what a decision read and its write.
	onDecide func()
	// onRefuse runs once, before the checker gives no verdict.
	onRefuse func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	key, err := seal.New("secret")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{version: 1, title: "fine", openID: "openid", notes: map[string]string{}}
	w.Service = moderation.New(moderation.Options{
		Checker: w, Store: &w.store, Notes: w, Seal: key, PublicURL: "https://example.com", Logger: slog.New(slog.DiscardHandler),
		OpenID: func(context.Context, string) (string, error) { w.mu.Lock(); defer w.mu.Unlock(); return w.openID, nil },
	})
	w.Add(kind, w)
	return w
}

// replica returns another service of the same world.
func (w *world) replica() *moderation.Service {
	s := moderation.New(w.Options)
	s.Add(kind, w)
	return s
}

func (w *world) Content(context.Context, string, string) (moderation.Content, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return moderation.Content{}, moderation.ErrGone
	}
	version := fmt.Sprint(w.version)
	return moderation.Content{
		Version: version, Check: w.check, Text: moderation.Text{Title: w.title},
		Picture: func() ([]byte, error) { return append([]byte("picture of "+version), w.more...), nil },
	}, nil
}

func (w *world) Decide(_ context.Context, _, _ string, from, to moderation.Check) error {
	w.mu.Lock()
	before := w.onDecide
	w.onDecide = nil
	w.mu.Unlock()
	if before != nil {
		before()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if to.Version != fmt.Sprint(w.version) || from != w.check {
		return moderation.ErrGone
	}
	w.check = to
	return nil
}

func (w *world) Shown(context.Context, string, string, int) ([]string, error) { return nil, nil }

func (w *world) TakeDown(context.Context, string, string, moderation.Check) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone = true
	return nil
}

func (w *world) Text(ctx context.Context, _ string, t moderation.Text) (moderation.Verdict, error) {
	if w.takes > 0 {
		select {
		case <-time.After(w.takes):
		case <-ctx.Done():
			return moderation.Verdict{}, ctx.Err()
		}
	}
	w.mu.Lock()
	w.texts++
	trouble := w.trouble
	w.mu.Unlock()
	if trouble != nil {
		w.refuses()
		return moderation.Verdict{}, trouble
	}
	if strings.Contains(t.Title, "risky") {
		return moderation.Verdict{State: moderation.Refused, Reason: moderation.Fraud}, nil
	}
	return moderation.Verdict{State: moderation.Approved}, nil
}

// refuses does what happens while the checker answers that it gives no verdict.
func (w *world) refuses() {
	w.mu.Lock()
	meanwhile := w.onRefuse
	w.onRefuse = nil
	w.mu.Unlock()
	if meanwhile != nil {
		meanwhile()
	}
}

func (w *world) Picture(_ context.Context, _ string, _ moderation.Scene, address string) (string, error) {
	w.mu.Lock()
	w.asked = append(w.asked, address)
	trace, onAsk, refusal := fmt.Sprint("trace ", len(w.asked)), w.onAsk, w.refusal
	w.mu.Unlock()
	if refusal != nil {
		w.refuses()
		return "", refusal
	}
	if onAsk != nil {
		onAsk(trace, address)
	}
	return trace, nil
}

func (w *world) Note(_ context.Context, name string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.notes[name], nil
}

func (w *world) SwapNote(_ context.Context, name, from, to string, _ time.Duration) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.notes[name] != from {
		return false, nil
	}
	w.notes[name] = to
	return true, nil
}

// fetch gets a picture as the checker does.
func (w *world) fetch(t *testing.T, address string) {
	t.Helper()
	if _, err := w.Service.Picture(t.Context(), strings.TrimPrefix(address, "https://example.com"+moderation.PicturePath), true); err != nil {
		t.Error(err)
	}
}

func (w *world) begin(t *testing.T) {
	t.Helper()
	if err := w.Begin(t.Context(), thing); err != nil {
		t.Fatal(err)
	}
	w.Try(t.Context(), thing)
}

func (w *world) result(t *testing.T, trace string, state moderation.State, checked bool) {
	t.Helper()
	if err := w.Result(t.Context(), trace, moderation.Verdict{State: state}, checked); err != nil {
		t.Fatal(err)
	}
}

func (w *world) is(t *testing.T, state moderation.State, reason moderation.Reason) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := w.Judge(w.check, fmt.Sprint(w.version)); got != (moderation.Verdict{State: state, Reason: reason}) {
		t.Errorf("the thing is %+v, want %s %s", got, state, reason)
	}
}

func (w *world) hasTask(t *testing.T, want bool) {
	t.Helper()
	task, err := w.store.Task(t.Context(), thing)
	if err != nil || (task.Turn != "") != want {
		t.Errorf("the task is %+v, %v", task, err)
	}
}

// reports returns the notes of the reports that wait for a person.
func (w *world) reports(t *testing.T) (notes []string) {
	t.Helper()
	task, err := w.store.Task(t.Context(), thing)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range task.Reports {
		notes = append(notes, r.Note)
	}
	return notes
}

func (w *world) report(t *testing.T, reporter, note string) {
	t.Helper()
	if err := w.Report(t.Context(), thing, reporter, moderation.Abuse, note); err != nil {
		t.Fatal(err)
	}
}

func TestAReporterCountsOnce(t *testing.T) {
	for what, checker := range map[string]bool{"nothing is checked": false, "all is checked": true} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			if !checker {
				w.Checker = nil
			}
			for _, from := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.1"} {
				w.report(t, from, "of "+from)
			}
			if got := w.reports(t); !slices.Equal(got, []string{"of 192.0.2.1", "of 192.0.2.2"}) {
				t.Errorf("reported are %q", got)
			}
			task, _ := w.store.Task(t.Context(), thing)
			if r := task.Reports[0]; r.Reporter == task.Reports[1].Reporter || strings.Contains(r.Reporter, "192") || r.Reason != moderation.Abuse || r.At == 0 {
				t.Errorf("the report is %+v", r)
			}
			if task.Due != moderation.ForPerson {
				t.Errorf("it waits for %d", task.Due)
			}
			// However many come, the newest are there, and what is stored is bounded.
			for n := range 250 {
				w.report(t, fmt.Sprint("another ", n), fmt.Sprint(n))
			}
			got := w.reports(t)
			if len(got) != 200 || got[199] != "249" || got[180] != "230" || strings.Join(got[:180], "") != "" {
				t.Errorf("%d reports are stored: %q", len(got), got)
			}
			if err := w.End(t.Context(), thing); err != nil {
				t.Fatal(err)
			}
			w.hasTask(t, false)
		})
	}
}

// Whatever the checker says, a person looks at what was reported.
func TestAReportOutlastsTheChecks(t *testing.T) {
	w := newWorld(t)
	w.report(t, "somebody", "before")
	w.begin(t)
	w.report(t, "another", "while it is checked")
	w.fetch(t, w.asked[0])
	w.result(t, "trace 1", moderation.Approved, true)
	w.is(t, moderation.Approved, "")
	want := []string{"before", "while it is checked"}
	if got := w.reports(t); !slices.Equal(got, want) {
		t.Errorf("after a check: %q", got)
	}
	w.mu.Lock()
	w.version++
	w.mu.Unlock()
	if v, err := w.Ensure(t.Context(), thing, pending); err != nil || v != (moderation.Verdict{State: moderation.Pending}) {
		t.Errorf("%+v, %v", v, err)
	}
	w.Try(t.Context(), thing)
	w.fetch(t, w.asked[1])
	w.result(t, "trace 2", moderation.Refused, true)
	if got := w.reports(t); !slices.Equal(got, want) {
		t.Errorf("after the check of another version: %q", got)
	}
	w.mu.Lock()
	w.gone = true
	w.mu.Unlock()
	w.begin(t)
	w.hasTask(t, false)
}

func TestAResultMayComeBeforeItsTraceIsStored(t *testing.T) {
	w := newWorld(t)
	w.onAsk = func(trace, address string) {
		w.fetch(t, address)
		w.result(t, trace, moderation.Approved, true)
		w.is(t, moderation.Pending, "")
	}
	w.begin(t)
	w.is(t, moderation.Approved, "")
	w.hasTask(t, false)
}

func TestAResultOfAnEarlierVersionIsNotThatOfThisOne(t *testing.T) {
	for _, again := range []bool{true, false} { // whether the change has begun a check
		w := newWorld(t)
		w.begin(t)
		w.fetch(t, w.asked[0])
		w.mu.Lock()
		w.version++
		w.mu.Unlock()
		if again {
			w.begin(t)
		}
		for range 2 {
			w.result(t, "trace 1", moderation.Approved, true)
			w.is(t, moderation.Pending, "")
		}
		w.hasTask(t, true)
		w.Try(t.Context(), thing)
		if len(w.asked) != 2 {
			t.Fatalf("the new version was handed in as %v", w.asked)
		}
		if _, err := w.Service.Picture(t.Context(), strings.TrimPrefix(w.asked[0], "https://example.com"+moderation.PicturePath), true); !errors.Is(err, moderation.ErrGone) {
			t.Errorf("the address of the earlier version: %v", err)
		}
		w.fetch(t, w.asked[1])
		w.result(t, "trace 2", moderation.Approved, true)
		w.is(t, moderation.Approved, "")
		w.hasTask(t, false)
	}
}

func TestAResultThatSaysNothingIsAskedForOnceMore(t *testing.T) {
	for name, result := range map[string]func(w *world, trace, address string){
		"approved without a look": func(w *world, trace, _ string) { w.result(t, trace, moderation.Approved, true) },
		"failed": func(w *world, trace, address string) {
			w.fetch(t, address)
			w.result(t, trace, moderation.Approved, false)
		},
		"failed before it was stored": nil,
	} {
		w := newWorld(t)
		if result == nil {
			w.onAsk = func(trace, _ string) { w.result(t, trace, moderation.Approved, false) }
		}
		w.begin(t)
		for n := range 2 {
			if result != nil {
				result(w, fmt.Sprint("trace ", n+1), w.asked[n])
			}
			w.Try(t.Context(), thing)
		}
		w.Try(t.Context(), thing)
		if w.is(t, moderation.Review, moderation.NoResult); len(w.asked) != 2 {
			t.Errorf("%s: handed in %d times", name, len(w.asked))
		}
		if task, _ := w.store.Task(t.Context(), thing); task.Due != moderation.ForPerson {
			t.Errorf("%s: it waits for %d", name, task.Due)
		}
	}
}

func TestARefusalNeedsNoLook(t *testing.T) {
	w := newWorld(t)
	w.begin(t)
	w.result(t, "trace 1", moderation.Refused, true)
	w.is(t, moderation.Refused, "")
	w.result(t, "trace 1", moderation.Approved, true)
	w.is(t, moderation.Refused, "")
}

func TestARiskyTitleNeedsNoPicture(t *testing.T) {
	w := newWorld(t)
	w.title = "risky"
	w.begin(t)
	if w.is(t, moderation.Refused, moderation.Fraud); len(w.asked) != 0 {
		t.Error("its picture was handed in")
	}
}

func TestWhatIsGoneIsNotChecked(t *testing.T) {
	w := newWorld(t)
	w.gone = true
	w.begin(t)
	w.hasTask(t, false)
}

func TestAnAwayAuthorIsWaitedFor(t *testing.T) {
	for _, isKnown := range []bool{true, false} {
		w := newWorld(t)
		if w.trouble = moderation.ErrAway; !isKnown {
			w.trouble, w.openID = nil, ""
		}
		w.begin(t)
		if v, err := w.Ensure(t.Context(), thing, pending); err != nil || v.Reason != moderation.AuthorAway {
			t.Errorf("it waits for %+v, %v", v, err)
		}
		w.Returned(t.Context(), "another user")
		w.Try(t.Context(), thing)
		w.trouble, w.openID = nil, "openid"
		w.Try(t.Context(), thing)
		if len(w.asked) != 0 {
			t.Error("it was handed in without its author")
		}
		w.Returned(t.Context(), "author")
		w.Try(t.Context(), thing)
		if len(w.asked) != 1 {
			t.Error("its author is back, and it was not handed in")
		}
	}
}

func TestAPersonDecidesWhileTheCheckerIsAsked(t *testing.T) {
	w := newWorld(t)
	w.Checker = refusedMeanwhile{w, t}
	w.begin(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.asked) != 0 || w.check.State != moderation.Refused || !w.check.Person {
		t.Errorf("the check is %+v, handed in %d times", w.check, len(w.asked))
	}
}

// refusedMeanwhile is a checker that refuses a text in another way than a person who
// decides before it answers.
type refusedMeanwhile struct {
	*world
	t *testing.T
}

func (r refusedMeanwhile) Text(ctx context.Context, _ string, _ moderation.Text) (moderation.Verdict, error) {
	if err := r.Settle(ctx, thing, "1", moderation.Verdict{State: moderation.Refused, Reason: moderation.Abuse}); err != nil {
		r.t.Error(err)
	}
	return moderation.Verdict{State: moderation.Review, Reason: moderation.Other}, nil
}

// WeChat checks no picture of more than 10 MB.
func TestAPictureThatIsTooLargeWaitsForAPerson(t *testing.T) {
	for more, state := range map[int]moderation.State{9 << 20: moderation.Approved, 10 << 20: moderation.Review} {
		w := newWorld(t)
		w.more = make([]byte, more)
		w.begin(t)
		_, err := w.Service.Picture(t.Context(), strings.TrimPrefix(w.asked[0], "https://example.com"+moderation.PicturePath), true)
		if (state == moderation.Review) != errors.Is(err, moderation.ErrGone) {
			t.Errorf("%d bytes: %v", more, err)
		}
		w.result(t, "trace 1", moderation.Approved, true)
		if w.check.State != state {
			t.Errorf("%d bytes: the check is %+v", more, w.check)
		}
	}
}

// Each verdict of the checker is written only if nothing was decided since it was asked,
// also between the last look and the write.
func TestAPersonDecidesJustBeforeTheCheckersVerdictIsWritten(t *testing.T) {
	for name, verdict := range map[string]func(*world){
		"of a text": func(w *world) { w.title = "risky"; w.begin(t) },
		"of a picture": func(w *world) {
			w.begin(t)
			w.fetch(t, w.asked[0])
			w.result(t, "trace 1", moderation.Approved, true)
		},
		"that there is none": func(w *world) { w.PublicURL = ""; w.begin(t) },
	} {
		for _, decision := range []moderation.Verdict{
			{State: moderation.Refused, Reason: moderation.Abuse}, {State: moderation.Approved},
		} {
			t.Run(name+" "+string(decision.State), func(t *testing.T) {
				w, decided := newWorld(t), false
				w.onDecide = func() {
					decided = true
					if err := w.Settle(t.Context(), thing, "1", decision); err != nil {
						t.Error(err)
					}
				}
				verdict(w)
				w.Try(t.Context(), thing)
				if w.is(t, decision.State, decision.Reason); !decided || w.check.Person != (decision.State == moderation.Refused) {
					t.Errorf("the check is %+v", w.check)
				}
				w.hasTask(t, false)
			})
		}
	}
}

func TestAPersonsDecisionReplacesAVerdictThatCameFirst(t *testing.T) {
	w := newWorld(t)
	w.begin(t)
	w.onDecide = func() { w.result(t, "trace 1", moderation.Review, true) }
	if err := w.Settle(t.Context(), thing, "1", moderation.Verdict{State: moderation.Approved}); err != nil {
		t.Fatal(err)
	}
	w.is(t, moderation.Approved, "")
	w.Try(t.Context(), thing)
	w.hasTask(t, false)
}

func TestAPersonsDecisionIsOfTheVersionThatTheySaw(t *testing.T) {
	w := newWorld(t)
	w.begin(t)
	w.onDecide = func() {
		w.mu.Lock()
		w.version++
		w.mu.Unlock()
		w.begin(t)
	}
	if err := w.Service.TakeDown(t.Context(), thing, "1", moderation.Abuse); !errors.Is(err, moderation.ErrChanged) {
		t.Errorf("taken down: %v", err)
	}
	w.is(t, moderation.Pending, "")
	w.hasTask(t, true)
}

// What comes while a person decides is not ended with it.
func TestADecisionEndsOnlyWhatWasThereBefore(t *testing.T) {
	for name, checker := range map[string]bool{"nothing is checked": false, "all is checked": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if !checker {
				w.Checker = nil
			}
			w.report(t, "somebody", "before")
			w.onDecide = func() { w.report(t, "another", "meanwhile") }
			if err := w.Settle(t.Context(), thing, "1", moderation.Verdict{State: moderation.Approved}); err != nil {
				t.Fatal(err)
			}
			w.Try(t.Context(), thing)
			if task, _ := w.store.Task(t.Context(), thing); task.Due != moderation.ForPerson {
				t.Errorf("it waits for %d", task.Due)
			}
			if got := w.reports(t); !slices.Equal(got, []string{"meanwhile"}) {
				t.Errorf("reported are %q", got)
			}
			if err := w.Settle(t.Context(), thing, "1", moderation.Verdict{State: moderation.Approved}); err != nil {
				t.Fatal(err)
			}
			w.hasTask(t, false)
		})
	}
}

// Two persons decide at the same time about what both saw: who approves is told that the
// other one refused it. Later, it can be approved.
func TestAnApprovalDoesNotReplaceARefusalOfTheSameTime(t *testing.T) {
	w := newWorld(t)
	approved, refused := moderation.Verdict{State: moderation.Approved}, moderation.Verdict{State: moderation.Refused, Reason: moderation.Abuse}
	w.onDecide = func() {
		if err := w.Settle(t.Context(), thing, "1", refused); err != nil {
			t.Error(err)
		}
	}
	if err := w.Settle(t.Context(), thing, "1", approved); !errors.Is(err, moderation.ErrChanged) {
		t.Error(err)
	}
	w.is(t, moderation.Refused, moderation.Abuse)
	w.onDecide = func() {
		if err := w.Settle(t.Context(), thing, "1", approved); err != nil {
			t.Error(err)
		}
	}
	if err := w.Settle(t.Context(), thing, "1", moderation.Verdict{State: moderation.Refused, Reason: moderation.Other}); err != nil {
		t.Error(err)
	}
	w.is(t, moderation.Refused, moderation.Other)
	if err := w.Settle(t.Context(), thing, "1", approved); err != nil {
		t.Error(err)
	}
	w.is(t, moderation.Approved, "")
}

// The author may come back while a replica is told that they are away.
func TestAnAuthorWhoComesBackDuringTheCheckIsNotWaitedFor(t *testing.T) {
	for name, away := range map[string]func(w *world, err error){
		"a text":    func(w *world, err error) { w.trouble = err },
		"a picture": func(w *world, err error) { w.refusal = err },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				another := w.replica()
				ctx, stop := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer stop()
				go another.Run(ctx)
				synctest.Wait()
				away(w, moderation.ErrAway)
				w.onRefuse = func() {
					away(w, nil)
					another.Seen("author")
					time.Sleep(10 * time.Second)
				}
				w.begin(t)
				if task, _ := w.store.Task(t.Context(), thing); task.Trace == "" {
					t.Errorf("the task is %+v", task)
				}
			})
		})
	}
}

// Who shares at one replica what another one checks has it checked once.
func TestWhatIsSharedDuringItsCheckIsCheckedOnce(t *testing.T) {
	w := newWorld(t)
	another := w.replica()
	w.onAsk = func(string, string) {
		w.onAsk = nil
		another.Returned(t.Context(), "author")
		if _, err := another.Ensure(t.Context(), thing, pending); err != nil {
			t.Error(err)
		}
		another.Try(t.Context(), thing)
	}
	w.begin(t)
	if task, _ := w.store.Task(t.Context(), thing); task.Trace != "trace 1" || w.texts != 1 || len(w.asked) != 1 {
		t.Errorf("%d texts and %d pictures were checked for %+v", w.texts, len(w.asked), task)
	}
}

// A login does not wait for the tasks of its user, not even while the store fails.
func TestRunGoesOnForAnAuthorWhoWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.trouble = moderation.ErrAway
		w.begin(t)
		w.trouble = nil
		failing := &failsOnce{Store: &w.store}
		w.Store = failing
		w.Seen("another user")
		w.Seen("author")
		ctx, stop := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer stop()
		go w.Run(ctx)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.asked) != 1 || !failing.has {
			t.Errorf("handed in %d times", len(w.asked))
		}
	})
}

// failsOnce is a store whose first AwayTasks fails.
type failsOnce struct {
	moderation.Store
	has bool
}

func (f *failsOnce) AwayTasks(ctx context.Context, owners []string, at time.Time) ([]moderation.Task, error) {
	if !f.has {
		f.has = true
		return nil, errors.New("the store fails")
	}
	return f.Store.AwayTasks(ctx, owners, at)
}

// Run finds what is due: at once, after a failure, and when a result does not come.
func TestRunDoesWhatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, stop := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer stop()
		go w.Run(ctx)
		w.mu.Lock()
		w.trouble = errors.New("busy")
		w.mu.Unlock()
		if _, err := w.Ensure(t.Context(), thing, pending); err != nil {
			t.Fatal(err)
		}
		handedIn := func(after time.Duration, want int) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.asked) != want {
				t.Errorf("handed in %d times, want %d", len(w.asked), want)
			}
		}
		handedIn(time.Second, 0)
		w.mu.Lock()
		w.trouble = nil
		w.mu.Unlock()
		handedIn(50*time.Second, 0)
		handedIn(20*time.Second, 1)
		handedIn(29*time.Minute, 1)
		handedIn(time.Minute+10*time.Second, 2)
		w.is(t, moderation.Pending, "")
		handedIn(31*time.Minute, 2)
		w.is(t, moderation.Review, moderation.NoResult)
	})
}

// What the checker does not take, neither now nor later, waits for a person after half an
// hour, also if it is shared anew meanwhile.
func TestWhatTheCheckerNeverTakesWaitsForAPerson(t *testing.T) {
	uncheckable := fmt.Errorf("%w: errcode 40097", moderation.ErrUncheckable)
	for name, world := range map[string]func(w *world){
		"a text":    func(w *world) { w.trouble = uncheckable },
		"a picture": func(w *world) { w.refusal = uncheckable },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				world(w)
				ctx, stop := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer stop()
				go w.Run(ctx)
				share := func() {
					t.Helper()
					if _, err := w.Ensure(t.Context(), thing, pending); err != nil {
						t.Fatal(err)
					}
				}
				share()
				time.Sleep(10 * time.Minute)
				w.is(t, moderation.Pending, "")
				if err := w.Hide(t.Context(), thing, "1", false); err != nil {
					t.Fatal(err)
				}
				share()
				time.Sleep(25 * time.Minute)
				synctest.Wait()
				if w.is(t, moderation.Review, moderation.NoResult); w.texts != 6 {
					t.Errorf("the checker was asked %d times", w.texts)
				}
				if task, _ := w.store.Task(t.Context(), thing); task.Due != moderation.ForPerson {
					t.Errorf("it waits for %d", task.Due)
				}
			})
		})
	}
}

// While the checker cannot be asked, each check asks ever more rarely, and it goes on
// within an hour after the end of that.
func TestWhileTheCheckerIsAwayItIsAskedRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.refusal = errors.New("quota")
		ctx, stop := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer stop()
		go w.Run(ctx)
		if _, err := w.Ensure(t.Context(), thing, pending); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Hour)
		synctest.Wait()
		if w.is(t, moderation.Pending, ""); len(w.asked) < 20 || len(w.asked) > 30 {
			t.Errorf("the checker was asked %d times", len(w.asked))
		}
		w.mu.Lock()
		w.refusal, w.asked = nil, nil
		w.mu.Unlock()
		time.Sleep(time.Hour + 10*time.Second)
		synctest.Wait()
		if len(w.asked) == 0 {
			t.Error("it was not handed in")
		}
		// It was not handed in before: a result that does not come is asked for once more.
		time.Sleep(time.Hour)
		synctest.Wait()
		if w.is(t, moderation.Review, moderation.NoResult); len(w.asked) != 2 {
			t.Errorf("handed in %d times", len(w.asked))
		}
	})
}

// A check that takes longer than the user waits, who may even hang up, is finished once
// and without a pause.
func TestACheckGoesOnWhenNobodyWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.takes = 5 * time.Second
		if _, err := w.Ensure(t.Context(), thing, pending); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		waiting, stop := context.WithTimeout(t.Context(), 2*time.Second)
		defer stop()
		w.Try(waiting, thing)
		if waited := time.Since(begun); waited != 2*time.Second {
			t.Errorf("the user waits for %v", waited)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if w.texts != 1 || len(w.asked) != 1 {
			t.Errorf("%d texts were checked and %d pictures handed in", w.texts, len(w.asked))
		}
	})
}

// Run may be faster than the user who waits for the check, or be at work on the version
// before.
func TestAUserWaitsForTheCheckThatRunHasBegun(t *testing.T) {
	for name, changed := range map[string]bool{"of this version": false, "of the version before": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.title, w.takes = "risky", 800*time.Millisecond
				ctx, stop := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer stop()
				go w.Run(ctx)
				if err := w.Begin(t.Context(), thing); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if changed {
					w.mu.Lock()
					w.version++
					w.mu.Unlock()
					if err := w.Begin(t.Context(), thing); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				waiting, end := context.WithTimeout(t.Context(), 2*time.Second)
				defer end()
				w.Try(waiting, thing)
				w.is(t, moderation.Refused, moderation.Fraud)
			})
		})
	}
}

// However changes, results and work interleave, nothing is approved but a version
// whose picture was fetched and approved.
func TestOnlyWhatWasApprovedIsApproved(t *testing.T) {
	w := newWorld(t)
	approved := map[string]bool{}
	var mu sync.Mutex
	w.onAsk = func(trace, address string) {
		picture, err := w.Service.Picture(t.Context(), strings.TrimPrefix(address, "https://example.com"+moderation.PicturePath), true)
		version := strings.TrimPrefix(string(picture), "picture of ")
		if err != nil || strings.HasSuffix(version, "3") { // changed meanwhile, or risky
			_ = w.Result(t.Context(), trace, moderation.Verdict{State: moderation.Refused}, true)
			return
		}
		mu.Lock()
		approved[version] = true
		mu.Unlock()
		for range 2 {
			_ = w.Result(t.Context(), trace, moderation.Verdict{State: moderation.Approved}, true)
		}
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				w.mu.Lock()
				w.version++
				w.mu.Unlock()
				_ = w.Begin(t.Context(), thing)
				w.Try(t.Context(), thing)
				w.mu.Lock()
				version, check := fmt.Sprint(w.version), w.check
				w.mu.Unlock()
				mu.Lock()
				wasApproved := approved[version]
				mu.Unlock()
				if w.Judge(check, version).State == moderation.Approved && !wasApproved {
					t.Errorf("version %s is approved, and was not", version)
				}
			}
		})
	}
	all.Wait()
}

// refusing is a store that cannot be written.
type refusing struct{ moderation.Store }

func (refusing) SwapTask(context.Context, moderation.Task, moderation.Task) (bool, error) {
	return false, errors.New("the store refuses writes")
}

// Operators see what waits while what is gone cannot be removed.
func TestWhatWaitsIsReadWhileTheStoreRefusesWrites(t *testing.T) {
	w := newWorld(t)
	if err := w.Begin(t.Context(), thing); err != nil {
		t.Fatal(err)
	}
	w.gone, w.Store = true, refusing{&w.store}
	if page, _, err := w.Waiting(t.Context(), moderation.Thing{}, 10); err != nil || len(page) > 0 {
		t.Errorf("%d wait, %v", len(page), err)
	}
}
