package wire

// Operation is what the contract says about one method of a path.
type Operation struct {
	ID         string
	Secured    bool // the caller must be logged in
	Parameters []Parameter
	Consumes   []string // media types of the body; none if there is no body
	Produces   []string // media types of the answers with status 2xx
}

// Parameter is a parameter of an operation.
type Parameter struct {
	Name     string // as the contract writes it
	In       string // path, query or header
	Required bool
	Rules    interface {
		checkParameter(value string) []violation
	}
}

// Check checks the values that a request has for the parameter.
func (p *Parameter) Check(values []string) (fields []FieldError) {
	switch {
	case len(values) == 0 && !p.Required:
		return nil
	case len(values) == 0:
		return []FieldError{missing.field(p.Name)}
	case len(values) > 1:
		return []FieldError{duplicate.field(p.Name)}
	}
	for _, v := range p.Rules.checkParameter(values[0]) {
		fields = append(fields, v.field(p.Name))
	}
	return fields
}
