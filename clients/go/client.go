// Package onestroke is the client of the onestroke drawing service.
//
// Each operation of the contract is a method named after it, with what its request
// needs as arguments. An error is an [*Error] if the service refused the request:
//
//	client, err := onestroke.New("https://draw.example.com", onestroke.Options{Login: code})
//	answer, err := client.GetDrawingWithResponse(ctx, id, nil)
//	if refused, ok := errors.AsType[*onestroke.Error](err); ok && refused.Code == onestroke.ErrNotFound {
//		…
//	}
//
// A [Client] logs in when the service asks for a session, and repeats what may
// succeed later. [Client.Drawings] and [Client.Export] read lists of any length.
package onestroke

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
)

// Client sends requests as one user. It can be used by several goroutines.
type Client struct {
	*ClientWithResponses
	session *session
}

// Options are the settings of a [Client]. The zero value has no user: it can call the
// operations that need no session.
type Options struct {
	// Login returns the code of a new login, as wx.login() gives it. It is called when
	// the service asks for a session, once for all requests that wait for it.
	Login func(context.Context) (code string, err error)
	// Token is the credential of an earlier login; "" if there is none.
	Token string
	// HTTP sends the requests; [http.DefaultClient] if nil. Its Timeout also bounds an export.
	HTTP HttpRequestDoer
	// Retries is how often a request is sent again after a failed connection, 408, 429
	// or 503, or 502 or 504 of a proxy; 3 if it is 0, and not at all if it is negative.
	Retries int
}

// New returns a client of the service at base, such as https://draw.example.com. It
// sends nothing yet.
func New(base string, o Options) (*Client, error) {
	if u, err := url.Parse(base); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s is not the URL of a service, such as https://draw.example.com", base)
	}
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	if o.Retries == 0 {
		o.Retries = 3
	}
	sender := &retry{next: &refusals{next: o.HTTP}, times: o.Retries}
	withoutSession, err := NewClientWithResponses(base, WithHTTPClient(sender))
	if err != nil {
		return nil, err
	}
	session := &session{
		next: sender, login: o.Login, logIn: withoutSession.LogInWithResponse,
		renewing: make(chan struct{}, 1), token: o.Token,
	}
	operations, err := NewClientWithResponses(base, WithHTTPClient(session))
	if err != nil {
		return nil, err
	}
	return &Client{operations, session}, nil
}

// Open logs in if there is no session yet. Without it, the first request that needs a
// session does.
func (c *Client) Open(ctx context.Context) error {
	if c.Token() != "" {
		return nil
	}
	_, err := c.session.renew(ctx, "")
	return err
}

// Token returns the credential of the session, or "" before a login. It is a secret.
func (c *Client) Token() string { return c.session.current() }

// Drawings yields the user's drawings, newest first, page by page: params says how many
// are in a page and whether they have thumbnails, and may be nil. An error is the last
// that it yields.
func (c *Client) Drawings(ctx context.Context, params *ListDrawingsParams) iter.Seq2[DrawingSummary, error] {
	return func(yield func(DrawingSummary, error) bool) {
		var next ListDrawingsParams
		if params != nil {
			next = *params
		}
		for {
			page, err := c.ListDrawingsWithResponse(ctx, &next)
			if err == nil && page.JSON200 == nil {
				err = errNotOurs
			}
			if err != nil {
				yield(DrawingSummary{}, err)
				return
			}
			for _, drawing := range page.JSON200.Items {
				if !yield(drawing, nil) {
					return
				}
			}
			if page.JSON200.NextCursor == nil {
				return
			}
			next.Cursor = page.JSON200.NextCursor
		}
	}
}

// Exported is one line of an export: a drawing, or the profile. The other one is nil.
type Exported struct {
	Drawing *Drawing
	Profile *Profile // the last line
}

// Export yields all that the service has of the user, as it arrives: the drawings with
// their strokes, oldest first, and then the profile. An error is the last that it yields;
// something is missing then.
func (c *Client) Export(ctx context.Context) iter.Seq2[Exported, error] {
	return func(yield func(Exported, error) bool) {
		answer, err := c.ExportDrawings(ctx, &ExportDrawingsParams{Profile: new(true)})
		if err != nil {
			yield(Exported{}, err)
			return
		}
		defer answer.Body.Close()
		if kindOf(answer.Header) != exportKind {
			yield(Exported{}, errNotOurs)
			return
		}
		lines := bufio.NewReader(answer.Body)
		for {
			line, err := lines.ReadBytes('\n')
			if errors.Is(err, io.EOF) { // before the profile, or amid a line
				err = io.ErrUnexpectedEOF
			}
			var read Exported
			if err == nil {
				read, err = exported(line)
			}
			if err != nil {
				yield(Exported{}, fmt.Errorf("read the export: %w", err))
				return
			}
			if !yield(read, nil) || read.Profile != nil {
				return
			}
		}
	}
}

// exported reads one line of an export.
func exported(line []byte) (Exported, error) {
	var last struct{ Profile *Profile }
	if err := json.Unmarshal(line, &last); err != nil || last.Profile != nil {
		return Exported{Profile: last.Profile}, err
	}
	var drawing Drawing
	err := json.Unmarshal(line, &drawing)
	return Exported{Drawing: &drawing}, err
}

// errNotOurs is that of an answer that succeeds, but is not what the contract says, as
// that of a login page of a public network.
var errNotOurs = errors.New("the answer is not from the service")

// exportKind is the Content-Type of an export.
const exportKind = "application/x-ndjson"

// kindOf returns the Content-Type of an answer without its parameters.
func kindOf(h http.Header) string {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}
