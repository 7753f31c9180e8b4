package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"onestroke/gen"
)

// parameter is one parameter of an operation. All of the contract's are single
// strings, integers or booleans.
type parameter struct {
	name, key string // as the contract spells it, as net/http does
	in        string
	required  bool
	schema    *openapi3.Schema
}

func newParameter(p *openapi3.Parameter) parameter {
	key := p.Name
	if p.In == openapi3.ParameterInHeader {
		key = http.CanonicalHeaderKey(p.Name)
	}
	schema := p.Schema.Value
	return parameter{name: p.Name, key: key, in: p.In, required: p.Required, schema: schema}
}

// validate holds a request against the contract, before anything is bound. The
// body can be read again afterwards.
func (o *operation) validate(r *http.Request) error {
	var fields []gen.FieldError
	query := r.URL.Query()
	for _, p := range o.parameters {
		fields = append(fields, p.check(r, query)...)
	}
	if fields != nil {
		return invalidRequest(fields...)
	}
	if len(o.bodies) == 0 {
		return nil
	}
	return o.validateBody(r)
}

// checkSessionHeaders holds the headers that tell who is calling against the
// contract. They are needed before everything else is looked at.
func (o *operation) checkSessionHeaders(r *http.Request) (fields []gen.FieldError) {
	for _, p := range o.parameters {
		switch p.key {
		case headerCode, headerRawData, headerSignature:
			fields = append(fields, p.check(r, nil)...)
		}
	}
	return fields
}

func (p parameter) check(r *http.Request, query url.Values) []gen.FieldError {
	var values []string
	switch p.in {
	case openapi3.ParameterInHeader:
		values = r.Header[p.key]
	case openapi3.ParameterInQuery:
		values = query[p.key]
	case openapi3.ParameterInPath:
		values = []string{r.PathValue(p.key)}
	}
	switch {
	case len(values) == 0 && !p.required:
		return nil
	case len(values) == 0:
		return []gen.FieldError{{Field: p.name, Rule: "required", Detail: "is missing"}}
	case len(values) > 1:
		return []gen.FieldError{{Field: p.name, Rule: "duplicate", Detail: "must be there once only"}}
	}
	var value any = values[0]
	switch {
	case p.schema.Type.Is(openapi3.TypeInteger):
		n, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil {
			return []gen.FieldError{{Field: p.name, Rule: "type", Detail: "must be an integer"}}
		}
		value = float64(n)
	case p.schema.Type.Is(openapi3.TypeBoolean):
		if values[0] != "true" && values[0] != "false" {
			return []gen.FieldError{{Field: p.name, Rule: "type", Detail: "must be true or false"}}
		}
		value = values[0] == "true"
	}
	return fieldErrors(p.name, p.schema.VisitJSON(value, openapi3.MultiErrors()))
}

func (o *operation) validateBody(r *http.Request) error {
	mediaType, schema, err := o.bodySchema(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return tooLarge
	}
	if err != nil {
		return invalidRequest(gen.FieldError{Field: "body", Rule: "complete", Detail: "ended before it was complete"})
	}
	value, fields := decode(schema, mediaType, text)
	if fields == nil {
		fields = append(caseErrors(schema, value), fieldErrors("", schema.VisitJSON(value, openapi3.MultiErrors()))...)
	}
	if fields != nil {
		return invalidRequest(fields...)
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	return nil
}

// decode reads a body as the plain values that a schema can be held against.
func decode(schema *openapi3.Schema, mediaType string, text []byte) (any, []gen.FieldError) {
	if len(text) == 0 && mediaType != formType { // an empty form is a form
		return nil, []gen.FieldError{{Field: "body", Rule: "required", Detail: "is missing"}}
	}
	if !utf8.Valid(text) {
		return nil, []gen.FieldError{{Field: "body", Rule: "utf8", Detail: "must be UTF-8"}}
	}
	if mediaType == formType {
		return decodeForm(schema, string(text))
	}
	var value any
	err := json.Unmarshal(text, &value)
	var syntax *jsontext.SyntacticError
	switch {
	case err == nil:
		return value, nil
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntax):
		return nil, []gen.FieldError{{Field: fieldName(pointer(syntax.JSONPointer)), Rule: "duplicate", Detail: "must be there once only"}}
	case errors.As(err, &syntax):
		return nil, []gen.FieldError{{Field: "body", Rule: "json", Detail: fmt.Sprintf("must be JSON, and is not from byte %d on", syntax.ByteOffset)}}
	default:
		return nil, []gen.FieldError{{Field: "body", Rule: "json", Detail: "must be JSON"}}
	}
}

const formType = "application/x-www-form-urlencoded"

func decodeForm(schema *openapi3.Schema, text string) (any, []gen.FieldError) {
	form, err := url.ParseQuery(text)
	if err != nil {
		return nil, []gen.FieldError{{Field: "body", Rule: "form", Detail: "must be application/x-www-form-urlencoded"}}
	}
	value := make(map[string]any, len(form))
	for name, values := range form {
		switch {
		case len(values) > 1 && schema.Properties[name] != nil: // what else is sent is ignored
			return nil, []gen.FieldError{{Field: cut(name, 64), Rule: "duplicate", Detail: "must be there once only"}}
		case !utf8.ValidString(values[0]):
			return nil, []gen.FieldError{{Field: cut(name, 64), Rule: "utf8", Detail: "must be UTF-8"}}
		}
		value[name] = values[0]
	}
	return value, nil
}

