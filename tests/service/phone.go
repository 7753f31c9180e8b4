package service

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"onestroke/gen"
	"onestroke/gen/client"
)

// SessionMark is the key by which programs of 2017 recognise a failed session.
const SessionMark = "F2C224D4-2BCE-4C64-AF9F-A6D872000D1A"

// Phone is what a mini program has after wx.login and wx.getUserInfo.
type Phone struct {
	Code, RawData, Signature, EncryptedData, IV string
}

// Phone logs a user in at the simulator. The members in more make the exchange fail
// in a certain way; see wechatsim.
func (s Service) Phone(t testing.TB, user string, more ...map[string]any) Phone {
	t.Helper()
	ask := map[string]any{"user": user}
	for _, members := range more {
		for name, value := range members {
			ask[name] = value
		}
	}
	answer := s.Nobody().Do(t, http.MethodPost, "/simulator/login", ask)
	answer.Expect(t, http.StatusOK)
	var phone Phone
	answer.Decode(t, &phone)
	return phone
}

// Headers returns the three headers of the first request of a program of 2017.
func (p Phone) Headers() http.Header {
	return http.Header{
		"X-Wx-Code":      {p.Code},
		"X-Wx-Rawdata":   {EncodeURIComponent(p.RawData)},
		"X-Wx-Signature": {p.Signature},
	}
}

// EncodeURIComponent is like JavaScript's encodeURIComponent. It escapes more
// characters, which makes no difference after decoding.
func EncodeURIComponent(text string) string { return url.PathEscape(text) }

// NewUser returns a unique name.
func NewUser() string { return "小明 " + rand.Text()[:10] }

// Caller sends requests with the headers of one user, or without a credential.
type Caller struct {
	service Service
	Header  http.Header
}

// Nobody returns a caller without a credential.
func (s Service) Nobody() Caller { return Caller{s, http.Header{}} }

// With returns a caller that sends these headers with each request.
func (s Service) With(h http.Header) Caller { return Caller{s, h} }

// LogIn logs a user in as current programs do, with a bearer token.
func (s Service) LogIn(t testing.TB, user string) Caller {
	t.Helper()
	answer := s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": s.Phone(t, user).Code})
	answer.Expect(t, http.StatusCreated)
	var body gen.LoggedIn
	answer.Decode(t, &body)
	return s.With(http.Header{"Authorization": {"Bearer " + body.Token}})
}

// LogIn2017 logs a user in as programs of 2017 do: the code is the credential
// from then on.
func (s Service) LogIn2017(t testing.TB, user string) Caller {
	t.Helper()
	phone := s.Phone(t, user)
	s.With(phone.Headers()).Do(t, http.MethodGet, s.BasePath+"/paints/list", nil).ExpectPaints(t)
	return s.With(http.Header{"X-Wx-Code": {phone.Code}})
}

// API returns the generated client of this caller.
func (c Caller) API(t testing.TB) *client.ClientWithResponses {
	t.Helper()
	api, err := client.NewClientWithResponses(c.service.URL, client.WithHTTPClient(c.service.HTTP),
		client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			c.sign(r)
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// Stalled is a body that begins, and does not go on until the test ends.
func Stalled(t testing.TB) io.Reader { return &stalled{end: t.Context().Done()} }

type stalled struct {
	begun bool
	end   <-chan struct{}
}

func (b *stalled) Read(p []byte) (int, error) {
	if b.begun {
		<-b.end
		return 0, io.ErrUnexpectedEOF
	}
	b.begun = true
	return copy(p, "{"), nil
}

func (*stalled) Close() error { return nil }

// Do sends a request. A body that is an io.Reader, a string or url.Values is sent as
// it is, any other as JSON. A header without a value removes the default one.
func (c Caller) Do(t testing.TB, method, path string, body any, headers ...http.Header) Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.service.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	setBody(t, r, body)
	c.sign(r)
	for _, h := range headers {
		for name, values := range h {
			r.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	response, err := c.service.HTTP.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: text}
}

func (c Caller) sign(r *http.Request) {
	for name, values := range c.Header {
		r.Header[name] = values
	}
}

func setBody(t testing.TB, r *http.Request, body any) {
	t.Helper()
	contentType := "application/json"
	var text []byte
	switch body := body.(type) {
	case nil:
		return
	case *stalled: // contractTransport must not read it
		r.Body, r.ContentLength = body, -1
		r.Header.Set("Content-Type", contentType)
		return
	case io.Reader: // of unknown length: sent in chunks
		r.Body, r.ContentLength = io.NopCloser(body), -1
		r.Header.Set("Content-Type", contentType)
		return
	case url.Values:
		contentType, text = "application/x-www-form-urlencoded", []byte(body.Encode())
	case string:
		text = []byte(body)
	default:
		var err error
		if text, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	// A server may close a connection of HTTP/2 at any time: then the request is sent again.
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	r.Body, _ = r.GetBody()
	r.ContentLength = int64(len(text))
	if len(text) == 0 {
		r.Body = http.NoBody
	}
	r.Header.Set("Content-Type", contentType)
}

// Answer is a response with its body.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Decode reads the body as JSON.
func (a Answer) Decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatalf("%v in %.500s", err, a.Body)
	}
}

// Expect ends the test unless the answer has this status.
func (a Answer) Expect(t testing.TB, status int) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("got %d, want %d: %.500s", a.Status, status, a.Body)
	}
}

