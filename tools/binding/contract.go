package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// contract is an OpenAPI document as it is written: nodes keep the order of
// members.
type contract struct {
	operations []operation

	root    *yaml.Node
	reading map[*yaml.Node]bool // schemas that are not read to their end yet
}

// operation is what the contract says about one method of a path.
type operation struct {
	id, route  string // route is a pattern of http.ServeMux
	secured    bool
	parameters []parameter
	consumes   []string // media types of the body
	body       *schema  // nil if there is none
	anyBody    bool     // the handler decodes the body: it has any media type, or is multipart/form-data
	produces   []string // media types of the answers with status 2xx
	answers    []answer
}

type parameter struct {
	name, in string
	required bool
	schema   *schema
}

// answer is one of the forms that an answer with a status below 400 can have.
type answer struct {
	status    int
	headers   []header
	mediaType string     // empty if the answer has no body
	schema    *yaml.Node // of the body
	component string     // the name of the schema, empty if it is no component
	items     []string   // x-itemSchema: the names of the schemas that one line may have
	several   bool       // the status has other bodies, too
}

// name is what tells a form from the others of the same status: its schema or, if that
// has no name because it is a file, the media type, SVG for image/svg+xml.
func (a answer) name() string {
	schema := cmp.Or(a.component, strings.Join(a.items, "Or"))
	if schema != "" || !isBinary(a.schema) {
		return schema
	}
	_, subtype, _ := strings.Cut(a.mediaType, "/")
	kind, _, _ := strings.Cut(subtype, "+")
	return strings.ToUpper(kind)
}

// header is a header that the binding sets.
type header struct {
	name     string
	required bool
	constant string // its only value, empty if the handler gives the value
}

func readContract(text []byte) (*contract, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	c := &contract{root: document.Content[0], reading: map[*yaml.Node]bool{}}
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
			c.operations = append(c.operations, o)
		}
	}
	return c, nil
}

func (c *contract) operation(node *yaml.Node) (o operation, err error) {
	id := member(node, "operationId")
	if id == nil {
		return o, errors.New("operationId is missing")
	}
	o.id = id.Value
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
	if err := c.credentials(&o, security); err != nil {
		return o, err
	}
	if err := c.body(&o, member(node, "requestBody")); err != nil {
		return o, err
	}
	for status, response := range members(member(node, "responses")) {
		if err := c.response(&o, status, response); err != nil {
			return o, fmt.Errorf("response %s: %w", status, err)
		}
	}
	return o, nil
}

// credentials adds the headers of the security schemes that have rules, as x-schema,
// to the parameters.
func (c *contract) credentials(o *operation, security *yaml.Node) error {
	if security == nil {
		return nil
	}
	for _, alternative := range security.Content {
		for name := range members(alternative) {
			scheme := member(member(member(c.root, "components"), "securitySchemes"), name)
			rules := member(scheme, "x-schema")
			if rules == nil {
				continue
			}
			header := member(scheme, "name").Value
			if slices.ContainsFunc(o.parameters, func(p parameter) bool { return p.name == header }) {
				continue
			}
			s, err := c.schema(rules, strings.ReplaceAll(header, "-", "")+"Parameter")
			if err != nil {
				return fmt.Errorf("security scheme %s: %w", name, err)
			}
			o.parameters = append(o.parameters, parameter{name: header, in: "header", schema: s})
		}
	}
	return nil
}

func (c *contract) body(o *operation, node *yaml.Node) error {
	body, _, err := c.resolve(node)
	if err != nil || body == nil {
		return err
	}
	if !isTrue(member(body, "required")) {
		return errors.New("a body that may be left out is not supported")
	}
	for mediaType, content := range members(member(body, "content")) {
		switch mediaType {
		case anyType:
			o.anyBody, o.consumes = true, append(o.consumes, anyType)
			return c.binary(member(content, "schema"))
		case multipartType:
			o.anyBody, o.consumes = true, append(o.consumes, multipartType)
			return nil
		}
		s, err := c.schema(member(content, "schema"), o.id+"Body")
		switch {
		case err != nil:
			return err
		case s.kind != "object" || s.nullable:
			return fmt.Errorf("%s: a body must be an object", mediaType)
		case mediaType != jsonType && mediaType != formType:
			return fmt.Errorf("media type %s is not supported", mediaType)
		case o.body != nil && o.body.name != s.name:
			return errors.New("a body must have the same schema in each media type")
		}
		o.consumes = append(o.consumes, mediaType)
		o.body = s
	}
	return nil
}

// binary checks that a schema is that of a body which the contract does not describe.
func (c *contract) binary(node *yaml.Node) error {
	schema, _, err := c.resolve(node)
	if err != nil {
		return err
	}
	if !isBinary(schema) {
		return fmt.Errorf("a body of any media type (%s) must be a string with format binary", anyType)
	}
	return nil
}

