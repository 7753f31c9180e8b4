package validation

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"onestroke/api/wire"
	"onestroke/gen"
)

// body reads the body of an operation in one media type.
type body func(text []byte) (any, error)

func jsonOf[T any](read func(*T, *wire.Decoder)) body {
	return func(text []byte) (any, error) { return wire.Decode(text, read) }
}

func formOf[T any](read func(*T, *wire.Form)) body {
	return func(text []byte) (any, error) { return wire.DecodeForm(text, read) }
}

// jsonBodies and formBodies read the bodies of all operations that have one.
var (
	jsonBodies = map[string]body{
		"POST /v1/session":                                   jsonOf((*gen.LoginRequest).DecodeJSON),
		"PUT /v1/drawings/{id}":                              jsonOf((*gen.DrawingContent).DecodeJSON),
		"POST /v1/shared/{token}/reports":                    jsonOf((*gen.Report).DecodeJSON),
		"POST /v1/admin/checks/{kind}/{user}/{id}/decisions": jsonOf((*gen.Decision).DecodeJSON),
		"PUT /v1/admin/users/{user}/suspension":              jsonOf((*gen.SuspensionChange).DecodeJSON),
		"PUT /v1/profile":                                    jsonOf((*gen.ProfileUpdate).DecodeJSON),
		"POST /applet/session/paints/save":                   jsonOf((*gen.PaintSave).DecodeJSON),
		"POST /applet/session/paints/delete":                 jsonOf((*gen.PaintDelete).DecodeJSON),
	}
	formBodies = map[string]body{
		"POST /applet/session/paints/save":   formOf((*gen.PaintSave).DecodeForm),
		"POST /applet/session/paints/delete": formOf((*gen.PaintDelete).DecodeForm),
	}
)

func TestEveryBodyOfTheContractIsChecked(t *testing.T) {
	for route, o := range gen.Operations {
		for mediaType, bodies := range map[string]map[string]body{
			"application/json": jsonBodies, "application/x-www-form-urlencoded": formBodies,
		} {
			if slices.Contains(o.Consumes, mediaType) != (bodies[route] != nil) {
				t.Errorf("%s: its %s is not among the bodies here", route, mediaType)
			}
		}
	}
}

// FuzzBodiesAgree sends each JSON body through the generated decoder and through
// kin-openapi: they must agree on whether the contract allows it, and on what it says.
func FuzzBodiesAgree(f *testing.F) {
	for _, seed := range bodySeeds() {
		for route := range jsonBodies {
			f.Add(route, []byte(seed))
		}
	}
	doc := contract(f)
	f.Fuzz(func(t *testing.T, route string, text []byte) {
		read := jsonBodies[route]
		if read == nil {
			return
		}
		schema := bodySchema(doc, route, "application/json")
		value, ok := readJSON(text)
		ok = ok && allows(schema, value)
		body, err := read(text)
		if ok != (err == nil) {
			t.Fatalf("the contract allows it: %t; the decoder says: %v\n%s", ok, err, text)
		}
		if err == nil && !reflect.DeepEqual(known(schema, value), asValue(t, body)) {
			t.Fatalf("read as %v\nis %s", asValue(t, body), text)
		}
		if invalid := (*wire.InvalidError)(nil); errors.As(err, &invalid) {
			checkFindings(t, invalid.Fields)
		}
	})
}

// FuzzFormsAgree is [FuzzBodiesAgree] for forms.
func FuzzFormsAgree(f *testing.F) {
	for _, seed := range []string{
		"id=a&actions=b", "id=a", "actions=", "", "id=a&id=b", "ID=a&actions=b", "id=a&more=b&more=c", "id=a&more=b", "id=%ff", "%ff=a", "id=%f",
		"id=a;actions=b", "id=" + strings.Repeat("a", 64), "id=" + strings.Repeat("a", 65), "id=" + strings.Repeat("%E4%B8%80", 64), "id=a+b%2B",
	} {
		f.Add("POST /applet/session/paints/save", seed)
		f.Add("POST /applet/session/paints/delete", seed)
	}
	doc := contract(f)
	f.Fuzz(func(t *testing.T, route, text string) {
		read := formBodies[route]
		if read == nil {
			return
		}
		schema := bodySchema(doc, route, "application/x-www-form-urlencoded")
		value, ok := readForm(schema, text)
		ok = ok && allows(schema, value)
		_, err := read([]byte(text))
		if ok != (err == nil) {
			t.Fatalf("the contract allows it: %t; we say: %v\n%q", ok, err, text)
		}
		if invalid := (*wire.InvalidError)(nil); errors.As(err, &invalid) {
			checkFindings(t, invalid.Fields)
		}
	})
}

