package api

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// withBody2017 gives a request the body that the server of 2017 read: an object
// without members if there is no body, or if it has no media type that the operation
// consumes.
func withBody2017(r *http.Request, consumes []string) *http.Request {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	body := bufio.NewReaderSize(r.Body, 16) // only for Peek: longer reads do not pass through the buffer
	_, err := body.Peek(1)
	read := *r
	if !slices.Contains(consumes, mediaType) || errors.Is(err, io.EOF) {
		read.Header = r.Header.Clone()
		read.Header.Set("Content-Type", "application/json")
		read.Body = io.NopCloser(strings.NewReader("{}"))
		return &read
	}
	read.Body = struct {
		io.Reader
		io.Closer
	}{body, r.Body}
	return &read
}
