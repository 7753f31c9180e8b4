package wire

import (
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// SetHeader sets a header of the answer. An empty value sets nothing. The name is
// given in its canonical form, such as Etag.
func SetHeader(h http.Header, name, value string) {
	switch {
	case value == "":
		return
	case name == "Vary" && h.Get(name) != "": // a list that others have begun
		value = h.Get(name) + ", " + value
	}
	h.Set(name, value)
}

// HeaderError is a response without a header that the contract requires.
type HeaderError struct {
	Response, Header string
}

func (e *HeaderError) Error() string {
	return fmt.Sprintf("%s: header %s is required and empty", e.Response, e.Header)
}

// Buffer holds the body of an answer while it is written. Buffers are used again.
type Buffer struct {
	Text []byte
}

// maxPooled is the capacity, in bytes, up to which a buffer is used again. Most
// answers fit; a few large ones must not keep their memory for ever.
const maxPooled = 256 << 10

var buffers = sync.Pool{New: func() any { return new(Buffer) }}

// NewBuffer returns an empty buffer. [Buffer.Send] ends its use.
func NewBuffer() *Buffer { return buffers.Get().(*Buffer) }

// Write appends text. It does not fail.
func (b *Buffer) Write(text []byte) (int, error) {
	b.Text = append(b.Text, text...)
	return len(text), nil
}

func (b *Buffer) release() {
	if cap(b.Text) <= maxPooled {
		b.Text = b.Text[:0]
		buffers.Put(b)
	}
}

// Send sends the buffer as a JSON answer, as [Send] does.
func (b *Buffer) Send(w http.ResponseWriter, status int) error {
	const mediaType = "application/json"
	b.Text = append(b.Text, '\n')
	coding := codingOf(w, mediaType, len(b.Text))
	if coding == Gzip {
		plain := b
		b = compressed(plain.Text)
		plain.release() // now, as a client may read slowly
	}
	defer b.release()
	return send(w, status, mediaType, coding, b.Text)
}

// Holder is an [http.ResponseWriter] that bounds the memory of answers: an answer
// may be in memory for as long as its client takes to read it.
type Holder interface {
	// Hold fails if there is no memory for an answer.
	Hold(bytes int) error
}

// held is the length, in bytes, from which an answer counts for a [Holder]. A
// shorter one fits into the buffers of the connection.
const held = 64 << 10

// Send sends an answer whose body is known, with its length, in the coding that a
// [Coder] says. If a [Holder] refuses it, nothing is sent.
func Send(w http.ResponseWriter, status int, mediaType string, body []byte) error {
	coding := codingOf(w, mediaType, len(body))
	if coding == Gzip {
		b := compressed(body)
		defer b.release()
		body = b.Text
	}
	return send(w, status, mediaType, coding, body)
}

// send sends a body that is in its coding.
func send(w http.ResponseWriter, status int, mediaType string, coding Coding, body []byte) error {
	if h, ok := w.(Holder); ok && len(body) >= held {
		if err := h.Hold(len(body)); err != nil {
			return err
		}
	}
	return SendKept(w, status, mediaType, coding, body)
}

// SendKept sends a body that is in its coding, and that is kept in memory anyway: it
// does not count for a [Holder].
func SendKept(w http.ResponseWriter, status int, mediaType string, coding Coding, body []byte) error {
	h := w.Header()
	setCoding(h, coding)
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

// Item is one of the objects that an answer has many of.
type Item interface {
	// AppendJSON appends the object as JSON.
	AppendJSON(b []byte) []byte
}

// SendLines sends items as JSON, one on a line (application/x-ndjson), while they
// come. If items fails before anything is sent, the request can still be answered
// with the error; later, the caller must cut the connection.
func SendLines[T Item](w http.ResponseWriter, status int, mediaType string, items iter.Seq2[T, error]) error {
	return stream(w, status, mediaType, items, func(b []byte, item T, _ bool) []byte {
		return append(item.AppendJSON(b), '\n')
	}, nil, "")
}

// SendArray sends a JSON object whose last member is an array, and the items of
// the array while they come. The object is given up to the bracket that opens
// the array. Errors are as those of [SendLines].
func SendArray[T Item](w http.ResponseWriter, status int, mediaType string, object []byte, items iter.Seq2[T, error]) error {
	return stream(w, status, mediaType, items, func(b []byte, item T, first bool) []byte {
		if !first {
			b = append(b, ',')
		}
		return item.AppendJSON(b)
	}, object, "]}\n")
}

const (
	// chunk is how much of a stream is sent at once, in bytes.
	chunk = 32 << 10
	// streamTimeout is how long a client may take for a chunk. The whole stream
	// may take as long as it needs.
	streamTimeout = 30 * time.Second
)

// stream sends items while they come, in chunks, each of which can be decoded when
// it arrives. Nothing is written before the first chunk is complete.
func stream[T any](w http.ResponseWriter, status int, mediaType string, items iter.Seq2[T, error], appendItem func(b []byte, item T, first bool) []byte, begin []byte, end string) error {
	buffer := NewBuffer()
	defer buffer.release()
	buffer.Text = append(buffer.Text, begin...)
	var encoder *encoder // nil: sent as it is
	defer func() { encoder.release() }()
	connection := http.NewResponseController(w)
	started := false
	send := func(last bool) error {
		if !started {
			started = true
			coding := codingOf(w, mediaType, len(buffer.Text))
			if coding == Gzip {
				encoder = newEncoder()
			}
			setCoding(w.Header(), coding)
			w.Header().Set("Content-Type", mediaType)
			w.WriteHeader(status)
		}
		text := encoder.encode(buffer.Text, last)
		// The error is that w has no deadline: then it has no time limit either.
		_ = connection.SetWriteDeadline(time.Now().Add(streamTimeout))
		_, err := w.Write(text)
		if err == nil && !last {
			err = connection.Flush() // compressed, a chunk is shorter than the connection's buffer
		}
		buffer.Text = buffer.Text[:0]
		return err
	}
	first := true
	for item, err := range items {
		if err != nil {
			return err
		}
		buffer.Text = appendItem(buffer.Text, item, first)
		first = false
		if len(buffer.Text) >= chunk {
			if err := send(false); err != nil {
				return err
			}
		}
	}
	buffer.Text = append(buffer.Text, end...)
	return send(true)
}
