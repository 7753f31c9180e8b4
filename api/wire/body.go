package wire

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
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

// ReadBody reads the body of a request whole, and returns its media type, which
// is one of consumes. The error is a [MediaTypeError], an [EncodingError], a
// [SlowError], an [InvalidError] if the body ends too early, or an
// [http.MaxBytesError].
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
	// One allocation for most bodies. A client that only announces a large body
	// does not take more memory than that.
	buffer := bytes.NewBuffer(make([]byte, 0, min(max(r.ContentLength, 0), 64<<10)+bytes.MinRead))
	_, err := buffer.ReadFrom(r.Body)
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case err == nil:
		return buffer.Bytes(), nil
	case errors.As(err, &tooLarge):
		return nil, tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, SlowError{}
	default:
		return nil, invalidBody("complete", "ended before it was complete")
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
