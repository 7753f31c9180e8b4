package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
)

// connection is a persistent connection to a program. It does as little as possible,
// as it runs on the same machine as the measured program.
type connection struct {
	net.Conn
	in     *bufio.Reader
	answer bytes.Buffer
}

func dial(address string) (*connection, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c, in: bufio.NewReaderSize(c, 32<<10)}, nil
}

// do sends a request and reads the answer, which must be a success. The answer is
// valid until the next call.
func (c *connection) do(request []byte) ([]byte, error) {
	status, err := c.roundTrip(request)
	if err == nil && status >= 300 {
		err = statusError{status, fmt.Sprintf("%.300s", c.answer.Bytes())}
	}
	if err != nil {
		line, _, _ := bytes.Cut(request, []byte("\r\n"))
		err = fmt.Errorf("%s: %w", line, err)
	}
	return c.answer.Bytes(), err
}

// statusError is an answer that is no success.
type statusError struct {
	status int
	body   string
}

func (e statusError) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.body) }

func (c *connection) roundTrip(request []byte) (status int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	c.answer.Reset()
	_, err = io.Copy(&c.answer, response.Body)
	return response.StatusCode, err
}

// creation writes a request that creates a drawing.
func creation(id, credential string, body []byte) []byte {
	return request(http.MethodPut, "/v1/drawings/"+id, credential+"If-None-Match: *\r\n", body)
}

// request writes a request. The credential, and what comes with it, are header lines.
func request(method, path, credential string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench\r\n%s", method, path, credential)
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

func bearer(token string) string { return "Authorization: Bearer " + token + "\r\n" }
