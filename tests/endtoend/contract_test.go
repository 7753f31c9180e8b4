package endtoend

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
)

func TestTheContractIsTheSameInBothForms(t *testing.T) {
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
