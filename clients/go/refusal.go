package onestroke

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is an answer that refuses the request. Decide by Code; treat one that you do
// not know by Status. Code is "" if the answer is not from the service, but from a proxy.
type Error struct {
	Problem
	// RetryAfter is how long the service asks to wait before the next try; 0 if it does not say.
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("HTTP %d %s", e.Status, e.Detail)
	}
	return fmt.Sprintf("%s: %s (request %s)", e.Code, e.Detail, e.Instance)
}

// refusals turns each answer that is no success into an [*Error]. It reads the body of any
// other answer but an export: if that is cut off, the request can be sent again.
type refusals struct{ next HttpRequestDoer }

func (d *refusals) Do(r *http.Request) (*http.Response, error) {
	answer, err := d.next.Do(r)
	if err != nil {
		return nil, err
	}
	// net/http follows a redirect, but sends most requests on as a GET, which changes nothing.
	if sent := answer.Request; sent != nil && sent.Response != nil && sent.Method != r.Method {
		_ = answer.Body.Close()
		return nil, &Error{Problem: Problem{Status: int32(sent.Response.StatusCode), Detail: "redirects to " + sent.URL.Redacted()}}
	}
	success := answer.StatusCode < 300 || answer.StatusCode == http.StatusNotModified
	if success && kindOf(answer.Header) == exportKind {
		return answer, nil
	}
	defer answer.Body.Close()
	if success {
		return whole(answer)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("read an answer of HTTP %d: %w", answer.StatusCode, err)
	}
	refusal := &Error{}
	if !strings.HasSuffix(kindOf(answer.Header), "json") || json.Unmarshal(body, &refusal.Problem) != nil || refusal.Code == "" {
		text, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		refusal.Problem = Problem{Detail: text[:min(len(text), 200)]}
	}
	refusal.Status = int32(answer.StatusCode)
	if seconds, err := strconv.ParseUint(answer.Header.Get("Retry-After"), 10, 31); err == nil {
		refusal.RetryAfter = time.Duration(seconds) * time.Second
	}
	return nil, refusal
}

// whole returns the answer with its body read. One of a kind that no operation answers is
// of a proxy, such as the page of a public network.
func whole(answer *http.Response) (*http.Response, error) {
	kind := kindOf(answer.Header)
	hasBody := answer.StatusCode != http.StatusNoContent && answer.StatusCode != http.StatusNotModified
	if hasBody && !strings.HasSuffix(kind, "json") && !strings.HasPrefix(kind, "image/") {
		return nil, errNotOurs
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("read an answer of HTTP %d: %w", answer.StatusCode, err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}
