package chromium

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Browser is a Chromium that records its requests and its errors.
type Browser struct {
	context    context.Context
	mu         sync.Mutex
	asked      []string
	complaints []string
}

// Open starts a browser, which ends with the test.
func Open(t testing.TB) *Browser {
	t.Helper()
	program := Path(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")),
		chromedp.WindowSize(1280, 2000), chromedp.WSURLReadTimeout(startTimeout))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	b := &Browser{}
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

// Do does actions, each within a minute.
func (b *Browser) Do(t testing.TB, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.context, startTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		_, complaints := b.Seen()
		t.Fatalf("%v; the browser complains: %q", err, complaints)
	}
}

// Tell returns what an action reads.
func (b *Browser) Tell(t testing.TB, action chromedp.Action[string]) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.context, startTimeout)
	defer cancel()
	text, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (b *Browser) note(event any) {
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

// Seen returns the addresses that the browser asked for, and the errors that it reported.
func (b *Browser) Seen() (asked, complaints []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asked), slices.Clone(b.complaints)
}
