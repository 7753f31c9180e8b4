package endtoend

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"onestroke/gen"
	"onestroke/tests/pki"
	"onestroke/tests/service"
)

// A request with Transfer-Encoding and Content-Length is refused, and nothing that
// follows it is answered: a proxy may have taken it for a part of the request.
func TestARequestMustSayClearlyWhereItEnds(t *testing.T) {
	root := pki.NewAuthority(t)
	secure := startHTTPS(t, root.Issue(t))
	plain := service.Build(t).Start(t)
	dials := map[string]func() (net.Conn, error){
		"directly": func() (net.Conn, error) { return net.Dial("tcp", strings.TrimPrefix(plain.URL, "http://")) },
		"by TLS": func() (net.Conn, error) {
			return tls.Dial("tcp", strings.TrimPrefix(secure.URL, "https://"), &tls.Config{RootCAs: root.Pool()})
		},
		"by TLS, with ALPN": func() (net.Conn, error) {
			return tls.Dial("tcp", strings.TrimPrefix(secure.URL, "https://"), &tls.Config{RootCAs: root.Pool(), NextProtos: []string{"http/1.1"}})
		},
	}

	const (
		live    = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
		old     = "GET /livez HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"
		last    = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
		hidden  = "0\r\n\r\n" + last // what follows the body goes unanswered
		encoded = "Transfer-Encoding: chunked\r\n"
		short   = "Content-Length: 4\r\n"
		both    = encoded + short
	)
	post := func(lines, body string) string {
		return "POST /v1/session HTTP/1.1\r\nHost: x\r\n" + lines + "\r\n" + body
	}
	withBody := func(body string) string { return post(fmt.Sprintf("Content-Length: %d\r\n", len(body)), body) }

	for name, test := range map[string]struct {
		sent     string
		statuses []int
	}{
		"the encoding first":            {post(both, hidden), []int{400}},
		"the length first":              {post(short+encoded, hidden), []int{400}},
		"the length twice":              {post(short+encoded+short, hidden), []int{400}},
		"a length of 0":                 {post(encoded+"Content-Length: 0\r\n", hidden), []int{400}},
		"small letters":                 {post(strings.ToLower(both), hidden), []int{400}},
		"capital letters":               {post(strings.ToUpper(both), hidden), []int{400}},
		"without spaces":                {post("Transfer-Encoding:chunked\r\nContent-Length:4\r\n", hidden), []int{400}},
		"with tabs":                     {post("Transfer-Encoding:\tchunked\t\r\nContent-Length:\t4\t\r\n", hidden), []int{400}},
		"lines that end with LF":        {strings.ReplaceAll(post(both, ""), "\r\n", "\n") + hidden, []int{400}},
		"a length in the next line":     {post(encoded+"Content-Length:\r\n 4\r\n", hidden), []int{400}},
		"an encoding in the next line":  {post("Transfer-Encoding:\r\n\tchunked\r\n"+short, hidden), []int{400}},
		"far apart":                     {post(encoded+"X-Filler: "+strings.Repeat("x", 5000)+"\r\n"+short, hidden), []int{400}},
		"another method":                {strings.Replace(post(both, hidden), "POST", "GET", 1), []int{400}},
		"a preflight":                   {strings.Replace(post("Origin: https://x\r\n"+both, hidden), "POST", "OPTIONS", 1), []int{400}},
		"no such path":                  {strings.Replace(post(both, hidden), "/v1/session", "/v1/paintings", 1), []int{400}},
		"a path of 2017":                {strings.Replace(post(both, hidden), "/v1/session", "/applet/session", 1), []int{400}},
		"with Expect":                   {post("Expect: 100-continue\r\n"+both, hidden), []int{400}},
		"the second request":            {live + post(both, hidden), []int{200, 400}},
		"after a body":                  {withBody("not JSON") + post(both, hidden), []int{415, 400}},
		"after a large body":            {withBody(strings.Repeat("x", 300_000)) + post(both, hidden), []int{415, 400}},
		"after a length of two lines":   {post("Content-Length:\r\n 8\r\n", "not JSON") + post(both, hidden), []int{415, 400}},
		"after a length that is longer": {post("Content-Length: 0000008\r\nContent-Length: 0000008\r\n", "not JSON") + post(both, hidden), []int{415, 400}},
		"after a body with a head":      {withBody(last) + post(both, hidden), []int{415, 400}},
		"after empty lines":             {withBody("not JSON") + "\r\n\r\n" + post(both, hidden), []int{415, 400}},
		"HTTP/1.0":                      {strings.Replace(post("Connection: keep-alive\r\n"+both, hidden), "1.1", "1.0", 1), []int{400}},
		"after HTTP/1.0":                {old + post(both, hidden), []int{200, 400}},
		"twice HTTP/1.0":                {old + old + strings.Replace(post("Connection: keep-alive\r\n"+encoded, hidden), "1.1", "1.0", 1), []int{200, 200, 400}},
		"HTTP/1.0 without a length":     {strings.Replace(post("Connection: keep-alive\r\n"+encoded, hidden), "1.1", "1.0", 1), []int{400}},

		"an encoding only":                  {post(encoded, hidden), []int{415}},
		"an encoding after a length":        {withBody("not JSON") + post(encoded, hidden), []int{415, 415}},
		"a length and then no body":         {withBody("not JSON") + live + last, []int{415, 200, 200}},
		"a body that looks like a head":     {withBody("x\r\n"+both+"\r\n") + last, []int{415, 200}},
		"a chunk that looks like a length":  {post(encoded, "13\r\n"+short+"\r\n0\r\n\r\n"), []int{415}},
		"a header that looks like a length": {post("X-Note: "+short+"X-Content-Length: 4\r\n"+encoded, hidden), []int{415}},
		"a length in the request before":    {withBody("not JSON") + live + post(encoded, hidden), []int{415, 200, 415}},
	} {
		for by, dial := range dials {
			for how, paced := range map[string]func(io.Reader) io.Reader{
				"at once":         func(r io.Reader) io.Reader { return r },
				"byte after byte": iotest.OneByteReader,
			} {
				if how != "at once" && len(test.sent) > 10_000 {
					continue
				}
				t.Run(name+" "+by+" "+how, func(t *testing.T) {
					t.Parallel()
					conn, err := dial()
					if err != nil {
						t.Fatal(err)
					}
					defer conn.Close()
					_ = conn.SetDeadline(time.Now().Add(time.Minute))
					go func() { _, _ = io.Copy(conn, paced(strings.NewReader(test.sent))) }()
					statuses := answersOn(t, conn)
					if !slices.Equal(statuses, test.statuses) {
						t.Errorf("the answers are %v, not %v", statuses, test.statuses)
					}
				})
			}
		}
	}
}

// answersOn reads all answers on a connection until the service closes it.
func answersOn(t *testing.T, conn net.Conn) (statuses []int) {
	t.Helper()
	reader := bufio.NewReader(conn)
	for {
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			if _, left := reader.Peek(1); left == nil {
				t.Errorf("the answer cannot be read: %v", err)
			}
			return statuses
		}
		statuses = append(statuses, answer.StatusCode)
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Error(err)
		}
		if answer.StatusCode != http.StatusBadRequest {
			continue
		}
		if !answer.Close || !strings.Contains(string(text), gen.ErrInvalidRequest) || !strings.Contains(string(text), "Transfer-Encoding") {
			t.Errorf("%v\n%s", answer.Header, text)
		}
	}
}
