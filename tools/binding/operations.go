package main

import (
	"fmt"
	"strings"
)

// operationTable returns the source of the table of operations.
func operationTable(entries string) string {
	return "// Operations are the operations of the contract, by their pattern for http.ServeMux.\n" +
		"var Operations = map[string]wire.Operation{\n" + entries + "}\n"
}

// writeOperation writes the entry of one operation.
func writeOperation(out *strings.Builder, o operation, rules ruleWriter) error {
	fmt.Fprintf(out, "%q: {\nID: %q,\n", o.route, o.id)
	if o.secured {
		out.WriteString("Secured: true,\n")
	}
	if len(o.parameters) > 0 {
		out.WriteString("Parameters: []wire.Parameter{\n")
		for _, p := range o.parameters {
			required := ""
			if p.required {
				required = ", Required: true"
			}
			rule, err := rules.rule(p.schema)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "{Name: %q, In: %q%s, Rules: %s},\n", p.name, p.in, required, rule)
		}
		out.WriteString("},\n")
	}
	if o.consumes != nil {
		fmt.Fprintf(out, "Consumes: %#v,\n", o.consumes)
	}
	if o.produces != nil {
		fmt.Fprintf(out, "Produces: %#v,\n", o.produces)
	}
	out.WriteString("},\n")
	return nil
}
