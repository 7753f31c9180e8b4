package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// writer writes Go source. Every schema becomes a variable that holds its rules,
// every object also a method that reads it.
type writer struct {
	types   goTypes
	rules   map[string]string // declarations by name
	methods bytes.Buffer
	read    map[string]bool // Go types that have their method
}

func write(operations []operation, types goTypes) ([]byte, error) {
	w := writer{types: types, rules: map[string]string{}, read: map[string]bool{}}
	var table, bodies bytes.Buffer
	for _, o := range operations {
		if err := w.operation(&table, o); err != nil {
			return nil, fmt.Errorf("%s: %w", o.id, err)
		}
	}
	for _, o := range operations {
		if o.json == nil {
			continue
		}
		if err := w.body(&bodies, o); err != nil {
			return nil, fmt.Errorf("%s: %w", o.id, err)
		}
	}
	var source bytes.Buffer
	source.WriteString(header + "package gen\n\nimport (\n\"fmt\"\n\"regexp\"\n)\n\n")
	source.WriteString("// Operations are the contract's, by their pattern for http.ServeMux.\nvar Operations = map[string]Operation{\n")
	source.Write(table.Bytes())
	source.WriteString("}\n")
	fmt.Fprintf(&source, `
// BindJSON returns a request with its JSON body, which obeys the contract. The
// request is the generated request object of an operation that has such a body.
// The error is an [InvalidError] where the body does not obey.
func BindJSON(request any, text []byte) (_ any, err error) {
	switch r := request.(type) {
	%sdefault:
		return nil, fmt.Errorf("%%T has no JSON body", request)
	}
}
`, bodies.String())
	source.Write(w.methods.Bytes())
	source.WriteString("\nvar (\n")
	for _, name := range slices.Sorted(maps.Keys(w.rules)) {
		fmt.Fprintf(&source, "%s = %s\n", name, w.rules[name])
	}
	source.WriteString(")\n")
	return format.Source(source.Bytes())
}

func (w *writer) operation(out *bytes.Buffer, o operation) error {
	fmt.Fprintf(out, "%q: {\nID: %q,\n", o.route, o.id)
	if o.secured {
		out.WriteString("Secured: true,\n")
	}
	if len(o.parameters) > 0 {
		out.WriteString("Parameters: []Parameter{\n")
		for _, p := range o.parameters {
			required := ""
			if p.required {
				required = ", Required: true"
			}
			fmt.Fprintf(out, "{Name: %q, In: %q%s, rules: %s},\n", p.name, p.in, required, w.rule(p.schema))
		}
		out.WriteString("},\n")
	}
	if o.consumes != nil {
		fmt.Fprintf(out, "Consumes: %#v,\n", o.consumes)
	}
	if o.form != nil {
		members := make([]string, len(o.form.properties))
		for i, p := range o.form.properties {
			if p.schema.kind != "string" || p.schema.format != "" {
				return fmt.Errorf("member %s of a form must be a plain string", p.name)
			}
			members[i] = w.rule(p.schema)
		}
		fmt.Fprintf(out, "Form: &Form{object: %s, members: []*stringRules{%s}},\n", w.rule(o.form), strings.Join(members, ", "))
	}
	if o.produces != nil {
		fmt.Fprintf(out, "Produces: %#v,\n", o.produces)
	}
	out.WriteString("},\n")
	return nil
}

// body writes how the body of an operation's request is read.
func (w *writer) body(out *bytes.Buffer, o operation) error {
	request := upperFirst(o.id) + "RequestObject"
	field, err := w.types.fieldOf(request, upperFirst(o.id)+"JSONRequestBody")
	if err != nil {
		return err
	}
	goType := typeName(w.types.resolve(ast.NewIdent(upperFirst(o.id) + "JSONRequestBody")))
	fmt.Fprintf(out, "case %s:\nr.%s, err = decode(text, (*%s).decode)\nreturn r, err\n", request, field, goType)
	return w.object(o.json, goType)
}

