package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"onestroke/gen"
)

// validate holds a request's parameters against the contract and makes its body
// ready to be bound. A form is checked here, JSON while it is bound: see [bindJSON].
func (o *operation) validate(r *http.Request) error {
	var fields []gen.FieldError
	var query url.Values
	if r.URL.RawQuery != "" {
		query = r.URL.Query()
	}
	for _, p := range o.parameters {
		fields = append(fields, p.check(r, query)...)
	}
	if fields != nil {
		return invalidRequest(fields...)
	}
	if o.Consumes == nil {
		return nil
	}
	return o.readBody(r)
}

// checkSessionHeaders holds the headers that tell who is calling against the
// contract. They are needed before everything else is looked at.
func (o *operation) checkSessionHeaders(r *http.Request) (fields []gen.FieldError) {
	for _, p := range o.sessionHeaders {
		fields = append(fields, p.check(r, nil)...)
	}
	return fields
}

func (p parameter) check(r *http.Request, query url.Values) []gen.FieldError {
	switch p.In {
	case "header":
		return p.Check(r.Header[p.canonical])
	case "query":
		return p.Check(query[p.Name])
	default:
		return p.Check([]string{r.PathValue(p.Name)})
	}
}

func (o *operation) readBody(r *http.Request) error {
	mediaType, err := o.mediaType(r)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", mediaType) // as the generated binding spells it
	// As large as most bodies are at once; what is only announced takes no more.
	text := bytes.NewBuffer(make([]byte, 0, min(max(r.ContentLength, 0), 64<<10)+bytes.MinRead))
	_, err = text.ReadFrom(r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return tooLarge
	}
	if err != nil {
		return invalidBody("complete", "ended before it was complete")
	}
	if mediaType == "application/x-www-form-urlencoded" {
		return o.readForm(r, text.String())
	}
	r.Body = jsonBody{http.NoBody, text.Bytes()}
	return nil
}

// mediaType returns the media type of the request's body, which the operation reads.
func (o *operation) mediaType(r *http.Request) (string, error) {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err == nil && slices.Contains(o.Consumes, mediaType) && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		return mediaType, nil
	}
	return "", &problem{
		code:   gen.ErrUnsupportedMediaType,
		detail: "this operation reads " + strings.Join(o.Consumes, " and ") + ", in UTF-8",
	}
}

// readForm leaves a form that has been checked to the generated binding, which
// would otherwise take members from the query, too.
func (o *operation) readForm(r *http.Request, text string) error {
	form, err := url.ParseQuery(text)
	if err != nil {
		return invalidBody("form", "must be application/x-www-form-urlencoded")
	}
	if err := o.Form.Check(form); err != nil {
		return err
	}
	r.Form, r.PostForm = form, form
	return nil
}

// jsonBody is the text of a JSON body on its way to [bindJSON]. To the generated
// handler, which would decode it without regard to the contract, it says that
// there is nothing to bind.
type jsonBody struct {
	io.ReadCloser
	text []byte
}

// ValidatedValue is what runtime.BindJSONBody asks for.
func (jsonBody) ValidatedValue() any { return nil }

// bindJSON gives the operation its JSON body, decoded by the contract.
func bindJSON(next gen.StrictHandlerFunc, _ string) gen.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		if b, ok := r.Body.(jsonBody); ok {
			var err error
			if request, err = gen.BindJSON(request, b.text); err != nil {
				return nil, err
			}
		}
		return next(ctx, w, r, request)
	}
}

func invalidBody(rule, detail string) *problem {
	return invalidRequest(gen.FieldError{Field: "body", Rule: rule, Detail: detail})
}

// contractName spells a header as the contract does.
func contractName(canonical string) string {
	switch canonical {
	case headerCode:
		return "X-WX-Code"
	case headerRawData:
		return "X-WX-RawData"
	case headerSignature:
		return "X-WX-Signature"
	case "Etag":
		return "ETag"
	default:
		return canonical
	}
}
