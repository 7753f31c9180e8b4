package endtoend

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// desk is an operator at work.
type desk struct{ service.Caller }

func deskOf(s service.Service) desk {
	return desk{s.With(header("Authorization", "Bearer "+service.AdminToken))}
}

// waiting returns what waits, read in pages of two.
func (d desk) waiting(t *testing.T) (all []gen.Check) {
	t.Helper()
	for cursor := ""; ; {
		answer := d.Do(t, http.MethodGet, "/v1/admin/checks?limit=2"+cursor, nil)
		answer.Expect(t, http.StatusOK)
		var page gen.CheckList
		answer.Decode(t, &page)
		all = append(all, page.Items...)
		if page.NextCursor == nil {
			return all
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}

// shown returns what a user shows to others, read in pages of two.
func (d desk) shown(t *testing.T, user string) (all []gen.Check) {
	t.Helper()
	for cursor := ""; ; {
		var page gen.CheckList
		answer := d.Do(t, http.MethodGet, "/v1/admin/users/"+user+"/checks?limit=2"+cursor, nil)
		answer.Expect(t, http.StatusOK)
		answer.Decode(t, &page)
		all = append(all, page.Items...)
		if page.NextCursor == nil {
			return all
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}

// waits returns the one thing with an id that waits.
func (d desk) waits(t *testing.T, kind, id string) gen.Check {
	t.Helper()
	all := d.waiting(t)
	i := slices.IndexFunc(all, func(c gen.Check) bool { return c.Kind == kind && (c.ID == id || id == "") })
	if i < 0 {
		t.Fatalf("%s %s does not wait: %+v", kind, id, all)
	}
	return all[i]
}

// waitsNot says that nothing with an id waits.
func (d desk) waitsNot(t *testing.T, id string) {
	t.Helper()
	if slices.ContainsFunc(d.waiting(t), func(c gen.Check) bool { return c.ID == id }) {
		t.Errorf("%s waits", id)
	}
}

func at(c gen.Check) string { return "/v1/admin/checks/" + c.Kind + "/" + c.User + "/" + c.ID }

func (d desk) decide(t *testing.T, c gen.Check, action gen.DecisionAction, reason gen.ReportReason) service.Answer {
	t.Helper()
	decision := gen.Decision{Action: action, Version: c.Version, By: "小红", Note: "seen"}
	if reason != "" {
		decision.Reason = &reason
	}
	return d.Do(t, http.MethodPost, at(c)+"/decisions", decision)
}

func (d desk) picture(t *testing.T, c gen.Check) service.Answer {
	t.Helper()
	return d.Do(t, http.MethodGet, at(c)+"/picture?version="+c.Version, nil)
}

func (d desk) trail(t *testing.T) (trail gen.Trail) {
	t.Helper()
	answer := d.Do(t, http.MethodGet, "/v1/admin/trail", nil)
	answer.Expect(t, http.StatusOK)
	answer.Decode(t, &trail)
	return trail
}

func (d desk) suspend(t *testing.T, user string, suspended bool) {
	t.Helper()
	d.Do(t, http.MethodPut, "/v1/admin/users/"+user+"/suspension", gen.SuspensionChange{Suspended: suspended, By: "小红", Note: "why"}).
		Expect(t, http.StatusNoContent)
}

func TestAnOperatorDecidesAboutWhatWasReported(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		author, d := s.LogIn(t, service.NewUser()), deskOf(s.Service)
		id := create(t, author, "rude")
		token := share(t, author, id, http.StatusCreated)
		user := me(t, author).User.ID
		if all := d.waiting(t); len(all) != 0 {
			t.Errorf("nothing was reported, and %+v waits", all)
		}

		for range 2 {
			report(t, s.Service, token, gen.Report{Reason: gen.ReportAbuse, Note: new("my number")}).Expect(t, http.StatusNoContent)
		}
		c := d.waits(t, "drawing", id)
		if c.User != user || c.State != gen.ShareApproved || c.Text == nil || *c.Text != "rude" || !c.HasPicture ||
			len(c.Reports) != 1 || c.Reports[0].Reason != gen.ReportAbuse || *c.Reports[0].Note != "my number" || c.Reports[0].At.IsZero() {
			t.Errorf("it waits as %+v", c)
		}
		if picture := d.picture(t, c); !bytes.HasPrefix(picture.Body, []byte("\x89PNG")) || picture.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("the picture is %v %.20q", picture.Header, picture.Body)
		}

		// A change makes another version: what was seen is not what would be decided.
		author.Do(t, http.MethodPut, path(id), oneStroke("ruder"), replacing("*")).Expect(t, http.StatusOK)
		d.picture(t, c).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		d.decide(t, c, gen.DecisionApprove, "").ExpectProblem(t, http.StatusPreconditionFailed, gen.ErrPreconditionFailed)
		d.decide(t, c, gen.DecisionTakeDown, "").ExpectProblem(t, http.StatusPreconditionFailed, gen.ErrPreconditionFailed)
		c = d.waits(t, "drawing", id)

		d.decide(t, c, gen.DecisionRefuse, gen.ReportAbuse).Expect(t, http.StatusNoContent)
		d.waitsNot(t, id)
		opensNothing(t, s.Service, token)
		becomes(t, author, id, gen.ShareRefused, "abuse")

		// The author makes it better: a person looks at it. Somebody reports it all the same.
		author.Do(t, http.MethodPut, path(id), oneStroke("fine"), replacing("*")).Expect(t, http.StatusOK)
		opensNothing(t, s.Service, token)
		becomes(t, author, id, gen.ShareInReview, "abuse")
		d.decide(t, d.waits(t, "drawing", id), gen.DecisionApprove, "").Expect(t, http.StatusNoContent)
		s.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusOK)
		report(t, s.Service, token, gen.Report{Reason: gen.ReportOther}).Expect(t, http.StatusNoContent)
		d.decide(t, d.waits(t, "drawing", id), gen.DecisionApprove, "").Expect(t, http.StatusNoContent)
		d.waitsNot(t, id)
		s.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusOK)

		report(t, s.Service, token, gen.Report{Reason: gen.ReportOther}).Expect(t, http.StatusNoContent)
		d.decide(t, d.waits(t, "drawing", id), gen.DecisionTakeDown, "").Expect(t, http.StatusNoContent)
		opensNothing(t, s.Service, token)
		author.Do(t, http.MethodGet, path(id)+"/share", nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		author.Do(t, http.MethodGet, path(id), nil).Expect(t, http.StatusOK)

		var got []string
		for _, e := range d.trail(t).Items {
			got = append(got, e.Action+" "+e.Outcome)
			if e.By != "小红" || e.Note != "seen" || e.User != user || *e.Kind != "drawing" || *e.ID != id || e.Version == nil || e.At.IsZero() {
				t.Errorf("an entry is %+v", e)
			}
		}
		if want := []string{"take_down done", "approve done", "approve done", "refuse done", "take_down changed", "approve changed"}; !slices.Equal(got, want) {
			t.Errorf("the trail is %q, want %q", got, want)
		}
	})
}

