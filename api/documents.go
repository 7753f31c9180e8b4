package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"go.yaml.in/yaml/v3"

	"onestroke/gen"
)

// documents are the operations that send the contract, as YAML and as JSON.
type documents struct {
	yaml, json document
}

type document struct {
	text []byte
	tag  string
}

// newDocuments reads the contract and moves its paths of 2017 to base.
func newDocuments(contract []byte, base string) (documents, error) {
	moved := bytes.ReplaceAll(contract, []byte(contractBase+"/"), []byte(base+"/"))
	var content map[string]any
	if err := yaml.Unmarshal(moved, &content); err != nil {
		return documents{}, err
	}
	asJSON, err := json.Marshal(content)
	if err != nil {
		return documents{}, err
	}
	return documents{yaml: newDocument(moved), json: newDocument(asJSON)}, nil
}

func newDocument(text []byte) document {
	sum := sha256.Sum256(text)
	return document{text, base64.RawURLEncoding.EncodeToString(sum[:12])}
}

func (d documents) GetContractYaml(_ context.Context, r gen.GetContractYamlRequest) (gen.GetContractYamlAnswer, error) {
	etag := entityTag(d.yaml.tag)
	if isCurrent(d.yaml.tag, r.Params.IfNoneMatch) {
		return gen.GetContractYaml304{ETag: etag}, nil
	}
	return gen.GetContractYaml200{ETag: etag, Body: d.yaml.text}, nil
}

func (d documents) GetContractJSON(_ context.Context, r gen.GetContractJSONRequest) (gen.GetContractJSONAnswer, error) {
	etag := entityTag(d.json.tag)
	if isCurrent(d.json.tag, r.Params.IfNoneMatch) {
		return gen.GetContractJSON304{ETag: etag}, nil
	}
	return gen.GetContractJSON200{ETag: etag, Body: d.json.text}, nil
}
