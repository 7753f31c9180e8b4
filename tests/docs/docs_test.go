// Package docs_test tests the reference page in a browser.
package docs_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/getkin/kin-openapi/openapi3"

	"onestroke/tests/chromium"
	"onestroke/tests/root"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m, service.RemoveBinaries) }

func TestThePageListsEachOperationAndExecutesThem(t *testing.T) {
	p := service.Build(t).Start(t)
	b := chromium.Open(t)
	b.Do(t, chromedp.Navigate(p.URL+"/docs"), chromedp.WaitVisible(`.operation`))
	ids := strings.Fields(b.Tell(t, chromedp.Evaluate[string](
		`[...document.querySelectorAll('.operation')].map(e => e.id).join(' ')`)))
	slices.Sort(ids)
	if want := operationIDs(t); !slices.Equal(ids, want) {
		t.Errorf("the page lists %v; the contract has %v", ids, want)
	}

	const (
		user       = "小红"
		getSession = `#getSession `
		answer     = getSession + `.live-responses-table .response `
	)
	b.Do(t,
		chromedp.SetValue(`#login input`, user),
		chromedp.Click(`#login button`),
		chromedp.WaitVisible(`#login output:not(:empty)`),
		chromedp.Click(getSession+`> summary`),
		chromedp.WaitVisible(getSession+`.execute`),
		chromedp.Click(getSession+`.execute`),
		chromedp.WaitVisible(answer+`.response-col_status`),
	)
	status := b.Tell(t, chromedp.Text(answer+`.response-col_status`))
	text := b.Tell(t, chromedp.Text(answer+`.response-col_description`))
	if !strings.HasPrefix(strings.TrimSpace(status), "200") || !strings.Contains(text, user) {
		t.Errorf("getSession as %s answered %s: %s", user, status, text)
	}

	here, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	asked, complaints := b.Seen()
	for _, address := range asked {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if u.Scheme != "data" && u.Scheme != "blob" && u.Host != here.Host {
			t.Errorf("the page asked for %s", address)
		}
	}
	for _, c := range complaints {
		t.Errorf("the browser complains: %s", c)
	}
}

func TestThePageAndItsFilesAreCompressedAndRevalidated(t *testing.T) {
	p := service.Build(t).Start(t)
	for _, file := range []string{"/docs", "/docs/docs.js", "/docs/docs.css", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"} {
		packed := ask(t, p.URL+file, "Accept-Encoding", "gzip")
		plain := ask(t, p.URL+file, "Accept-Encoding", "identity")
		if coding := packed.Header.Get("Content-Encoding"); coding != "gzip" {
			t.Errorf("%s has the content coding %q", file, coding)
		}
		if coding := plain.Header.Get("Content-Encoding"); coding != "" {
			t.Errorf("%s has the content coding %q, which was not asked for", file, coding)
		}
		for _, answer := range []*http.Response{packed, plain} {
			again := ask(t, p.URL+file, "Accept-Encoding", answer.Request.Header.Get("Accept-Encoding"), "If-None-Match", answer.Header.Get("ETag"))
			if again.StatusCode != http.StatusNotModified {
				t.Errorf("%s, not changed, answers %d", file, again.StatusCode)
			}
		}
	}
}

// ask sends a GET with this header. The body is not read.
func ask(t *testing.T, url string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response
}

func TestWithoutTheSimulatorThePageHasNoLogin(t *testing.T) {
	credentials := []string{"WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET=secret"}
	for name, p := range map[string]*service.Process{
		"simulator off": service.Build(t).Start(t, credentials...),
		"simulator on":  service.Build(t).Start(t),
	} {
		answer := p.Nobody().Do(t, http.MethodGet, "/docs", nil)
		answer.Expect(t, http.StatusOK)
		if has, want := strings.Contains(string(answer.Body), `name="user"`), name == "simulator on"; has != want {
			t.Errorf("%s: a login is there: %t", name, has)
		}
		if has, want := strings.Contains(string(answer.Body), `name="token"`), name == "simulator off"; has != want {
			t.Errorf("%s: a field for a token is there: %t", name, has)
		}
		policy := answer.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", name, policy)
		}
	}
}

func operationIDs(t *testing.T) (ids []string) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(root.Dir(), "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range doc.Paths.Map() {
		for _, operation := range path.Operations() {
			ids = append(ids, operation.OperationID)
		}
	}
	slices.Sort(ids)
	return ids
}
