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

// operation is what the contract says of one method of a path.
type operation struct {
	id, route  string // route is a pattern of http.ServeMux
	secured    bool
	parameters []parameter
	consumes   []string // media types of the body
	json, form *schema  // the body; nil where there is none of the kind
	produces   []string // media types of success
}

type parameter struct {
	name, in string
	required bool
	schema   *schema
}

// schema is a schema of which every keyword is known.
type schema struct {
	name    string // of the component, or of where it stands
	kind    string // type, in the contract
	format  string
	pattern string
	enum    []string

	minimum, maximum     *int32
	minLength, maxLength int
	minItems, maxItems   int
	items                *schema

	properties []property
	required   []string
	closed     bool // additionalProperties: false
}

type property struct {
	name   string
	schema *schema
}

// contract is openapi.yaml as it is written: nodes keep the order of members.
type contract struct {
	root    *yaml.Node
	reading map[*yaml.Node]bool // schemas that are not read to their end yet
}

func readOperations(text []byte) (all []operation, err error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	c := contract{document.Content[0], map[*yaml.Node]bool{}}
	for path, item := range members(member(c.root, "paths")) {
		for method, node := range members(item) {
			if method == "parameters" {
				return nil, fmt.Errorf("%s: parameters of a path are not supported; give them to its operations", path)
			}
			o, err := c.operation(node)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			o.route = strings.ToUpper(method) + " " + path
			all = append(all, o)
		}
	}
	return all, nil
}

func (c contract) operation(node *yaml.Node) (o operation, err error) {
	o.id = member(node, "operationId").Value
	if parameters := member(node, "parameters"); parameters != nil {
		for _, n := range parameters.Content {
			p, err := c.parameter(n)
			if err != nil {
				return o, err
			}
			o.parameters = append(o.parameters, p)
		}
	}
	security := member(node, "security")
	if security == nil {
		security = member(c.root, "security")
	}
	o.secured = security != nil && len(security.Content) > 0
	if err := c.body(&o, member(node, "requestBody")); err != nil {
		return o, err
	}
	for status, response := range members(member(node, "responses")) {
		response, _, err := c.resolve(response)
		if err != nil {
			return o, err
		}
		for mediaType := range members(member(response, "content")) {
			if strings.HasPrefix(status, "2") && !slices.Contains(o.produces, mediaType) {
				o.produces = append(o.produces, mediaType)
			}
		}
	}
	return o, nil
}

func (c contract) body(o *operation, node *yaml.Node) error {
	body, _, err := c.resolve(node)
	if err != nil || body == nil {
		return err
	}
	if required := member(body, "required"); required == nil || required.Value != "true" {
		return errors.New("a body that may be left out is not supported")
	}
	for mediaType, content := range members(member(body, "content")) {
		o.consumes = append(o.consumes, mediaType)
		s, err := c.schema(member(content, "schema"), o.id+"Body")
		switch {
		case err != nil:
			return err
		case s.kind != "object":
			return fmt.Errorf("%s: a body must be an object", mediaType)
		case mediaType == "application/json":
			o.json = s
		case mediaType == "application/x-www-form-urlencoded":
			o.form = s
		default:
			return fmt.Errorf("media type %s is not supported", mediaType)
		}
	}
	return nil
}

func (c contract) parameter(node *yaml.Node) (p parameter, err error) {
	if node, _, err = c.resolve(node); err != nil {
		return p, err
	}
	for key, n := range members(node) {
		switch key {
		case "name":
			p.name = n.Value
		case "in":
			p.in = n.Value
		case "required":
			p.required = n.Value == "true"
		case "schema":
		case "description", "example", "examples", "deprecated":
		default:
			return p, fmt.Errorf("parameter %s: %s is not supported", p.name, key)
		}
	}
	p.schema, err = c.schema(member(node, "schema"), strings.ReplaceAll(p.name, "-", "")+"Parameter")
	return p, err
}

// schema reads a schema; name is for one that is no component. Only the keywords
// that the decoders enforce are allowed, and those that say nothing of a value.
func (c contract) schema(node *yaml.Node, name string) (*schema, error) {
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
	if err := s.supported(); err != nil {
		return nil, fmt.Errorf("schema %s: %w", s.name, err)
	}
	return s, nil
}

func (c contract) keyword(s *schema, key string, n *yaml.Node) (err error) {
	switch key {
	case "title", "description", "example", "default", "deprecated":
		return nil
	case "type":
		return n.Decode(&s.kind)
	case "format":
		return n.Decode(&s.format)
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
	case "properties":
		for name, p := range members(n) {
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
	default:
		if strings.HasPrefix(key, "x-") {
			return nil
		}
		return errors.New("not supported")
	}
}

// supported tells what a schema says that the decoders cannot hold a value against.
func (s *schema) supported() error {
	var allowed []string // formats
	switch s.kind {
	case "string":
		allowed = []string{"", "uuid"}
	case "integer":
		allowed = []string{"int32"}
	case "boolean", "object", "array":
		allowed = []string{""}
	default:
		return fmt.Errorf("type %q is not supported", s.kind)
	}
	switch {
	case !slices.Contains(allowed, s.format):
		return fmt.Errorf("format %q of %s is not supported", s.format, s.kind)
	case s.format == "uuid" && s.pattern == "":
		return errors.New("a uuid needs a pattern, since there are many ways to write one")
	case s.kind == "array" && s.items == nil:
		return errors.New("an array needs items")
	case len(s.properties) > 64:
		return errors.New("an object has at most 64 members")
	case s.enum != nil && s.kind != "string" && s.kind != "integer":
		return fmt.Errorf("enum of %s is not supported", s.kind)
	}
	for _, name := range s.required {
		if !slices.ContainsFunc(s.properties, func(p property) bool { return p.name == name }) {
			return fmt.Errorf("required %s is not among the properties", name)
		}
	}
	return nil
}

func (s *schema) bounds() (minimum, maximum int32) {
	minimum, maximum = math.MinInt32, math.MaxInt32
	if s.minimum != nil {
		minimum = *s.minimum
	}
	if s.maximum != nil {
		maximum = *s.maximum
	}
	return minimum, maximum
}

// resolve follows a reference to a component and returns the component's name.
func (c contract) resolve(node *yaml.Node) (_ *yaml.Node, component string, err error) {
	for ref := member(node, "$ref"); ref != nil; ref = member(node, "$ref") {
		path, ok := strings.CutPrefix(ref.Value, "#/")
		if !ok {
			return nil, "", fmt.Errorf("reference %s leads out of the contract", ref.Value)
		}
		node = c.root
		for key := range strings.SplitSeq(path, "/") {
			if node = member(node, key); node == nil {
				return nil, "", fmt.Errorf("reference %s leads nowhere", ref.Value)
			}
			component = key
		}
	}
	return node, component, nil
}

// member returns the value of a key of a mapping, nil where it has none.
func member(mapping *yaml.Node, key string) *yaml.Node {
	for k, v := range members(mapping) {
		if k == key {
			return v
		}
	}
	return nil
}

// members walks through a mapping in the order in which it is written.
func members(mapping *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if mapping == nil || mapping.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if !yield(mapping.Content[i].Value, mapping.Content[i+1]) {
				return
			}
		}
	}
}
