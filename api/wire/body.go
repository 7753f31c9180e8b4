package wire

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
)

// MediaTypeError is a request whose body has a media type that the operation does
// not read.
type MediaTypeError struct {
	Consumes []string // the media types that it reads
}

func (e *MediaTypeError) Error() string {
	return "this operation reads " + strings.Join(e.Consumes, " and ") + ", in UTF-8"
}

// EncodingError is a request whose body has a content coding, such as gzip.
type EncodingError struct{}

func (EncodingError) Error() string {
	return "this service reads bodies without a Content-Encoding only"
}

// SlowError is a request whose body did not arrive in time.
type SlowError struct{}

func (SlowError) Error() string { return "the body did not arrive in time" }

// NoMemoryError is a request whose body, or whose answer, has no room in memory
// beside those of other requests.
type NoMemoryError struct{}

func (NoMemoryError) Error() string { return "there is no memory for the body" }

// GoneError is a request whose client hung up before the body was complete.
type GoneError struct{ invalid *InvalidError }

func (e GoneError) Error() string { return "the client hung up: " + e.invalid.Error() }

// Unwrap returns what the body is to a client that still reads: it may have closed only
// its own direction of the connection.
func (e GoneError) Unwrap() error { return e.invalid }

// ReadBody reads the body of a request whole, and returns its media type, which
// is one of consumes. The error is a [MediaTypeError], an [EncodingError], a
// [SlowError], a [NoMemoryError], an [InvalidError] if the body ends too early, also in
// a [GoneError], or an [http.MaxBytesError].
func ReadBody(r *http.Request, consumes ...string) (mediaType string, text []byte, err error) {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(consumes, mediaType) || !isUTF8(params["charset"]) {
		return "", nil, &MediaTypeError{Consumes: consumes}
	}
	text, err = readBody(r)
	return mediaType, text, err
}

// ReadAnyBody reads the body of a request whole, whatever its media type is. The
// errors are those of [ReadBody], except for the first.
func ReadAnyBody(r *http.Request) (contentType string, text []byte, err error) {
	text, err = readBody(r)
	return r.Header.Get("Content-Type"), text, err
}

func readBody(r *http.Request) ([]byte, error) {
	for _, coding := range r.Header["Content-Encoding"] {
		if coding != "" && !strings.EqualFold(coding, "identity") {
			return nil, EncodingError{}
		}
	}
	text, err := readAll(r)
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case err == nil:
		return text, nil
	case errors.As(err, &tooLarge):
		return nil, tooLarge
	case errors.As(err, new(NoMemoryError)):
		return nil, NoMemoryError{}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, SlowError{}
	}
	incomplete := invalidBody("complete", "ended before it was complete")
	// HTTP/2 has no error for it: the context ends with the stream.
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || r.Context().Err() != nil {
		return nil, GoneError{incomplete}
	}
	return nil, incomplete
}

const (
	// firstBuffer is the most that is allocated for a body before any of it has
	// arrived, in bytes. It is one allocation for most bodies, and a client that only
	// announces a large body does not take more memory than that.
	firstBuffer = 64 << 10
	// spare is what a buffer has beyond the announced length, so that the end of the
	// body is found without a larger buffer.
	spare = 512
)

// readAll reads a body into a buffer that doubles when it is full, up to the
// announced length. Each Read gets all that is free in the buffer, so the body
// knows how much memory it takes: what was read, and what Read is given.
func readAll(r *http.Request) ([]byte, error) {
	announced := int(max(r.ContentLength, 0))
	text := make([]byte, 0, min(announced, firstBuffer)+spare)
	for {
		if len(text) == cap(text) {
			size := 2 * cap(text)
			if announced >= len(text) {
				size = min(size, announced+spare)
			}
			text = append(make([]byte, 0, size), text...)
		}
		n, err := r.Body.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if errors.Is(err, io.EOF) {
			return text, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// isUTF8 reports whether a charset is UTF-8, by its name or by the other one that
// browsers know (the Encoding standard of WHATWG). It is the default.
func isUTF8(charset string) bool {
	return charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

func invalidBody(rule, detail string) *InvalidError {
	return &InvalidError{Fields: []FieldError{{Field: "body", Rule: rule, Detail: detail}}}
}
