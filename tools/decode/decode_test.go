package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// small is a contract with one body, and the types that oapi-codegen would make of it.
const (
	small = `
paths:
  /things:
    post:
      operationId: addThing
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              properties:
                name: {type: string, maxLength: 5}
                sizes: {type: array, maxItems: 3, items: {type: integer, format: int32}}
`
	smallTypes = "package gen\n\ntype AddThingJSONBody struct {\n\tName *string `json:\"name,omitempty\"`\n\tSizes *[]int32 `json:\"sizes,omitempty\"`\n}\n\n" +
		"type AddThingJSONRequestBody = AddThingJSONBody\n\ntype AddThingRequestObject struct {\n\tBody *AddThingJSONRequestBody\n}\n"
)

func TestAKeywordThatCannotBeEnforcedFailsTheGenerator(t *testing.T) {
	for change, want := range map[[2]string]string{
		{"maxLength: 5", "maxLength: 5, multipleOf: 2"}:                               "multipleOf: not supported",
		{"maxLength: 5", "maxLength: 5, nullable: true"}:                              "nullable: not supported",
		{"maxLength: 5", "oneOf: []"}:                                                 "oneOf: not supported",
		{"maxLength: 5", "format: email"}:                                             `format "email" of string is not supported`,
		{"maxLength: 5", "format: uuid"}:                                              "a uuid needs a pattern",
		{"maxLength: 5", "pattern: '(?=a)'"}:                                          "pattern: ",
		{"maxItems: 3", "uniqueItems: true"}:                                          "uniqueItems: not supported",
		{"format: int32", "format: int64"}:                                            `format "int64" of integer is not supported`,
		{"type: integer, format: int32", "type: number"}:                              `type "number" is not supported`,
		{"type: integer, format: int32", "type: boolean"}:                             "an array of boolean is not supported",
		{"additionalProperties: false", "minProperties: 1"}:                           "minProperties: not supported",
		{"additionalProperties: false", "additionalProperties: {type: string}"}:       "additionalProperties: only false is supported",
		{"additionalProperties: false", "required: [nothing]"}:                        "required nothing is not among the properties",
		{"type: string, maxLength: 5", "$ref: 'other.yaml#/Name'"}:                    "leads out of the contract",
		{"type: string, maxLength: 5", "$ref: '#/components/schemas/Name'"}:           "leads nowhere",
		{"name: {type: string, maxLength: 5}", "age: {type: integer, format: int32}"}: "type AddThingJSONBody has no field for age",
		{"application/json", "text/csv"}:                                              "media type text/csv is not supported",
		{"required: true", "required: false"}:                                         "a body that may be left out is not supported",
	} {
		t.Run(change[1], func(t *testing.T) {
			err := generate(t, strings.Replace(small, change[0], change[1], 1), t.TempDir())
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error is %v, not %q", err, want)
			}
		})
	}
}

func TestAContractIsGeneratedTheSameEachTime(t *testing.T) {
	var first []byte
	for range 5 {
		dir := t.TempDir()
		if err := generate(t, small, dir); err != nil {
			t.Fatal(err)
		}
		source, err := os.ReadFile(filepath.Join(dir, "bodies.gen.go"))
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(source, first) {
			t.Fatalf("is now\n%s\nand was\n%s", source, first)
		}
		first = source
	}
}

func generate(t *testing.T, contract, dir string) error {
	t.Helper()
	contractFile := filepath.Join(dir, "openapi.yaml")
	for file, text := range map[string]string{contractFile: contract, filepath.Join(dir, "server.gen.go"): smallTypes} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return run(contractFile, dir)
}
