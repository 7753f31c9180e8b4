package connections

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"
)

// A connection that net/http reads to the end of a request is followed to the same
// byte, however its bytes arrive.
func FuzzFollow(f *testing.F) {
	const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, stream := range []string{
		get + get,
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n\r\n\r\nx" + get,
		"POST / HTTP/1.1\nHost: x\ncontent-length:\n\t 5 \n\n12345" + get,
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\nX: 1\r\n 7\r\n\r\n12345" + get,
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get,
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get,
		"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n12345" + get,
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		for _, step := range []uint8{1, 2, 7, 255} {
			f.Add([]byte(stream), step)
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte, step uint8) {
		left := bytes.NewReader(stream)
		reader := bufio.NewReader(left)
		var r requests
		begin := 0
		for {
			request, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, request.Body); err != nil {
				return
			}
			end := len(stream) - left.Len() - reader.Buffered()
			for begin < end {
				n := min(max(int(step), 1), end-begin)
				r.follow(stream[begin : begin+n])
				begin += n
			}
			if r.last {
				if request.TransferEncoding == nil && request.ProtoAtLeast(1, 1) {
					t.Error("a request without Transfer-Encoding is taken for one with it")
				}
				return
			}
			if request.TransferEncoding != nil {
				t.Error("Transfer-Encoding is not seen")
			}
			if r.body != 0 || len(r.line) > 0 || r.head != (head{}) {
				t.Fatalf("after %q it is at %d bytes of a body, %q, %+v", stream[:end], r.body, r.line, r.head)
			}
		}
	})
}

func BenchmarkFollow(b *testing.B) {
	text := []byte("GET /v1/drawings?limit=20 HTTP/1.1\r\nHost: example.com\r\nAuthorization: Bearer 0123456789012345678901234567890123456789012\r\n" +
		"User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0.50\r\nAccept: application/json\r\n" +
		"Accept-Encoding: gzip\r\nX-Request-Id: 0b9e8d7c-6f5a-4b3c-9d2e-1f0a9b8c7d6e\r\nX-Forwarded-For: 192.0.2.7\r\nConnection: keep-alive\r\n\r\n")
	var r requests
	b.ReportAllocs()
	for b.Loop() {
		r.follow(text)
	}
}