// caseErrors finds members that differ from one of the contract's by case only.
// The generated binding would take one for the other, unseen by a schema that
// is open to other members.
func caseErrors(schema *openapi3.Schema, value any) (fields []gen.FieldError) {
	if more := schema.AdditionalProperties.Has; more != nil && !*more {
		return nil
	}
	members, _ := value.(map[string]any)
	for name := range members {
		if _, exact := schema.Properties[name]; exact {
			continue
		}
		for known := range schema.Properties {
			if strings.EqualFold(name, known) {
				fields = append(fields, gen.FieldError{Field: cut(name, 64), Rule: "additionalProperties", Detail: "is not a member; " + known + " is"})
			}
		}
	}
	return fields
}

// fieldErrors tells what the schema found, in the contract's words. field is
// what was held against it: a parameter's name, empty for the body.
func fieldErrors(field string, err error) []gen.FieldError {
	var (
		several openapi3.MultiError
		one     *openapi3.SchemaError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &several):
		var fields []gen.FieldError
		for _, e := range several {
			if fields = append(fields, fieldErrors(field, e)...); len(fields) >= maxFieldErrors {
				break
			}
		}
		return fields
	case errors.As(err, &one):
		path := one.JSONPointer()
		if name, ok := unknownMember(one); ok {
			path = append(path, name)
		}
		if field != "" {
			path = append([]string{field}, path...)
		}
		rule, detail := broken(one)
		return []gen.FieldError{{Field: fieldName(path), Rule: rule, Detail: cut(detail, 512)}}
	default:
		return []gen.FieldError{{Field: fieldName([]string{field}), Rule: "schema", Detail: "is not what the contract asks for"}}
	}
}

// unknownMember tells which member of an object the schema does not have. The
// library has its name in words only.
func unknownMember(e *openapi3.SchemaError) (name string, ok bool) {
	if e.SchemaField != "properties" {
		return "", false
	}
	_, err := fmt.Sscanf(e.Reason, "property %q is unsupported", &name)
	return name, err == nil
}

// broken says which rule of the schema is broken. It never quotes the value,
// which may be a secret.
func broken(e *openapi3.SchemaError) (rule, detail string) {
	s := e.Schema
	switch e.SchemaField {
	case "type":
		return "type", "must be " + withArticle(strings.Join(s.Type.Slice(), " or "))
	case "nullable":
		return "type", "must not be null"
	case "required":
		return "required", "is missing"
	case "properties":
		return "additionalProperties", "is not a member"
	case "enum":
		allowed := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			allowed[i] = fmt.Sprint(v)
		}
		return "enum", "must be " + strings.Join(allowed, " or ")
	case "minimum":
		return "minimum", fmt.Sprintf("must be at least %.0f", *s.Min)
	case "maximum":
		return "maximum", fmt.Sprintf("must be at most %.0f", *s.Max)
	case "minLength":
		return "minLength", fmt.Sprintf("must have at least %d characters", s.MinLength)
	case "maxLength":
		return "maxLength", fmt.Sprintf("must have at most %d characters", *s.MaxLength)
	case "minItems":
		return "minItems", fmt.Sprintf("must have at least %d values", s.MinItems)
	case "maxItems":
		return "maxItems", fmt.Sprintf("must have at most %d values", *s.MaxItems)
	case "pattern":
		return "pattern", "must match " + s.Pattern
	case "format":
		if s.Format == "int32" {
			return "format", "must fit into 32 bits"
		}
		return "format", "must be " + withArticle(s.Format)
	default:
		return e.SchemaField, e.Reason
	}
}

func withArticle(noun string) string {
	if strings.ContainsRune("aeio", rune(noun[0])) { // not "a uuid"
		return "an " + noun
	}
	return "a " + noun
}

// fieldName spells a path as the contract does: strokes[3].y. No path at all is the body.
func fieldName(path []string) string {
	var b strings.Builder
	for _, step := range path {
		if _, err := strconv.Atoi(step); err == nil && b.Len() > 0 {
			b.WriteString("[" + step + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(cut(step, 64))
	}
	if b.Len() == 0 {
		return "body"
	}
	return cut(b.String(), 256)
}

// pointer splits a JSON pointer (RFC 6901) into its steps.
func pointer(p jsontext.Pointer) (path []string) {
	for step := range p.Tokens() {
		path = append(path, step)
	}
	return path
}

// contractName spells a header as the contract does.
func contractName(canonical string) string {
	switch canonical {
	case headerCode:
		return "X-WX-Code"
	case headerRawData:
		return "X-WX-RawData"
	case headerSignature:
		return "X-WX-Signature"
	case "Etag":
		return "ETag"
	default:
		return canonical
	}
}
