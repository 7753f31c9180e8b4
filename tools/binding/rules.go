package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// ruleWriter holds the variables with the rules of schemas: declarations by name.
type ruleWriter map[string]string

// String returns the source of the variables.
func (w ruleWriter) String() string {
	if len(w) == 0 {
		return ""
	}
	var source strings.Builder
	source.WriteString("// The rules of the contract's schemas.\nvar (\n")
	for _, name := range slices.Sorted(maps.Keys(w)) {
		fmt.Fprintf(&source, "%s = %s\n", name, w[name])
	}
	source.WriteString(")\n")
	return source.String()
}

// rule returns the address of the variable with the rules of s itself, without
// those of its members or items.
func (w ruleWriter) rule(s *schema) (string, error) {
	var rules []string
	add := func(format string, value any) {
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
		add("Members: %#v", names)
		add("Required: %#b", required)
		add("Open: %t", !s.closed)
	case "string":
		add("MinLength: %d", s.minLength)
		add("MaxLength: %d", s.maxLength)
		if s.pattern != "" {
			add("Pattern: regexp.MustCompile(%#q)", s.pattern)
		}
		add("Enum: %#v", s.enum)
	case "integer":
		minimum, maximum := s.bounds()
		add("Bits: %d", s.bits())
		add("Minimum: %d", minimum)
		add("Maximum: %d", maximum)
		if s.enum != nil {
			add("Enum: []int64{%s}", strings.Join(s.enum, ", "))
		}
	case "array":
		add("MinItems: %d", s.minItems)
		add("MaxItems: %d", s.maxItems)
	}
	name := lowerFirst(s.name) + "Rules"
	declaration := fmt.Sprintf("wire.%sRules{%s}", upperFirst(s.kind), strings.Join(rules, ", "))
	if known, ok := w[name]; ok && known != declaration {
		return "", fmt.Errorf("two schemas are called %s: give one of them a name of its own under components", s.name)
	}
	w[name] = declaration
	return "&" + name, nil
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// lowerFirst lowers an abbreviation whole: uuid, not uUID.
func lowerFirst(s string) string {
	n := len(s) - len(strings.TrimLeftFunc(s, unicode.IsUpper))
	if 1 < n && n < len(s) {
		n--
	}
	return strings.ToLower(s[:n]) + s[n:]
}
