package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/session"
)

// problem is an error as the contract tells it. Every error of every origin
// becomes one in [problemOf] and leaves through [server.fail].
type problem struct {
	code       gen.ErrorCode
	status     int // the code's own, except for a failed exchange
	detail     string
	fields     []gen.FieldError
	retryAfter int                  // seconds; 0 says nothing
	session    *sessionFailure2017  // where the session is to blame
	paint      gen.PaintErrorReason // the 2017 reason, where 2017 had one
}

// sessionFailure2017 is what programs of 2017 are told of a failed session.
type sessionFailure2017 struct {
	reason  gen.SessionReason // empty where 2017 had none
	message string
	known   bool // 2017 had this failure, and HTTP 200 for it
}

func (p *problem) Error() string { return string(p.code) + ": " + p.detail }

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
	gen.ErrPreconditionFailed:       {http.StatusPreconditionFailed, "Precondition failed"},
	gen.ErrTooLarge:                 {http.StatusRequestEntityTooLarge, "Too large"},
	gen.ErrUnsupportedMediaType:     {http.StatusUnsupportedMediaType, "Unsupported media type"},
	gen.ErrPreconditionRequired:     {http.StatusPreconditionRequired, "Precondition required"},
	gen.ErrRateLimited:              {http.StatusTooManyRequests, "Rate limited"},
	gen.ErrQuotaExceeded:            {http.StatusForbidden, "Quota exceeded"},
	gen.ErrHeadersTooLarge:          {http.StatusRequestHeaderFieldsTooLarge, "Headers too large"},
	gen.ErrInternal:                 {http.StatusInternalServerError, "Internal error"},
	gen.ErrUnavailable:              {http.StatusServiceUnavailable, "Unavailable"},
}

// exchangeOutcomes holds what a caller is told when WeChat gave no session key.
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

var exchangeFailure = &sessionFailure2017{reason(gen.ErrSessionKeyExchangeFailed), "jscode failed to exchange session_key", true}

// What only the surface knows to be wrong.
var (
	errLoginRequired = &problem{
		code: gen.ErrLoginRequired, detail: "the request carries no credential",
		session: &sessionFailure2017{reason: reason(gen.ErrLoginRequired), message: "login required"},
		paint:   gen.PaintOpenIDMissing,
	}
	errNoRoute              = &problem{code: gen.ErrNotFound, detail: "there is no such path"}
	errMethodNotAllowed     = &problem{code: gen.ErrMethodNotAllowed, detail: "the path has no such method; Allow lists those it has"}
	errPreconditionRequired = &problem{code: gen.ErrPreconditionRequired, detail: "send If-None-Match: * to create or If-Match with the ETag to replace"}
	errTooMany              = &problem{code: gen.ErrUnavailable, detail: "too many requests are under way", retryAfter: 1}
	errStopping             = &problem{code: gen.ErrUnavailable, detail: "the service is about to stop", retryAfter: 2}
	errIDMissing            = &problem{code: gen.ErrInvalidRequest, detail: "id is missing", paint: gen.PaintIDMissing}
	errIDOrActionsMissing   = &problem{code: gen.ErrInvalidRequest, detail: "id or actions is missing", paint: gen.PaintIDOrActionsMissing}
)

