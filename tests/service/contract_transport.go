package service

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"onestroke/api/wire"
	"onestroke/tests/root"
)

// contractTransport sends requests and validates each answer against the contract.
type contractTransport struct {
	t        testing.TB
	basePath string
	doc      *openapi3.T
	routes   routers.Router
	next     http.RoundTripper
}

// newContractTransport returns a transport that fails the test when
//
//   - an answer has a status, a header, a content type or a body that the
//     contract does not have for its operation; that answers are open, and that
//     each operation has a default, is for clients;
//   - an answer to an unknown path or method is not an error in the documented form;
//   - an invalid request is answered with success.
//
// It does not check what is not part of the contract: the simulator, pages, and CORS
// preflight requests.
func newContractTransport(t testing.TB, basePath string, next http.RoundTripper) http.RoundTripper {
	t.Helper()
	registerFiles()
	read, _ := contracts.LoadOrStore(basePath, sync.OnceValues(func() (checked, error) { return readContract(t, basePath) }))
	c, err := read.(func() (checked, error))()
	if err != nil {
		t.Fatal(err)
	}
	return &contractTransport{t: t, basePath: basePath, doc: c.doc, routes: c.routes, next: next}
}

// contracts are what was read of the contract, by BASE_PATH: most tests start a
// service, and reading takes seconds with the race detector.
var contracts sync.Map

type checked struct {
	doc    *openapi3.T
	routes routers.Router
}

func readContract(t testing.TB, basePath string) (c checked, err error) {
	c.doc, err = openapi3.NewLoader().LoadFromData(bytes.ReplaceAll(contract(t), []byte(DefaultBasePath+"/"), []byte(basePath+"/")))
	if err != nil {
		return c, err
	}
	ReadJavaScriptText(c.doc)
	CloseAnswers(c.doc)
	if err := AddCredentials(c.doc); err != nil {
		return c, err
	}
	c.doc.Servers = nil // a service under test has another address
	c.routes, err = gorillamux.NewRouter(c.doc)
	return c, err
}

func (k *contractTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Path, "/simulator/") || r.URL.Path == "/docs" || strings.HasPrefix(r.URL.Path, "/docs/") || strings.HasPrefix(r.URL.Path, "/s/") || isPreflight(r) {
		return k.next.RoundTrip(r)
	}
	var sent []byte
	if _, stalls := r.Body.(*stalled); r.Body != nil && !stalls {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	response, err := k.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	if body, err = decoded(response, body); err != nil {
		return nil, err
	}
	if err := k.check(r, sent, response, body); err != nil {
		k.t.Errorf("%s %s was answered with %d, which violates the contract: %v\n%.500s", r.Method, r.URL.Path, response.StatusCode, err, body)
	}
	return response, nil
}

// decoded returns the body without its coding, which a request that asks for gzip
// itself gets.
func decoded(response *http.Response, body []byte) ([]byte, error) {
	if response.Header.Get("Content-Encoding") != "gzip" || len(body) == 0 {
		return body, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

func (k *contractTransport) check(r *http.Request, sent []byte, response *http.Response, body []byte) error {
	isHead := r.Method == http.MethodHead // GET without the body
	if isHead {
		r = r.Clone(r.Context())
		r.Method = http.MethodGet
	}
	route, pathParams, err := k.routes.FindRoute(r)
	if err != nil {
		return k.checkNoRoute(r, response, body, isHead)
	}
	if !isHead {
		meet(route.Operation.OperationID, response, body)
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: pathParams, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true, ExcludeReadOnlyValidations: true},
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 response.StatusCode,
		Header:                 response.Header,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, ExcludeResponseBody: isHead},
	})
	if err != nil {
		return err
	}
	if documented := route.Operation.Responses.Status(response.StatusCode); response.Header.Get("RateLimit") != "" && documented.Value.Headers["RateLimit"] == nil {
		return errors.New("the contract does not have RateLimit for this status")
	}
	if isHead {
		return nil
	}
	if isFailure(response, body) {
		return k.checkFailure(response, body)
	}
	if strings.EqualFold(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		sent = []byte(wire.ParseForm(string(sent)).Encode()) // the validator refuses forms that browsers read
	}
	r.Body, r.GetBody = io.NopCloser(bytes.NewReader(sent)), nil // the validator prefers GetBody
	withoutEmptyElements(r.Header)
	if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
		return fmt.Errorf("success for an invalid request: %w", err)
	}
	return nil
}