// isBinary reports whether a schema is that of a file.
func isBinary(schema *yaml.Node) bool {
	typ, format := member(schema, "type"), member(schema, "format")
	return typ != nil && typ.Value == "string" && format != nil && format.Value == "binary"
}

const (
	anyType       = "*/*"
	multipartType = "multipart/form-data"
	jsonType      = "application/json"
	formType      = "application/x-www-form-urlencoded"
)

// response adds the answers of a status. Those from 400 on are errors, which no
// handler writes.
func (c *contract) response(o *operation, status string, node *yaml.Node) error {
	response, _, err := c.resolve(node)
	if err != nil {
		return err
	}
	if status == "default" {
		return nil // errors that are not named
	}
	n, err := strconv.Atoi(status)
	if err != nil {
		return errors.New("is not supported; name each status")
	}
	if n >= 400 {
		return nil
	}
	headers, err := c.headers(member(response, "headers"))
	if err != nil {
		return err
	}
	var forms []answer
	for mediaType, content := range members(member(response, "content")) {
		if n < 300 && !slices.Contains(o.produces, mediaType) {
			o.produces = append(o.produces, mediaType)
		}
		some, err := c.forms(mediaType, content)
		if err != nil {
			return fmt.Errorf("%s: %w", mediaType, err)
		}
		forms = append(forms, some...)
	}
	if len(forms) == 0 {
		forms = []answer{{}}
	}
	for _, a := range forms {
		a.status, a.headers, a.several = n, headers, len(forms) > 1
		if a.several && a.name() == "" {
			return fmt.Errorf("%s: a schema of several needs a name of its own under components", a.mediaType)
		}
		o.answers = append(o.answers, a)
	}
	return nil
}

// forms returns one answer for each alternative of a body.
func (c *contract) forms(mediaType string, content *yaml.Node) (all []answer, err error) {
	whole, component, err := c.resolve(member(content, "schema"))
	if err != nil {
		return nil, err
	}
	items, err := c.items(member(content, "x-itemSchema"))
	if err != nil {
		return nil, err
	}
	alternatives := member(whole, "oneOf")
	if alternatives == nil {
		return []answer{{mediaType: mediaType, schema: whole, component: component, items: items}}, nil
	}
	for _, n := range alternatives.Content {
		one, component, err := c.resolve(n)
		if err != nil {
			return nil, err
		}
		all = append(all, answer{mediaType: mediaType, schema: one, component: component})
	}
	return all, nil
}

// items returns the names of the schemas that a line may have.
func (c *contract) items(node *yaml.Node) (names []string, err error) {
	if node == nil {
		return nil, nil
	}
	alternatives := []*yaml.Node{node}
	if several := member(node, "oneOf"); several != nil {
		alternatives = several.Content
	}
	for _, n := range alternatives {
		_, name, err := c.resolve(n)
		if err != nil {
			return nil, err
		}
		if name == "" {
			return nil, errors.New("x-itemSchema: a schema needs a name of its own under components")
		}
		names = append(names, name)
	}
	return names, nil
}

// headers returns the headers of a response, without those that the server sets
// for all operations alike.
func (c *contract) headers(node *yaml.Node) (all []header, err error) {
	for name, n := range members(node) {
		n, _, err := c.resolve(n)
		if err != nil {
			return nil, err
		}
		if isTrue(member(n, "x-set-by-server")) {
			continue
		}
		schema, _, err := c.resolve(member(n, "schema"))
		if err != nil {
			return nil, err
		}
		if kind := member(schema, "type"); kind == nil || kind.Value != "string" {
			return nil, fmt.Errorf("header %s: only strings are supported", name)
		}
		h := header{name: name, required: isTrue(member(n, "required"))}
		if enum := member(schema, "enum"); enum != nil && len(enum.Content) == 1 {
			h.constant = enum.Content[0].Value
		}
		all = append(all, h)
	}
	return all, nil
}

func (c *contract) parameter(node *yaml.Node) (p parameter, err error) {
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
			p.required = isTrue(n)
		case "schema":
		case "description", "x-description-zh", "example", "examples", "deprecated":
		default:
			return p, fmt.Errorf("parameter %s: %s is not supported", p.name, key)
		}
	}
	p.schema, err = c.schema(member(node, "schema"), strings.ReplaceAll(p.name, "-", "")+"Parameter")
	if err == nil && (p.schema.nullable || !slices.Contains([]string{"string", "integer", "boolean"}, p.schema.kind)) {
		err = errors.New("a parameter must be a string, an integer or a boolean, and not null")
	}
	if err != nil {
		err = fmt.Errorf("parameter %s: %w", p.name, err)
	}
	return p, err
}

// resolve follows references to components and returns the name of the last one.
func (c *contract) resolve(node *yaml.Node) (_ *yaml.Node, component string, err error) {
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

func isTrue(node *yaml.Node) bool { return node != nil && node.Value == "true" }

// member returns the value of a key of a mapping, nil if it has none.
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