// What a person refused or took down is not shown when it is shared again, and what
// comes in its place waits for a person.
func TestARefusalByAPersonLasts(t *testing.T) {
	t.Parallel()
	t.Run("nothing is checked", func(t *testing.T) {
		onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
			refusalLasts(t, startOn(t, redis, mongodb).Service)
		})
	})
	t.Run("what is shared is checked", func(t *testing.T) {
		onEveryCheckedStore(t, func(t *testing.T, c checked) { refusalLasts(t, c.Service) })
	})
}

func refusalLasts(t *testing.T, s service.Service) {
	t.Helper()
	phone, d := service.NewUser(), deskOf(s)
	author := s.LogIn(t, phone)
	user, id := me(t, author).User.ID, create(t, author, "rude")
	token := share(t, author, id, http.StatusCreated)
	becomes(t, author, id, gen.ShareApproved, "")
	report(t, s, token, gen.Report{Reason: gen.ReportAbuse}).Expect(t, http.StatusNoContent)
	d.decide(t, d.waits(t, "drawing", id), gen.DecisionTakeDown, gen.ReportVulgar).Expect(t, http.StatusNoContent)

	token = share(t, author, id, http.StatusCreated)
	becomes(t, author, id, gen.ShareRefused, "vulgar")
	opensNothing(t, s, token)
	d.waitsNot(t, id)
	author.Do(t, http.MethodPut, path(id), oneStroke("rude again"), replacing("*")).Expect(t, http.StatusOK)
	eventually(t, func() bool { // also if nobody asks for the share
		return slices.ContainsFunc(d.waiting(t), func(c gen.Check) bool { return c.ID == id && c.State == gen.ShareInReview })
	})
	becomes(t, author, id, gen.ShareInReview, "vulgar")
	opensNothing(t, s, token)
	d.decide(t, d.waits(t, "drawing", id), gen.DecisionApprove, "").Expect(t, http.StatusNoContent)
	s.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusOK)
	author.Do(t, http.MethodPut, path(id), oneStroke("a cat"), replacing("*")).Expect(t, http.StatusOK)
	becomes(t, author, id, gen.ShareApproved, "")

	named := func(nickname string, want gen.ShareState) {
		t.Helper()
		author.Do(t, http.MethodPut, "/v1/profile", map[string]string{"nickname": nickname}).Expect(t, http.StatusOK)
		eventually(t, func() bool {
			var p gen.Profile
			author.Do(t, http.MethodGet, "/v1/profile", nil).Decode(t, &p)
			return *p.NicknameState == want
		})
	}
	takeDown := func() {
		t.Helper()
		all := d.shown(t, user)
		i := slices.IndexFunc(all, func(c gen.Check) bool { return c.Kind == "nickname" })
		d.decide(t, all[i], gen.DecisionTakeDown, "").Expect(t, http.StatusNoContent)
	}
	named("the boss", gen.ShareApproved)
	takeDown()
	named("the boss", gen.ShareRefused)
	named("the b0ss", gen.ShareInReview)
	author.Do(t, http.MethodDelete, "/v1/profile", nil).Expect(t, http.StatusNoContent)
	named("the b0ss", gen.ShareInReview)
	d.decide(t, d.waits(t, "nickname", user), gen.DecisionApprove, "").Expect(t, http.StatusNoContent)
	named("the b0ss", gen.ShareApproved)
	named("小红", gen.ShareApproved)

	// What was refused is still refused after another one was approved, also when there was
	// none meanwhile, until it is approved itself.
	named("the boss", gen.ShareRefused)
	author.Do(t, http.MethodDelete, "/v1/profile", nil).Expect(t, http.StatusNoContent)
	named("the boss", gen.ShareRefused)
	decideShown := func(kind string, action gen.DecisionAction) {
		t.Helper()
		all := d.shown(t, user)
		i := slices.IndexFunc(all, func(c gen.Check) bool { return c.Kind == kind })
		d.decide(t, all[i], action, gen.ReportFraud).Expect(t, http.StatusNoContent)
	}
	decideShown("nickname", gen.DecisionApprove)
	named("the boss", gen.ShareApproved)
	named("小红", gen.ShareApproved)
	showed := func(side int, want gen.ShareState) {
		t.Helper()
		upload(t, author, photo(t, side, side)).Expect(t, http.StatusOK)
		eventually(t, func() bool {
			var p gen.Profile
			author.Do(t, http.MethodGet, "/v1/profile", nil).Decode(t, &p)
			return *p.AvatarState == want
		})
	}
	showed(30, gen.ShareApproved)
	decideShown("avatar", gen.DecisionTakeDown)
	showed(40, gen.ShareInReview)
	decideShown("avatar", gen.DecisionApprove)
	showed(30, gen.ShareRefused)

	// Of a deleted account nothing is left.
	takeDown()
	author.Do(t, http.MethodDelete, "/v1/account", nil).Expect(t, http.StatusNoContent)
	author = s.LogIn(t, phone)
	named("小红", gen.ShareApproved)
}

