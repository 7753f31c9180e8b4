package main

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// values returns the source of constants for the values that x-extensible-enum
// lists and x-enum-varnames names. oapi-codegen makes constants of enum only.
func (c *contract) values() string {
	var source strings.Builder
	for name, schema := range members(member(member(c.root, "components"), "schemas")) {
		writeValues(&source, name, schema)
		for property, p := range members(member(schema, "properties")) {
			writeValues(&source, name+"."+property, p)
		}
	}
	return source.String()
}

func writeValues(source *strings.Builder, at string, schema *yaml.Node) {
	values, names := member(schema, "x-extensible-enum"), member(schema, "x-enum-varnames")
	if values == nil || names == nil {
		return
	}
	fmt.Fprintf(source, "// The known values of %s.\nconst (\n", at)
	for i, name := range names.Content {
		fmt.Fprintf(source, "%s = %q\n", name.Value, values.Content[i].Value)
	}
	source.WriteString(")\n\n")
}
