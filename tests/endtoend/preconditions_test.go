package endtoend

import (
	"net/http"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestAPUTChecksItsPrecondition(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		caller := s.LogIn(t, service.NewUser())
		id := newID()
		put := func(title string, h http.Header, status int) service.Answer {
			t.Helper()
			answer := caller.Do(t, http.MethodPut, path(id), oneStroke(title), h)
			answer.Expect(t, status)
			return answer
		}
		tag := func(a service.Answer) string { return a.Header.Get("ETag") }
		same := func(a, b service.Answer) {
			t.Helper()
			if string(a.Body) != string(b.Body) || tag(a) != tag(b) || tag(a) == "" {
				t.Errorf("the repeat got %s %s, the first %s %s", tag(b), b.Body, tag(a), a.Body)
			}
		}
		revision := func(n int32) {
			t.Helper()
			if d := get(t, caller, id); d.Revision != n {
				t.Errorf("revision %d, want %d", d.Revision, n)
			}
		}

		put("before", replacing("*"), http.StatusPreconditionFailed)
		created := put("one", creating(), http.StatusCreated)
		same(created, put("one", creating(), http.StatusCreated))
		put("other", creating(), http.StatusPreconditionFailed)
		revision(1)

		replaced := put("two", replacing(tag(created)), http.StatusOK)
		same(replaced, put("two", replacing(tag(created)), http.StatusOK))
		same(replaced, put("two", replacing(tag(replaced)), http.StatusOK))
		put("three", replacing(tag(created)), http.StatusPreconditionFailed)
		put("three", replacing(`"nonsense"`), http.StatusPreconditionFailed)
		put("one", creating(), http.StatusPreconditionFailed)
		revision(2)

		put("three", replacing("W/"+tag(replaced)), http.StatusPreconditionFailed)
		put("two", replacing("W/"+tag(replaced)), http.StatusPreconditionFailed)
		listed := put("three", replacing(`"nonsense", W/"weak", `+tag(replaced)), http.StatusOK)
		anything := put("four", replacing("*"), http.StatusOK)
		revision(4)
		if tag(listed) == tag(anything) {
			t.Error("the tag has not changed, the drawing has")
		}
	})
}

func TestAnUnchangedDrawingIsNotSentAgain(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	id := newID()
	created := caller.Do(t, http.MethodPut, path(id), oneStroke("one"), creating())
	created.Expect(t, http.StatusCreated)
	tag := created.Header.Get("ETag")
	for held, status := range map[string]int{
		tag:                    http.StatusNotModified,
		"W/" + tag:             http.StatusNotModified, // a proxy makes a tag weak when it compresses
		`"a", W/"b",` + tag:    http.StatusNotModified,
		"*":                    http.StatusNotModified,
		`"nonsense"`:           http.StatusOK,
		tag[:len(tag)-2] + `"`: http.StatusOK,
	} {
		answer := caller.Do(t, http.MethodGet, path(id), nil, header("If-None-Match", held))
		answer.Expect(t, status)
		if answer.Header.Get("ETag") != tag || answer.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s: got %v", held, answer.Header)
		}
		if status == http.StatusNotModified && len(answer.Body) > 0 {
			t.Errorf("%s: a body of %d bytes", held, len(answer.Body))
		}
	}
}

func TestADeleteCanBeRepeated(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	id := newID()
	caller.Do(t, http.MethodPut, path(id), oneStroke("one"), creating()).Expect(t, http.StatusCreated)
	for range 2 {
		caller.Do(t, http.MethodDelete, path(id), nil).Expect(t, http.StatusNoContent)
		caller.Do(t, http.MethodGet, path(id), nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
	}
	caller.Do(t, http.MethodPut, path(id), oneStroke("one"), creating()).Expect(t, http.StatusCreated)
}

func TestADELETEChecksItsPrecondition(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		caller := s.LogIn(t, service.NewUser())
		id := newID()
		create := func(title string) string {
			t.Helper()
			answer := caller.Do(t, http.MethodPut, path(id), oneStroke(title), creating())
			answer.Expect(t, http.StatusCreated)
			return answer.Header.Get("ETag")
		}
		remove := func(h http.Header) service.Answer { return caller.Do(t, http.MethodDelete, path(id), nil, h) }

		first := create("one")
		replaced := caller.Do(t, http.MethodPut, path(id), oneStroke("two"), replacing(first))
		replaced.Expect(t, http.StatusOK)
		tag := replaced.Header.Get("ETag")
		for _, stale := range []string{first, `"nonsense"`, "W/" + tag} {
			remove(replacing(stale)).ExpectProblem(t, http.StatusPreconditionFailed, gen.ErrPreconditionFailed)
		}
		if d := get(t, caller, id); d.Title != "two" {
			t.Errorf("got %q", d.Title)
		}
		for _, h := range []http.Header{replacing(first + ", " + tag), replacing(tag), replacing("*"), {}} {
			remove(h).Expect(t, http.StatusNoContent)
			caller.Do(t, http.MethodGet, path(id), nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		}

		anew := create("two")
		for _, late := range []string{first, tag} {
			remove(replacing(late)).ExpectProblem(t, http.StatusPreconditionFailed, gen.ErrPreconditionFailed)
		}
		remove(replacing(anew)).Expect(t, http.StatusNoContent)
		create("three")
		remove(replacing("*")).Expect(t, http.StatusNoContent)
	})
}

func TestIDsAreCaseInsensitive(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	caller.Do(t, http.MethodPut, path("6F1D2C3B-4A59-4E68-8D77-8C96A5B4C3D2"), oneStroke("one"), creating()).Expect(t, http.StatusCreated)
	if d := get(t, caller, "6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2"); d.Title != "one" {
		t.Errorf("got %q", d.Title)
	}
}

func TestALogoutCanBeRepeated(t *testing.T) {
	s := start(t)
	for name, logIn := range map[string]func(testing.TB, string) service.Caller{"bearer token": s.LogIn, "2017 headers": s.LogIn2017} {
		t.Run(name, func(t *testing.T) {
			caller := logIn(t, service.NewUser())
			caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
			for range 2 {
				caller.Do(t, http.MethodDelete, "/v1/session", nil).Expect(t, http.StatusNoContent)
				caller.Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrSessionExpired)
			}
		})
	}
	s.Nobody().Do(t, http.MethodDelete, "/v1/session", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
}
