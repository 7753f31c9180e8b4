package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"sync"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"onestroke/api/wire"
	"onestroke/gen"
)

// documents are the operations that send the contract, as YAML and as JSON: whole,
// and without what only programs of 2017 use. They are made when the first is asked
// for: that takes as long as the rest of the start.
type documents struct {
	made func() (contracts, error)
}

type contracts struct {
	yaml, json               document
	currentYAML, currentJSON document
}

type document struct {
	text, compressed []byte
	tag              string
}

// body returns the document in the coding of the answer.
func (d document) body(ctx context.Context) []byte {
	info := infoOf(ctx)
	if !info.acceptsGzip() {
		return d.text
	}
	info.compressed = true
	return d.compressed
}

// servers is what the contract says about where the service is. In the copy that the
// service sends, it is the place that the copy comes from.
var servers = regexp.MustCompile(`(?m)^servers:\n(?: .*\n)+`)

const servedFrom = "servers:\n  - url: /\n    description: Where this document comes from\n"

func newDocuments(contract []byte, base string) documents {
	return documents{sync.OnceValues(func() (contracts, error) { return newContracts(contract, base) })}
}

// newContracts reads the contract and moves its paths of 2017 to base.
func newContracts(contract []byte, base string) (contracts, error) {
	moved := bytes.ReplaceAll(contract, []byte(contractBase+"/"), []byte(base+"/"))
	moved = servers.ReplaceAll(moved, []byte(servedFrom))
	whole, err := jsonOf(moved)
	if err != nil {
		return contracts{}, err
	}
	current, err := without2017(moved)
	if err != nil {
		return contracts{}, fmt.Errorf("without 2017: %w", err)
	}
	currentJSON, err := jsonOf(current)
	if err != nil {
		return contracts{}, err
	}
	return contracts{newDocument(moved), newDocument(whole), newDocument(current), newDocument(currentJSON)}, nil
}

func jsonOf(text []byte) ([]byte, error) {
	var content map[string]any
	if err := yaml.Unmarshal(text, &content); err != nil {
		return nil, err
	}
	text, err := json.Marshal(content)
	return controls.ReplaceAllFunc(text, func(character []byte) []byte {
		r, _ := utf8.DecodeRune(character)
		return fmt.Appendf(nil, `\u%04x`, r)
	}), err
}

// controls are the control characters that JSON allows in a string as they are. They
// are escaped, because YAML does not allow them, and many programs read JSON as YAML.
var controls = regexp.MustCompile(`[\x{7f}-\x{9f}]`)

func newDocument(text []byte) document {
	sum := sha256.Sum256(text)
	return document{text, wire.Compress(text), base64.RawURLEncoding.EncodeToString(sum[:12])}
}

func (d documents) GetContractYaml(ctx context.Context, r gen.GetContractYamlRequest) (gen.GetContractYamlAnswer, error) {
	c, err := d.made()
	if err != nil {
		return nil, err
	}
	etag, current := revalidate(ctx, c.yaml.tag, r.Params.IfNoneMatch)
	if current {
		return gen.GetContractYaml304{ETag: etag}, nil
	}
	return gen.GetContractYaml200{ETag: etag, Body: c.yaml.body(ctx)}, nil
}

func (d documents) GetContractJSON(ctx context.Context, r gen.GetContractJSONRequest) (gen.GetContractJSONAnswer, error) {
	c, err := d.made()
	if err != nil {
		return nil, err
	}
	etag, current := revalidate(ctx, c.json.tag, r.Params.IfNoneMatch)
	if current {
		return gen.GetContractJSON304{ETag: etag}, nil
	}
	return gen.GetContractJSON200{ETag: etag, Body: c.json.body(ctx)}, nil
}

func (d documents) GetCurrentContractYaml(ctx context.Context, r gen.GetCurrentContractYamlRequest) (gen.GetCurrentContractYamlAnswer, error) {
	c, err := d.made()
	if err != nil {
		return nil, err
	}
	etag, current := revalidate(ctx, c.currentYAML.tag, r.Params.IfNoneMatch)
	if current {
		return gen.GetCurrentContractYaml304{ETag: etag}, nil
	}
	return gen.GetCurrentContractYaml200{ETag: etag, Body: c.currentYAML.body(ctx)}, nil
}

func (d documents) GetCurrentContractJSON(ctx context.Context, r gen.GetCurrentContractJSONRequest) (gen.GetCurrentContractJSONAnswer, error) {
	c, err := d.made()
	if err != nil {
		return nil, err
	}
	etag, current := revalidate(ctx, c.currentJSON.tag, r.Params.IfNoneMatch)
	if current {
		return gen.GetCurrentContractJSON304{ETag: etag}, nil
	}
	return gen.GetCurrentContractJSON200{ETag: etag, Body: c.currentJSON.body(ctx)}, nil
}
