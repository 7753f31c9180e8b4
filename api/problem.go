package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"onestroke/api/wire"
	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/push"
	"onestroke/impl/session"
	"onestroke/impl/text"
)

// problemType is the media type of errors (RFC 9457).
const problemType = "application/problem+json"

// problem is an error as the contract describes it. Every error becomes one in
// [problemOf] and is answered by [server.fail].
type problem struct {
	code       gen.ErrorCode
	status     int // if it is not the code's own
	detail     string
	fields     []gen.FieldError
	retryAfter int               // seconds; 0 if the client is not told
	header     map[string]string // more headers of the answer
}

func (p *problem) Error() string { return p.code + ": " + p.detail }

// codes holds each code's status and title.
var codes = map[gen.ErrorCode]struct {
	status int
	title  string
}{
	gen.ErrInvalidRequest:           {http.StatusBadRequest, "Invalid request"},
	gen.ErrLoginRequired:            {http.StatusUnauthorized, "Login required"},
	gen.ErrSessionExpired:           {http.StatusUnauthorized, "Session expired"},
	gen.ErrUntrustedRawData:         {http.StatusUnauthorized, "Untrusted raw data"},
	gen.ErrSessionKeyExchangeFailed: {http.StatusUnauthorized, "Session key exchange failed"},
	gen.ErrNotFound:                 {http.StatusNotFound, "Not found"},
	gen.ErrMethodNotAllowed:         {http.StatusMethodNotAllowed, "Method not allowed"},
	gen.ErrNotAcceptable:            {http.StatusNotAcceptable, "Not acceptable"},
	gen.ErrRequestTimeout:           {http.StatusRequestTimeout, "Request timeout"},
	gen.ErrPreconditionFailed:       {http.StatusPreconditionFailed, "Precondition failed"},
	gen.ErrTooLarge:                 {http.StatusRequestEntityTooLarge, "Too large"},
	gen.ErrUnsupportedMediaType:     {http.StatusUnsupportedMediaType, "Unsupported media type"},
	gen.ErrPreconditionRequired:     {http.StatusPreconditionRequired, "Precondition required"},
	gen.ErrRateLimited:              {http.StatusTooManyRequests, "Rate limited"},
	gen.ErrQuotaExceeded:            {http.StatusForbidden, "Quota exceeded"},
	gen.ErrSuspended:                {http.StatusForbidden, "Suspended"},
	gen.ErrPushRefused:              {http.StatusForbidden, "Push refused"},
	gen.ErrWeChatFailed:             {http.StatusBadGateway, "WeChat failed"},
	gen.ErrHeadersTooLarge:          {http.StatusRequestHeaderFieldsTooLarge, "Headers too large"},
	gen.ErrInternal:                 {http.StatusInternalServerError, "Internal error"},
	gen.ErrUnavailable:              {http.StatusServiceUnavailable, "Unavailable"},
}

// exchangeOutcomes is the answer for each reason for which WeChat gave no session
// key.
var exchangeOutcomes = map[session.Cause]struct {
	status     int
	retryAfter int
	detail     string
}{
	session.CauseInvalidCode: {http.StatusUnauthorized, 0, "WeChat does not know this code or it is older than five minutes; log in with a new one"},
	session.CauseUsedCode:    {http.StatusUnauthorized, 0, "the code was used before; log in with a new one"},
	session.CauseTooOften:    {http.StatusTooManyRequests, 60, "WeChat allows this user 100 logins a minute"},
	session.CauseBlocked:     {http.StatusForbidden, 0, "WeChat blocks this user as high risk"},
	session.CauseMisconfig:   {http.StatusInternalServerError, 0, "WeChat refuses the service's app id or secret"},
	session.CauseBusy:        {http.StatusServiceUnavailable, 2, "WeChat is busy"},
	session.CauseUnreachable: {http.StatusServiceUnavailable, 2, "WeChat does not answer"},
	session.CauseBadAnswer:   {http.StatusBadGateway, 0, "WeChat gave an answer that cannot be understood"},
}

