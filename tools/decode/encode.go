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
)

// encoders writes AppendJSON for the body of every JSON answer with success that
// consists of objects, lists of them and plain values. What AppendJSON writes is
// what encoding/json would, without its escapes for HTML.
func encoders(types goTypes) ([]byte, error) {
	e := encoderWriter{types: types, done: map[string]error{}}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		before, isAnswer := strings.CutSuffix(name, "JSONResponse")
		if !isAnswer || len(before) < 3 || before[len(before)-3] != '2' {
			continue
		}
		body, err := types.fieldType(name, "Body")
		if err != nil {
			return nil, err
		}
		_ = e.object(body) // one that has no encoder cannot be sent by it: the compiler says so
	}
	source := header + "package gen\n\nimport \"strconv\"\n" + e.methods.String()
	return format.Source([]byte(source))
}

type encoderWriter struct {
	types   goTypes
	methods bytes.Buffer
	done    map[string]error // by type
}

// object writes the method of a struct.
func (e *encoderWriter) object(goType string) error {
	err, done := e.done[goType]
	if !done {
		err = e.method(goType)
		e.done[goType] = err
	}
	return err
}

func (e *encoderWriter) method(goType string) error {
	s, ok := e.types.structOf(goType)
	if !ok {
		return fmt.Errorf("%s is no struct", goType)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "\n// AppendJSON appends v to b.\nfunc (v *%s) AppendJSON(b []byte) []byte {\nb = append(b, '{')\n", goType)
	for _, f := range s.Fields.List {
		if f.Tag == nil {
			return fmt.Errorf("%s stands for several schemas", goType)
		}
		name, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
		typ, value := f.Type, "v."+f.Names[0].Name
		pointer, optional := typ.(*ast.StarExpr)
		if optional {
			typ = pointer.X
			fmt.Fprintf(&out, "if %s != nil {\n", value)
		}
		fmt.Fprintf(&out, "b = appendName(b, `%q:`)\n", name)
		statement, err := e.value(typ, value, optional)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", goType, name, err)
		}
		out.WriteString(statement + "\n")
		if optional {
			out.WriteString("}\n")
		}
	}
	out.WriteString("return append(b, '}')\n}\n")
	e.methods.Write(out.Bytes())
	return nil
}

// value returns the statement that appends a value.
func (e *encoderWriter) value(typ ast.Expr, value string, pointer bool) (string, error) {
	typ = e.types.resolve(typ)
	plain := value
	if pointer {
		plain = "*" + value
	}
	switch name := typeName(e.types.underlying(typ)); name {
	case "string":
		return fmt.Sprintf("b = appendString(b, string(%s))", plain), nil
	case "int32", "int":
		return fmt.Sprintf("b = appendInteger(b, int32(%s))", plain), nil
	case "bool":
		return fmt.Sprintf("b = strconv.AppendBool(b, %s)", plain), nil
	case "time.Time":
		return fmt.Sprintf("b = appendTime(b, %s)", plain), nil
	case "openapi_types.UUID":
		return fmt.Sprintf("b = appendString(b, (%s).String())", plain), nil
	}
	if list, ok := typ.(*ast.ArrayType); ok {
		item := typeName(e.types.resolve(list.Elt))
		if item == "int32" {
			return fmt.Sprintf("b = appendIntegers(b, %s)", plain), nil
		}
		return fmt.Sprintf("b = appendList(b, %s, (*%s).AppendJSON)", plain, item), e.object(item)
	}
	name := typeName(typ)
	return fmt.Sprintf("b = %s.AppendJSON(b)", value), e.object(name)
}