// object writes the method that reads an object.
func (w *writer) object(s *schema, goType string) error {
	if w.read[goType] {
		return nil
	}
	w.read[goType] = true
	var cases bytes.Buffer
	for i, p := range s.properties {
		f, err := w.types.field(goType, p.name)
		if err != nil {
			return err
		}
		statement, err := w.member(p.schema, f)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", goType, p.name, err)
		}
		fmt.Fprintf(&cases, "case %d: // %s\n%s\n", i, p.name, statement)
	}
	fmt.Fprintf(&w.methods, `
func (v *%s) decode(d *decoder) {
	for m := d.object(%s); m.next(d); {
		switch m.index {
		%s}
	}
}
`, goType, w.rule(s), cases.String())
	return nil
}

// member returns the statement that reads a member into its field.
func (w *writer) member(s *schema, f goField) (string, error) {
	if s.kind == "object" {
		read := fmt.Sprintf("v.%s.decode(d)", f.name)
		if f.optional {
			read = fmt.Sprintf("v.%s = new(%s)\n%s", f.name, typeName(f.typ), read)
		}
		return read, w.object(s, typeName(f.typ))
	}
	value, err := w.value(s, f.typ)
	if f.optional {
		value = "new(" + value + ")"
	}
	return fmt.Sprintf("v.%s = %s", f.name, value), err
}

// value returns the expression that reads a value other than an object.
func (w *writer) value(s *schema, typ ast.Expr) (string, error) {
	goType := typeName(typ)
	switch s.kind {
	case "string":
		if s.format == "uuid" {
			return fmt.Sprintf("d.uuid(%s)", w.rule(s)), nil
		}
		return converted(goType, "string", fmt.Sprintf("d.string(%s)", w.rule(s))), nil
	case "integer":
		return converted(goType, "int32", fmt.Sprintf("d.integer(%s)", w.rule(s))), nil
	case "array":
		array, ok := typ.(*ast.ArrayType)
		if !ok {
			return "", fmt.Errorf("%s is no slice", goType)
		}
		switch item := typeName(w.types.resolve(array.Elt)); {
		case s.items.kind == "object":
			return fmt.Sprintf("elements(d, %s, (*%s).decode)", w.rule(s), item), w.object(s.items, item)
		case s.items.kind == "integer" && item == "int32":
			return fmt.Sprintf("d.integers(%s, %s)", w.rule(s), w.rule(s.items)), nil
		}
		return "", fmt.Errorf("an array of %s is not supported", s.items.kind)
	}
	return "", fmt.Errorf("%s in a body is not supported", s.kind)
}

func converted(goType, plain, value string) string {
	if goType == plain {
		return value
	}
	return goType + "(" + value + ")"
}

// rule returns the address of the variable that holds a schema's own rules. Rules
// that say nothing are left out.
func (w *writer) rule(s *schema) string {
	var rules []string
	rule := func(format string, value any) {
		if !reflect.ValueOf(value).IsZero() {
			rules = append(rules, fmt.Sprintf(format, value))
		}
	}
	switch s.kind {
	case "object":
		var names []string
		required := uint64(0)
		for i, p := range s.properties {
			names = append(names, p.name)
			if slices.Contains(s.required, p.name) {
				required |= 1 << i
			}
		}
		rule("members: %#v", names)
		rule("required: %#b", required)
		rule("open: %t", !s.closed)
	case "string":
		rule("minLength: %d", s.minLength)
		rule("maxLength: %d", s.maxLength)
		rule("pattern: regexp.MustCompile(%#q)", s.pattern)
		rule("enum: %#v", s.enum)
	case "integer":
		minimum, maximum := s.bounds()
		rule("minimum: %d", minimum)
		rule("maximum: %d", maximum)
		rule("enum: []int32{%s}", strings.Join(s.enum, ", "))
	case "array":
		rule("minItems: %d", s.minItems)
		rule("maxItems: %d", s.maxItems)
	}
	name := lowerFirst(s.name) + "Rules"
	declaration := fmt.Sprintf("%sRules{%s}", s.kind, strings.Join(rules, ", "))
	if known, ok := w.rules[name]; ok && known != declaration {
		panic(fmt.Sprintf("two schemas are called %s: give one of them a name of its own under components", s.name))
	}
	w.rules[name] = declaration
	return "&" + name
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// lowerFirst lowers an initialism whole: uuid, not uUID.
func lowerFirst(s string) string {
	n := len(s) - len(strings.TrimLeftFunc(s, unicode.IsUpper))
	if 1 < n && n < len(s) {
		n--
	}
	return strings.ToLower(s[:n]) + s[n:]
}
