package service

import (
	"encoding/json"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// CloseAnswers removes from a contract what lets its answers grow: objects in
// answers are closed and operations have no default response. So a test finds what
// the contract does not describe. It also closes objects in requests that have
// x-closed-in-requests, as these are in answers, too.
func CloseAnswers(doc *openapi3.T) {
	closed := map[*openapi3.Schema]bool{}
	for _, path := range doc.Paths.Map() {
		for _, operation := range path.Operations() {
			operation.Responses.Delete("default")
			for _, response := range operation.Responses.Map() {
				for _, media := range response.Value.Content {
					closeSchema(media.Schema, closed)
				}
			}
		}
	}
}

func closeSchema(ref *openapi3.SchemaRef, closed map[*openapi3.Schema]bool) {
	if ref == nil || closed[ref.Value] {
		return
	}
	schema := ref.Value
	closed[schema] = true
	if len(schema.Properties) > 0 && schema.AdditionalProperties.Has == nil {
		schema.AdditionalProperties.Has = new(false)
	}
	for _, property := range schema.Properties {
		closeSchema(property, closed)
	}
	for _, alternative := range schema.OneOf {
		closeSchema(alternative, closed)
	}
	closeSchema(schema.Items, closed)
}

// AddCredentials adds the headers of the security schemes that have an x-schema to
// the parameters of the operations: their rules are checked like those of others.
func AddCredentials(doc *openapi3.T) error {
	for _, path := range doc.Paths.Map() {
		for _, operation := range path.Operations() {
			if operation.Security == nil {
				continue
			}
			for _, name := range []string{"wxCode", "wxRawData", "wxSignature"} {
				if !slices.ContainsFunc(*operation.Security, func(r openapi3.SecurityRequirement) bool { return r[name] != nil }) {
					continue
				}
				scheme := doc.Components.SecuritySchemes[name].Value
				text, err := json.Marshal(scheme.Extensions["x-schema"])
				if err != nil {
					return err
				}
				var schema openapi3.Schema
				if err := json.Unmarshal(text, &schema); err != nil {
					return err
				}
				operation.AddParameter(&openapi3.Parameter{Name: scheme.Name, In: scheme.In, Schema: schema.NewRef()})
			}
		}
	}
	return nil
}
