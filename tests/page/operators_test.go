package page_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"onestroke/gen"
	"onestroke/tests/chromium"
	"onestroke/tests/service"
)

func TestThePageOfOperatorsExistsOnlyWithATokenOfOperators(t *testing.T) {
	p := service.Build(t).Start(t)
	for _, path := range []string{"/admin", "/admin/admin.js", "/admin/admin.css"} {
		ask(t, http.MethodGet, p.URL+path).expect(t, http.StatusNotFound, nil)
	}
	p = service.Build(t).Start(t, "ADMIN_TOKEN="+service.AdminToken)
	for path, kind := range map[string]string{"/admin": "text/html", "/admin/admin.js": "javascript", "/admin/admin.css": "text/css"} {
		got := ask(t, http.MethodGet, p.URL+path)
		got.expect(t, http.StatusOK, map[string]string{
			"Cache-Control": "no-cache", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		})
		if sent := got.Header.Get("Content-Type"); !strings.Contains(sent, kind) {
			t.Errorf("the type of %s is %s", path, sent)
		}
		policy := got.Header.Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, rule) {
				t.Errorf("the policy of %s is %q, without %q", path, policy, rule)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("the policy of %s is %q", path, policy)
		}
		if strings.Contains(got.body, service.AdminToken) {
			t.Errorf("the token is in %s", path)
		}
	}
	ask(t, http.MethodPost, p.URL+"/admin").expect(t, http.StatusMethodNotAllowed, nil)
	ask(t, http.MethodGet, p.URL+"/admin/").expect(t, http.StatusNotFound, nil)
}

// operator is an operator at the page.
type operator struct{ *chromium.Browser }

// becomes waits until a part of the page has a text.
func (o operator) becomes(t *testing.T, part, text string) {
	t.Helper()
	o.Do(t, chromedp.Poll[chromedp.Void](`document.querySelector("`+part+`")?.textContent.includes("`+text+`")`))
}

// logIn gives a name and a token, as at a keyboard.
func (o operator) logIn(t *testing.T, token string) {
	t.Helper()
	o.Do(t, chromedp.SetValue(`#login [name=name]`, "小红"), chromedp.SetValue(`#login [name=token]`, token),
		chromedp.SendKeys(`#login [name=token]`, kb.Enter))
}

// press presses the button that has a text in a part of the page.
func (o operator) press(t *testing.T, part, text string) {
	t.Helper()
	found := `[...document.querySelectorAll("` + part + ` button")].find(b => b.textContent === "` + text + `" && b.checkVisibility())`
	o.Do(t, chromedp.Poll[chromedp.Void](`Boolean(`+found+`)`), chromedp.Evaluate[chromedp.Void](found+`.click()`))
}

// answer says why, and waits until that was received.
func (o operator) answer(t *testing.T, note string) {
	t.Helper()
	o.Do(t, chromedp.WaitVisible(`#dialog[open] [name=note]`), chromedp.SendKeys(`#dialog [name=note]`, note+kb.Enter),
		chromedp.Poll[chromedp.Void](`!document.getElementById("dialog").open`))
}