func TestWhatOthersCannotSeeWaitsForNobody(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		d := deskOf(s.Service)
		for what, end := range map[string]func(author service.Caller, id string){
			"deleted": func(author service.Caller, id string) { author.Do(t, http.MethodDelete, path(id), nil) },
			"account": func(author service.Caller, id string) { author.Do(t, http.MethodDelete, "/v1/account", nil) },
		} {
			author := s.LogIn(t, service.NewUser())
			id := create(t, author, what)
			report(t, s.Service, share(t, author, id, http.StatusCreated), gen.Report{Reason: gen.ReportOther}).Expect(t, http.StatusNoContent)
			d.waits(t, "drawing", id)
			end(author, id)
			d.waitsNot(t, id)
		}
	})
}

// A report outlasts the share: who shares again does not get rid of it. What nobody
// reported, and others do not see, operators do not see either.
func TestAReportOutlastsTheShare(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		author, d := s.LogIn(t, service.NewUser()), deskOf(s.Service)
		id := create(t, author, "rude")
		unshare := func() { author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent) }
		hidden := gen.Check{Kind: "drawing", User: me(t, author).User.ID, ID: id, Version: author.Do(t, http.MethodGet, path(id), nil).Header.Get("ETag")}
		hidden.Version = strings.Trim(hidden.Version, `"`)
		isHidden := func() {
			t.Helper()
			d.waitsNot(t, id)
			d.picture(t, hidden).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
			d.decide(t, hidden, gen.DecisionRefuse, gen.ReportAbuse).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		}
		isHidden()
		share(t, author, id, http.StatusCreated)
		d.picture(t, hidden).Expect(t, http.StatusOK)
		unshare()
		isHidden()

		token := share(t, author, id, http.StatusCreated)
		report(t, s.Service, token, gen.Report{Reason: gen.ReportAbuse}).Expect(t, http.StatusNoContent)
		unshare()
		d.picture(t, d.waits(t, "drawing", id)).Expect(t, http.StatusOK)
		share(t, author, id, http.StatusCreated)
		if c := d.waits(t, "drawing", id); c.ReportCount != 1 || c.Reports[0].Reason != gen.ReportAbuse {
			t.Errorf("it waits as %+v", c)
		}
		unshare()
		d.decide(t, d.waits(t, "drawing", id), gen.DecisionRefuse, gen.ReportAbuse).Expect(t, http.StatusNoContent)
		isHidden()
		token = share(t, author, id, http.StatusCreated)
		becomes(t, author, id, gen.ShareRefused, "abuse")
		opensNothing(t, s.Service, token)
	})
}