// Errors that no rule but only the HTTP surface knows.
var (
	errNoRoute              = &problem{code: gen.ErrNotFound, detail: "there is no such path"}
	errNoShare              = &problem{code: gen.ErrNotFound, detail: "no drawing is shared with this token"}
	errNoAvatar             = &problem{code: gen.ErrNotFound, detail: "the author has no avatar that others may see"}
	errNotShared            = &problem{code: gen.ErrNotFound, detail: "you have no drawing with this id, or it is not shared"}
	errNoPicture            = &problem{code: gen.ErrNotFound, detail: "there is no picture to be checked at this address"}
	errOperatorUnknown      = &problem{code: gen.ErrLoginRequired, detail: "the request does not have the token of the operators"}
	errCheckChanged         = &problem{code: gen.ErrPreconditionFailed, detail: "it has another version now, or another operator refused it at the same moment"}
	errNoCheck              = &problem{code: gen.ErrNotFound, detail: "there is no such thing that others could see"}
	errNoUser               = &problem{code: gen.ErrNotFound, detail: "nothing is stored of a user with this id"}
	errSuspended            = &problem{code: gen.ErrSuspended, detail: "the people who run the service have suspended this user, who can only read, export and delete"}
	errMethodNotAllowed     = &problem{code: gen.ErrMethodNotAllowed, detail: "the path has no such method; Allow lists those it has"}
	errPreconditionRequired = &problem{code: gen.ErrPreconditionRequired, detail: "send If-None-Match: * to create or If-Match with the ETag to replace"}
	errTooMany              = &problem{code: gen.ErrUnavailable, detail: "too many requests are under way", retryAfter: 1}
	errTooManyBodies        = &problem{code: gen.ErrUnavailable, detail: "too many bodies are arriving from your address", retryAfter: 1}
	errFraming              = invalidRequest(gen.FieldError{Field: "Transfer-Encoding", Rule: "framing", Detail: "must not be sent with Content-Length or in HTTP/1.0: it is not clear where the request ends"})
	errNoMemory             = &problem{code: gen.ErrUnavailable, detail: "other requests take all the memory for bodies", retryAfter: 1}
	errTooManyExports       = &problem{code: gen.ErrUnavailable, detail: "too many exports are under way, all of them or yours", retryAfter: 5}
	errStopping             = &problem{code: gen.ErrUnavailable, detail: "the service is about to stop", retryAfter: 2}
)

// problemOf is the one table from errors to problems. An error that it does not
// know is our own fault, and its text is not shown.
func problemOf(err error) *problem {
	var (
		known     *problem
		exchange  *session.ExchangeError
		rawData   *session.RawDataError
		rate      *session.RateError
		refused   *push.RefusedError
		code      *gallery.CodeError
		content   drawing.InvalidErrors
		request   *wire.InvalidError
		mediaType *wire.MediaTypeError
		encoding  wire.EncodingError
		slow      wire.SlowError
		noMemory  wire.NoMemoryError
		tooLarge  *http.MaxBytesError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, session.ErrExpired):
		return &problem{code: gen.ErrSessionExpired, detail: "the session has expired or ended, or never existed"}
	case errors.Is(err, session.ErrUntrusted):
		return &problem{code: gen.ErrUntrustedRawData, detail: "the data was not signed or encrypted by WeChat for this login"}
	case errors.As(err, &exchange) && exchange.Cause == session.CauseMissingCode:
		return invalidRequest(gen.FieldError{Field: "code", Rule: "required", Detail: "is missing"})
	case errors.As(err, &exchange):
		o := exchangeOutcomes[exchange.Cause]
		return &problem{code: gen.ErrSessionKeyExchangeFailed, status: o.status, detail: o.detail, retryAfter: o.retryAfter}
	case errors.As(err, &rawData):
		return invalidRequest(gen.FieldError{Field: "rawData", Rule: "json", Detail: text.First(512, rawData.Error())})
	case errors.As(err, &code) && code.Temporary:
		return &problem{code: gen.ErrUnavailable, detail: "WeChat makes no codes for the moment", retryAfter: 10}
	case errors.As(err, &code):
		return &problem{code: gen.ErrWeChatFailed, detail: "WeChat made no code for this share; the operator of the service must act"}
	case errors.As(err, &refused):
		return &problem{code: gen.ErrPushRefused, detail: refused.Problem}
	case errors.Is(err, push.ErrUnfinished):
		return &problem{code: gen.ErrUnavailable, detail: "the message is not done yet; send it again", retryAfter: 2}
	case errors.As(err, &rate):
		return &problem{
			code: gen.ErrRateLimited, retryAfter: max(seconds(rate.Wait), 1),
			detail: fmt.Sprintf("more than %d requests a minute", rate.PerMinute),
		}
	case errors.Is(err, session.ErrUnavailable):
		return &problem{code: gen.ErrUnavailable, detail: "the session store cannot be reached for the moment", retryAfter: 2}
	case errors.Is(err, gallery.ErrFull):
		return &problem{code: gen.ErrUnavailable, detail: "the service has no room for drawings at the moment; reading and deleting still work", retryAfter: 60}
	case errors.Is(err, gallery.ErrUnavailable):
		return &problem{code: gen.ErrUnavailable, detail: "the drawing store cannot be reached for the moment", retryAfter: 2}
	case errors.Is(err, gallery.ErrNotFound):
		return &problem{code: gen.ErrNotFound, detail: "you have no drawing with this id"}
	case errors.Is(err, gallery.ErrChanged):
		return &problem{code: gen.ErrPreconditionFailed, detail: gallery.ErrChanged.Error()}
	case errors.Is(err, gallery.ErrIncomplete):
		return &problem{code: gen.ErrPreconditionRequired, detail: "a program of 2017 drew more than the strokes show: send replaceIncomplete=true if it may be lost"}
	case errors.Is(err, gallery.ErrQuota):
		return &problem{code: gen.ErrQuotaExceeded, detail: "you have reached the limit on drawings; delete some first"}
	case errors.Is(err, gallery.ErrCursor):
		return invalidRequest(gen.FieldError{Field: "cursor", Rule: "cursor", Detail: "was not made by this service; start again from the first page"})
	case errors.As(err, &content):
		fields := make([]gen.FieldError, len(content))
		for i, f := range content {
			fields[i] = gen.FieldError{Field: f.Field, Rule: f.Rule, Detail: f.Detail}
		}
		return invalidRequest(fields...)
	case errors.As(err, &request):
		fields := make([]gen.FieldError, len(request.Fields))
		for i, f := range request.Fields {
			fields[i] = gen.FieldError{Field: f.Field, Rule: f.Rule, Detail: f.Detail}
		}
		return invalidRequest(fields...)
	case errors.As(err, &mediaType):
		return &problem{code: gen.ErrUnsupportedMediaType, detail: mediaType.Error()}
	case errors.As(err, &encoding):
		return &problem{code: gen.ErrUnsupportedMediaType, detail: encoding.Error(), header: map[string]string{"Accept-Encoding": "identity"}}
	case errors.As(err, &slow):
		// What else of the body may come is not the next request.
		return &problem{code: gen.ErrRequestTimeout, detail: slow.Error(), header: map[string]string{"Connection": "close"}}
	case errors.As(err, &noMemory):
		return errNoMemory
	case errors.As(err, &tooLarge):
		return &problem{code: gen.ErrTooLarge, detail: "the body is larger than " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes"}
	default:
		return &problem{code: gen.ErrInternal, detail: "internal error; report the request id"}
	}
}

