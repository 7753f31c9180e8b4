package endtoend

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// Failures that befall any operation have the same answer from all of them.

func TestEveryOperationTellsWhoMayCall(t *testing.T) {
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

func TestEveryOperationLooksAtTheHeadersFirst(t *testing.T) {
	s := start(t)
	for _, o := range operations(t) {
		if o.in2017 {
			o.ask(t, s.Nobody(), header("X-Large", strings.Repeat("a", 70<<10))).ExpectPaintFailure(t, http.StatusRequestHeaderFieldsTooLarge, string(gen.ErrHeadersTooLarge))
			o.ask(t, s.Nobody(), header("Accept", "text/nothing")).ExpectPaintFailure(t, http.StatusNotAcceptable, string(gen.ErrNotAcceptable))
			continue
		}
		o.ask(t, s.Nobody(), header("X-Large", strings.Repeat("a", 70<<10))).ExpectProblem(t, http.StatusRequestHeaderFieldsTooLarge, gen.ErrHeadersTooLarge)
		if o.hasBody {
			o.ask(t, s.Nobody(), header("Accept", "text/nothing")).ExpectProblem(t, http.StatusNotAcceptable, gen.ErrNotAcceptable)
		}
	}
}

func TestEveryOperationOfAUserIsLimited(t *testing.T) {
	s := service.Start(t, service.Options{RedisURL: stores.Redis(t)[0].URL, MongoDBURI: stores.MongoDB(t)[0].URL, RequestsPerMinute: 1})
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

// operation is one of the contract's, with a request for it that keeps the contract.
type operation struct {
	id, method, path  string
	body              any
	header            http.Header
	hasCaller, in2017 bool
	hasBody           bool // of its success
}

func (o operation) ask(t *testing.T, c service.Caller, headers ...http.Header) service.Answer {
	t.Helper()
	return c.Do(t, o.method, o.path, o.body, append([]http.Header{o.header}, headers...)...)
}

// operations reads all operations and their examples from the contract.
func operations(t *testing.T) (all []operation) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(service.Root(), "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for at, item := range doc.Paths.Map() {
		for method, of := range item.Operations() {
			o := operation{
				id: of.OperationID, method: method, path: at, header: http.Header{},
				hasCaller: of.Security == nil || len(*of.Security) > 0,
				in2017:    strings.HasPrefix(at, "/applet/"),
				hasBody:   of.Responses.Value("406") != nil,
			}
			for _, p := range of.Parameters {
				if p.Value.In == openapi3.ParameterInPath {
					o.path = strings.ReplaceAll(o.path, "{"+p.Value.Name+"}", p.Value.Example.(string))
				}
			}
			if of.RequestBody != nil {
				o.body = example(of.RequestBody.Value.Content["application/json"])
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
	for _, e := range m.Examples {
		return e.Value.Value
	}
	return m.Example
}
