package wechat_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"onestroke/impl/session"
	"onestroke/impl/wechat"
)

// scripted is a transport that answers as the test says, without a network: the clock
// of these tests is that of synctest.
type scripted struct {
	mu       sync.Mutex
	respond  func(*http.Request) (*http.Response, error)
	requests int
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.requests++
	respond := s.respond
	s.mu.Unlock()
	return respond(r)
}

func (s *scripted) become(respond func(*http.Request) (*http.Response, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.respond, s.requests = respond, 0
}

func (s *scripted) reached() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func says(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func breaks(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

func TestNoRequestIsSentDuringAnOutage(t *testing.T) {
	outages := map[string]func(*http.Request) (*http.Response, error){
		"busy":                  says(200, `{"errcode":-1}`),
		"HTTP 500":              says(500, ""),
		"hangs":                 hangs,
		"breaks the connection": breaks,
	}
	for name, outage := range outages {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &scripted{}
				client := newClient(wechat.Options{Transport: server})
				exchange := func() error {
					_, err := client.Exchange(t.Context(), session.Login{Code: loginCode})
					return err
				}

				server.become(outage)
				for range 20 {
					if exchange() == nil {
						t.Fatal("an exchange with a broken server succeeded")
					}
				}
				if n := server.reached(); n != 5 {
					t.Errorf("%d requests reached the broken server, want 5", n)
				}
				began := time.Now()
				assertCause(t, exchange(), session.CauseUnreachable, 0)
				assertNothingSecret(t, exchange())
				if took := time.Since(began); took != 0 {
					t.Errorf("a rejected exchange took %v", took)
				}

				time.Sleep(2 * timeout)
				server.become(says(200, success))
				for range 20 {
					if err := exchange(); err != nil {
						t.Fatalf("after recovery: %v", err)
					}
				}
			})
		})
	}
}

func TestThreeExchangesAtATimeTryAServerAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &scripted{}
		client := newClient(wechat.Options{Transport: server})
		server.become(says(500, ""))
		for range 5 {
			_, _ = client.Exchange(t.Context(), session.Login{Code: loginCode})
		}
		time.Sleep(2 * timeout)
		server.become(hangs)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { _, _ = client.Exchange(t.Context(), session.Login{Code: loginCode}) })
		}
		synctest.Wait()
		if n := server.reached(); n != 3 {
			t.Errorf("%d trials at once, want 3", n)
		}
		all.Wait()
		_, err := client.Exchange(t.Context(), session.Login{Code: loginCode})
		assertCause(t, err, session.CauseUnreachable, 0)
		if n := server.reached(); n != 3 {
			t.Errorf("%d requests after failed trials, want 3", n)
		}
	})
}

func TestARejectedLoginIsNotAnOutage(t *testing.T) {
	answers := []string{"", "<html>", `{"openid":"x"}`}
	for _, errcode := range []int{40029, 40163, 45011, 40226, 40013, 40125, 41002, 41004, 41008, 99999} {
		answers = append(answers, fmt.Sprintf(`{"errcode":%d}`, errcode))
	}
	for _, body := range answers {
		server := &scripted{}
		server.become(says(200, body))
		client := newClient(wechat.Options{Transport: server})
		for range 30 {
			if _, err := client.Exchange(t.Context(), session.Login{Code: loginCode}); err == nil {
				t.Fatalf("%s: no error", body)
			}
		}
		if n := server.reached(); n != 30 {
			t.Errorf("%s: %d of 30 exchanges reached the server", body, n)
		}
	}
	server := &scripted{}
	server.become(says(200, success))
	client := newClient(wechat.Options{Transport: server})
	for range 30 {
		_, err := client.Exchange(t.Context(), session.Login{Code: loginCode, RawData: "{}", Signature: strings.Repeat("0", 40)})
		if !errors.Is(err, session.ErrUntrusted) {
			t.Fatalf("got %v", err)
		}
	}
}