// invalidRequest returns the problem of at least one broken rule.
func invalidRequest(fields ...gen.FieldError) *problem {
	details := make([]string, len(fields))
	for i, f := range fields {
		details[i] = f.Field + " " + f.Detail
	}
	return &problem{code: gen.ErrInvalidRequest, detail: strings.Join(details, "; "), fields: fields}
}

// fail answers a request with an error: in the form of 2017 on the paths of 2017,
// as a problem (RFC 9457) everywhere else. If part of another answer has been
// sent, it cuts the connection, so that the client sees that the answer is not
// whole.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	info := infoOf(r.Context())
	if info.started {
		if r.Context().Err() == nil { // a client that is gone cannot be answered; nothing is wrong here
			info.cause = err
		}
		panic(http.ErrAbortHandler)
	}
	info.compressed = false // what was to be sent instead
	p := problemOf(err)
	status := p.status
	if status == 0 {
		status = codes[p.code].status
	}
	info.gone = errors.As(err, new(wire.GoneError)) || errors.Is(err, context.Canceled) && r.Context().Err() != nil
	if !info.gone {
		info.failed(p, status, err)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	for name, value := range p.header {
		h.Set(name, value)
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	var body any
	mediaType := problemType
	if s.is2017(r) {
		status, body = failure2017(err, p, status)
		mediaType = "application/json"
	} else {
		if status == http.StatusUnauthorized {
			h.Set("Www-Authenticate", challenge(p.code))
		}
		body = p.body(status, info.id, sessionFailureOf(err))
	}
	text, _ := json.Marshal(body)                           // of strings and numbers, which cannot fail
	_ = wire.Send(w, status, mediaType, append(text, '\n')) // the client may be gone
}

// problemPages is the page that explains the error codes; each has an anchor.
const problemPages = "https://github.com/onestroke/onestroke/blob/main/docs/errors.md#"

// body returns the problem as JSON. A failed session is described as in 2017, too:
// programs of 2017 may call /v1.
func (p *problem) body(status int, id string, session *sessionFailure2017) gen.Problem {
	body := gen.Problem{
		Type:     problemPages + strings.ToLower(p.code),
		Title:    codes[p.code].title,
		Status:   int32(status),
		Detail:   text.First(1024, p.detail),
		Instance: "urn:uuid:" + id,
		Code:     p.code,
	}
	if len(p.fields) > 0 {
		body.Errors = &p.fields
	}
	if session != nil {
		f := session.body()
		body.SessionMark, body.Reason, body.Error = &f.SessionMark, f.Reason, &f.Error
	}
	return body
}

// challenge is the value of WWW-Authenticate for a 401 (RFC 6750, section 3).
func challenge(c gen.ErrorCode) string {
	if c == gen.ErrLoginRequired {
		return `Bearer realm="onestroke"`
	}
	return `Bearer realm="onestroke", error="invalid_token"`
}