// A decision is about the thing that is in the list, or about none.
func TestADecisionEndsWhatWaitsUnderAnySpellingOfItsID(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		author, d := s.LogIn(t, service.NewUser()), deskOf(s.Service)
		id := create(t, author, "rude")
		report(t, s.Service, share(t, author, id, http.StatusCreated), gen.Report{Reason: gen.ReportAbuse}).Expect(t, http.StatusNoContent)
		c := d.waits(t, "drawing", id)
		c.ID = strings.ToUpper(id)
		d.picture(t, c).Expect(t, http.StatusOK)
		d.decide(t, c, gen.DecisionRefuse, "").Expect(t, http.StatusNoContent)
		d.waitsNot(t, id)

		author.Do(t, http.MethodPut, "/v1/profile", map[string]string{"nickname": "rude"}).Expect(t, http.StatusOK)
		upload(t, author, photo(t, 30, 30)).Expect(t, http.StatusOK)
		for _, c := range d.shown(t, c.User) {
			if c.Kind == "drawing" {
				continue
			}
			for _, id := range []string{strings.Repeat("A", len(c.ID)), newID()} {
				wrong := c
				wrong.ID = id
				d.picture(t, wrong).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
				d.decide(t, wrong, gen.DecisionTakeDown, "").ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
			}
			d.decide(t, c, gen.DecisionTakeDown, "").Expect(t, http.StatusNoContent)
		}
		if left := d.shown(t, c.User); len(left) != 1 {
			t.Errorf("left is %+v", left)
		}
	})
}

// Where WeChat checks what is only saved, too, operators do not see that either, before it
// is shared.
func TestOperatorsDoNotSeeWhatIsOnlySaved(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		c := startChecked(t, service.Options{RedisURL: redis.URL, MongoDBURI: mongodb.URL, ContentCheck: "all"})
		author, d := c.LogIn(t, service.NewUser()), deskOf(c.Service)
		user := me(t, author).User.ID
		isPrivate := func(id string) {
			t.Helper()
			d.waitsNot(t, id)
			tag := strings.Trim(author.Do(t, http.MethodGet, path(id), nil).Header.Get("ETag"), `"`)
			saved := gen.Check{Kind: "drawing", User: user, ID: id, Version: tag}
			d.picture(t, saved).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
			d.decide(t, saved, gen.DecisionRefuse, "").ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		}

		c.plan(t, map[string]any{"path": mediaCheck, "pushes": 0})
		id := create(t, author, "mine")
		trace := c.handedIn(t, 1)[0].Trace
		isPrivate(id) // also while WeChat checks it, which goes on
		c.result(t, trace, "pass", 100)
		isPrivate(id)
		token := share(t, author, id, http.StatusCreated)
		c.isShown(t, token)

		// What is in review waits for a person when it is shared.
		doubtful := create(t, author, "review")
		isPrivate(doubtful)
		share(t, author, doubtful, http.StatusCreated)
		becomes(t, author, doubtful, gen.ShareInReview, "other")
		d.waits(t, "drawing", doubtful)
		author.Do(t, http.MethodDelete, path(doubtful)+"/share", nil).Expect(t, http.StatusNoContent)
		isPrivate(doubtful)

		// Of what was reported they see what others saw.
		report(t, c.Service, token, gen.Report{Reason: gen.ReportAbuse}).Expect(t, http.StatusNoContent)
		author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
		if w := d.waits(t, "drawing", id); w.Changed != nil || *w.Text != "mine" {
			t.Errorf("it waits as %+v", w)
		}
		for _, plan := range []map[string]any{{"path": mediaCheck, "pushes": 0}, {"path": mediaCheck}} { // while and after it is checked
			n := calls(t, c.Service, mediaCheck)
			c.plan(t, plan)
			author.Do(t, http.MethodPut, path(id), oneStroke(newID()), replacing("*")).Expect(t, http.StatusOK)
			eventually(t, func() bool { return calls(t, c.Service, mediaCheck) > n })
			if w := d.waits(t, "drawing", id); w.Changed == nil || w.Text != nil || w.HasPicture || w.ReportCount != 1 {
				t.Errorf("it waits as %+v", w)
			}
		}
		d.decide(t, d.waits(t, "drawing", id), gen.DecisionRefuse, gen.ReportAbuse).Expect(t, http.StatusNoContent)
		isPrivate(id)
		share(t, author, id, http.StatusCreated)
		becomes(t, author, id, gen.ShareInReview, "abuse")
		d.waits(t, "drawing", id)
	})
}

