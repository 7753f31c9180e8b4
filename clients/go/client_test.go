package onestroke

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const cat = `{"id":"6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2","title":"一笔猫"}`

// service answers logins with the tokens 1, 2, … and refuses all but the last of them.
type service struct {
	*httptest.Server
	*http.ServeMux
	logins atomic.Int32
}

func newService(t *testing.T) *service {
	s := &service{ServeMux: http.NewServeMux()}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	s.HandleFunc("POST /v1/session", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("a login carries a token")
		}
		say(w, http.StatusCreated, fmt.Sprintf(`{"token":"%d"}`, s.logins.Add(1)))
	})
	return s
}

// asUser lets next answer what carries the newest token.
func (s *service) asUser(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch token := r.Header.Get("Authorization"); {
		case token == "":
			refuse(w, http.StatusUnauthorized, ErrLoginRequired)
		case token != fmt.Sprintf("Bearer %d", s.logins.Load()):
			refuse(w, http.StatusUnauthorized, ErrSessionExpired)
		default:
			next(w, r)
		}
	}
}

func (s *service) client(t *testing.T, o Options) *Client {
	t.Helper()
	if o.Login == nil {
		o.Login = func(context.Context) (string, error) { return "code", nil }
	}
	c, err := New(s.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func say(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"code":%q,"status":%d,"detail":"no","instance":"1234"}`, code, status)
}

func TestOneLoginServesAllRequestsThatWaitForIt(t *testing.T) {
	s := newService(t)
	s.HandleFunc("GET /v1/session", s.asUser(func(w http.ResponseWriter, _ *http.Request) { say(w, 200, `{}`) }))
	c := s.client(t, Options{})
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if answer, err := c.GetSessionWithResponse(t.Context()); err != nil || answer.JSON200 == nil {
				t.Error(answer, err)
			}
		})
	}
	group.Wait()
	if s.logins.Load() != 1 || c.Token() != "1" {
		t.Errorf("%d logins, token %q", s.logins.Load(), c.Token())
	}
}

func TestASessionThatEndedIsRenewedWithTheSameBody(t *testing.T) {
	s := newService(t)
	s.HandleFunc("PUT /v1/drawings/{id}", s.asUser(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(body), "一笔猫") {
			t.Errorf("%s, %v", body, err)
		}
		say(w, http.StatusCreated, cat)
	}))
	c := s.client(t, Options{Token: "an old one"})
	title := "一笔猫"
	answer, err := c.PutDrawingWithResponse(t.Context(), DrawingID{1}, nil, DrawingContent{Title: &title})
	if err != nil || answer.JSON201 == nil || c.Token() != "1" {
		t.Error(answer, err, c.Token())
	}
}

func TestABodyThatCanBeReadOnceIsSentAgain(t *testing.T) {
	s := newService(t)
	busy := true
	s.HandleFunc("POST /v1/profile/avatar", s.asUser(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != "picture" {
			t.Errorf("%q, %v", body, err)
		}
		if busy {
			busy = false
			refuse(w, http.StatusServiceUnavailable, ErrUnavailable)
			return
		}
		say(w, http.StatusOK, `{}`)
	}))
	file := struct{ io.Reader }{strings.NewReader("picture")}
	answer, err := s.client(t, Options{}).UploadAvatarWithBodyWithResponse(t.Context(), "image/png", file)
	if err != nil || answer.JSON200 == nil {
		t.Error(answer, err)
	}
}

func TestWaitingForTheLoginOfAnotherRequestEndsWithTheContext(t *testing.T) {
	s := newService(t)
	s.HandleFunc("GET /v1/session", s.asUser(nil))
	asked, over := make(chan struct{}, 2), make(chan struct{})
	c := s.client(t, Options{Login: func(context.Context) (string, error) {
		asked <- struct{}{}
		<-over
		return "", errors.New("no phone")
	}})
	var group sync.WaitGroup
	defer group.Wait()
	defer close(over)
	group.Go(func() { _ = c.Open(context.Background()) })
	<-asked
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	group.Go(func() {
		_, err := c.GetSessionWithResponse(ctx)
		ended <- err
	})
	select {
	case err := <-ended:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it still waits")
	}
}

func TestALoginThatFailsIsTheErrorOfTheRequest(t *testing.T) {
	s := newService(t)
	s.HandleFunc("GET /v1/session", s.asUser(nil))
	cause := errors.New("no phone")
	c := s.client(t, Options{Login: func(context.Context) (string, error) { return "", cause }})
	if _, err := c.GetSessionWithResponse(t.Context()); !errors.Is(err, cause) {
		t.Error(err)
	}
	if err := c.Open(t.Context()); !errors.Is(err, cause) {
		t.Error(err)
	}
}

// All that wait get the error at once, and none of them logs in again; unless the request
// was given up that logged in.
func TestALoginThatFailsIsTheErrorOfAllThatWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, asked, cause := time.Now(), 0, errors.New("no phone")
		c, err := New("http://service.test", Options{
			Login: func(ctx context.Context) (string, error) {
				asked++
				select {
				case <-time.After(15 * time.Second):
					return "", cause
				case <-ctx.Done():
					return "", ctx.Err()
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var group sync.WaitGroup
		group.Go(func() {
			if err := c.Open(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		synctest.Wait()
		for range 10 {
			group.Go(func() {
				if err := c.Open(t.Context()); !errors.Is(err, cause) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if took := time.Since(began); asked != 2 || took != 16*time.Second {
			t.Errorf("%d logins in %s", asked, took)
		}
		if err := c.Open(t.Context()); !errors.Is(err, cause) || asked != 3 {
			t.Errorf("later: %v, %d logins", err, asked)
		}
	})
}

func TestACodeThatWeChatRefusesIsReplacedOnce(t *testing.T) {
	for used, want := range map[int]string{1: "", 2: ErrSessionKeyExchangeFailed} {
		s := newService(t)
		next, codes := s.ServeMux, 0
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if codes <= used {
				refuse(w, http.StatusUnauthorized, ErrSessionKeyExchangeFailed)
				return
			}
			next.ServeHTTP(w, r)
		})
		c := s.client(t, Options{Login: func(context.Context) (string, error) {
			codes++
			return "code", nil
		}})
		err := c.Open(t.Context())
		refused, _ := errors.AsType[*Error](err)
		if want == "" && err != nil || want != "" && (refused == nil || refused.Code != want) || codes != 2 {
			t.Errorf("%v after %d codes", err, codes)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		kind, body string
		want       string
	}{
		"of the service":  {"application/problem+json; charset=utf-8", `{"code":"ERR_NOT_FOUND","detail":"none","instance":"1"}`, "ERR_NOT_FOUND: none (request 1)"},
		"of a proxy":      {"text/html", "<html>\nno", "HTTP 404 <html>"},
		"without a body":  {"", "", "HTTP 404 "},
		"JSON of a proxy": {"application/json", `{"error":"none"}`, `HTTP 404 {"error":"none"}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			s.HandleFunc("GET /v1/session", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.kind)
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, test.body)
			})
			_, err := s.client(t, Options{}).GetSessionWithResponse(t.Context())
			refused, ok := errors.AsType[*Error](err)
			if !ok || err.Error() != test.want || refused.Status != http.StatusNotFound || refused.RetryAfter != 7*time.Second {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestABusyServiceIsAskedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		failures int // before it succeeds
		failure  func() (*http.Response, error)
		sent     int
		least    time.Duration
		ok       bool
	}{
		"429 and Retry-After":       {2, answer(http.StatusTooManyRequests, "Retry-After", "7"), 3, 14 * time.Second, true},
		"503":                       {1, answer(http.StatusServiceUnavailable), 2, 150 * time.Millisecond, true},
		"a Retry-After in the past": {1, answer(http.StatusServiceUnavailable, "Retry-After", "-5"), 2, 150 * time.Millisecond, true},
		"an endless Retry-After":    {1, answer(http.StatusServiceUnavailable, "Retry-After", "10000000000"), 2, 150 * time.Millisecond, true},
		"no connection":             {3, func() (*http.Response, error) { return nil, errors.New("reset") }, 4, time.Second, true},
		"three times only":          {4, answer(http.StatusServiceUnavailable), 4, time.Second, false},
		"not 500":                   {1, answer(http.StatusInternalServerError), 1, 0, false},
		"not 404":                   {1, answer(http.StatusNotFound, "Retry-After", "7"), 1, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, sent := time.Now(), 0
				c, err := New("http://service.test", Options{HTTP: doer(func(r *http.Request) (*http.Response, error) {
					if body, err := io.ReadAll(r.Body); err != nil || string(body) != "drawing" {
						t.Errorf("sent %q, %v", body, err)
					}
					if sent++; sent <= test.failures {
						return test.failure()
					}
					return answer(http.StatusCreated, "Content-Type", "application/json")()
				})})
				if err != nil {
					t.Fatal(err)
				}
				_, err = c.PutDrawingWithBody(t.Context(), DrawingID{1}, nil, "application/json", strings.NewReader("drawing"))
				waited := time.Since(began)
				if (err == nil) != test.ok || sent != test.sent || waited < test.least || waited > 2*test.least+time.Second {
					t.Errorf("%v, sent %d times in %s", err, sent, waited)
				}
			})
		})
	}
}

