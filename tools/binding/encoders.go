package main

import (
	"errors"
	"fmt"
	"go/ast"
	"strings"

	"go.yaml.in/yaml/v3"
)

// encoderWriter writes the AppendJSON methods of the objects in answers. What
// they write is what encoding/json would, without its escapes for HTML.
type encoderWriter struct {
	contract *contract
	types    goTypes
	methods  strings.Builder
	done     map[string]bool // by type
}

func (w *encoderWriter) String() string { return w.methods.String() }

// object writes the method of an object.
func (w *encoderWriter) object(node *yaml.Node, goType string) error {
	if w.done[goType] {
		return nil
	}
	if w.done == nil {
		w.done = map[string]bool{}
	}
	w.done[goType] = true
	statements, err := w.members(node, goType, "")
	if err != nil {
		return err
	}
	fmt.Fprintf(&w.methods, `
// AppendJSON appends v as JSON.
func (v *%s) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	%sreturn append(b, '}')
}
`, goType, statements)
	return nil
}

// head writes the method of an object that stops at a member, which is an array
// that is streamed: the caller appends its items and the end of the object.
func (w *encoderWriter) head(node *yaml.Node, goType, streamed string) error {
	statements, err := w.members(node, goType, streamed)
	if err != nil {
		return err
	}
	fmt.Fprintf(&w.methods, `
// appendHead appends v as JSON up to the items of %[3]s, its last member.
func (v *%[1]s) appendHead(b []byte) []byte {
	b = append(b, '{')
	%[2]sreturn append(wire.AppendName(b, %[4]s), '[')
}
`, goType, statements, streamed, quotedName(streamed))
	return nil
}

// members returns the statements that append the members but one.
func (w *encoderWriter) members(node *yaml.Node, goType, except string) (string, error) {
	fields, err := w.types.fields(goType)
	if err != nil {
		return "", err
	}
	properties := member(node, "properties")
	var out strings.Builder
	for _, f := range fields {
		if f.json == except {
			continue
		}
		property, _, err := w.contract.resolve(member(properties, f.json))
		if err != nil {
			return "", err
		}
		if property == nil {
			return "", fmt.Errorf("%s.%s is not among the properties", goType, f.json)
		}
		plain := "v." + f.name
		if f.pointer {
			plain = "*" + plain
		}
		value, err := w.value(property, f.typ, plain)
		if err != nil {
			return "", fmt.Errorf("%s.%s: %w", goType, f.json, err)
		}
		statement := "b = " + value
		name := fmt.Sprintf("b = wire.AppendName(b, %s)\n", quotedName(f.json))
		switch {
		case f.pointer && f.omitted:
			fmt.Fprintf(&out, "if v.%s != nil {\n%s%s\n}\n", f.name, name, statement)
		case f.pointer:
			fmt.Fprintf(&out, "%sif v.%s == nil {\nb = append(b, \"null\"...)\n} else {\n%s\n}\n", name, f.name, statement)
		default:
			out.WriteString(name + statement + "\n")
		}
	}
	return out.String(), nil
}

func quotedName(name string) string { return fmt.Sprintf("`%q:`", name) }

// value returns the expression that appends a value.
func (w *encoderWriter) value(node *yaml.Node, typ ast.Expr, value string) (string, error) {
	underlying := w.types.underlying(typ)
	if list, ok := underlying.(*ast.ArrayType); ok {
		return w.array(node, list, value)
	}
	switch typeName(underlying) {
	case "string":
		return fmt.Sprintf("wire.AppendString(b, %s)", value), nil
	case "int32", "int64", "int":
		return fmt.Sprintf("wire.AppendInteger(b, %s)", value), nil
	case "bool":
		return fmt.Sprintf("strconv.AppendBool(b, bool(%s))", value), nil
	case "time.Time":
		return fmt.Sprintf("wire.AppendTime(b, %s)", value), nil
	case "openapi_types.UUID":
		return fmt.Sprintf("wire.AppendString(b, %s.String())", strings.TrimPrefix(value, "*")), nil
	}
	if isEmpty(node) {
		return `append(b, "{}"...)`, nil
	}
	if _, ok := underlying.(*ast.StructType); !ok {
		return "", fmt.Errorf("there is no encoder for the Go type %s", typeName(typ))
	}
	return fmt.Sprintf("%s.AppendJSON(b)", strings.TrimPrefix(value, "*")), w.object(node, typeName(typ))
}

func (w *encoderWriter) array(node *yaml.Node, list *ast.ArrayType, value string) (string, error) {
	items, _, err := w.contract.resolve(member(node, "items"))
	if err != nil {
		return "", err
	}
	element := w.types.resolve(list.Elt)
	name := typeName(element)
	switch underlying := w.types.underlying(element).(type) {
	case *ast.StructType:
		return fmt.Sprintf("wire.AppendObjects(b, %s, (*%s).AppendJSON)", value, name), w.object(items, name)
	case *ast.Ident:
		switch underlying.Name {
		case "int32", "int64", "int":
			return fmt.Sprintf("wire.AppendIntegers(b, %s)", value), nil
		}
	}
	item, err := w.value(items, element, "item")
	return fmt.Sprintf("wire.AppendValues(b, %s, func(b []byte, item %s) []byte { return %s })", value, name, item), err
}

// isEmpty reports whether a schema allows the object without members only.
func isEmpty(node *yaml.Node) bool {
	more := member(node, "additionalProperties")
	return member(node, "properties") == nil && more != nil && more.Value == "false"
}

// isOpen reports whether an object may have members that the contract does not
// name.
func isOpen(node *yaml.Node) bool { return isTrue(member(node, "additionalProperties")) }

// streamedMember returns the name of the member with x-streamed, empty if there is
// none.
func streamedMember(node *yaml.Node) (streamed string, err error) {
	for name, p := range members(member(node, "properties")) {
		switch {
		case !isTrue(member(p, "x-streamed")):
		case streamed != "":
			return "", errors.New("only one member can be streamed")
		default:
			streamed = name
		}
	}
	return streamed, nil
}
