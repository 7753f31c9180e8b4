package endtoend

import (
	"net/http"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/impl/gallery"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestASharedDrawingHasAPage(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		author, visitor := s.LogIn(t, service.NewUser()), s.Nobody()
		id := create(t, author, `<b>"一笔"&'猫'</b>`)
		token := share(t, author, id, http.StatusCreated)
		page := visitor.Do(t, http.MethodGet, "/s/"+token, nil, header("Accept", "*/*"))
		page.Expect(t, http.StatusOK)
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Cache-Control": "public, no-cache", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		} {
			if got := page.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if policy := page.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script") {
			t.Errorf("the policy is %q", policy)
		}
		const title = `&lt;b&gt;&#34;一笔&#34;&amp;&#39;猫&#39;&lt;/b&gt;`
		for _, part := range []string{
			"<title>" + title + "</title>",
			`<meta property="og:title" content="` + title + `">`,
			`<meta property="og:url" content="` + s.URL + "/s/" + token + `">`,
			`<meta property="og:image" content="` + s.URL + "/v1/shared/" + token + `/image?format=png">`,
			`src="../v1/shared/` + token + `/image?format=svg&amp;animate=true&amp;width=1024"`,
		} {
			if !strings.Contains(string(page.Body), part) {
				t.Errorf("the page lacks %s:\n%s", part, page.Body)
			}
		}
		if strings.Contains(string(page.Body), "<b>") || strings.Contains(string(page.Body), id) {
			t.Errorf("the page shows the title as HTML, or the id:\n%s", page.Body)
		}
		tag := header("If-None-Match", page.Header.Get("ETag"))
		visitor.Do(t, http.MethodGet, "/s/"+token, nil, tag).Expect(t, http.StatusNotModified)
		author.Do(t, http.MethodPut, path(id), oneStroke("二"), replacing("*")).Expect(t, http.StatusOK)
		visitor.Do(t, http.MethodGet, "/s/"+token, nil, tag).Expect(t, http.StatusOK)

		author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
		for _, token := range []string{token, strings.Repeat("A", 22), "short", `%3Cscript%3E`} {
			gone := visitor.Do(t, http.MethodGet, "/s/"+token, nil)
			if gone.Expect(t, http.StatusNotFound); !strings.Contains(string(gone.Body), "No such drawing") || strings.Contains(string(gone.Body), "<script") {
				t.Errorf("%s: %s", token, gone.Body)
			}
		}
	})
}

func TestTheSharePageIsReadOnlyAndSaysWhenTheStoreIsAway(t *testing.T) {
	s := start(t)
	answer := s.Nobody().Do(t, http.MethodPost, "/s/"+strings.Repeat("A", 22), nil)
	answer.ExpectProblem(t, http.StatusMethodNotAllowed, gen.ErrMethodNotAllowed)
	if allow := answer.Header.Get("Allow"); allow != "GET, HEAD" {
		t.Errorf("Allow is %q", allow)
	}
	away := service.Start(t, service.Options{Fault: gallery.ErrUnavailable})
	away.Nobody().Do(t, http.MethodGet, "/s/"+strings.Repeat("A", 22), nil).ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
}
