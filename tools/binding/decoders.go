package main

import (
	"fmt"
	"go/ast"
	"strings"
)

// decoderWriter writes the methods that read bodies: DecodeJSON for every object,
// DecodeForm for the body of a form.
type decoderWriter struct {
	types   goTypes
	rules   ruleWriter
	methods strings.Builder
	done    map[string]bool // methods by type and name
}

func (w *decoderWriter) String() string { return w.methods.String() }

// begin reports whether a method has still to be written.
func (w *decoderWriter) begin(goType, method string) bool {
	key := goType + "." + method
	if w.done[key] {
		return false
	}
	if w.done == nil {
		w.done = map[string]bool{}
	}
	w.done[key] = true
	return true
}

// object writes the method that reads an object from JSON.
func (w *decoderWriter) object(s *schema, goType string) error {
	if !w.begin(goType, "DecodeJSON") {
		return nil
	}
	rule, err := w.rules.rule(s)
	if err != nil {
		return err
	}
	var cases strings.Builder
	for i, p := range s.properties {
		if p.schema == nil {
			fmt.Fprintf(&cases, "case %d: // %s, which is read-only\nd.Ignore()\n", i, p.name)
			continue
		}
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
// DecodeJSON reads v from JSON and checks it against the contract.
func (v *%s) DecodeJSON(d *wire.Decoder) {
	for m := d.Object(%s); m.Next(d); {
		switch m.Index {
		%s}
	}
}
`, goType, rule, cases.String())
	return nil
}

// member returns the statement that reads a member into its field.
func (w *decoderWriter) member(s *schema, f goField) (statement string, err error) {
	if s.nullable && !f.pointer {
		return "", fmt.Errorf("the Go type %s cannot be null", typeName(f.typ))
	}
	if s.kind == "object" {
		statement = fmt.Sprintf("v.%s.DecodeJSON(d)", f.name)
		if f.pointer {
			statement = fmt.Sprintf("v.%s = new(%s)\n%s", f.name, typeName(f.typ), statement)
		}
		err = w.object(s, typeName(f.typ))
	} else {
		statement, err = w.value(s, f.typ)
		if f.pointer {
			statement = "new(" + statement + ")"
		}
		statement = fmt.Sprintf("v.%s = %s", f.name, statement)
	}
	if s.nullable {
		statement = "if !d.Null() {\n" + statement + "\n}"
	}
	return statement, err
}

// value returns the expression that reads a value other than an object.
func (w *decoderWriter) value(s *schema, typ ast.Expr) (string, error) {
	goType := typeName(typ)
	if s.kind == "array" {
		return w.array(s, typ)
	}
	rule, err := w.rules.rule(s)
	if err != nil {
		return "", err
	}
	switch s.kind {
	case "string":
		if s.format == "uuid" {
			return fmt.Sprintf("d.UUID(%s)", rule), nil
		}
		if s.fromJS {
			return converted(goType, "string", fmt.Sprintf("d.JavaScriptText(%s)", rule)), nil
		}
		return converted(goType, "string", fmt.Sprintf("d.String(%s)", rule)), nil
	case "integer":
		return converted(goType, "int64", fmt.Sprintf("d.Integer(%s)", rule)), nil
	default: // boolean
		return converted(goType, "bool", "d.Boolean()"), nil
	}
}

// array returns the expression that reads an array.
func (w *decoderWriter) array(s *schema, typ ast.Expr) (string, error) {
	array, ok := w.types.underlying(typ).(*ast.ArrayType)
	if !ok {
		return "", fmt.Errorf("%s is no slice", typeName(typ))
	}
	rule, err := w.rules.rule(s)
	if err != nil {
		return "", err
	}
	element := w.types.resolve(array.Elt)
	item := typeName(element)
	switch {
	case s.items.kind == "object":
		return fmt.Sprintf("wire.Objects(d, %s, (*%s).DecodeJSON)", rule, item), w.object(s.items, item)
	case s.items.kind == "integer" && (item == "int32" || item == "int64"):
		itemRule, err := w.rules.rule(s.items)
		return fmt.Sprintf("wire.Integers[%s](d, %s, %s)", item, rule, itemRule), err
	}
	value, err := w.value(s.items, element)
	return fmt.Sprintf("wire.Values(d, %s, func() %s { return %s })", rule, item, value), err
}

// form writes the method that reads an object from a form.
func (w *decoderWriter) form(s *schema, goType string) error {
	if !w.begin(goType, "DecodeForm") {
		return nil
	}
	rule, err := w.rules.rule(s)
	if err != nil {
		return err
	}
	var cases strings.Builder
	for i, p := range s.properties {
		if p.schema == nil || p.schema.kind != "string" || p.schema.format != "" || p.schema.nullable {
			return fmt.Errorf("member %s of a form must be a plain string", p.name)
		}
		f, err := w.types.field(goType, p.name)
		if err != nil {
			return err
		}
		itemRule, err := w.rules.rule(p.schema)
		if err != nil {
			return err
		}
		value := converted(typeName(f.typ), "string", fmt.Sprintf("f.String(%s)", itemRule))
		if f.pointer {
			value = "new(" + value + ")"
		}
		fmt.Fprintf(&cases, "case %d: // %s\nv.%s = %s\n", i, p.name, f.name, value)
	}
	fmt.Fprintf(&w.methods, `
// DecodeForm reads v from a form and checks it against the contract.
func (v *%s) DecodeForm(f *wire.Form) {
	for f.Next(%s) {
		switch f.Index {
		%s}
	}
}
`, goType, rule, cases.String())
	return nil
}

func converted(goType, plain, value string) string {
	if goType == plain {
		return value
	}
	return goType + "(" + value + ")"
}
