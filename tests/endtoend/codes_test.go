package endtoend

import (
	"bytes"
	"image/png"
	"net/http"
	"testing"
	"time"

	qr "github.com/piglig/go-qr"

	"onestroke/gen"
	"onestroke/tests/service"
)

const codeCall = "/wxa/getwxacodeunlimit"

func codePath(id string) string { return path(id) + "/share/code" }

// says reads the simulator's code, which is a QR code.
func says(t *testing.T, code []byte) string {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(code))
	if err != nil {
		t.Fatal(err)
	}
	text, err := qr.Decode(picture)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheCodeOfAShareIsMadeOnceAndEndsWithIt(t *testing.T) {
	t.Parallel()
	onEveryCheckedStore(t, func(t *testing.T, c checked) {
		author, otherUser := c.LogIn(t, service.NewUser()), c.LogIn(t, service.NewUser())
		id := create(t, author, "risky") // also a share that others do not see has a code
		author.Do(t, http.MethodGet, codePath(id), nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		token := share(t, author, id, http.StatusCreated)
		answer := author.Do(t, http.MethodGet, codePath(id), nil)
		answer.Expect(t, http.StatusOK)
		if text := says(t, answer.Body); text != "pages/shared/shared?scene="+token {
			t.Errorf("the code says %q", text)
		}
		for _, accept := range []string{"*/*", "image/*", "image/png"} {
			again := author.Do(t, http.MethodGet, codePath(id), nil, header("Accept", accept))
			again.Expect(t, http.StatusOK)
			if !bytes.Equal(again.Body, answer.Body) || again.Header.Get("Content-Type") != "image/png" {
				t.Errorf("%s: another code, as %s", accept, again.Header.Get("Content-Type"))
			}
		}
		author.Do(t, http.MethodGet, codePath(id), nil, header("If-None-Match", answer.Header.Get("ETag"))).Expect(t, http.StatusNotModified)
		author.Do(t, http.MethodGet, codePath(id), nil, header("Accept", "image/svg+xml")).ExpectProblem(t, http.StatusNotAcceptable, gen.ErrNotAcceptable)
		otherUser.Do(t, http.MethodGet, codePath(id), nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		c.Nobody().Do(t, http.MethodGet, codePath(id), nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
		if n := calls(t, c.Service, codeCall); n != 1 {
			t.Errorf("WeChat was asked %d times", n)
		}

		author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
		author.Do(t, http.MethodGet, codePath(id), nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		next := share(t, author, id, http.StatusCreated)
		if text := says(t, author.Do(t, http.MethodGet, codePath(id), nil).Body); next == token || text != "pages/shared/shared?scene="+next {
			t.Errorf("shared anew as %s, and the code says %q", next, text)
		}
	})
}

// What WeChat refuses is not the user's mistake, and an outage ends.
func TestWithoutACodeTheAnswerSaysWhoMustAct(t *testing.T) {
	t.Parallel()
	c := startChecked(t, service.Options{WeChatTimeout: time.Second})
	author := c.LogIn(t, service.NewUser())
	id := create(t, author, "猫")
	share(t, author, id, http.StatusCreated)
	for name, failure := range map[string]struct {
		plan   map[string]any
		status int
		code   gen.ErrorCode
	}{
		"busy":         {map[string]any{"errcode": -1}, http.StatusServiceUnavailable, gen.ErrUnavailable},
		"used up":      {map[string]any{"errcode": 45009}, http.StatusServiceUnavailable, gen.ErrUnavailable},
		"silent":       {map[string]any{"delayMs": 10_000}, http.StatusServiceUnavailable, gen.ErrUnavailable},
		"no such page": {map[string]any{"errcode": 41030}, http.StatusBadGateway, gen.ErrWeChatFailed},
		"a page":       {map[string]any{"body": "<html>"}, http.StatusBadGateway, gen.ErrWeChatFailed},
	} {
		failure.plan["path"] = codeCall
		c.plan(t, failure.plan)
		answer := author.Do(t, http.MethodGet, codePath(id), nil)
		answer.ExpectProblem(t, failure.status, failure.code)
		if waits := answer.Header.Get("Retry-After") != ""; waits != (failure.status == http.StatusServiceUnavailable) {
			t.Errorf("%s: Retry-After is %q", name, answer.Header.Get("Retry-After"))
		}
	}
	author.Do(t, http.MethodGet, codePath(id), nil).Expect(t, http.StatusOK)
}
