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

// goTypes are the types that oapi-codegen made of the contract, by name. To read
// them is surer than to know its rules for names.
type goTypes map[string]*ast.TypeSpec

// goField is the field of a Go struct that a member of an object goes to.
type goField struct {
	name     string
	typ      ast.Expr
	optional bool // a pointer
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

// field returns the field of a struct by its name in JSON.
func (t goTypes) field(structName, name string) (goField, error) {
	spec, ok := t[structName]
	if !ok {
		return goField{}, fmt.Errorf("there is no type %s", structName)
	}
	s, ok := spec.Type.(*ast.StructType)
	if !ok {
		return goField{}, fmt.Errorf("type %s is no struct", structName)
	}
	for _, f := range s.Fields.List {
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
		if known, _, _ := strings.Cut(tag, ","); known != name {
			continue
		}
		typ, optional := f.Type, false
		if pointer, ok := typ.(*ast.StarExpr); ok {
			typ, optional = pointer.X, true
		}
		return goField{name: f.Names[0].Name, typ: t.resolve(typ), optional: optional}, nil
	}
	return goField{}, fmt.Errorf("type %s has no field for %s", structName, name)
}

// fieldOf returns the field of a struct that points to a type.
func (t goTypes) fieldOf(structName, pointee string) (string, error) {
	if spec, ok := t[structName]; ok {
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, f := range s.Fields.List {
				if typeName(f.Type) == "*"+pointee {
					return f.Names[0].Name, nil
				}
			}
		}
	}
	return "", fmt.Errorf("type %s has no field for %s", structName, pointee)
}

// fieldType returns the type of a field.
func (t goTypes) fieldType(structName, field string) (string, error) {
	if s, ok := t.structOf(structName); ok {
		for _, f := range s.Fields.List {
			if len(f.Names) == 1 && f.Names[0].Name == field {
				return typeName(t.resolve(f.Type)), nil
			}
		}
	}
	return "", fmt.Errorf("type %s has no field %s", structName, field)
}

func (t goTypes) structOf(name string) (*ast.StructType, bool) {
	spec, ok := t[name]
	if !ok {
		return nil, false
	}
	s, ok := spec.Type.(*ast.StructType)
	return s, ok
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
