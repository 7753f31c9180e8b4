package endtoend

import (
	"net/http"
	"reflect"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestDrawingsOfAnotherUserCannotBeReached(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		logins := map[string]func(t testing.TB, user string) service.Caller{"bearer token": s.LogIn, "2017 headers": s.LogIn2017}
		for ownersWay, logInOwner := range logins {
			for otherWay, logInOther := range logins {
				t.Run("owner by "+ownersWay+", other user by "+otherWay, func(t *testing.T) {
					staysApart(t, logInOwner(t, service.NewUser()), logInOther(t, service.NewUser()))
				})
			}
		}
	})
}

func staysApart(t *testing.T, owner, otherUser service.Caller) {
	id, paintID := newID(), newID()[:14]
	created := owner.Do(t, http.MethodPut, path(id), oneStroke("mine"), creating())
	created.Expect(t, http.StatusCreated)
	tag := created.Header.Get("ETag")
	savePaint(t, owner, paintID, `["mine"]`)

	if seen := list(t, otherUser); len(seen) != 0 {
		t.Errorf("another user lists %v", seen)
	}
	if seen := paints(t, otherUser); len(seen) != 0 {
		t.Errorf("another user lists %v", seen)
	}
	missing := otherUser.Do(t, http.MethodGet, path(newID()), nil)
	for _, tags := range []string{"*", tag} {
		found := otherUser.Do(t, http.MethodGet, path(id), nil, header("If-None-Match", tags))
		was, is := missing.ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound), found.ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		if is.Instance = was.Instance; !reflect.DeepEqual(was, is) {
			t.Errorf("guessing an id makes a difference: %v, %v", was, is)
		}
		otherUser.Do(t, http.MethodPut, path(id), oneStroke("yours"), replacing(tags)).
			ExpectProblem(t, http.StatusPreconditionFailed, gen.ErrPreconditionFailed)
	}
	otherUser.Do(t, http.MethodDelete, path(id), nil).Expect(t, http.StatusNoContent)
	otherUser.Do(t, http.MethodPost, "/applet/session/paints/delete", map[string]string{"id": paintID}).ExpectPaintDone(t)

	// Each user can use the same ids.
	otherUser.Do(t, http.MethodPut, path(id), oneStroke("yours"), creating()).Expect(t, http.StatusCreated)
	savePaint(t, otherUser, paintID, `["yours"]`)

	for caller, title := range map[*service.Caller]string{&owner: "mine", &otherUser: "yours"} {
		if d := get(t, *caller, id); d.Title != title || d.Revision != 1 {
			t.Errorf("the drawing %q became %q, revision %d", title, d.Title, d.Revision)
		}
		// One gallery: the paint is there as a drawing without a title, the drawing as a paint.
		titles := map[string]bool{} // they may be of the same millisecond
		for _, d := range list(t, *caller) {
			titles[d.Title] = true
		}
		if want := map[string]bool{"": true, title: true}; !reflect.DeepEqual(titles, want) {
			t.Errorf("the list of %q has the titles %v", title, titles)
		}
		if seen := paints(t, *caller); len(seen) != 2 || seen[paintID] != `["`+title+`"]` || seen[id] == "" {
			t.Errorf("the list of %q is %v", title, seen)
		}
	}
	otherUser.Do(t, http.MethodDelete, path(id), nil).Expect(t, http.StatusNoContent)
	otherUser.Do(t, http.MethodPost, "/applet/session/paints/delete", map[string]string{"id": paintID}).ExpectPaintDone(t)
	if d := get(t, owner, id); d.Title != "mine" {
		t.Errorf("another user deleted the drawing, and there is %q", d.Title)
	}
	if seen := paints(t, owner); seen[paintID] != `["mine"]` || len(seen) != 2 {
		t.Error("another user deleted the paint")
	}
}

func TestBothLoginsGiveTheSameUser(t *testing.T) {
	s := start(t)
	user := service.NewUser()
	today, then := s.LogIn(t, user), s.LogIn2017(t, user)
	id := newID()
	today.Do(t, http.MethodPut, path(id), oneStroke("mine"), creating()).Expect(t, http.StatusCreated)
	savePaint(t, today, "j8x3k2m1q9w0zt", "[]")
	if d := get(t, then, id); d.Title != "mine" {
		t.Errorf("got %q", d.Title)
	}
	if seen := paints(t, then); len(seen) != 2 || seen["j8x3k2m1q9w0zt"] != "[]" {
		t.Errorf("got %v", seen)
	}
}