// What its owner changes after its share has ended is private, also for operators.
func TestOperatorsDoNotSeeWhatIsChangedAfterTheShareHasEnded(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		author, d := s.LogIn(t, service.NewUser()), deskOf(s.Service)
		for _, test := range []struct {
			action gen.DecisionAction
			state  gen.ShareState
			reason gen.ShareReason
		}{
			{gen.DecisionRefuse, gen.ShareInReview, "abuse"},
			{gen.DecisionTakeDown, gen.ShareInReview, "abuse"},
			{gen.DecisionApprove, gen.ShareApproved, ""},
		} {
			id := create(t, author, "rude")
			token := share(t, author, id, http.StatusCreated)
			report(t, s.Service, token, gen.Report{Reason: gen.ReportAbuse}).Expect(t, http.StatusNoContent)
			seen := d.waits(t, "drawing", id)
			for range 2 {
				author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
			}
			if c := d.waits(t, "drawing", id); c.Text == nil || *c.Text != "rude" || !c.HasPicture || c.Changed != nil {
				t.Errorf("as others saw it, it waits as %+v", c)
			}
			author.Do(t, http.MethodPut, path(id), oneStroke("private"), replacing("*")).Expect(t, http.StatusOK)
			author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
			c := d.waits(t, "drawing", id)
			if c.Text != nil || c.HasPicture || c.Changed == nil || !*c.Changed || c.Version != seen.Version || c.ReportCount != 1 {
				t.Errorf("it waits as %+v", c)
			}
			private := c
			private.Version = strings.Trim(author.Do(t, http.MethodGet, path(id), nil).Header.Get("ETag"), `"`)
			for _, c := range []gen.Check{c, private} {
				d.picture(t, c).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
			}
			d.decide(t, private, gen.DecisionApprove, "").ExpectProblem(t, http.StatusPreconditionFailed, gen.ErrPreconditionFailed)

			// Shared anew, others see it.
			share(t, author, id, http.StatusCreated)
			if c := d.waits(t, "drawing", id); *c.Text != "private" || c.Changed != nil {
				t.Errorf("shared anew, it waits as %+v", c)
			}
			author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
			author.Do(t, http.MethodPut, path(id), oneStroke("more private"), replacing("*")).Expect(t, http.StatusOK)

			d.decide(t, d.waits(t, "drawing", id), test.action, gen.ReportAbuse).Expect(t, http.StatusNoContent)
			d.waitsNot(t, id)
			share(t, author, id, http.StatusCreated)
			becomes(t, author, id, test.state, test.reason)
		}
	})
}