// FuzzParametersAgree validates a value as each parameter of the contract, with the
// generated code and with kin-openapi.
func FuzzParametersAgree(f *testing.F) {
	for _, seed := range []string{
		"", "0", "1", "15", "16", "100", "101", "2048", "2049", "-1", "+5", "007", "1.0", "1e2", "2147483648", "9223372036854775808", " 1", "١",
		"true", "false", "True", "1e0", "t", "svg", "none", "NONE", "null",
		"6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2", "6F1D2C3B-4A59-4E68-8D77-8C96A5B4C3D2", "6f1d2c3b4a594e688d778c96a5b4c3d2", "{6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2}",
		"*", `"a"`, `W/"a"`, `"a", "b"`, `"a`, `a`, `"",`, `"a b"`, "5mC3xQ8kT1uB7nR2sV9wYA", "kT1uB7nR2sV9wYA5mC3xQ8Zd", "AZqKp3Y\n", "\xff", "一", strings.Repeat("a", 256), strings.Repeat("一", 257),
		strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("a", 128), strings.Repeat("\xff", 513),
	} {
		f.Add(seed)
	}
	doc := contract(f)
	f.Fuzz(func(t *testing.T, text string) {
		for route, o := range gen.Operations {
			method, path, _ := strings.Cut(route, " ")
			for i := range o.Parameters {
				p := &o.Parameters[i]
				theirs := doc.Paths.Value(path).GetOperation(method).Parameters.GetByInAndName(p.In, p.Name)
				findings := p.Check([]string{text})
				if ok := allowsParameter(theirs, text); ok != (findings == nil) {
					t.Fatalf("%s, %s: the contract allows %q: %t; we say: %v", route, p.Name, text, ok, findings)
				}
				checkFindings(t, findings)
			}
		}
	})
}

func TestEachParameterOfTheContractIsValidated(t *testing.T) {
	for path, item := range contract(t).Paths.Map() {
		for method, theirs := range item.Operations() {
			ours, ok := gen.Operations[method+" "+path]
			if !ok || len(ours.Parameters) != len(theirs.Parameters) {
				t.Errorf("%s %s: %d parameters here, %d in the contract", method, path, len(ours.Parameters), len(theirs.Parameters))
			}
			for i, p := range theirs.Parameters {
				o := &ours.Parameters[i]
				if o.Name != p.Value.Name || o.In != p.Value.In || (o.Check(nil) != nil) != p.Value.Required {
					t.Errorf("%s %s: parameter %d is %+v", method, path, i, o)
				}
				if twice := o.Check([]string{"1", "1"}); len(twice) != 1 || twice[0].Rule != "duplicate" {
					t.Errorf("%s %s: %s twice: %v", method, path, o.Name, twice)
				}
			}
		}
	}
}

func bodySchema(doc *openapi3.T, route, mediaType string) *openapi3.Schema {
	method, path, _ := strings.Cut(route, " ")
	return doc.Paths.Value(path).GetOperation(method).RequestBody.Value.Content[mediaType].Schema.Value
}

// asValue returns a body as a JSON value.
func asValue(t *testing.T, body any) (value any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// checkFindings checks findings against the contract.
func checkFindings(t *testing.T, fields []wire.FieldError) {
	t.Helper()
	if len(fields) > 20 {
		t.Fatalf("%d findings", len(fields))
	}
	for _, f := range fields {
		if len([]rune(f.Field)) > 256 || len([]rune(f.Detail)) > 512 || f.Rule == "" || f.Detail == "" {
			t.Fatalf("a finding that the contract does not allow: %+v", f)
		}
	}
}
