// Package docs_test tests the reference page in a browser.
package docs_test

import (
	"context"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/getkin/kin-openapi/openapi3"

	"onestroke/tests/chromium"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m, service.RemoveBinaries) }

func TestThePageListsEachOperationAndExecutesThem(t *testing.T) {
	p := service.Build(t).Start(t)
	b := open(t)
	b.do(t, chromedp.Navigate(p.URL+"/docs"), chromedp.WaitVisible(`.opblock`))
	ids := strings.Fields(b.tell(t, chromedp.Evaluate[string](
		`[...document.querySelectorAll('.opblock-summary-operation-id')].map(e => e.textContent).join(' ')`)))
	slices.Sort(ids)
	if want := operationIDs(t); !slices.Equal(ids, want) {
		t.Errorf("the page lists %v; the contract has %v", ids, want)
	}

	const (
		user       = "小红"
		getSession = `#operations-session-getSession `
		answer     = getSession + `.live-responses-table .response `
	)
	b.do(t,
		chromedp.SetValue(`#login input`, user),
		chromedp.Click(`#login button`),
		chromedp.WaitVisible(`.authorization__btn.locked, .authorization__btn [href="#locked"], .authorize.locked`),
		chromedp.Click(getSession+`.opblock-summary-control`),
		chromedp.Click(getSession+`.execute`),
		chromedp.WaitVisible(answer+`.response-col_status`),
	)
	status := b.tell(t, chromedp.Text(answer+`.response-col_status`))
	text := b.tell(t, chromedp.Text(answer+`.response-col_description`))
	if !strings.HasPrefix(strings.TrimSpace(status), "200") || !strings.Contains(text, user) {
		t.Errorf("getSession as %s answered %s: %s", user, status, text)
	}

	here, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	asked, complaints := b.seen()
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

func TestWithoutTheSimulatorThePageHasNoLogin(t *testing.T) {
	credentials := []string{"WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET=secret"}
	for name, p := range map[string]*service.Process{
		"simulator off": service.Build(t).Start(t, credentials...),
		"simulator on":  service.Build(t).Start(t),
	} {
		answer := p.Nobody().Do(t, http.MethodGet, "/docs", nil)
		answer.Expect(t, http.StatusOK)
		if has, want := strings.Contains(string(answer.Body), `id="login"`), name == "simulator on"; has != want {
			t.Errorf("%s: a button is there: %t", name, has)
		}
		policy := answer.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", name, policy)
		}
	}
}

// browser is a Chromium that records its requests and its errors.
type browser struct {
	context    context.Context
	mu         sync.Mutex
	asked      []string
	complaints []string
}

// open starts a browser.
func open(t *testing.T) *browser {
	t.Helper()
	program := chromium.Path(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")),
		chromedp.WindowSize(1280, 2000), chromedp.WSURLReadTimeout(startTimeout))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	b := &browser{}
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithListener(b.note))
	t.Cleanup(cancel)
	b.context = ctx
	// The browser runs as long as the context of its first action.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return b
}

// startTimeout limits the start of a browser and each step in it. It is long, as the
// machine may be compiling at the same time.
const startTimeout = time.Minute

func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.context, startTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		_, complaints := b.seen()
		t.Fatalf("%v; the browser complains: %q", err, complaints)
	}
}

func (b *browser) tell(t *testing.T, action chromedp.Action[string]) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.context, startTimeout)
	defer cancel()
	text, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (b *browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.asked = append(b.asked, e.Request.URL)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.complaints = append(b.complaints, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	}
}

func (b *browser) seen() (asked, complaints []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asked), slices.Clone(b.complaints)
}

func operationIDs(t *testing.T) (ids []string) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(service.Root(), "openapi.yaml"))
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
