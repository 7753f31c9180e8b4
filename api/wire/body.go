package wire

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
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

// ReadBody reads the body of a request whole, and returns its media type, which
// is one of consumes. The error is a [MediaTypeError], an [InvalidError] if the
// body ends too early, or an [http.MaxBytesError].
func ReadBody(r *http.Request, consumes ...string) (mediaType string, text []byte, err error) {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || !slices.Contains(consumes, mediaType) || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", nil, &MediaTypeError{Consumes: consumes}
	}
	// One allocation for most bodies. A client that only announces a large body
	// does not take more memory than that.
	buffer := bytes.NewBuffer(make([]byte, 0, min(max(r.ContentLength, 0), 64<<10)+bytes.MinRead))
	_, err = buffer.ReadFrom(r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return "", nil, tooLarge
	}
	if err != nil {
		return "", nil, invalidBody("complete", "ended before it was complete")
	}
	return mediaType, buffer.Bytes(), nil
}

func invalidBody(rule, detail string) *InvalidError {
	return &InvalidError{Fields: []FieldError{{Field: "body", Rule: rule, Detail: detail}}}
}
