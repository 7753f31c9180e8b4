package endtoend

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"onestroke/gen"
	"onestroke/impl/gallery"
	"onestroke/impl/session"
	"onestroke/tests/root"
	"onestroke/tests/service"
)

// Failures that any operation can have get the same answer from all of them.

func TestEachOperationRejectsInvalidCredentials(t *testing.T) {
	s := start(t)
	for _, o := range operations(t) {
		if !o.hasCaller || o.in2017 {
			continue
		}
		o.ask(t, s.Nobody()).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
		forged := s.Phone(t, service.NewUser()).Headers()
		forged.Set("X-Wx-Signature", strings.Repeat("0", 40))
		o.ask(t, s.With(forged)).ExpectProblem(t, http.StatusUnauthorized, gen.ErrUntrustedRawData)
		o.ask(t, s.Nobody(), header("X-WX-Code", strings.Repeat("a", 257))).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
		if o.id != "logOut" {
			o.ask(t, s.Nobody(), header("Authorization", "Bearer nothing")).ExpectProblem(t, http.StatusUnauthorized, gen.ErrSessionExpired)
		}
		for _, failure := range []struct {
			of     map[string]any // the exchange at WeChat
			status int
		}{
			{map[string]any{"errcode": 40029}, http.StatusUnauthorized},
			{map[string]any{"errcode": 40226}, http.StatusForbidden},
			{map[string]any{"errcode": 45011}, http.StatusTooManyRequests},
			{map[string]any{"errcode": 40125}, http.StatusInternalServerError},
			{map[string]any{"body": "no JSON"}, http.StatusBadGateway},
			{map[string]any{"errcode": -1}, http.StatusServiceUnavailable},
		} {
			caller := s.With(s.Phone(t, service.NewUser(), failure.of).Headers())
			o.ask(t, caller).ExpectProblem(t, failure.status, gen.ErrSessionKeyExchangeFailed)
		}
	}
}

func TestEachOperationChecksTheHeadersFirst(t *testing.T) {
	s := start(t)
	for _, o := range operations(t) {
		if o.in2017 {
			o.ask(t, s.Nobody(), header("X-Large", strings.Repeat("a", 70<<10))).ExpectPaintFailure(t, http.StatusRequestHeaderFieldsTooLarge, string(gen.ErrHeadersTooLarge))
			continue
		}
		o.ask(t, s.Nobody(), header("X-Large", strings.Repeat("a", 70<<10))).ExpectProblem(t, http.StatusRequestHeaderFieldsTooLarge, gen.ErrHeadersTooLarge)
		if o.hasBody {
			o.ask(t, s.Nobody(), header("Accept", "text/nothing")).ExpectProblem(t, http.StatusNotAcceptable, gen.ErrNotAcceptable)
		}
	}
}

func TestEachOperationOfAUserIsRateLimited(t *testing.T) {
	s := startService(t, service.Options{RequestsPerMinute: 1})
	for _, o := range operations(t) {
		if !o.hasCaller {
			continue
		}
		caller := s.LogIn(t, service.NewUser())
		caller.Do(t, http.MethodGet, "/v1/session", nil)
		if answer := o.ask(t, caller); o.in2017 {
			answer.ExpectPaintFailure(t, http.StatusTooManyRequests, string(gen.ErrRateLimited))
		} else {
			answer.ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
		}
	}
}

// troubles are what a store may fail with, and what the answers then are.
var troubles = []struct {
	fault  error
	status int
	code   gen.ErrorCode
}{
	{errors.New("a fault of our own"), http.StatusInternalServerError, gen.ErrInternal},
	{fmt.Errorf("%w, %w", session.ErrUnavailable, gallery.ErrUnavailable), http.StatusServiceUnavailable, gen.ErrUnavailable},
}

