package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/elnormous/contenttype"
	"github.com/getkin/kin-openapi/openapi3"

	"onestroke/gen"
)

// contract is openapi.yaml, made ready for serving by it.
type contract struct {
	yaml, json document
	operations map[string]*operation
}

// document is the contract as the service hands it out.
type document struct {
	text []byte
	etag string
}

func newDocument(text []byte) document {
	sum := sha256.Sum256(text)
	return document{text, base64.RawURLEncoding.EncodeToString(sum[:12])}
}

// operation is what the contract says of one method of one path.
type operation struct {
	id          string
	hasCaller   bool // somebody must be logged in
	endsSession bool // a session that has already ended will do
	parameters  []parameter
	bodies      map[string]*openapi3.Schema // by media type; empty where there is no body
	produces    []contenttype.MediaType     // with success
}

// newContract reads the contract and moves its 2017 paths to base.
func newContract(text []byte, base string) (*contract, error) {
	moved := bytes.ReplaceAll(text, []byte(contractBase+"/"), []byte(base+"/"))
	served, err := openapi3.NewLoader().LoadFromData(moved)
	if err != nil {
		return nil, err
	}
	asJSON, err := served.MarshalJSON()
	if err != nil {
		return nil, err
	}
	c := &contract{yaml: newDocument(moved), json: newDocument(asJSON), operations: map[string]*operation{}}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			c.operations[method+" "+path] = newOperation(doc, op)
		}
	}
	return c, nil
}

// operation returns what the contract says of a route of the generated code,
// which has the same routes because it was generated from the contract.
func (c *contract) operation(pattern string) *operation {
	op, ok := c.operations[pattern]
	if !ok {
		panic(fmt.Sprintf("the contract has no operation %q: run make generate", pattern))
	}
	return op
}

func newOperation(doc *openapi3.T, op *openapi3.Operation) *operation {
	o := &operation{id: op.OperationID, endsSession: op.OperationID == "logOut", bodies: map[string]*openapi3.Schema{}}
	security := doc.Security
	if op.Security != nil {
		security = *op.Security
	}
	o.hasCaller = len(security) > 0
	for _, p := range op.Parameters {
		o.parameters = append(o.parameters, newParameter(p.Value))
	}
	if op.RequestBody != nil {
		for mediaType, content := range op.RequestBody.Value.Content {
			o.bodies[mediaType] = content.Schema.Value
		}
	}
	for status, response := range op.Responses.Map() {
		if strings.HasPrefix(status, "2") {
			for mediaType := range response.Value.Content {
				o.produces = append(o.produces, contenttype.NewMediaType(mediaType))
			}
		}
	}
	// SVG before PNG: the first is what a client gets that does not say.
	slices.SortFunc(o.produces, func(a, b contenttype.MediaType) int { return strings.Compare(b.MIME(), a.MIME()) })
	return o
}

// negotiate picks, of what the operation answers with, what the client likes best.
func (o *operation) negotiate(r *http.Request) error {
	if len(o.produces) == 0 {
		return nil
	}
	picked := o.produces[0]
	if r.Header.Get("Accept") != "" {
		var err error
		if picked, _, err = contenttype.GetAcceptableMediaType(r, o.produces); err != nil {
			return o.notAcceptable()
		}
	}
	note(r).mediaType = picked.MIME()
	return nil
}

func (o *operation) notAcceptable() error {
	names := make([]string, len(o.produces))
	for i, m := range o.produces {
		names[i] = m.MIME()
	}
	return &problem{code: gen.ErrNotAcceptable, detail: "this operation answers " + strings.Join(names, " or ")}
}

// bodySchema returns the media type of the request's body and its schema.
func (o *operation) bodySchema(r *http.Request) (string, *openapi3.Schema, error) {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	schema, ok := o.bodies[mediaType]
	if charset := params["charset"]; err == nil && ok && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		return mediaType, schema, nil
	}
	var names []string
	for name := range o.bodies {
		names = append(names, name)
	}
	slices.Sort(names)
	return "", nil, &problem{code: gen.ErrUnsupportedMediaType, detail: "this operation reads " + strings.Join(names, " and ") + ", in UTF-8"}
}
