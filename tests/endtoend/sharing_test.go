package endtoend

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestASharedDrawingShowsOnlyTheNicknameOfItsAuthor(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		user := service.NewUser()
		author, visitor := s.LogIn2017(t, user), s.Nobody()
		id := create(t, author, "一笔猫")
		token := share(t, author, id, http.StatusCreated)
		if again := share(t, author, id, http.StatusOK); again != token {
			t.Errorf("shared again with %s, before with %s", again, token)
		}

		answer := visitor.Do(t, http.MethodGet, "/v1/shared/"+token, nil)
		answer.Expect(t, http.StatusOK)
		var members map[string]json.RawMessage
		answer.Decode(t, &members)
		delete(members, "author")
		for name := range members {
			known := []string{"title", "oneStroke", "canvas", "format", "strokes", "strokeCount", "pointCount", "durationMs", "bounds"}
			if !slices.Contains(known, name) {
				t.Errorf("a visitor sees %s", name)
			}
		}
		var seen gen.SharedDrawing
		answer.Decode(t, &seen)
		mine := get(t, author, id)
		if seen.Title != "一笔猫" || seen.Author == nil || *seen.Author != user || !reflect.DeepEqual(seen.Strokes, mine.Strokes) || seen.Canvas != mine.Canvas {
			t.Errorf("a visitor sees %+v", seen)
		}
		if who := me(t, author).User.ID; strings.Contains(string(answer.Body), who) || strings.Contains(string(answer.Body), id) {
			t.Errorf("%s contains the id of the author", answer.Body)
		}
		if caching := answer.Header.Get("Cache-Control"); caching != "public, no-cache" {
			t.Errorf("Cache-Control is %q", caching)
		}
		visitor.Do(t, http.MethodGet, "/v1/shared/"+token, nil, header("If-None-Match", answer.Header.Get("ETag"))).Expect(t, http.StatusNotModified)
		isPlainSVG(t, visitor.Do(t, http.MethodGet, "/v1/shared/"+token+"/image?format=svg&animate=true", nil).Body)
		picture := visitor.Do(t, http.MethodGet, "/v1/shared/"+token+"/image?width=64", nil, header("Accept", "image/png"))
		isPNG(t, picture.Body, 64)
		if caching := picture.Header.Get("Cache-Control"); caching != "public, no-cache" {
			t.Errorf("Cache-Control is %q", caching)
		}

		// The share shows the current drawing.
		author.Do(t, http.MethodPut, path(id), oneStroke("两笔"), replacing("*")).Expect(t, http.StatusOK)
		changed := visitor.Do(t, http.MethodGet, "/v1/shared/"+token, nil, header("If-None-Match", answer.Header.Get("ETag")))
		changed.Expect(t, http.StatusOK)
		if changed.Decode(t, &seen); seen.Title != "两笔" {
			t.Errorf("a visitor still sees %q", seen.Title)
		}
	})
}

func TestATokenIsInvalidAfterItsShareOrDrawingIsDeleted(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		author := s.LogIn(t, service.NewUser())
		for what, end := range map[string]func(id string){
			"share": func(id string) {
				author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
			},
			"drawing": func(id string) { author.Do(t, http.MethodDelete, path(id), nil).Expect(t, http.StatusNoContent) },
			"paint": func(id string) {
				author.Do(t, http.MethodPost, "/applet/session/paints/delete", map[string]string{"id": id}).ExpectPaintDone(t)
			},
		} {
			id := create(t, author, what)
			token := share(t, author, id, http.StatusCreated)
			for range 2 {
				end(id)
				opensNothing(t, s.Service, token)
			}
			if what != "share" {
				author.Do(t, http.MethodPut, path(id), oneStroke("new"), creating()).Expect(t, http.StatusCreated)
			}
			opensNothing(t, s.Service, token)
			if again := share(t, author, id, http.StatusCreated); again == token {
				t.Error("a revoked token is valid again")
			}
		}
	})
}

func TestADrawingOfAnotherUserCannotBeShared(t *testing.T) {
	s := start(t)
	author, otherUser := s.LogIn(t, service.NewUser()), s.LogIn(t, service.NewUser())
	id := create(t, author, "mine")
	token := share(t, author, id, http.StatusCreated)
	for _, id := range []string{id, newID()} {
		otherUser.Do(t, http.MethodPut, path(id)+"/share", nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		otherUser.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
		s.Nobody().Do(t, http.MethodPut, path(id)+"/share", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
	}
	s.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusOK)
	opensNothing(t, s.Service, strings.Repeat("A", 22))
}

func share(t *testing.T, c service.Caller, id string, status int) (token string) {
	t.Helper()
	answer := c.Do(t, http.MethodPut, path(id)+"/share", nil)
	answer.Expect(t, status)
	var body gen.Share
	answer.Decode(t, &body)
	return body.Token
}

func opensNothing(t *testing.T, s service.Service, token string) {
	t.Helper()
	for _, place := range []string{"", "/image", "/avatar"} {
		problem := s.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token+place, nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		if problem.Detail != "no drawing is shared with this token" {
			t.Errorf("detail is %q", problem.Detail)
		}
	}
}

// me is the caller's session.
func me(t *testing.T, c service.Caller) (session gen.Session) {
	t.Helper()
	answer := c.Do(t, http.MethodGet, "/v1/session", nil)
	answer.Expect(t, http.StatusOK)
	answer.Decode(t, &session)
	return session
}
