package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"strings"
)

// goTypes are the types that oapi-codegen made of the contract, by name. They are
// read rather than guessed: its rules for names are many.
type goTypes map[string]*ast.TypeSpec

// goField is the field of a struct that holds a member of an object.
type goField struct {
	name    string
	typ     ast.Expr
	json    string // the member's name
	pointer bool   // the member may be left out, or be null
	omitted bool   // it is left out if the pointer is nil
}

func readTypes(file string) (goTypes, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	all := goTypes{}
	for _, d := range parsed.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			for _, s := range g.Specs {
				spec := s.(*ast.TypeSpec)
				all[spec.Name.Name] = spec
			}
		}
	}
	return all, nil
}

// named returns the name of the Go type of a component: PaintID for PaintId.
func (t goTypes) named(component string) (string, error) {
	if _, ok := t[component]; ok {
		return component, nil
	}
	for name := range t {
		if strings.EqualFold(name, component) {
			return name, nil
		}
	}
	return "", fmt.Errorf("there is no Go type for %q", component)
}

// method returns the name and the parameters of an operation's method of
// ServerInterface, apart from the first two, which all have.
func (t goTypes) method(operationID string) (name string, parameters []*ast.Field, err error) {
	if spec, ok := t["ServerInterface"]; ok {
		for _, m := range spec.Type.(*ast.InterfaceType).Methods.List {
			if strings.EqualFold(m.Names[0].Name, operationID) {
				return m.Names[0].Name, m.Type.(*ast.FuncType).Params.List[2:], nil
			}
		}
	}
	return "", nil, fmt.Errorf("ServerInterface has no method for %s", operationID)
}

// fields returns the fields of a struct.
func (t goTypes) fields(structName string) (all []goField, err error) {
	spec, ok := t[structName]
	if !ok {
		return nil, fmt.Errorf("there is no type %s", structName)
	}
	s, ok := t.underlying(spec.Type).(*ast.StructType)
	if !ok {
		return nil, fmt.Errorf("type %s is no struct", structName)
	}
	for _, f := range s.Fields.List {
		if f.Tag == nil || len(f.Names) != 1 {
			return nil, fmt.Errorf("type %s has a field without a name in JSON", structName)
		}
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
		name, options, _ := strings.Cut(tag, ",")
		one := goField{name: f.Names[0].Name, typ: f.Type, json: name, omitted: strings.Contains(options, "omitempty")}
		if pointer, ok := one.typ.(*ast.StarExpr); ok {
			one.typ, one.pointer = pointer.X, true
		}
		one.typ = t.resolve(one.typ)
		all = append(all, one)
	}
	return all, nil
}

// field returns the field of a struct by its name in JSON.
func (t goTypes) field(structName, name string) (goField, error) {
	all, err := t.fields(structName)
	if err != nil {
		return goField{}, err
	}
	for _, f := range all {
		if f.json == name {
			return f, nil
		}
	}
	return goField{}, fmt.Errorf("type %s has no field for %s", structName, name)
}

// underlying follows aliases and defined types.
func (t goTypes) underlying(typ ast.Expr) ast.Expr {
	if name, ok := typ.(*ast.Ident); ok {
		if spec, ok := t[name.Name]; ok {
			return t.underlying(spec.Type)
		}
	}
	return typ
}

// resolve follows aliases.
func (t goTypes) resolve(typ ast.Expr) ast.Expr {
	name, ok := typ.(*ast.Ident)
	if !ok {
		return typ
	}
	if spec, ok := t[name.Name]; ok && spec.Assign.IsValid() {
		return t.resolve(spec.Type)
	}
	return typ
}

func typeName(typ ast.Expr) string { return types.ExprString(typ) }