// withoutEmptyElements writes lists as the contract describes them. HTTP allows
// several lines and empty elements (RFC 9110, sections 5.3 and 5.6.1).
func withoutEmptyElements(h http.Header) {
	for _, name := range []string{"If-Match", "If-None-Match"} {
		list := strings.Trim(commas.ReplaceAllString(strings.Join(h.Values(name), ","), ","), ",")
		if h.Del(name); list != "" {
			h.Set(name, list)
		}
	}
}

var commas = regexp.MustCompile(`[ \t]*,[ \t,]*`)

// checkNoRoute validates the answer to a request that matches no operation: it must
// have the form of an error.
func (k *contractTransport) checkNoRoute(r *http.Request, response *http.Response, body []byte, isHead bool) error {
	schema, contentType := "Problem", "application/problem+json"
	// Programs of 2017 that use the default base path understand the form of 2017 only.
	if strings.HasPrefix(r.URL.Path, k.basePath+"/") || strings.HasPrefix(r.URL.Path, DefaultBasePath+"/") {
		schema, contentType = "PaintFailureAnswer", "application/json"
	}
	if got := response.Header.Get("Content-Type"); got != contentType {
		return fmt.Errorf("Content-Type is %q, not %s", got, contentType)
	}
	if response.StatusCode < 400 {
		return fmt.Errorf("success, but there is no such operation")
	}
	if response.StatusCode == http.StatusMethodNotAllowed && response.Header.Get("Allow") == "" {
		return fmt.Errorf("no Allow")
	}
	if isHead {
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	if err := k.doc.Components.Schemas[schema].Value.VisitJSON(value, openapi3.MultiErrors()); err != nil {
		return err
	}
	return k.checkFailure(response, body)
}

// checkFailure checks of an error what a schema cannot express: its status and its
// request id are those of the response, 401 and 503 have their headers, and the contract
// names the rules.
func (k *contractTransport) checkFailure(response *http.Response, body []byte) error {
	if response.Header.Get("X-Request-Id") == "" {
		return fmt.Errorf("no X-Request-Id")
	}
	if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
		return fmt.Errorf("no Retry-After")
	}
	if response.Header.Get("Content-Type") != "application/problem+json" {
		return nil
	}
	if response.StatusCode == http.StatusUnauthorized && response.Header.Get("WWW-Authenticate") == "" {
		return fmt.Errorf("no WWW-Authenticate")
	}
	var problem struct {
		Status   int
		Instance string
		Errors   []struct{ Rule string }
	}
	if err := json.Unmarshal(body, &problem); err != nil {
		return err
	}
	if problem.Status != response.StatusCode || problem.Instance != "urn:uuid:"+response.Header.Get("X-Request-Id") {
		return fmt.Errorf("the problem has status %d and instance %q", problem.Status, problem.Instance)
	}
	named := k.doc.Components.Schemas["FieldError"].Value.Properties["rule"].Value.Description
	for _, e := range problem.Errors {
		if !slices.Contains(schemaRules, e.Rule) && !strings.Contains(named, "`"+e.Rule+"`") {
			return fmt.Errorf("the contract does not name the rule %q", e.Rule)
		}
	}
	return nil
}

// schemaRules are the rules of JSON Schema that the contract uses. It names its own ones
// where it describes the rule of an error.
var schemaRules = []string{
	"additionalProperties", "enum", "format", "maximum", "maxItems", "maxLength", "minimum", "minItems", "minLength", "pattern", "required", "type",
}

// isFailure reports whether the answer is an error. In the form of 2017, an error
// can have status 200.
func isFailure(response *http.Response, body []byte) bool {
	return response.StatusCode >= 400 ||
		bytes.Contains(body, []byte(`"`+SessionMark+`":`)) || bytes.HasPrefix(body, []byte(`{"code":-1,`))
}

// isPreflight reports whether r is a CORS preflight request.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// registerFiles makes kin-openapi read these media types as files, as the contract
// describes them.
var registerFiles = sync.OnceFunc(func() {
	for _, mediaType := range []string{"application/x-ndjson", "image/jpeg", "image/png", "image/svg+xml", "application/yaml"} {
		openapi3filter.RegisterBodyDecoder(mediaType, openapi3filter.FileBodyDecoder)
	}
})

// contract reads openapi.yaml.
func contract(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root.Dir(), "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