func TestEachOperationDistinguishesErrorsFromOutages(t *testing.T) {
	t.Parallel()
	for _, trouble := range troubles {
		s := startService(t, service.Options{Fault: trouble.fault})
		caller := s.With(header("Authorization", "Bearer "+session.TokenPrefix+strings.Repeat("A", 64)))
		for _, o := range operations(t) {
			if !o.hasCaller && !strings.HasPrefix(o.path, "/v1/") {
				continue // it uses no store
			}
			switch answer := o.ask(t, caller); {
			case !o.in2017:
				answer.ExpectProblem(t, trouble.status, trouble.code)
			case trouble.code == gen.ErrUnavailable:
				answer.ExpectSessionFailure(t, trouble.status, trouble.code, "")
			default:
				answer.ExpectPaintFailure(t, trouble.status, trouble.code)
			}
		}
	}
}

func TestEachBodyHasATypeAndALimit(t *testing.T) {
	t.Parallel()
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	for _, o := range operations(t) {
		if o.body == nil {
			continue
		}
		unread := o.ask(t, caller, header("Content-Type", "application/json; charset=gbk"))
		o.body = strings.Repeat(" ", 2<<20)
		large := o.ask(t, caller)
		if o.in2017 {
			unread.ExpectPaintFailure(t, http.StatusUnsupportedMediaType, string(gen.ErrUnsupportedMediaType))
			large.ExpectPaintFailure(t, http.StatusRequestEntityTooLarge, string(gen.ErrTooLarge))
			continue
		}
		if !o.anyBody {
			unread.ExpectProblem(t, http.StatusUnsupportedMediaType, gen.ErrUnsupportedMediaType)
		}
		large.ExpectProblem(t, http.StatusRequestEntityTooLarge, gen.ErrTooLarge)
	}
}

// A program must know that it may send the same body again.
func TestABodyThatStopsIsATimeout(t *testing.T) {
	s := startService(t, service.Options{ReadTimeout: 300 * time.Millisecond})
	caller := s.LogIn(t, service.NewUser())
	for _, o := range operations(t) {
		if o.body == nil {
			continue
		}
		o.body = service.Stalled(t)
		if answer := o.ask(t, caller); o.in2017 {
			answer.ExpectPaintFailure(t, http.StatusRequestTimeout, string(gen.ErrRequestTimeout))
		} else {
			answer.ExpectProblem(t, http.StatusRequestTimeout, gen.ErrRequestTimeout)
		}
	}
}

func TestABodyMayHaveNoContentEncoding(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	for _, o := range operations(t) {
		if o.body == nil {
			continue
		}
		answer := o.ask(t, caller, header("Content-Encoding", "gzip"))
		answer.Expect(t, http.StatusUnsupportedMediaType)
		expectHeader(t, answer, "Accept-Encoding", "identity")
		if answer = o.ask(t, caller, header("Content-Encoding", "identity")); answer.Status == http.StatusUnsupportedMediaType {
			t.Errorf("%s: %s", o.id, answer.Body)
		}
	}
}

// What old and careless clients send as Accept is answered everywhere.
func TestEachOperationTakesAnyReadableAccept(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, o := range operations(t) {
		answer := o.ask(t, s.Nobody())
		mediaType := answer.Header.Get("Content-Type")
		for _, accept := range [][]string{
			{"application/json; charset=utf-8, image/svg+xml;x=1, image/png;q=0.2, image/jpeg;q=0.1, application/x-ndjson, application/yaml"},
			{"application/json;, image/*;, application/x-ndjson ; , application/yaml;"},
			{"application/json,,image/svg+xml,image/png;q=0.2, image/jpeg;q=0.1,application/x-ndjson,application/yaml,"},
			{"text/html", "application/json, image/*, application/x-ndjson, application/yaml"},
			{"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"},
			{"", "nonsense, , */*;q=1.000"},
			{"nonsense"},
			{","},
		} {
			again := o.ask(t, s.Nobody(), header("Accept", accept...))
			if again.Status != answer.Status || again.Header.Get("Content-Type") != mediaType {
				t.Errorf("%s: Accept %q is answered with %d", o.id, accept, again.Status)
			}
		}
	}
}