func TestAnAnswerThatIsCutOffIsAskedForAgain(t *testing.T) {
	s := newService(t)
	cut := true
	s.HandleFunc("GET /v1/session", s.asUser(func(w http.ResponseWriter, _ *http.Request) {
		if cut {
			cut = false
			w.Header().Set("Content-Length", "1000")
		}
		say(w, http.StatusOK, `{}`)
	}))
	answer, err := s.client(t, Options{}).GetSessionWithResponse(t.Context())
	if err != nil || answer.JSON200 == nil {
		t.Error(answer, err)
	}
}

func TestThePageOfAPublicNetworkIsNoSuccess(t *testing.T) {
	for _, kind := range []string{"text/html; charset=utf-8", "text/plain", ""} {
		s := newService(t)
		s.HandleFunc("/v1/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{kind}
			_, _ = io.WriteString(w, "<html>Please log in")
		})
		c := s.client(t, Options{Retries: -1})
		if _, err := c.PutDrawingWithResponse(t.Context(), DrawingID{1}, nil, DrawingContent{}); !errors.Is(err, errNotOurs) {
			t.Errorf("%q: %v", kind, err)
		}
		if _, err := c.DeleteDrawingWithResponse(t.Context(), DrawingID{1}, nil); !errors.Is(err, errNotOurs) {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

func TestARedirectThatLosesTheRequestIsNoSuccess(t *testing.T) {
	s := newService(t)
	s.HandleFunc("GET /v1/drawings/{id}", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, cat) })
	deleted := 0
	s.HandleFunc("DELETE /v1/drawings/{id}", func(w http.ResponseWriter, _ *http.Request) {
		deleted++
		w.WriteHeader(http.StatusNoContent)
	})
	for status, follows := range map[int]bool{
		http.StatusMovedPermanently: false, http.StatusFound: false, http.StatusSeeOther: false,
		http.StatusTemporaryRedirect: true, http.StatusPermanentRedirect: true,
	} {
		front := newService(t)
		front.HandleFunc("/v1/drawings/", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, s.URL+r.URL.Path, status)
		})
		deleted = 0
		_, err := front.client(t, Options{}).DeleteDrawingWithResponse(t.Context(), DrawingID{1}, nil)
		if follows {
			if err != nil || deleted != 1 {
				t.Errorf("%d: %v, deleted %d times", status, err, deleted)
			}
		} else if refused, ok := errors.AsType[*Error](err); !ok || int(refused.Status) != status || !strings.Contains(err.Error(), s.URL) {
			t.Errorf("%d: %v", status, err)
		}
		if _, err := front.client(t, Options{}).GetDrawingWithResponse(t.Context(), DrawingID{1}, nil); err != nil {
			t.Errorf("%d: %v", status, err)
		}
		stays := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		_, err = front.client(t, Options{HTTP: stays}).DeleteDrawingWithResponse(t.Context(), DrawingID{1}, nil)
		if refused, ok := errors.AsType[*Error](err); !ok || int(refused.Status) != status {
			t.Errorf("%d that is not followed: %v", status, err)
		}
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c, err := New("http://service.test", Options{HTTP: doer(func(*http.Request) (*http.Response, error) {
			return answer(http.StatusServiceUnavailable, "Retry-After", "3600")()
		})})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.LivezWithResponse(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestDrawingsAreReadPageByPage(t *testing.T) {
	s := newService(t)
	var asked []string
	s.HandleFunc("GET /v1/drawings", s.asUser(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		switch r.FormValue("cursor") {
		case "":
			say(w, 200, `{"items":[{"title":"1"},{"title":"2"}],"nextCursor":"a"}`)
		case "a":
			say(w, 200, `{"items":[{"title":"3"}],"nextCursor":"b"}`)
		case "b":
			say(w, 200, `{"items":[]}`)
		}
	}))
	c := s.client(t, Options{})
	limit := int32(2)
	titles := ""
	for drawing, err := range c.Drawings(t.Context(), &ListDrawingsParams{Limit: &limit}) {
		if err != nil {
			t.Fatal(err)
		}
		titles += drawing.Title
	}
	if titles != "123" || strings.Join(asked, " ") != "limit=2 limit=2&cursor=a limit=2&cursor=b" {
		t.Error(titles, asked)
	}
	asked = nil
	for range c.Drawings(t.Context(), nil) {
		break
	}
	if len(asked) != 1 {
		t.Error("pages are read that nobody asked for:", asked)
	}
}