// What WeChat cannot decide, a person decides: drawings, nicknames and avatars.
func TestAnOperatorDecidesWhatNeedsAReview(t *testing.T) {
	t.Parallel()
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		d := deskOf(c.Service)
		author := c.LogIn(t, service.NewUser())
		id := create(t, author, "review")
		token := share(t, author, id, http.StatusCreated)
		becomes(t, author, id, gen.ShareInReview, "other")
		waiting := d.waits(t, "drawing", id)
		if waiting.State != gen.ShareInReview || *waiting.Reason != "other" {
			t.Errorf("it waits as %+v", waiting)
		}
		d.decide(t, waiting, gen.DecisionApprove, "").Expect(t, http.StatusNoContent)
		becomes(t, author, id, gen.ShareApproved, "")
		c.isShown(t, token)
		d.waitsNot(t, id)

		// One that is not checked yet; its result comes too late.
		c.plan(t, map[string]any{"path": mediaCheck, "pushes": 0})
		slow := create(t, author, "slow")
		share(t, author, slow, http.StatusCreated)
		handed := c.handedIn(t, 1)
		pending := d.waits(t, "drawing", slow)
		if pending.State != gen.SharePending {
			t.Errorf("it waits as %+v", pending)
		}
		d.decide(t, pending, gen.DecisionRefuse, "").Expect(t, http.StatusNoContent)
		for _, p := range handed {
			c.result(t, p.Trace, "pass", 100)
		}
		becomes(t, author, slow, gen.ShareRefused, "other")

		user := me(t, author).User.ID
		author.Do(t, http.MethodPut, "/v1/profile", map[string]string{"nickname": "review name"}).Expect(t, http.StatusOK)
		name := d.waits(t, "nickname", user)
		if *name.Text != "review name" || name.HasPicture {
			t.Errorf("it waits as %+v", name)
		}
		d.picture(t, name).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		d.decide(t, name, gen.DecisionApprove, "").Expect(t, http.StatusNoContent)
		c.plan(t, map[string]any{"path": mediaCheck, "suggest": "review", "label": 20012})
		upload(t, author, photo(t, 30, 30)).Expect(t, http.StatusOK)
		eventually(t, func() bool { return d.waits(t, "avatar", user).State == gen.ShareInReview })
		avatar := d.waits(t, "avatar", user)
		d.picture(t, avatar).Expect(t, http.StatusOK)
		d.decide(t, avatar, gen.DecisionTakeDown, "").Expect(t, http.StatusNoContent)
		var profile gen.Profile
		author.Do(t, http.MethodGet, "/v1/profile", nil).Decode(t, &profile)
		if profile.Avatar != nil || profile.Nickname == nil || *profile.NicknameState != gen.ShareApproved {
			t.Errorf("the profile is %+v", profile)
		}
		unknown := avatar
		unknown.Kind = "song"
		d.picture(t, unknown).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		d.decide(t, unknown, gen.DecisionApprove, "").ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
	})
}

func TestASuspendedUserReadsExportsAndDeletes(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		d, name := deskOf(s.Service), service.NewUser()
		author, of2017 := s.LogIn(t, name), s.LogIn2017(t, name)
		id := create(t, author, "mine")
		token := share(t, author, id, http.StatusCreated)
		savePaint(t, of2017, "k3j5h2l9x0ab", `[{"method":"save"}]`)
		user := me(t, author).User.ID
		other := s.LogIn(t, service.NewUser())
		d.suspend(t, user, true)

		refused := func(c service.Caller, want bool) {
			t.Helper()
			for _, o := range operations(t) {
				if !o.hasCaller || o.in2017 || o.method == http.MethodDelete {
					continue
				}
				answer := o.ask(t, c)
				if is := answer.Status == http.StatusForbidden; is != (want && (o.method != http.MethodGet || o.id == "getShareCode")) {
					t.Errorf("%s is answered with %d %s", o.id, answer.Status, answer.Body)
				} else if is {
					answer.ExpectProblem(t, http.StatusForbidden, gen.ErrSuspended)
				}
			}
		}
		refused(author, true)
		refused(other, false)
		of2017.Do(t, http.MethodPost, "/applet/session/paints/save", map[string]string{"id": "new", "actions": "[]"}).
			ExpectPaintFailure(t, http.StatusForbidden, string(gen.ErrSuspended))
		again := s.LogIn2017(t, name) // the suspension outlasts sessions
		again.Do(t, http.MethodPut, path(id), oneStroke("changed"), replacing("*")).ExpectProblem(t, http.StatusForbidden, gen.ErrSuspended)
		if all := paints(t, again); len(all) != 2 {
			t.Errorf("the drawings are %v", all)
		}
		again.Do(t, http.MethodPost, "/applet/session/paints/delete", map[string]string{"id": "k3j5h2l9x0ab"}).ExpectPaintDone(t)
		opensNothing(t, s.Service, token)

		var suspended gen.SuspensionList
		d.Do(t, http.MethodGet, "/v1/admin/suspensions", nil).Decode(t, &suspended)
		if len(suspended.Items) != 1 || suspended.Items[0].User != user || suspended.Items[0].By != "小红" || suspended.Items[0].Note != "why" {
			t.Errorf("suspended are %+v", suspended.Items)
		}

		author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
		author.Do(t, http.MethodDelete, path(id), nil).Expect(t, http.StatusNoContent)
		author.Do(t, http.MethodDelete, "/v1/account", nil).Expect(t, http.StatusNoContent)
		back := s.LogIn(t, name) // the suspension outlasts the account
		back.Do(t, http.MethodPut, path(id), oneStroke("again"), creating()).ExpectProblem(t, http.StatusForbidden, gen.ErrSuspended)
		for range 2 {
			d.suspend(t, user, false)
		}
		back.Do(t, http.MethodPut, path(id), oneStroke("again"), creating()).Expect(t, http.StatusCreated)
		var actions []string
		for _, e := range d.trail(t).Items {
			actions = append(actions, e.Action+" "+e.User)
		}
		if want := []string{"lift " + user, "lift " + user, "suspend " + user}; !slices.Equal(actions, want) {
			t.Errorf("the trail is %q", actions)
		}
	})
}

