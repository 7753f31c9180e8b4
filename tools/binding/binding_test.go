package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// one is a contract with one body, and oneTypes what oapi-codegen makes of it.
const (
	one = `
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
      responses:
        '200':
          description: Done.
`
	oneTypes = "package gen\n\ntype AddThingJSONBody struct {\n\tName *string `json:\"name,omitempty\"`\n\tSizes *[]int32 `json:\"sizes,omitempty\"`\n}\n\n" +
		"type AddThingJSONRequestBody = AddThingJSONBody\n\ntype ServerInterface interface {\n\tAddThing(w http.ResponseWriter, r *http.Request)\n}\n"
)

func TestAKeywordThatCannotBeEnforcedFailsTheGenerator(t *testing.T) {
	for change, want := range map[[2]string]string{
		{"maxLength: 5", "maxLength: 5, multipleOf: 2"}:                                                                   "multipleOf: not supported",
		{"maxLength: 5", "enum: [a], nullable: true"}:                                                                     "enum of what may be null is not supported",
		{"format: int32", "format: int32, nullable: true"}:                                                                "null in an array is not supported",
		{"maxLength: 5", "oneOf: []"}:                                                                                     "oneOf: not supported",
		{"maxLength: 5", "format: email"}:                                                                                 `format "email" of string is not supported`,
		{"maxLength: 5", "format: uuid"}:                                                                                  "a uuid needs a pattern",
		{"maxLength: 5", "pattern: '(?=a)'"}:                                                                              "pattern: ",
		{"maxItems: 3", "uniqueItems: true"}:                                                                              "uniqueItems: not supported",
		{"maxLength: 5", "nullable: true, x-javascript-text: true"}:                                                       "x-javascript-text is supported for plain strings only",
		{"format: int32", "format: int16"}:                                                                                `format "int16" of integer is not supported`,
		{"type: integer, format: int32", "type: number"}:                                                                  `type "number" is not supported`,
		{"additionalProperties: false", "minProperties: 1"}:                                                               "minProperties: not supported",
		{"additionalProperties: false", "additionalProperties: {type: string}"}:                                           "additionalProperties: only false is supported",
		{"additionalProperties: false", "required: [nothing]"}:                                                            "required nothing is not among the properties",
		{"type: string, maxLength: 5", "$ref: 'other.yaml#/Name'"}:                                                        "leads out of the contract",
		{"type: string, maxLength: 5", "$ref: '#/components/schemas/Name'"}:                                               "leads nowhere",
		{"name: {type: string, maxLength: 5}", "age: {type: integer, format: int32}"}:                                     "type AddThingJSONBody has no field for age",
		{"application/json", "text/csv"}:                                                                                  "media type text/csv is not supported",
		{"application/json", "'*/*'"}:                                                                                     "a body of any media type (*/*) must be a string with format binary",
		{"required: true", "required: false"}:                                                                             "a body that may be left out is not supported",
		{"'200':", "4XX:"}:                                                                                                "response 4XX: is not supported; name each status",
		{"description: Done.", "description: Done.\n          headers: {X-Count: {schema: {type: integer}}}"}:             "header X-Count: only strings are supported",
		{"description: Done.", "description: Done.\n          headers: {Body: {schema: {type: string}}}"}:                 "a header cannot be called Body",
		{"description: Done.", "description: Done.\n          content: {application/json: {schema: {type: object}}}"}:     "the schema of a JSON body needs a name of its own under components",
		{"description: Done.", "description: Done.\n          content: {application/hal+json: {schema: {type: object}}}"}: "media type application/hal+json is not supported",
		{"description: Done.", "description: Done.\n          content: {text/a: {schema: {type: string}}, text/b: {schema: {type: string}}}"}:        "a schema of several needs a name of its own under components",
		{"operationId: addThing", "operationId: addThing\n      parameters: [{name: a, in: query, schema: {type: array, items: {type: string}}}]"}:   "parameter a: a parameter must be a string, an integer or a boolean",
		{"operationId: addThing", "operationId: addThing\n      parameters: [{name: a, in: query, style: form, schema: {type: string}}]"}:            "parameter a: style is not supported",
		{"description: Done.", "description: Done.\n          content: {text/a: {schema: {type: string}, x-itemSchema: {oneOf: [{type: object}]}}}"}: "x-itemSchema: a schema needs a name of its own under components",
		{"operationId: addThing", "operationId: getThing"}: "ServerInterface has no method for getThing",
		{"operationId: addThing", "description: a"}:        "operationId is missing",
	} {
		t.Run(change[1], func(t *testing.T) {
			err := runOn(t, strings.Replace(one, change[0], change[1], 1), t.TempDir())
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
		if err := runOn(t, one, dir); err != nil {
			t.Fatal(err)
		}
		var source []byte
		for _, name := range []string{"operations", "rules", "decoders", "encoders", "handlers"} {
			file, err := os.ReadFile(filepath.Join(dir, name+".gen.go"))
			if err != nil {
				t.Fatal(err)
			}
			source = append(source, file...)
		}
		if first != nil && !bytes.Equal(source, first) {
			t.Fatalf("is now\n%s\nand was\n%s", source, first)
		}
		first = source
	}
}

func runOn(t *testing.T, contract, dir string) error {
	t.Helper()
	contractFile := filepath.Join(dir, "openapi.yaml")
	for file, text := range map[string]string{contractFile: contract, filepath.Join(dir, "server.gen.go"): oneTypes} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return run(contractFile, dir)
}

// What is generated from testdata/small.yaml, which has everything that is
// supported, does what testdata/small_test.go expects of it.
func TestGeneratedCodeWorks(t *testing.T) {
	code := small(t)
	code.add("small_test.go", string(read(t, "testdata/small_test.go")))
	if output, err := code.compile(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if output, err := exec.Command(code.program()).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestWhatTheContractDoesNotHaveDoesNotCompile(t *testing.T) {
	code := small(t)
	source := "package gen_test\n\nimport gen \"onestroke/small\"\n\n"
	wrong := map[string]string{
		`_ = gen.PutThing201{}`:                       "undefined: gen.PutThing201",
		`_ = gen.PutThing404{}`:                       "undefined: gen.PutThing404",
		`_ = gen.PutThing200{Location: "/"}`:          "unknown field Location",
		`_ = gen.PutThing200{CacheControl: "public"}`: "unknown field CacheControl",
		`_ = gen.PutThing204{ETag: ""}`:               "unknown field ETag",
		`_ = gen.PutThing200{Body: gen.Refusal{}}`:    "cannot use gen.Refusal{}",
		`_ gen.PutThingAnswer = gen.AddNote200{}`:     "does not implement gen.PutThingAnswer",
		`_ gen.Handlers = struct{}{}`:                 "does not implement gen.Handlers",
	}
	for declaration := range wrong {
		source += "var " + declaration + "\n"
	}
	code.add("wrong_test.go", source)
	output, err := code.compile()
	if err == nil || strings.Count(output, "wrong_test.go:") != len(wrong) {
		t.Errorf("%v\n%s", err, output)
	}
	for declaration, want := range wrong {
		if !strings.Contains(output, want) {
			t.Errorf("%s: there is no error %q in\n%s", declaration, want, output)
		}
	}
}

// overlaid is the package onestroke/small, which the go command finds beside the
// project's own packages although its files are elsewhere.
type overlaid struct {
	t      *testing.T
	folder string
	files  map[string]string // the file that stands at a path
}

// small generates the package from testdata/small.yaml.
func small(t *testing.T) *overlaid {
	t.Helper()
	p := &overlaid{t, t.TempDir(), map[string]string{}}
	config := filepath.Join(p.folder, "oapi-codegen.yaml")
	settings := strings.Replace(string(read(t, "../oapi-codegen.server.yaml")), "../gen/server.gen.go", filepath.Join(p.folder, "server.gen.go"), 1)
	if err := os.WriteFile(config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command("go", "tool", "oapi-codegen", "-config", config, "testdata/small.yaml").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if err := run("testdata/small.yaml", p.folder); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(p.folder, "*.gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range made {
		p.add(filepath.Base(file), string(read(t, file)))
	}
	return p
}

func (p *overlaid) add(name, text string) {
	p.t.Helper()
	file := filepath.Join(p.folder, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	path, err := filepath.Abs(filepath.Join("../../small", name))
	if err != nil {
		p.t.Fatal(err)
	}
	p.files[path] = file
}

func (p *overlaid) program() string { return filepath.Join(p.folder, "small.test") }

// compile compiles the package with its tests.
func (p *overlaid) compile() (output string, err error) {
	p.t.Helper()
	text, err := json.Marshal(map[string]any{"Replace": p.files})
	if err != nil {
		p.t.Fatal(err)
	}
	overlay := filepath.Join(p.folder, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		p.t.Fatal(err)
	}
	command := exec.Command("go", "test", "-c", "-vet=off", "-gcflags=-e", "-overlay", overlay, "-o", p.program(), "onestroke/small")
	command.Dir = "../.."
	made, err := command.CombinedOutput()
	return string(made), err
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