// ExpectProblem ends the test unless the answer is this problem, and returns it.
func (a Answer) ExpectProblem(t testing.TB, status int, code gen.ErrorCode) gen.Problem {
	t.Helper()
	a.Expect(t, status)
	var problem gen.Problem
	a.Decode(t, &problem)
	if problem.Code != code {
		t.Fatalf("got %s, want %s: %s", problem.Code, code, a.Body)
	}
	return problem
}

// ExpectSessionFailure ends the test unless the answer is a failed session in
// the form of 2017, for this reason; an empty message accepts any.
func (a Answer) ExpectSessionFailure(t testing.TB, status int, reason, message string) {
	t.Helper()
	a.Expect(t, status)
	var failure struct {
		Mark   int `json:"F2C224D4-2BCE-4C64-AF9F-A6D872000D1A"`
		Reason string
		Error  struct{ Message string }
	}
	a.Decode(t, &failure)
	if failure.Mark != 1 || failure.Reason != reason || message != "" && failure.Error.Message != message {
		t.Fatalf("want reason %q, message %q; got %s", reason, message, a.Body)
	}
}

// ExpectPaintFailure ends the test unless the answer is a failed paint in the
// form of 2017, for this reason.
func (a Answer) ExpectPaintFailure(t testing.TB, status int, reason string) {
	t.Helper()
	a.Expect(t, status)
	var failure gen.PaintFailure
	a.Decode(t, &failure)
	if failure.Code != -1 || failure.Error.Reason != reason {
		t.Fatalf("want reason %q; got %s", reason, a.Body)
	}
}

// ExpectPaintDone ends the test unless the answer is the success of 2017.
func (a Answer) ExpectPaintDone(t testing.TB) {
	t.Helper()
	if want := `{"code":0,"data":{},"msg":"success"}`; a.Status != http.StatusOK || canonical(t, a.Body) != want {
		t.Fatalf("want %s; got %d %s", want, a.Status, a.Body)
	}
}

// ExpectPaints ends the test unless the answer is a list of 2017, and returns the
// actions by id.
func (a Answer) ExpectPaints(t testing.TB) map[string]string {
	t.Helper()
	var list struct {
		Code *int
		Data []gen.Paint
	}
	a.Expect(t, http.StatusOK)
	a.Decode(t, &list)
	if list.Code == nil || *list.Code != 0 {
		t.Fatalf("want a list; got %s", a.Body)
	}
	paints := map[string]string{}
	for _, p := range list.Data {
		paints[p.ID] = p.Actions
	}
	if len(paints) != len(list.Data) {
		t.Fatalf("two drawings have the same id: %s", a.Body)
	}
	return paints
}

func canonical(t testing.TB, text []byte) string {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v in %.500s", err, text)
	}
	sorted, err := json.Marshal(value)
	if err != nil {
		t.Fatal(fmt.Errorf("write JSON again: %w", err))
	}
	return string(sorted)
}