func TestAnOperatorWorksAtThePage(t *testing.T) {
	p := service.Build(t).Start(t, "ADMIN_TOKEN="+service.AdminToken)
	author := p.LogIn(t, service.NewUser())
	const title = `<img src=x onerror=alert(1)>`
	shared := func(id string) (drawing, share string) {
		drawing = "/v1/drawings/" + id
		author.Do(t, http.MethodPut, drawing, stroke(title), http.Header{"If-None-Match": {"*"}}).Expect(t, http.StatusCreated)
		var s gen.Share
		author.Do(t, http.MethodPut, drawing+"/share", nil).Decode(t, &s)
		p.Nobody().Do(t, http.MethodPost, "/v1/shared/"+s.Token+"/reports", gen.Report{Reason: gen.ReportAbuse, Note: new("<b>my number</b>")}).
			Expect(t, http.StatusNoContent)
		return drawing, s.Token
	}
	drawing, token := shared("6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2")
	_, other := shared("6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d3")
	var session gen.Session
	author.Do(t, http.MethodGet, "/v1/session", nil).Decode(t, &session)

	o := operator{chromium.Open(t)}
	o.Do(t, chromedp.Navigate(p.URL+"/admin"), chromedp.WaitVisible(`#login [name=name]`))
	o.logIn(t, "not-the-token-of-the-operators-0000")
	o.becomes(t, "#message", "The token is wrong")
	o.logIn(t, service.AdminToken)

	// What users wrote is text, and the picture is there.
	o.Do(t, chromedp.Poll[chromedp.Void](`document.querySelectorAll("#items img").length === 2 && [...document.images].every(i => i.complete && i.naturalWidth > 0)`))
	o.becomes(t, "#items li:first-child h3", title)
	o.becomes(t, "#items li:first-child dl", "<b>my number</b>")
	o.becomes(t, "#items li:first-child dl", "Insults")

	// What the user shares can be looked at, and decided about.
	o.press(t, "#items li:first-child", "What the user shows")
	o.becomes(t, "#title", "What the user shows · "+session.User.ID)
	o.Do(t, chromedp.Poll[chromedp.Void](`document.querySelectorAll("#items li").length === 2 && [...document.images].every(i => i.complete && i.naturalWidth > 0)`))
	o.press(t, "#views", "What waits")
	o.Do(t, chromedp.Poll[chromedp.Void](`document.querySelectorAll("#items img").length === 2`))

	// It changes while the operator looks: nothing is done, and the list is loaded again.
	author.Do(t, http.MethodPut, drawing, stroke("another"), http.Header{"If-Match": {"*"}}).Expect(t, http.StatusOK)
	o.press(t, "#items li:first-child", "Take down")
	o.answer(t, "a number")
	o.becomes(t, "#message", "Nothing was done")
	o.becomes(t, "#items li:first-child h3", "another")
	p.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusOK)

	o.press(t, "#items li:first-child", "Take down")
	o.answer(t, "a number")
	o.becomes(t, "#message", "Done: Take down · Drawing · another")
	p.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)

	o.press(t, "#items li:first-child", "Suspend the user")
	o.answer(t, "again and again")
	o.becomes(t, "#message", "Done: Suspend the user · "+session.User.ID)
	author.Do(t, http.MethodPut, drawing, stroke("more"), http.Header{"If-Match": {"*"}}).ExpectProblem(t, http.StatusForbidden, gen.ErrSuspended)

	o.press(t, "#items li:first-child", "Approve")
	o.answer(t, "no harm")
	o.becomes(t, "#message", "There is nothing.")
	p.Nobody().Do(t, http.MethodGet, "/v1/shared/"+other, nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)

	// The tab knows the operator after a reload.
	o.Do(t, chromedp.Reload(), chromedp.WaitVisible(`#views`))
	o.press(t, "#views", "Suspended users")
	o.becomes(t, "#items li h3", session.User.ID)
	o.becomes(t, "#items li dl", "again and again")
	o.press(t, "#items li", "Lift the suspension")
	o.answer(t, "promised to stop")
	o.becomes(t, "#message", "There is nothing.")
	author.Do(t, http.MethodPut, drawing, stroke("more"), http.Header{"If-Match": {"*"}}).Expect(t, http.StatusOK)
	p.Nobody().Do(t, http.MethodGet, "/v1/shared/"+other, nil).Expect(t, http.StatusOK)

	o.press(t, "#views", "Trail")
	o.becomes(t, "#items li:nth-child(5)", "nothing was done")
	const actions = `[...document.querySelectorAll("#items h3")].map(h => h.textContent).join()`
	if got := o.Tell(t, chromedp.Evaluate[string](actions)); got != "Lift the suspension,Approve,Suspend the user,Take down,Take down" {
		t.Errorf("the trail is %s", got)
	}
	o.becomes(t, "#items li:first-child dl", "promised to stop")
	o.becomes(t, "#items li:first-child dl", "小红")

	o.press(t, "#views", "Log out")
	o.Do(t, chromedp.WaitVisible(`#login`))
	if stored := o.Tell(t, chromedp.Evaluate[string](`JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])`)); stored != `[{},{},""]` {
		t.Errorf("after the operator logged out, the browser stores %s", stored)
	}

	asked, complaints := o.Seen()
	for _, address := range asked {
		if !strings.HasPrefix(address, p.URL+"/") && !strings.HasPrefix(address, "blob:"+p.URL+"/") {
			t.Errorf("the page asked for %s", address)
		}
		if strings.Contains(address, service.AdminToken) {
			t.Errorf("the token is in the address %s", address)
		}
	}
	for _, c := range complaints {
		if !strings.Contains(c, "status of 401") && !strings.Contains(c, "status of 412") { // what is provoked above
			t.Errorf("the browser complains: %s", c)
		}
	}
}

func TestThePageOfOperatorsShowsAllPages(t *testing.T) {
	p := service.Build(t).Start(t, "ADMIN_TOKEN="+service.AdminToken)
	desk := p.With(http.Header{"Authorization": {"Bearer " + service.AdminToken}})
	const suspended = 25
	newUser := func() string {
		var session gen.Session
		p.LogIn(t, service.NewUser()).Do(t, http.MethodGet, "/v1/session", nil).Decode(t, &session)
		return session.User.ID
	}
	for range suspended {
		desk.Do(t, http.MethodPut, "/v1/admin/users/"+newUser()+"/suspension", gen.SuspensionChange{Suspended: true, By: "小红", Note: "why"}).
			Expect(t, http.StatusNoContent)
	}
	o := operator{chromium.Open(t)}
	o.Do(t, chromedp.Navigate(p.URL+"/admin"), chromedp.WaitVisible(`#login [name=name]`))
	o.logIn(t, service.AdminToken)
	o.press(t, "#views", "Suspended users")
	o.Do(t, chromedp.Poll[chromedp.Void](`document.querySelectorAll("#items li").length === 20`))
	o.press(t, "#view", "More")
	o.Do(t, chromedp.Poll[chromedp.Void](`document.querySelectorAll("#items li").length === 25 && document.getElementById("more").hidden`))

	o.Do(t, chromedp.SendKeys(`#suspend [name=user]`, strings.Repeat("b", 22)+kb.Enter))
	o.answer(t, "no such user")
	o.becomes(t, "#message", "there is no such user")
	o.Do(t, chromedp.SetValue(`#suspend [name=user]`, newUser()), chromedp.SendKeys(`#suspend [name=user]`, kb.Enter))
	o.answer(t, "seen elsewhere")
	o.becomes(t, "#message", "Done: Suspend the user")
	o.press(t, "#suspend", "What the user shows")
	o.becomes(t, "#message", "There is nothing.")
	var list gen.SuspensionList
	desk.Do(t, http.MethodGet, "/v1/admin/suspensions?limit=100", nil).Decode(t, &list)
	if len(list.Items) != suspended+1 {
		t.Errorf("%d users are suspended", len(list.Items))
	}
}

func stroke(title string) gen.DrawingContent {
	return gen.DrawingContent{
		Title: new(title), Canvas: gen.Canvas{Width: 300, Height: 300}, Format: gen.Format1,
		Strokes: []gen.Stroke{{Tool: gen.Pen, Color: "#000000", Width: 10, X: []int32{10, 200}, Y: []int32{10, 200}, T: new([]int32{0, 10})}},
	}
}
