package main

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// schema is a schema of what a client sends. Every keyword of it is enforced.
type schema struct {
	name     string // of the component, or made from its place
	kind     string // type, in the contract
	format   string
	nullable bool
	pattern  string
	enum     []string
	fromJS   bool // x-javascript-text: numbers and booleans become text

	minimum, maximum     *int64
	minLength, maxLength int
	minItems, maxItems   int
	items                *schema

	properties []property
	required   []string
	closed     bool // additionalProperties: false, or x-closed-in-requests: true
}

type property struct {
	name   string
	schema *schema // nil if it is readOnly: a request may have it, with any value
}

// schema reads a schema; name is for one that is no component. Keywords that the
// decoders cannot enforce are errors.
func (c *contract) schema(node *yaml.Node, name string) (*schema, error) {
	node, component, err := c.resolve(node)
	if err != nil {
		return nil, err
	}
	if c.reading[node] {
		return nil, fmt.Errorf("schema %s contains itself, which is not supported", component)
	}
	c.reading[node] = true
	defer delete(c.reading, node)
	s := &schema{name: name}
	if component != "" {
		s.name = component
	}
	for key, n := range members(node) {
		if err := c.keyword(s, key, n); err != nil {
			return nil, fmt.Errorf("schema %s: %s: %w", s.name, key, err)
		}
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("schema %s: %w", s.name, err)
	}
	return s, nil
}

func (c *contract) keyword(s *schema, key string, n *yaml.Node) (err error) {
	switch key {
	case "title", "description", "example", "default", "deprecated":
		return nil
	case "type":
		return n.Decode(&s.kind)
	case "format":
		return n.Decode(&s.format)
	case "nullable":
		return n.Decode(&s.nullable)
	case "pattern":
		if _, err := regexp.Compile(n.Value); err != nil {
			return err
		}
		return n.Decode(&s.pattern)
	case "enum":
		return n.Decode(&s.enum)
	case "minimum":
		return n.Decode(&s.minimum)
	case "maximum":
		return n.Decode(&s.maximum)
	case "minLength":
		return n.Decode(&s.minLength)
	case "maxLength":
		return n.Decode(&s.maxLength)
	case "minItems":
		return n.Decode(&s.minItems)
	case "maxItems":
		return n.Decode(&s.maxItems)
	case "required":
		return n.Decode(&s.required)
	case "items":
		s.items, err = c.schema(n, s.name+"Item")
		return err
	case "x-javascript-text":
		return n.Decode(&s.fromJS)
	case "properties":
		for name, p := range members(n) {
			if isTrue(member(p, "readOnly")) {
				s.properties = append(s.properties, property{name: name})
				continue
			}
			one, err := c.schema(p, s.name+upperFirst(name))
			if err != nil {
				return err
			}
			s.properties = append(s.properties, property{name, one})
		}
		return nil
	case "additionalProperties":
		if n.Value != "false" {
			return errors.New("only false is supported")
		}
		s.closed = true
		return nil
	case "x-closed-in-requests":
		s.closed = isTrue(n)
		return nil
	default:
		if strings.HasPrefix(key, "x-") {
			return nil
		}
		return errors.New("not supported")
	}
}

// check returns an error if the decoders cannot check a value against s.
func (s *schema) check() error {
	var formats []string
	switch s.kind {
	case "string":
		formats = []string{"", "uuid"}
	case "integer":
		formats = []string{"int32", "int64"}
	case "boolean", "object", "array":
		formats = []string{""}
	default:
		return fmt.Errorf("type %q is not supported", s.kind)
	}
	switch {
	case !slices.Contains(formats, s.format):
		return fmt.Errorf("format %q of %s is not supported", s.format, s.kind)
	case s.format == "uuid" && s.pattern == "":
		return errors.New("a uuid needs a pattern, since there are many ways to write one")
	case s.kind == "array" && s.items == nil:
		return errors.New("an array needs items")
	case s.kind == "array" && s.items.nullable:
		return errors.New("null in an array is not supported")
	case len(s.properties) > 64:
		return errors.New("an object has at most 64 members")
	case s.enum != nil && s.kind != "string" && s.kind != "integer":
		return fmt.Errorf("enum of %s is not supported", s.kind)
	case s.fromJS && (s.kind != "string" || s.format != "" || s.nullable):
		return errors.New("x-javascript-text is supported for plain strings only")
	case s.enum != nil && s.nullable:
		return errors.New("enum of what may be null is not supported")
	}
	for _, name := range s.required {
		if slices.ContainsFunc(s.properties, func(p property) bool { return p.name == name && p.schema == nil }) {
			return fmt.Errorf("required %s is readOnly, which is not supported", name)
		}
		if !slices.ContainsFunc(s.properties, func(p property) bool { return p.name == name }) {
			return fmt.Errorf("required %s is not among the properties", name)
		}
	}
	return nil
}

// bits is the size of an integer.
func (s *schema) bits() int {
	if s.format == "int64" {
		return 64
	}
	return 32
}

func (s *schema) bounds() (minimum, maximum int64) {
	minimum, maximum = math.MinInt32, math.MaxInt32
	if s.bits() == 64 {
		minimum, maximum = math.MinInt64, math.MaxInt64
	}
	if s.minimum != nil {
		minimum = *s.minimum
	}
	if s.maximum != nil {
		maximum = *s.maximum
	}
	return minimum, maximum
}
