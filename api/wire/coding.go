package wire

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// Coding is the content coding of an answer (RFC 9110, section 8.4). See
// docs/decisions/0092-compressed-answers.md.
type Coding int

const (
	fixed    Coding = iota // the answer has only one coding, identity
	Identity               // sent as it is
	Gzip                   // to be compressed
	Gzipped                // the body is compressed already
)

// Coder is an [http.ResponseWriter] that knows the coding of a text that answers its
// request. Without it, the coding is [Identity].
type Coder interface {
	Coding() Coding
}

// compressible is the length, in bytes, from which a text is compressed. A shorter
// one fits into one packet with its headers.
const compressible = 1 << 10

// codingOf returns the coding of an answer. Pictures other than SVG are compressed
// in themselves.
func codingOf(w http.ResponseWriter, mediaType string, length int) Coding {
	if length < compressible || strings.HasPrefix(mediaType, "image/") && mediaType != "image/svg+xml" {
		return fixed
	}
	if c, ok := w.(Coder); ok {
		return c.Coding()
	}
	return Identity
}

// setCoding sets the headers that depend on the coding.
func setCoding(h http.Header, coding Coding) {
	if coding == fixed {
		return
	}
	SetHeader(h, "Vary", "Accept-Encoding")
	if coding == Identity {
		return
	}
	h.Set("Content-Encoding", "gzip")
	if tag, ok := strings.CutSuffix(h.Get("Etag"), `"`); ok {
		h.Set("Etag", tag+GzipTag+`"`)
	}
}

// GzipTag ends the entity tag of a compressed answer: a strong tag must not be that
// of another coding (RFC 9110, section 8.8.3.3). The service's own tags have no dot.
const GzipTag = ".gzip"

// NotModified answers 304 without a body. As the 200 would have it, Vary has
// Accept-Encoding (RFC 9110, section 15.4.5).
func NotModified(w http.ResponseWriter) {
	SetHeader(w.Header(), "Vary", "Accept-Encoding")
	w.WriteHeader(http.StatusNotModified)
}

// gzips are used again: each has tables of about 1 MB.
var gzips = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for no level of the package
	return w
}}

// encoder compresses one body. A nil encoder leaves it as it is.
type encoder struct {
	gzip *gzip.Writer
	out  *Buffer // what gzip writes
}

func newEncoder() *encoder {
	e := &encoder{gzips.Get().(*gzip.Writer), NewBuffer()}
	e.gzip.Reset(e.out)
	return e
}

// encode compresses the next part of the body, so that the client can decode it. The
// result is valid until the next call.
func (e *encoder) encode(text []byte, last bool) []byte {
	if e == nil {
		return text
	}
	e.out.Text = e.out.Text[:0]
	_, _ = e.gzip.Write(text) // a buffer takes everything
	if last {
		_ = e.gzip.Close()
	} else {
		_ = e.gzip.Flush()
	}
	return e.out.Text
}

// buffer ends the use of the encoder, except for what it has written.
func (e *encoder) buffer() *Buffer {
	gzips.Put(e.gzip)
	return e.out
}

func (e *encoder) release() {
	if e != nil {
		e.buffer().release()
	}
}

// compressed returns text in a new buffer, compressed.
func compressed(text []byte) *Buffer {
	e := newEncoder()
	e.encode(text, true)
	return e.buffer()
}

// Compress returns a text that is kept, compressed with gzip's level 6: level 9 takes
// three times as long, and saves 1 % of the contract and nothing of the page. It is nil
// if that makes the text no shorter.
func Compress(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text) // a buffer takes everything
	_ = w.Close()
	if b.Len() >= len(text) {
		return nil
	}
	return b.Bytes()
}
