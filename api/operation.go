package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"onestroke/api/wire"
	"onestroke/gen"
)

// operation is an operation of the contract, prepared for serving.
type operation struct {
	wire.Operation
	in2017         bool
	endsSession    bool        // it succeeds for a session that has ended
	visits         bool        // a shared drawing, without a login
	operates       bool        // for operators only
	writes         bool        // more than a suspended user may do
	secret         bool        // its answer has a token of a session
	anyAccept      bool        // the answer does not depend on Accept
	sessionHeaders []parameter // of 2017, which identify the caller
	parameters     []parameter // all others
}

type parameter struct {
	*wire.Parameter
	canonical string // the name as Go writes names of headers
}

// newOperation returns the operation of a route of the generated code.
func newOperation(pattern string) *operation {
	o := &operation{Operation: gen.Operations[pattern]}
	method, path, _ := strings.Cut(pattern, " ")
	o.in2017 = isPath2017(path)
	o.endsSession = o.ID == "logOut"
	o.secret = o.ID == "logIn"
	o.visits = strings.HasPrefix(path, "/v1/shared/")
	o.operates = strings.HasPrefix(path, operatorPath)
	o.writes = o.Secured && !o.operates && (method == http.MethodPut || method == http.MethodPost) && o.ID != "deletePaint" ||
		o.ID == "getShareCode" // it has WeChat make one, to share the drawing with
	o.anyAccept = o.in2017 || strings.HasPrefix(path, "/wechat/") // WeChat takes what it asked for
	for i := range o.Parameters {
		p := parameter{&o.Parameters[i], http.CanonicalHeaderKey(o.Parameters[i].Name)}
		if isSessionHeader2017(p.canonical) {
			o.sessionHeaders = append(o.sessionHeaders, p)
		} else {
			o.parameters = append(o.parameters, p)
		}
	}
	return o
}

// mediaTypes are the media types by the values of the parameter format.
var mediaTypes = map[string]string{"png": pngType, "svg": "image/svg+xml"}

// negotiate picks the media type of the answer by the parameter format, otherwise
// by Accept (RFC 9110, section 12). Without a preference it is the first one in the
// contract.
func (o *operation) negotiate(r *http.Request) error {
	if len(o.Produces) == 0 || o.anyAccept {
		return nil
	}
	info := infoOf(r.Context())
	if len(o.Produces) > 1 {
		asked := mediaTypes[wire.ParseNamed(r.URL.RawQuery, o.inQuery).Get("format")]
		if slices.Contains(o.Produces, asked) {
			info.mediaType = asked
			return nil
		}
	}
	// Browsers name SVG in Accept, but not PNG, for whatever they embed. That is no
	// wish for SVG: what they can embed, because it needs no login, goes by quality.
	info.mediaType = acceptable(r.Header["Accept"], o.Produces, !o.Secured)
	if info.mediaType == "" {
		return &problem{code: gen.ErrNotAcceptable, detail: "this operation answers " + strings.Join(o.Produces, " or ")}
	}
	return nil
}

// checkParameters checks the parameters against the contract, except for the
// session headers of 2017, which have been checked before.
//
// The generated code, which reads them next, then finds the same values: lists are
// on one line, and the query is well-formed. It has no others, as the generated code reads
// the query again for each parameter.
func (o *operation) checkParameters(r *http.Request) error {
	joinLists(r.Header)
	var query url.Values
	if r.URL.RawQuery != "" {
		query = wire.ParseNamed(r.URL.RawQuery, o.inQuery)
		r.URL.RawQuery = query.Encode()
	}
	return check(o.parameters, r, query)
}

// inQuery reports whether the operation has a parameter of this name in its query.
func (o *operation) inQuery(name string) bool {
	return slices.ContainsFunc(o.parameters, func(p parameter) bool { return p.In == "query" && p.Name == name })
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
// that Go has for them: X-WX-Code for X-Wx-Code. Only those that differ are here.
var headerNames = func() map[string]string {
	names := map[string]string{}
	add := func(name string) {
		if canonical := http.CanonicalHeaderKey(name); canonical != name {
			names[canonical] = name
		}
	}
	for _, names := range answerHeaders {
		add(names[1])
	}
	for _, o := range gen.Operations {
		for _, p := range o.Parameters {
			if p.In == "header" {
				add(p.Name)
			}
		}
	}
	return names
}()

// answerHeaders are those headers of answers whose names Go writes in another way
// than the contract: Go's name, and the contract's.
var answerHeaders = [][2]string{
	{"Etag", "ETag"}, {"Ratelimit", "RateLimit"}, {"Ratelimit-Policy", "RateLimit-Policy"}, {"Www-Authenticate", "WWW-Authenticate"},
}

// spellAsContract writes the names of an answer's headers as the contract does.
// They have no case, but wx.request may keep the one that it gets over HTTP/1.1.
func spellAsContract(h http.Header) {
	for _, names := range answerHeaders {
		if values, ok := h[names[0]]; ok {
			delete(h, names[0])
			h[names[1]] = values
		}
	}
}
