package endtoend

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	"onestroke/gen"
	"onestroke/tests/service"
)

func TestTheContractIsTheSameInBothForms(t *testing.T) {
	t.Parallel()
	s := start(t)
	asYAML := s.Nobody().Do(t, http.MethodGet, "/openapi.yaml", nil)
	asJSON := s.Nobody().Do(t, http.MethodGet, "/openapi.json", nil)
	for _, answer := range [][]byte{asYAML.Body, asJSON.Body} {
		doc, err := openapi3.NewLoader().LoadFromData(answer)
		if err != nil {
			t.Fatal(err)
		}
		if err := doc.Validate(t.Context()); err != nil {
			t.Error(err)
		}
	}
	var fromYAML, fromJSON any
	if err := yaml.Unmarshal(asYAML.Body, &fromYAML); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(fromYAML)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &fromYAML); err != nil {
		t.Fatal(err)
	}
	asJSON.Decode(t, &fromJSON)
	if !reflect.DeepEqual(fromYAML, fromJSON) {
		t.Error("YAML and JSON differ")
	}
	var jsonAsYAML any
	if err := yaml.Unmarshal(asJSON.Body, &jsonAsYAML); err != nil {
		t.Errorf("a program that reads JSON as YAML: %v", err)
	}
}

func TestTheContractForNewProgramsIsThatOfTheServiceWithout2017(t *testing.T) {
	t.Parallel()
	s := start(t)
	whole := contractAt(t, s, "/openapi.json")
	current := contractAt(t, s, "/openapi-v1.json")
	if err := current.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	for path, item := range whole.Paths.Map() {
		for method, operation := range item.Operations() {
			is2017 := slices.Contains(operation.Tags, "paints")
			var found *openapi3.Operation
			if there := current.Paths.Value(path); there != nil {
				found = there.GetOperation(method)
			}
			if (found == nil) != is2017 {
				t.Errorf("%s %s is there: %t", method, path, found != nil)
			}
		}
	}
	refused := current.Components.Responses["Unauthorized"].Value
	if codes := refused.Extensions["x-error-codes"]; !reflect.DeepEqual(codes, []any{"ERR_LOGIN_REQUIRED", "ERR_SESSION_EXPIRED"}) {
		t.Errorf("the error codes of 401 are %v", codes)
	}
	text := string(s.Nobody().Do(t, http.MethodGet, "/openapi-v1.yaml", nil).Body)
	for _, gone := range []string{"x-2017", "/applet/", "Paint", "apiKey", "SessionMark", "SessionError", "X-WX-", service.SessionMark, "x-www-form-urlencoded"} {
		if strings.Contains(text, gone) {
			t.Errorf("%s is there", gone)
		}
	}
	for language, overview := range map[string]any{"English": current.Info.Description, "Chinese": current.Info.Extensions["x-description-zh"]} {
		if text, ok := overview.(string); !ok || strings.Contains(text, "2017") {
			t.Errorf("the %s overview speaks of 2017", language)
		}
	}
	for name := range current.Components.Schemas {
		if !strings.Contains(text, "'#/components/schemas/"+name+"'") {
			t.Errorf("nothing refers to the schema %s", name)
		}
	}
	for _, at := range []string{"/openapi.yaml", "/openapi.json", "/openapi-v1.yaml", "/openapi-v1.json"} {
		doc := contractAt(t, s, at)
		if len(doc.Servers) != 1 || doc.Servers[0].URL != "/" {
			t.Errorf("the servers of %s are %v", at, doc.Servers)
		}
		tag := s.Nobody().Do(t, http.MethodGet, at, nil).Header.Get("ETag")
		s.Nobody().Do(t, http.MethodGet, at, nil, header("If-None-Match", tag)).Expect(t, http.StatusNotModified)
		s.Nobody().Do(t, http.MethodGet, at, nil, header("If-None-Match", "no tag")).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
	}
}

func contractAt(t *testing.T, s *service.Local, path string) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(s.Nobody().Do(t, http.MethodGet, path, nil).Body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestThePathsOf2017SayThatTheyAreDeprecated(t *testing.T) {
	s := start(t)
	for _, request := range [][2]string{{http.MethodGet, "/paints/list"}, {http.MethodPut, "/paints/list"}, {http.MethodGet, "/paints/more"}} {
		h := s.Nobody().Do(t, request[0], service.DefaultBasePath+request[1], nil).Header
		if h.Get("Deprecation") != "@1795651200" || !strings.Contains(h.Get("Link"), `rel="deprecation"`) {
			t.Errorf("%s: %v", request, h)
		}
	}
	if h := s.Nobody().Do(t, http.MethodGet, "/v1/session", nil).Header; h.Get("Deprecation") != "" {
		t.Errorf("/v1: %v", h)
	}
}

func TestHealthChecksOfAWorkingService(t *testing.T) {
	s := start(t)
	for at, body := range map[string]string{"/livez": `{"status":"live"}`, "/readyz": `{"status":"ready"}`} {
		answer := s.Nobody().Do(t, http.MethodGet, at, nil)
		answer.Expect(t, http.StatusOK)
		var got, want any
		answer.Decode(t, &got)
		if err := json.Unmarshal([]byte(body), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s", at, answer.Body)
		}
		s.Nobody().Do(t, http.MethodHead, at, nil).Expect(t, http.StatusOK)
	}
}