func TestAnExportIsReadAsItArrives(t *testing.T) {
	const profile = `{"profile":{"nickname":"小明","nicknameState":"approved"}}`
	for name, test := range map[string]struct {
		body string
		ends error
		want int
	}{
		"whole":                {cat + "\n" + cat + "\n" + profile + "\n", nil, 3},
		"no drawings":          {profile + "\n", nil, 1},
		"nothing":              {"", io.ErrUnexpectedEOF, 0},
		"cut off":              {cat + "\n" + cat[:20], io.ErrUnexpectedEOF, 1},
		"cut at the end":       {cat + "\n" + profile, io.ErrUnexpectedEOF, 1},
		"cut between drawings": {cat + "\n" + cat + "\n", io.ErrUnexpectedEOF, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			s.HandleFunc("GET /v1/export", s.asUser(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("profile") != "true" {
					t.Error("the profile is not asked for")
				}
				w.Header().Set("Content-Type", "application/x-ndjson")
				_, _ = io.WriteString(w, test.body)
			}))
			got, ends := 0, error(nil)
			for line, err := range s.client(t, Options{}).Export(t.Context()) {
				isDrawing := line.Drawing != nil && line.Drawing.Title == "一笔猫"
				isProfile := line.Profile != nil && *line.Profile.Nickname == "小明"
				if ends = err; err == nil && isDrawing != isProfile {
					got++
				}
			}
			if got != test.want || !errors.Is(ends, test.ends) {
				t.Error(got, ends)
			}
		})
	}
}

func TestAnExportThatIsNoneHasNoDrawing(t *testing.T) {
	s := newService(t)
	s.HandleFunc("GET /v1/export", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, `{"ok":true}`+"\n") })
	for line, err := range s.client(t, Options{}).Export(t.Context()) {
		if line.Drawing != nil || !errors.Is(err, errNotOurs) {
			t.Error(line, err)
		}
	}
}

func TestAnAddressThatIsNoServiceIsRefused(t *testing.T) {
	for _, base := range []string{"", "draw.example.com", "ftp://draw.example.com", "http://"} {
		if _, err := New(base, Options{}); err == nil {
			t.Errorf("%q is accepted", base)
		}
	}
}

type doer func(*http.Request) (*http.Response, error)

func (f doer) Do(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		a := &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}
		for i := 0; i < len(header); i += 2 {
			a.Header.Set(header[i], header[i+1])
		}
		return a, nil
	}
}