func TestAnOperatorSeesWhatAUserShowsToOthers(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		d, author, other := deskOf(s.Service), s.LogIn(t, service.NewUser()), s.LogIn(t, service.NewUser())
		user := me(t, author).User.ID
		at := "/v1/admin/users/" + user + "/checks"
		if all := d.shown(t, user); len(all) != 0 {
			t.Errorf("nothing is shown, and the list is %+v", all)
		}

		want := map[string]string{}
		for _, title := range []string{"1", "2", "3"} {
			id := create(t, author, title)
			share(t, author, id, http.StatusCreated)
			want["drawing "+id] = title
		}
		create(t, author, "not shared")
		token := share(t, other, create(t, other, "of another user"), http.StatusCreated)
		report(t, s.Service, token, gen.Report{Reason: gen.ReportOther}).Expect(t, http.StatusNoContent)
		author.Do(t, http.MethodPut, "/v1/profile", map[string]string{"nickname": "小明"}).Expect(t, http.StatusOK)
		upload(t, author, photo(t, 30, 30)).Expect(t, http.StatusOK)
		want["nickname "+user], want["avatar "+user] = "小明", ""

		all := d.shown(t, user)
		for _, c := range all {
			text, found := want[c.Kind+" "+c.ID]
			if !found || c.User != user || c.State != gen.ShareApproved || c.Text != nil && *c.Text != text || len(c.Reports) != 0 {
				t.Errorf("it is listed as %+v", c)
			}
			if c.HasPicture {
				d.picture(t, c).Expect(t, http.StatusOK)
			}
		}
		if len(all) != len(want) {
			t.Errorf("%d are listed", len(all))
		}

		// What is listed can be decided about.
		for _, c := range all {
			d.decide(t, c, gen.DecisionTakeDown, "").Expect(t, http.StatusNoContent)
		}
		if all := d.shown(t, user); len(all) != 0 {
			t.Errorf("all was taken down, and the list is %+v", all)
		}
		for _, cursor := range []string{me(t, other).User.ID + ".avatar." + user, user + ".drawing.abcdefghijklmnopqrstuv"} {
			problem := d.Do(t, http.MethodGet, at+"?cursor="+cursor, nil).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
			if f := *problem.Errors; len(f) != 1 || f[0].Field != "cursor" || f[0].Rule != "cursor" {
				t.Errorf("the fields are %+v", f)
			}
		}
	})
}

func TestWhatIsNotThereIsNotDecidedAbout(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		d, author := deskOf(s.Service), s.LogIn(t, service.NewUser())
		user, unshared := me(t, author).User.ID, create(t, author, "mine")
		for _, c := range []gen.Check{
			{Kind: "drawing", User: user, ID: newID(), Version: "1"},
			{Kind: "drawing", User: user, ID: unshared, Version: "1"},
			{Kind: "nickname", User: user, ID: user, Version: "1"},
			{Kind: "avatar", User: user, ID: user, Version: "1"},
			{Kind: "song", User: user, ID: user, Version: "1"},
		} {
			for _, action := range []gen.DecisionAction{gen.DecisionApprove, gen.DecisionRefuse, gen.DecisionTakeDown} {
				d.decide(t, c, action, "").ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
			}
		}
		for _, suspended := range []bool{true, false} {
			d.Do(t, http.MethodPut, "/v1/admin/users/"+strings.Repeat("A", 22)+"/suspension", gen.SuspensionChange{Suspended: suspended, By: "小红", Note: "why"}).
				ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		}
		if trail := d.trail(t).Items; len(trail) != 17 || trail[0].Outcome != "changed" || trail[16].Outcome != "changed" {
			t.Errorf("the trail is %+v", trail)
		}
		d.suspend(t, user, true)
		author.Do(t, http.MethodDelete, "/v1/account", nil).Expect(t, http.StatusNoContent)
		d.suspend(t, user, true) // the suspension is still there
		d.suspend(t, user, false)
	})
}

