package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/elnormous/contenttype"
	"go.yaml.in/yaml/v3"

	"onestroke/gen"
)

// contract is openapi.yaml, made ready for serving by it.
type contract struct {
	yaml, json document
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
	gen.Operation
	endsSession    bool                    // a session that has already ended will do
	produces       []contenttype.MediaType // with success
	sessionHeaders []parameter             // that tell who is calling
	parameters     []parameter             // all others
}

// parameter is one of the contract's.
type parameter struct {
	*gen.Parameter
	canonical string // as Go spells the name of a header
}

// newContract reads the contract and moves its 2017 paths to base.
func newContract(text []byte, base string) (*contract, error) {
	moved := bytes.ReplaceAll(text, []byte(contractBase+"/"), []byte(base+"/"))
	var document map[string]any
	if err := yaml.Unmarshal(moved, &document); err != nil {
		return nil, err
	}
	asJSON, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	return &contract{yaml: newDocument(moved), json: newDocument(asJSON)}, nil
}

// newOperation returns what the contract says of a route of the generated code.
func newOperation(pattern string) *operation {
	o := &operation{Operation: gen.Operations[pattern]}
	o.endsSession = o.ID == "logOut"
	for i := range o.Parameters {
		p := parameter{&o.Parameters[i], http.CanonicalHeaderKey(o.Parameters[i].Name)}
		switch p.canonical {
		case headerCode, headerRawData, headerSignature:
			o.sessionHeaders = append(o.sessionHeaders, p)
		default:
			o.parameters = append(o.parameters, p)
		}
	}
	for _, mediaType := range o.Produces {
		o.produces = append(o.produces, contenttype.NewMediaType(mediaType))
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
	if len(o.produces) > 1 {
		note(r).mediaType = picked.MIME()
	}
	return nil
}

func (o *operation) notAcceptable() error {
	return &problem{code: gen.ErrNotAcceptable, detail: "this operation answers " + strings.Join(o.Produces, " or ")}
}