// problemOf is the one table from an error to its meaning on the wire. What it
// does not know is our own fault and is not shown.
func problemOf(err error) *problem {
	var (
		known    *problem
		exchange *session.ExchangeError
		rawData  *session.RawDataError
		rate     *session.RateError
		invalid  drawing.InvalidErrors
		against  *gen.InvalidError
		tooLarge *http.MaxBytesError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, session.ErrExpired):
		return &problem{
			code: gen.ErrSessionExpired, detail: "the credential opens no session",
			session: &sessionFailure2017{reason(gen.ErrSessionExpired), "`wxUserInfo` not found by `code`", true},
		}
	case errors.Is(err, session.ErrUntrusted):
		return &problem{
			code: gen.ErrUntrustedRawData, detail: "the data was not signed or encrypted by WeChat for this login",
			session: &sessionFailure2017{reason(gen.ErrUntrustedRawData), "untrusted raw data", true},
		}
	case errors.As(err, &exchange) && exchange.Cause == session.CauseMissingCode:
		p := invalidRequest(gen.FieldError{Field: "code", Rule: "required", Detail: "is missing"})
		p.session = exchangeFailure
		return p
	case errors.As(err, &exchange):
		o := exchangeOutcomes[exchange.Cause]
		return &problem{
			code: gen.ErrSessionKeyExchangeFailed, status: o.status, detail: o.detail, retryAfter: o.retryAfter,
			session: exchangeFailure,
		}
	case errors.As(err, &rawData):
		p := invalidRequest(gen.FieldError{Field: "rawData", Rule: "json", Detail: cut(rawData.Error(), 512)})
		p.session = &sessionFailure2017{"", cut(rawData.Error(), 512), true}
		return p
	case errors.As(err, &rate):
		return &problem{
			code: gen.ErrRateLimited, retryAfter: max(seconds(rate.Wait), 1),
			detail: fmt.Sprintf("more than %d requests a minute", rate.PerMinute),
		}
	case errors.Is(err, session.ErrUnavailable):
		return &problem{
			code: gen.ErrUnavailable, detail: "the session store cannot be reached for the moment", retryAfter: 2,
			session: &sessionFailure2017{reason(gen.ErrUnavailable), "session store unavailable", false},
		}
	case errors.Is(err, gallery.ErrUnavailable):
		return &problem{code: gen.ErrUnavailable, detail: "the drawing store cannot be reached for the moment", retryAfter: 2}
	case errors.Is(err, gallery.ErrNotFound):
		return &problem{code: gen.ErrNotFound, detail: "you have no drawing with this id"}
	case errors.Is(err, gallery.ErrChanged):
		return &problem{code: gen.ErrPreconditionFailed, detail: gallery.ErrChanged.Error()}
	case errors.Is(err, gallery.ErrQuota):
		return &problem{code: gen.ErrQuotaExceeded, detail: "you have as many drawings as one may have"}
	case errors.Is(err, gallery.ErrCursor):
		return invalidRequest(gen.FieldError{Field: "cursor", Rule: "cursor", Detail: "was not made by this service; start again from the first page"})
	case errors.As(err, &invalid):
		fields := make([]gen.FieldError, len(invalid))
		for i, f := range invalid {
			fields[i] = gen.FieldError{Field: f.Field, Rule: f.Rule, Detail: f.Detail}
		}
		return invalidRequest(fields...)
	case errors.As(err, &against): // the contract
		return invalidRequest(against.Fields...)
	case errors.As(err, &tooLarge):
		return &problem{code: gen.ErrTooLarge, detail: "the body is larger than " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes"}
	default:
		return &problem{code: gen.ErrInternal, detail: "the request failed for a reason that lies with the service"}
	}
}

// invalidRequest tells at least one broken rule.
func invalidRequest(fields ...gen.FieldError) *problem {
	if len(fields) > maxFieldErrors {
		fields = fields[:maxFieldErrors]
	}
	return &problem{code: gen.ErrInvalidRequest, detail: fields[0].Field + " " + fields[0].Detail, fields: fields}
}

const maxFieldErrors = 20 // as the contract says

// fail answers a request with an error: in the 2017 form on the 2017 paths, as
// a problem (RFC 9457) everywhere else.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	status := p.status
	if status == 0 {
		status = codes[p.code].status
	}
	note(r).failed(p, status, err)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	var body any
	if s.is2017(r) {
		status, body = p.in2017(status)
		h.Set("Content-Type", "application/json")
	} else {
		if status == http.StatusUnauthorized {
			h.Set("WWW-Authenticate", challenge(p.code))
		}
		body = p.inV1(status, requestID(r))
		h.Set("Content-Type", "application/problem+json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

func (p *problem) inV1(status int, id string) gen.Problem {
	body := gen.Problem{
		Type:     "urn:onestroke:problem:" + strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(string(p.code), "ERR_")), "_", "-"),
		Title:    codes[p.code].title,
		Status:   int32(status),
		Detail:   cut(p.detail, 1024),
		Instance: id,
		Code:     p.code,
	}
	if len(p.fields) > 0 {
		body.Errors = &p.fields
	}
	if p.session != nil {
		f := p.session.body()
		body.SessionMark, body.Reason, body.Error = &f.SessionMark, f.Reason, &f.Error
	}
	return body
}

// in2017 answers what 2017 knew as it did then, with HTTP 200. For all else the
// body has the form of 2017 and the status that the code has.
func (p *problem) in2017(status int) (int, any) {
	switch {
	case p.paint != "":
		return http.StatusOK, paintFailure(gen.PaintError{Reason: p.paint})
	case p.session != nil && p.session.known:
		return http.StatusOK, p.session.body()
	case p.session != nil:
		return status, p.session.body()
	default:
		detail := cut(p.detail, 1024)
		return status, paintFailure(gen.PaintError{Reason: gen.PaintErrorReason(p.code), Detail: &detail})
	}
}

func (f *sessionFailure2017) body() gen.SessionFailure {
	b := gen.SessionFailure{SessionMark: 1, Error: gen.SessionError{Name: "Error", Message: f.message}}
	if f.reason != "" {
		b.Reason = &f.reason
	}
	return b
}

func paintFailure(e gen.PaintError) gen.PaintFailure {
	return gen.PaintFailure{Code: -1, Msg: gen.Fail, Error: e}
}

func reason(c gen.ErrorCode) gen.SessionReason { return gen.SessionReason(c) }

// challenge is the WWW-Authenticate of a 401 (RFC 6750, section 3).
func challenge(c gen.ErrorCode) string {
	if c == gen.ErrLoginRequired {
		return `Bearer realm="onestroke"`
	}
	return `Bearer realm="onestroke", error="invalid_token"`
}

// cut shortens text to at most n characters.
func cut(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i]
		}
	}
	return text
}
