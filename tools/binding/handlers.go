package main

import (
	"errors"
	"fmt"
	"go/ast"
	"net/http"
	"strconv"
	"strings"
)

// handlerWriter writes the interface that handlers fulfil, their requests and
// responses, and the code that binds them to the ServerInterface of oapi-codegen.
type handlerWriter struct {
	types     goTypes
	decoders  *decoderWriter
	encoders  *encoderWriter
	methods   strings.Builder // of the interface
	requests  strings.Builder
	responses strings.Builder
	bindings  strings.Builder
}

func (w *handlerWriter) String() string {
	return `// Handlers are the operations of the contract. A handler gets a request that obeys
// the contract. It returns one of the operation's responses, or an error, which
// [Options].Fail turns into an answer.
type Handlers interface {
` + w.methods.String() + `}

// Options are what the binding needs beside the handlers.
type Options struct {
	// Admit is called for each request that obeys the contract, before its
	// handler. An error ends the request.
	Admit func(*http.Request) error
	// Fail answers a request with an error. Part of an answer may have been sent
	// before: a stream can fail after its beginning.
	Fail func(http.ResponseWriter, *http.Request, error)
}

// Bind makes handlers out of functions on decoded requests: it reads and checks
// bodies, and writes responses.
func Bind(h Handlers, o Options) ServerInterface { return &binding{h, o} }

type binding struct {
	handlers Handlers
	Options
}
` + w.requests.String() + w.responses.String() + w.bindings.String()
}

// operation writes what belongs to one operation.
func (w *handlerWriter) operation(o operation) error {
	name, parameters, err := w.types.method(o.id)
	if err != nil {
		return err
	}
	fmt.Fprintf(&w.methods, "%[1]s(context.Context, %[1]sRequest) (%[1]sAnswer, error)\n", name)

	var fields, arguments, given strings.Builder
	for _, p := range parameters {
		argument, typ := p.Names[0].Name, typeName(p.Type)
		field := goName(argument)
		fmt.Fprintf(&fields, "%s %s\n", field, typ)
		fmt.Fprintf(&arguments, ", %s %s", argument, typ)
		fmt.Fprintf(&given, "%s: %s, ", field, argument)
	}
	read, err := w.body(o, name, &fields)
	if err != nil {
		return err
	}
	fmt.Fprintf(&w.requests, "\n// %[1]sRequest is a request of %[2]s.\ntype %[1]sRequest %[3]s\n", name, o.route, structOf(fields.String()))
	fmt.Fprintf(&w.responses, "\n// %[1]sAnswer is one of the responses to %[2]s.\ntype %[1]sAnswer interface {\nwrite%[1]s(http.ResponseWriter) error\n}\n", name, o.route)
	for _, a := range o.answers {
		if err := w.response(name, o.route, a); err != nil {
			return fmt.Errorf("response %d: %w", a.status, err)
		}
	}
	fmt.Fprintf(&w.bindings, `
func (b *binding) %[1]s(w http.ResponseWriter, r *http.Request%[2]s) {
	if err := b.serve%[1]s(w, r, %[1]sRequest{%[3]s}); err != nil {
		b.Fail(w, r, err)
	}
}

func (b *binding) serve%[1]s(w http.ResponseWriter, r *http.Request, request %[1]sRequest) error {
	%[4]sif err := b.Admit(r); err != nil {
		return err
	}
	answer, err := b.handlers.%[1]s(r.Context(), request)
	if err != nil {
		return err
	}
	return answer.write%[1]s(w)
}
`, name, arguments.String(), strings.TrimSuffix(given.String(), ", "), read)
	return nil
}

// body adds the field for the body of a request, and returns the statements that
// read it.
func (w *handlerWriter) body(o operation, name string, fields *strings.Builder) (string, error) {
	if o.anyBody {
		fields.WriteString("ContentType string\nBody []byte\n")
		read := "request.ContentType, request.Body, err = wire.ReadAnyBody(r)"
		if o.consumes[0] == multipartType {
			read = fmt.Sprintf("request.ContentType = r.Header.Get(\"Content-Type\")\n_, request.Body, err = wire.ReadBody(r, %q)", multipartType)
		}
		return `var err error
	` + read + `
	if err != nil {
		return err
	}
	`, nil
	}
	if o.body == nil {
		return "", nil
	}
	var goType string
	var reads, types strings.Builder
	for _, mediaType := range o.consumes {
		kind, method, write := "JSON", "Decode", w.decoders.object
		if mediaType == formType {
			kind, method, write = "Formdata", "DecodeForm", w.decoders.form
		}
		body := name + kind + "RequestBody"
		if _, ok := w.types[body]; !ok {
			return "", fmt.Errorf("there is no type %s", body)
		}
		goType = typeName(w.types.resolve(ast.NewIdent(body)))
		if err := write(o.body, goType); err != nil {
			return "", err
		}
		decode := "DecodeJSON"
		if mediaType == formType {
			decode = "DecodeForm"
		}
		fmt.Fprintf(&types, ", %q", mediaType)
		fmt.Fprintf(&reads, "case %q:\nrequest.Body, err = wire.%s(text, (*%s).%s)\n", mediaType, method, goType, decode)
	}
	fmt.Fprintf(fields, "Body *%s\n", goType)
	return fmt.Sprintf(`mediaType, text, err := wire.ReadBody(r%s)
	if err != nil {
		return err
	}
	switch mediaType {
	%s}
	if err != nil {
		return err
	}
	`, types.String(), reads.String()), nil
}