func TestACursorThatIsNoneIsNamed(t *testing.T) {
	s := start(t)
	d := deskOf(s.Service)
	user := strings.Repeat("A", 22)
	for list, valid := range map[string]string{
		"checks": user + ".drawing." + newID(), "users/" + user + "/checks": user + ".drawing." + newID(), "suspensions": user, "trail": "0190a1b2c3d4" + strings.Repeat("A", 26),
	} {
		d.Do(t, http.MethodGet, "/v1/admin/"+list+"?cursor="+valid, nil).Expect(t, http.StatusOK)
		for _, cursor := range []string{"x", valid + "x", valid[1:], "....", strings.Repeat("A", 129), ""} {
			problem := d.Do(t, http.MethodGet, "/v1/admin/"+list+"?cursor="+cursor, nil).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
			if f := *problem.Errors; len(f) != 1 || f[0].Field != "cursor" {
				t.Errorf("%s?cursor=%s: %+v", list, cursor, f)
			}
		}
	}
}

func TestOthersDoNotSeeWhatASuspendedUserShares(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		d, author := deskOf(s.Service), s.LogIn(t, service.NewUser())
		id := create(t, author, "mine")
		token := share(t, author, id, http.StatusCreated)
		user := me(t, author).User.ID
		page := func() int {
			return s.Nobody().Do(t, http.MethodGet, "/s/"+token, nil, header("Accept", "text/html")).Status
		}

		d.suspend(t, user, true)
		opensNothing(t, s.Service, token)
		report(t, s.Service, token, gen.Report{Reason: gen.ReportOther}).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		if status := page(); status != http.StatusNotFound {
			t.Errorf("the page is answered with %d", status)
		}
		author.Do(t, http.MethodGet, path(id)+"/share/code", nil).ExpectProblem(t, http.StatusForbidden, gen.ErrSuspended)
		if shared := shareOf(t, author, id); shared.Token != token || shared.State != gen.ShareApproved {
			t.Errorf("the author sees %+v", shared)
		}

		d.suspend(t, user, false)
		s.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusOK)
		author.Do(t, http.MethodGet, path(id)+"/share/code", nil).Expect(t, http.StatusOK)
		if status := page(); status != http.StatusOK {
			t.Errorf("the page is answered with %d", status)
		}
	})
}

func TestEachOperationOfOperatorsNeedsTheirToken(t *testing.T) {
	s := start(t)
	user := s.LogIn(t, service.NewUser())
	for _, o := range operations(t) {
		if !o.operates {
			continue
		}
		for _, authorization := range []string{"", "Bearer", "Bearer " + service.AdminToken + "x", "Basic " + service.AdminToken, "Bearer " + strings.ToUpper(service.AdminToken)} {
			o.ask(t, s.Nobody(), header("Authorization", authorization)).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
		}
		o.ask(t, s.Nobody(), header("Authorization", user.Header.Get("Authorization"))).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
		if answer := o.ask(t, s.Nobody()); answer.Status == http.StatusUnauthorized {
			t.Errorf("%s: the token is refused: %s", o.id, answer.Body)
		}
		path, _, _ := strings.Cut(o.path, "?")
		s.With(o.header).Do(t, o.method, path+"?limit=0&version=%20", map[string]string{}).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
	}
}

func TestRequestsOfOperatorsAreLimited(t *testing.T) {
	s := startService(t, service.Options{LoginsPerMinute: 1000})
	for _, o := range operations(t) {
		if !o.operates {
			continue
		}
		answer := o.ask(t, s.Nobody(), header("Authorization", "Bearer guessed"))
		for n := 0; answer.Status == http.StatusUnauthorized && n < 1000; n++ {
			answer = o.ask(t, s.Nobody(), header("Authorization", "Bearer guessed"))
		}
		answer.ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
		expectRefusal(t, answer, "operator", 600)
	}
}

func TestWithoutATokenThereAreNoOperators(t *testing.T) {
	program := service.Build(t)
	without := program.Start(t)
	for _, o := range operations(t) {
		if o.operates {
			o.ask(t, without.Nobody()).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		}
	}
	with := program.Start(t, "ADMIN_TOKEN="+service.AdminToken)
	deskOf(with.Service).Do(t, http.MethodGet, "/v1/admin/checks", nil).Expect(t, http.StatusOK)
	for _, token := range []string{"short", strings.Repeat("a", 257), strings.Repeat("with space", 4)} {
		if code, output := program.Run(t, []string{"ADMIN_TOKEN=" + token}, "--check"); code == 0 || !strings.Contains(output, "ADMIN_TOKEN") || strings.Contains(output, token) {
			t.Errorf("%q: %d %s", token, code, output)
		}
	}
}
