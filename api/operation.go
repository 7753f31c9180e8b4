package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/elnormous/contenttype"

	"onestroke/api/wire"
	"onestroke/gen"
)

// operation is an operation of the contract, prepared for serving.
type operation struct {
	wire.Operation
	endsSession    bool                    // it succeeds for a session that has ended
	produces       []contenttype.MediaType // of success
	sessionHeaders []parameter             // of 2017, which identify the caller
	parameters     []parameter             // all others
}

type parameter struct {
	*wire.Parameter
	canonical string // the name as Go writes names of headers
}

// newOperation returns the operation of a route of the generated code.
func newOperation(pattern string) *operation {
	o := &operation{Operation: gen.Operations[pattern]}
	o.endsSession = o.ID == "logOut"
	for i := range o.Parameters {
		p := parameter{&o.Parameters[i], http.CanonicalHeaderKey(o.Parameters[i].Name)}
		if isSessionHeader2017(p.canonical) {
			o.sessionHeaders = append(o.sessionHeaders, p)
		} else {
			o.parameters = append(o.parameters, p)
		}
	}
	for _, mediaType := range o.Produces {
		o.produces = append(o.produces, contenttype.NewMediaType(mediaType))
	}
	// SVG before PNG: the first is for clients that send no Accept.
	slices.SortFunc(o.produces, func(a, b contenttype.MediaType) int { return strings.Compare(b.MIME(), a.MIME()) })
	return o
}

// negotiate picks the media type of the answer by Accept (RFC 9110, section 12).
func (o *operation) negotiate(r *http.Request) error {
	if len(o.produces) == 0 {
		return nil
	}
	picked := o.produces[0]
	if r.Header.Get("Accept") != "" {
		var err error
		if picked, _, err = contenttype.GetAcceptableMediaType(r, o.produces); err != nil {
			return &problem{code: gen.ErrNotAcceptable, detail: "this operation answers " + strings.Join(o.Produces, " or ")}
		}
	}
	if len(o.produces) > 1 {
		infoOf(r.Context()).mediaType = picked.MIME()
	}
	return nil
}

// checkParameters checks the parameters against the contract, except for the
// session headers of 2017, which have been checked before.
func (o *operation) checkParameters(r *http.Request) error {
	var query url.Values
	if r.URL.RawQuery != "" {
		query = r.URL.Query()
	}
	return check(o.parameters, r, query)
}

func check(parameters []parameter, r *http.Request, query url.Values) error {
	var fields []wire.FieldError
	for _, p := range parameters {
		fields = append(fields, p.Check(p.values(r, query))...)
	}
	if fields == nil {
		return nil
	}
	return &wire.InvalidError{Fields: fields}
}

func (p parameter) values(r *http.Request, query url.Values) []string {
	switch p.In {
	case "header":
		return r.Header[p.canonical]
	case "query":
		return query[p.Name]
	default:
		return []string{r.PathValue(p.Name)}
	}
}

// headerNames are the names of headers as the contract writes them, by the form
// that Go has for them: X-WX-Code for X-Wx-Code.
var headerNames = func() map[string]string {
	names := map[string]string{"Etag": "ETag"}
	for _, o := range gen.Operations {
		for _, p := range o.Parameters {
			if p.In == "header" {
				names[http.CanonicalHeaderKey(p.Name)] = p.Name
			}
		}
	}
	return names
}()