// response writes the type of one response and the method that sends it.
func (w *handlerWriter) response(name, route string, a answer) error {
	typ := fmt.Sprintf("%s%d", name, a.status)
	if a.several {
		typ += upperFirst(a.name())
	}
	var fields, send strings.Builder
	for _, h := range a.headers {
		if h.constant != "" {
			continue
		}
		field := goName(h.name)
		if field == "Body" {
			return errors.New("a header cannot be called Body")
		}
		comment := ""
		if h.required {
			comment = " // required"
			fmt.Fprintf(&send, "if a.%s == \"\" {\nreturn &wire.HeaderError{Response: %q, Header: %q}\n}\n", field, typ, h.name)
		}
		fmt.Fprintf(&fields, "%s string%s\n", field, comment)
	}
	for _, h := range a.headers {
		value := "a." + goName(h.name)
		if h.constant != "" {
			value = strconv.Quote(h.constant)
		}
		fmt.Fprintf(&send, "wire.SetHeader(w.Header(), %q, %s)\n", http.CanonicalHeaderKey(h.name), value)
	}
	if err := w.content(a, &fields, &send); err != nil {
		return err
	}
	fmt.Fprintf(&w.responses, `
// %[1]s is the response with status %[3]d to %[2]s.
type %[1]s %[4]s

func (a %[1]s) write%[5]s(w http.ResponseWriter) error {
	%[6]s}
`, typ, route, a.status, structOf(fields.String()), name, send.String())
	return nil
}

// content adds the fields for the body of a response, and the statements that send
// it.
func (w *handlerWriter) content(a answer, fields, send *strings.Builder) error {
	switch {
	case a.status == http.StatusNotModified:
		fmt.Fprint(send, "wire.NotModified(w)\nreturn nil\n")
		return nil
	case a.mediaType == "":
		fmt.Fprintf(send, "w.WriteHeader(%d)\nreturn nil\n", a.status)
		return nil
	case a.items != nil:
		return w.lines(a, fields, send)
	case a.mediaType == jsonType && isOpen(a.schema):
		// It has members that no Go type has a field for.
		fmt.Fprint(fields, "Body json.RawMessage\n")
	case a.mediaType == jsonType:
		return w.json(a, fields, send)
	case strings.HasSuffix(a.mediaType, "+json"):
		return fmt.Errorf("media type %s is not supported", a.mediaType)
	default:
		fmt.Fprint(fields, "Body []byte\n")
	}
	fmt.Fprintf(send, "return wire.Send(w, %d, %q, a.Body)\n", a.status, a.mediaType)
	return nil
}

// json is for a JSON object.
func (w *handlerWriter) json(a answer, fields, send *strings.Builder) error {
	if a.component == "" {
		return errors.New("the schema of a JSON body needs a name of its own under components")
	}
	goType, err := w.types.named(a.component)
	if err != nil {
		return err
	}
	fmt.Fprintf(fields, "Body %s\n", goType)
	streamed, err := streamedMember(a.schema)
	if err != nil {
		return err
	}
	if streamed == "" {
		fmt.Fprintf(send, "b := wire.NewBuffer()\nb.Text = a.Body.AppendJSON(b.Text)\nreturn b.Send(w, %d)\n", a.status)
		return w.encoders.object(a.schema, goType)
	}
	f, err := w.types.field(goType, streamed)
	if err != nil {
		return err
	}
	list, ok := w.types.underlying(f.typ).(*ast.ArrayType)
	if !ok || f.pointer {
		return fmt.Errorf("%s: only a required array can be streamed", streamed)
	}
	item := typeName(w.types.resolve(list.Elt))
	property, _, err := w.encoders.contract.resolve(member(member(a.schema, "properties"), streamed))
	if err != nil {
		return err
	}
	items, _, err := w.encoders.contract.resolve(member(property, "items"))
	if err != nil {
		return err
	}
	fmt.Fprintf(fields, "// %[1]s is the member %[2]s of Body, which is sent while its items come.\n%[1]s iter.Seq2[*%[3]s, error]\n", f.name, streamed, item)
	fmt.Fprintf(send, "return wire.SendArray(w, %d, %q, a.Body.appendHead(nil), a.%s)\n", a.status, a.mediaType, f.name)
	if err := w.encoders.head(a.schema, goType, streamed); err != nil {
		return err
	}
	return w.encoders.object(items, item)
}

// lines is for a body with a JSON object on each line.
func (w *handlerWriter) lines(a answer, fields, send *strings.Builder) error {
	schemas := member(member(w.encoders.contract.root, "components"), "schemas")
	var types []string
	for _, name := range a.items {
		goType, err := w.types.named(name)
		if err != nil {
			return err
		}
		if err := w.encoders.object(member(schemas, name), goType); err != nil {
			return err
		}
		types = append(types, "*"+goType)
	}
	item := types[0]
	if len(types) > 1 {
		item = "wire.Item"
	}
	fmt.Fprintf(fields, "Body iter.Seq2[%s, error] // each item a %s, sent while they come\n", item, strings.Join(types, " or "))
	fmt.Fprintf(send, "return wire.SendLines(w, %d, %q, a.Body)\n", a.status, a.mediaType)
	return nil
}

// structOf returns a struct type with fields.
func structOf(fields string) string {
	if fields == "" {
		return "struct{}"
	}
	return "struct {\n" + fields + "}"
}

// goName returns the name of a field for a parameter or header: XRequestID for
// X-Request-Id.
func goName(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		if strings.EqualFold(part, "id") {
			part = "ID"
		}
		b.WriteString(upperFirst(part))
	}
	return b.String()
}
