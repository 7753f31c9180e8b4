package endtoend

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestASharedDrawingIsReportedWithoutALogin(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		author := s.LogIn(t, service.NewUser())
		id := create(t, author, "rude")
		token := share(t, author, id, http.StatusCreated)
		for range 2 {
			report(t, s.Service, token, gen.Report{Reason: gen.ReportAbuse, Note: new(strings.Repeat("画", 200))}).Expect(t, http.StatusNoContent)
		}
		s.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusOK)

		author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
		for _, token := range []string{token, strings.Repeat("A", 22)} {
			report(t, s.Service, token, gen.Report{Reason: gen.ReportAbuse}).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		}
	})
}

func TestAnOperatorSeesHowManyReportedAndTheNewestNotes(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startService(t, service.Options{RedisURL: redis.URL, MongoDBURI: mongodb.URL, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
		author := s.LogIn(t, service.NewUser())
		id := create(t, author, "rude")
		token := share(t, author, id, http.StatusCreated)
		const reporters = 25
		for n := range reporters {
			report(t, s.Service, token, gen.Report{Reason: gen.ReportAbuse, Note: new(fmt.Sprint(n))}, header("X-Forwarded-For", fmt.Sprint("192.0.2.", n))).
				Expect(t, http.StatusNoContent)
		}
		c := deskOf(s.Service).waits(t, "drawing", id)
		if c.ReportCount != reporters || len(c.Reports) != 20 {
			t.Fatalf("%d reported, and %d reports are listed", c.ReportCount, len(c.Reports))
		}
		for i, r := range c.Reports {
			if want := fmt.Sprint(i + 5); r.Note == nil || *r.Note != want {
				t.Errorf("report %d is %+v, want the note %s", i, r, want)
			}
		}
	})
}

func TestAReportHasAReasonOfTheListAndAShortNote(t *testing.T) {
	s := start(t)
	author := s.LogIn(t, service.NewUser())
	token := share(t, author, create(t, author, "fine"), http.StatusCreated)
	for _, test := range []struct {
		body  map[string]any
		field string
		rule  string
	}{
		{map[string]any{}, "reason", "required"},
		{map[string]any{"reason": "ugly"}, "reason", "enum"},
		{map[string]any{"reason": "no_result"}, "reason", "enum"},
		{map[string]any{"reason": "other", "note": strings.Repeat("画", 201)}, "note", "maxLength"},
		{map[string]any{"reason": "other", "by": "me"}, "by", "additionalProperties"},
	} {
		problem := report(t, s.Service, token, test.body).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
		if f := *problem.Errors; len(f) != 1 || f[0].Field != test.field || f[0].Rule != test.rule {
			t.Errorf("%v: %+v", test.body, f)
		}
	}
}

func report(t *testing.T, s service.Service, token string, body any, headers ...http.Header) service.Answer {
	t.Helper()
	return s.Nobody().Do(t, http.MethodPost, "/v1/shared/"+token+"/reports", body, headers...)
}