func TestOperationsWithoutAUserMatchTheContract(t *testing.T) {
	s := start(t)
	author, id := s.LogIn(t, service.NewUser()), newID()
	author.Do(t, http.MethodPut, path(id), oneStroke("shared"), creating()).Expect(t, http.StatusCreated)
	var share gen.Share
	if err := json.Unmarshal(author.Do(t, http.MethodPut, path(id)+"/share", nil).Body, &share); err != nil {
		t.Fatal(err)
	}
	shared := "/v1/shared/" + share.Token
	for _, form := range []string{shared, shared + "/image"} {
		first := s.Nobody().Do(t, http.MethodGet, form, nil)
		first.Expect(t, http.StatusOK)
		s.Nobody().Do(t, http.MethodGet, form, nil, header("If-None-Match", first.Header.Get("ETag"))).Expect(t, http.StatusNotModified)
		s.Nobody().Do(t, http.MethodGet, form, nil, header("If-None-Match", "no tag")).
			ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
	}
	s.Nobody().Do(t, http.MethodGet, "/applet/session/paints/list", nil, header("X-WX-Code", strings.Repeat("a", 257))).
		ExpectPaintFailure(t, http.StatusBadRequest, string(gen.ErrInvalidRequest))
}

func TestLoginsAreLimited(t *testing.T) {
	s := startService(t, service.Options{LoginsPerMinute: 1})
	s.LogIn(t, service.NewUser())
	s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": "another"}).
		ExpectProblem(t, http.StatusTooManyRequests, gen.ErrRateLimited)
}

// operation is an operation of the contract with a valid request.
type operation struct {
	id, method, path  string
	body              any
	header            http.Header
	hasCaller, in2017 bool
	operates          bool // for operators, with their token
	hasBody           bool // in a successful answer
	anyBody           bool // it reads a body of any media type
}

func (o operation) ask(t *testing.T, c service.Caller, headers ...http.Header) service.Answer {
	t.Helper()
	return c.Do(t, o.method, o.path, o.body, append([]http.Header{o.header}, headers...)...)
}

func readContract(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(root.Dir(), "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// operations reads all operations and their examples from the contract.
func operations(t *testing.T) (all []operation) {
	t.Helper()
	for at, item := range readContract(t).Paths.Map() {
		for method, of := range item.Operations() {
			o := operation{
				id: of.OperationID, method: method, path: at, header: http.Header{},
				hasCaller: (of.Security == nil || len(*of.Security) > 0) && !slices.Contains(of.Tags, "operator"),
				operates:  slices.Contains(of.Tags, "operator"),
				in2017:    strings.HasPrefix(at, "/applet/"),
				hasBody:   of.Responses.Value("406") != nil,
			}
			query := url.Values{}
			for _, p := range of.Parameters {
				if p.Value.In == openapi3.ParameterInQuery && p.Value.Required {
					query.Set(p.Value.Name, p.Value.Example.(string))
				}
				if p.Value.In == openapi3.ParameterInPath {
					o.path = strings.ReplaceAll(o.path, "{"+p.Value.Name+"}", p.Value.Example.(string))
				}
			}
			if len(query) > 0 {
				o.path += "?" + query.Encode()
			}
			if of.RequestBody != nil {
				content := of.RequestBody.Value.Content
				o.body = example(cmp.Or(content["application/json"], content["*/*"]))
				o.anyBody = content["*/*"] != nil
				if o.id == "uploadAvatar" {
					var contentType string
					o.body, contentType = uploadBody(t, photo(t, 9, 9))
					o.header.Set("Content-Type", contentType)
				}
			}
			if o.operates {
				o.header.Set("Authorization", "Bearer "+service.AdminToken)
			}
			if o.id == "putDrawing" {
				o.header = creating()
			}
			all = append(all, o)
		}
	}
	return all
}

func example(m *openapi3.MediaType) any {
	if m == nil {
		return nil
	}
	for _, e := range m.Examples {
		return e.Value.Value
	}
	return m.Example
}
