package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"regexp"
	"strings"
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

// document is a text that does not change while the service runs.
type document struct {
	text, compressed func() []byte // each is made when the first client asks for it
	tag              string
}

func newDocument(text []byte) document {
	compressed := sync.OnceValue(func() []byte { return wire.Compress(text) })
	return document{func() []byte { return text }, compressed, tagOf(text)}
}

// newCompressed is the document of a text that is compressed already.
func newCompressed(compressed []byte) document {
	text := sync.OnceValue(func() []byte {
		r, err := gzip.NewReader(bytes.NewReader(compressed))
		if err != nil {
			panic(err) // it is part of the program
		}
		text, err := io.ReadAll(r)
		if err != nil {
			panic(err)
		}
		return text
	})
	return document{text, func() []byte { return compressed }, tagOf(compressed)}
}

// tagOf is the entity tag of an answer that is always the same bytes.
func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// in returns the document in the coding that the client accepts.
func (d document) in(info *requestInfo) (wire.Coding, []byte) {
	if info.acceptsGzip() {
		if compressed := d.compressed(); compressed != nil {
			return wire.Gzipped, compressed
		}
	}
	return wire.Identity, d.text()
}

// body returns the document in the coding of the answer.
func (d document) body(ctx context.Context) []byte {
	info := infoOf(ctx)
	coding, body := d.in(info)
	info.compressed = coding == wire.Gzipped
	return body
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

// File returns the handler of a file of the program: one for [Options.Extra], which is
// sent with this header. Its name tells its media type; at the end .gz says that the
// text is compressed already.
func File(name string, text []byte, header http.Header) http.Handler {
	name, compressed := strings.CutSuffix(name, ".gz")
	mediaType, ok := fileTypes[path.Ext(name)]
	if !ok {
		panic("no media type of " + name)
	}
	var d document
	if compressed {
		d = newCompressed(text)
	} else {
		d = newDocument(text)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		maps.Copy(h, header)
		joinLists(r.Header)
		etag, current := revalidate(r.Context(), d.tag, optional(r.Header.Get("If-None-Match")))
		h.Set("Etag", etag)
		if current {
			wire.NotModified(w)
			return
		}
		coding, body := d.in(infoOf(r.Context()))
		_ = wire.SendKept(w, http.StatusOK, mediaType, coding, body) // the client may be gone
	})
}

// fileTypes are the media types of files, by the ends of their names. Package mime would
// ask the system.
var fileTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".svg":         "image/svg+xml",
	".webmanifest": "application/manifest+json",
}
