package gallerytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/paint2017"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
)

func shareOutlasts(t *testing.T, store gallery.Store) {
	s := service(store)
	put, _, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content("shown", 1, 5), gallery.IfAbsent())
	succeeds(t, err)
	token, created, err := share(t, s, alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, created, true)
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`).MatchString(token) {
		t.Errorf("token %q", token)
	}
	leadsTo := func(want gallery.Drawing) {
		t.Helper()
		d, owner, err := s.Visit(t.Context(), token)
		succeeds(t, err)
		equal(t, d, want)
		equal(t, owner, alice)
	}
	leadsTo(put)
	again, created, err := share(t, s, alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, fmt.Sprint(again, created), fmt.Sprint(token, false))
	got, err := s.Get(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, got, put)

	put, _, err = s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content("changed", 1, 5), gallery.IfMatch(put.ETag))
	succeeds(t, err)
	leadsTo(put)
	succeeds(t, s.SavePaint(t.Context(), alice, paint2017.Paint{ID: drawingtest.ID(1).String(), Actions: "[]"}))
	got, err = s.Get(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	leadsTo(got)

	succeeds(t, s.Unshare(t.Context(), bob, drawingtest.ID(1)))
	leadsTo(got)
	leadsNowhere := func(token string) {
		t.Helper()
		d, owner, err := s.Visit(t.Context(), token)
		fails(t, err, gallery.ErrNotFound)
		equal(t, d.ID, drawing.ID{})
		equal(t, owner, "")
	}
	for range 2 {
		succeeds(t, s.Unshare(t.Context(), alice, drawingtest.ID(1)))
		leadsNowhere(token)
	}
	next, created, err := share(t, s, alice, drawingtest.ID(1))
	succeeds(t, err)
	if next == token || !created {
		t.Errorf("shared anew with %q, created %v", next, created)
	}
	leadsNowhere(token)
	succeeds(t, s.Delete(t.Context(), alice, drawingtest.ID(1), gallery.IfPresent()))
	leadsNowhere(next)
	_, _, err = s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content("made anew", 1, 5), gallery.IfAbsent())
	succeeds(t, err)
	leadsNowhere(next)

	for _, malformed := range []string{"", "$ne", next[1:], next + "A", next + "\n", strings.Repeat("A", 22)} {
		leadsNowhere(malformed)
	}
	_, _, err = share(t, s, alice, drawingtest.ID(2))
	fails(t, err, gallery.ErrNotFound)
	succeeds(t, s.Unshare(t.Context(), alice, drawingtest.ID(2)))
	_, _, err = share(t, s, bob, drawingtest.ID(1))
	fails(t, err, gallery.ErrNotFound)
}

func oneToken(t *testing.T, store gallery.Store) {
	s := service(store)
	_, _, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content("", 1, 5), gallery.IfAbsent())
	succeeds(t, err)
	var tokens [writers]string
	first := make(chan string, writers)
	together(writers, func(n int) {
		token, created, err := share(t, s, alice, drawingtest.ID(1))
		if err != nil {
			t.Error(err)
		}
		if tokens[n] = token; created {
			first <- token
		}
	})
	equal(t, len(first), 1)
	token := <-first
	for _, got := range tokens {
		equal(t, got, token)
	}
}

func codeGoesWithShare(t *testing.T, store gallery.Store) {
	s := service(store)
	picture := bytes.Repeat([]byte{0x89, 'P', 0}, gallery.MaxCode/3)
	shareNew := func(owner string) string {
		t.Helper()
		_, _, err := s.Put(t.Context(), owner, drawingtest.ID(1), drawingtest.Content("", 1, 3), gallery.IfAbsent())
		succeeds(t, err)
		token, _, err := share(t, s, owner, drawingtest.ID(1))
		succeeds(t, err)
		return token
	}
	has := func(owner, token string, want []byte) {
		t.Helper()
		code, err := store.Code(t.Context(), owner, token)
		succeeds(t, err)
		if !bytes.Equal(code, want) {
			t.Errorf("a code of %d bytes, want %d", len(code), len(want))
		}
	}
	others := shareNew(bob)
	succeeds(t, store.SetCode(t.Context(), bob, others, picture))
	for name, end := range map[string]func() error{
		"unshared": func() error { return s.Unshare(t.Context(), alice, drawingtest.ID(1)) },
		"deleted":  func() error { return s.Delete(t.Context(), alice, drawingtest.ID(1), gallery.IfPresent()) },
		"all":      func() error { return s.DeleteAll(t.Context(), alice) },
	} {
		token := shareNew(alice)
		has(alice, token, nil)
		fails(t, store.SetCode(t.Context(), bob, token, picture), gallery.ErrNotFound)
		fails(t, store.SetCode(t.Context(), alice, others, picture), gallery.ErrNotFound)
		for range 2 {
			succeeds(t, store.SetCode(t.Context(), alice, token, picture))
		}
		has(alice, token, picture)
		has(bob, token, nil)
		_, _, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content("changed", 1, 3), gallery.IfPresent())
		succeeds(t, err)
		has(alice, token, picture)
		t.Log(name)
		succeeds(t, end())
		has(alice, token, nil)
		fails(t, store.SetCode(t.Context(), alice, token, picture), gallery.ErrNotFound)
		has(alice, token, nil)
		succeeds(t, s.DeleteAll(t.Context(), alice))
	}
	has(bob, others, picture)
}

// codeMaker makes codes that name their scene.
type codeMaker struct {
	asked atomic.Int32
	fails error
	hold  chan struct{}
}

func (m *codeMaker) MakeCode(_ context.Context, scene string) ([]byte, error) {
	m.asked.Add(1)
	<-m.hold
	return []byte("code of " + scene), m.fails
}

func oneCode(t *testing.T, store gallery.Store) {
	maker := &codeMaker{hold: make(chan struct{})}
	s := gallery.New(store, gallery.Options{Now: Clock(), Codes: maker})
	_, _, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content("", 1, 3), gallery.IfAbsent())
	succeeds(t, err)
	_, err = s.Code(t.Context(), alice, drawingtest.ID(1))
	fails(t, err, gallery.ErrNotFound)
	token, _, err := share(t, s, alice, drawingtest.ID(1))
	succeeds(t, err)
	_, err = s.Code(t.Context(), bob, drawingtest.ID(1))
	fails(t, err, gallery.ErrNotFound)

	// Who goes away does not end the call for the others.
	impatient, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := s.Code(impatient, alice, drawingtest.ID(1))
		left <- err
	}()
	for maker.asked.Load() == 0 {
		runtime.Gosched()
	}
	leave()
	fails(t, <-left, context.Canceled)
	close(maker.hold)
	together(writers, func(int) {
		code, err := s.Code(t.Context(), alice, drawingtest.ID(1))
		if err != nil || string(code) != "code of "+token {
			t.Errorf("%s, %v", code, err)
		}
	})
	equal(t, maker.asked.Load(), int32(1))

	// A failure is not stored.
	succeeds(t, s.Unshare(t.Context(), alice, drawingtest.ID(1)))
	token, _, err = share(t, s, alice, drawingtest.ID(1))
	succeeds(t, err)
	maker.fails = &gallery.CodeError{Temporary: true, Err: errors.New("busy")}
	_, err = s.Code(t.Context(), alice, drawingtest.ID(1))
	fails(t, err, maker.fails)
	maker.fails = nil
	code, err := s.Code(t.Context(), alice, drawingtest.ID(1))
	succeeds(t, err)
	equal(t, string(code), "code of "+token)
	equal(t, maker.asked.Load(), int32(3))
}

func sharedInPages(t *testing.T, store gallery.Store) {
	s := service(store)
	var want []drawing.ID
	for n := range 7 {
		_, _, err := s.Put(t.Context(), alice, drawingtest.ID(n), drawingtest.Content("", 1, 3), gallery.IfAbsent())
		succeeds(t, err)
		if n%3 == 0 {
			_, _, err = share(t, s, alice, drawingtest.ID(n))
			succeeds(t, err)
			want = append(want, drawingtest.ID(n))
		}
	}
	_, _, err := s.Put(t.Context(), bob, drawingtest.ID(8), drawingtest.Content("", 1, 3), gallery.IfAbsent())
	succeeds(t, err)
	_, _, err = share(t, s, bob, drawingtest.ID(8))
	succeeds(t, err)
	slices.SortFunc(want, func(a, b drawing.ID) int { return bytes.Compare(a[:], b[:]) })
	for limit := range 4 {
		var got []drawing.ID
		for last := (*drawing.ID)(nil); limit > 0; last = &got[len(got)-1] {
			page, err := store.Shared(t.Context(), alice, last, limit)
			succeeds(t, err)
			if len(page) == 0 {
				equal(t, got, want)
				break
			}
			got = append(got, page...)
		}
	}
	succeeds(t, s.Unshare(t.Context(), alice, want[0]))
	rest, err := store.Shared(t.Context(), alice, nil, 10)
	succeeds(t, err)
	equal(t, rest, want[1:])
}

func checkOfOneRevision(t *testing.T, store gallery.Store) {
	s := service(store)
	first, _, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content("", 1, 5), gallery.IfAbsent())
	succeeds(t, err)
	has := func(want moderation.Check) {
		t.Helper()
		r, err := store.Get(t.Context(), alice, drawingtest.ID(1))
		succeeds(t, err)
		equal(t, r.Check, want)
		for all, err := range store.All(t.Context(), alice) {
			succeeds(t, err)
			equal(t, all.Check, want)
		}
	}
	has(moderation.Check{})
	refused := moderation.Check{Version: first.ETag, Verdict: moderation.Verdict{State: moderation.Refused, Reason: moderation.Vulgar}, Person: true}
	swap := func(owner string, id drawing.ID, from, to moderation.Check) error {
		return store.SwapCheck(t.Context(), owner, id, from, to)
	}
	succeeds(t, swap(alice, drawingtest.ID(1), moderation.Check{}, refused))
	has(refused)
	succeeds(t, swap(alice, drawingtest.ID(1), refused, refused))
	// Each part of the check counts.
	approvedFirst := moderation.Check{Version: first.ETag, Verdict: moderation.Verdict{State: moderation.Approved}}
	for _, other := range []func(*moderation.Check){
		func(c *moderation.Check) { *c = moderation.Check{} },
		func(c *moderation.Check) { c.Version = "another" },
		func(c *moderation.Check) { c.State = moderation.Review },
		func(c *moderation.Check) { c.Reason = "" },
		func(c *moderation.Check) { c.Person = false },
	} {
		from := refused
		other(&from)
		fails(t, swap(alice, drawingtest.ID(1), from, approvedFirst), gallery.ErrChanged)
		has(refused)
	}
	second, _, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content("changed", 1, 5), gallery.IfPresent())
	succeeds(t, err)
	has(refused)
	fails(t, swap(alice, drawingtest.ID(1), refused, refused), gallery.ErrChanged)
	approved := moderation.Check{Version: second.ETag, Verdict: moderation.Verdict{State: moderation.Approved}}
	fails(t, swap(bob, drawingtest.ID(1), moderation.Check{}, approved), gallery.ErrChanged)
	fails(t, swap(alice, drawingtest.ID(2), moderation.Check{}, approved), gallery.ErrChanged)
	has(refused)
	succeeds(t, swap(alice, drawingtest.ID(1), refused, approved))
	has(approved)
	token, _, err := share(t, s, alice, drawingtest.ID(1))
	succeeds(t, err)
	has(approved)
	succeeds(t, s.Unshare(t.Context(), alice, drawingtest.ID(1)))
	has(approved)
	_, _, err = s.Visit(t.Context(), token)
	fails(t, err, gallery.ErrNotFound)
}

// shareRaces shares, revokes, changes, deletes and makes anew all at once.
// A reader who follows a token meanwhile sees its drawing or nothing; afterwards, the
// last token leads there if the drawing is still shared, and no other does.
func shareRaces(t *testing.T, store gallery.Store) {
	s := service(store)
	const rounds = 15
	tokens := make(chan string, 8*rounds)
	create := func(title string) {
		_, _, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content(title, 1, 5), gallery.IfAbsent())
		expect(t, err, nil, gallery.ErrChanged)
	}
	create("first")
	together(8, func(n int) {
		for round := range rounds {
			switch n {
			case 0, 1, 2:
				token, _, err := share(t, s, alice, drawingtest.ID(1))
				if expect(t, err, nil, gallery.ErrNotFound); err != nil {
					continue
				}
				tokens <- token
				d, owner, err := s.Visit(t.Context(), token)
				if expect(t, err, nil, gallery.ErrNotFound); err == nil && (d.ID != drawingtest.ID(1) || owner != alice) {
					t.Errorf("a token leads to %q of %q", d.ID, owner)
				}
			case 3:
				expect(t, s.Unshare(t.Context(), alice, drawingtest.ID(1)), nil)
			case 4:
				if round%3 == 2 {
					expect(t, s.Delete(t.Context(), alice, drawingtest.ID(1), gallery.IfPresent()), nil)
				}
			case 5:
				create(fmt.Sprint("anew ", round))
			case 6:
				_, _, err := s.Put(t.Context(), alice, drawingtest.ID(1), drawingtest.Content(fmt.Sprint("changed ", round), 1, 5), gallery.IfPresent().OrIncomplete())
				expect(t, err, nil, gallery.ErrChanged)
			default:
				expect(t, s.SavePaint(t.Context(), alice, paint2017.Paint{ID: drawingtest.ID(1).String(), Actions: fmt.Sprint(round)}), nil)
			}
		}
	})
	close(tokens)
	create("last")
	last, _, err := share(t, s, alice, drawingtest.ID(1))
	succeeds(t, err)
	for token := range tokens {
		_, _, err := s.Visit(t.Context(), token)
		if leads := err == nil; leads != (token == last) {
			t.Errorf("a token leads: %v (%v), it is the last: %v", leads, err, token == last)
		}
	}
}

// expect reports an error that is none of those allowed.
func expect(t *testing.T, err error, allowed ...error) {
	t.Helper()
	for _, want := range allowed {
		if errors.Is(err, want) {
			return
		}
	}
	t.Errorf("got error %v, want one of %v", err, allowed)
}
