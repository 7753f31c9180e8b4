package api

import (
	"errors"
	"net/http"

	"onestroke/gen"
	"onestroke/impl/session"
	"onestroke/impl/text"
)

// failure2017 returns the answer to a failed request on a path of 2017. What could
// fail in 2017 is answered as it was then, with HTTP status 200. Anything else
// has the form of 2017, and the status of its code.
func failure2017(err error, p *problem, status int) (int, any) {
	if reason := paintReasonOf(err); reason != "" {
		return http.StatusOK, paintFailure(gen.PaintError{Reason: reason})
	}
	if f := sessionFailureOf(err); f != nil {
		if f.known {
			status = http.StatusOK
		}
		return status, f.body()
	}
	return status, paintFailure(gen.PaintError{Reason: p.code, Detail: new(text.First(1024, p.detail))})
}

// paintReasonOf returns the reason that 2017 had for an error of an operation,
// empty if it had none.
func paintReasonOf(err error) string {
	switch {
	case isLoginRequired(err):
		return gen.PaintOpenIDMissing
	case errors.Is(err, errIDMissing):
		return gen.PaintIDMissing
	case errors.Is(err, errIDOrActionsMissing):
		return gen.PaintIDOrActionsMissing
	default:
		return ""
	}
}

func paintFailure(e gen.PaintError) gen.PaintFailure {
	return gen.PaintFailure{Code: gen.PaintFailed, Msg: gen.Fail, Error: e}
}

// sessionFailure2017 is what programs of 2017 are told about a failed session.
type sessionFailure2017 struct {
	reason  gen.ErrorCode // empty if 2017 had none
	message string
	known   bool // 2017 had this failure
}

// sessionFailureOf returns nil if the session is not what failed.
func sessionFailureOf(err error) *sessionFailure2017 {
	var (
		exchange *session.ExchangeError
		rawData  *session.RawDataError
	)
	switch {
	case isLoginRequired(err):
		return &sessionFailure2017{gen.ErrLoginRequired, "login required", false}
	case errors.Is(err, session.ErrExpired):
		return &sessionFailure2017{gen.ErrSessionExpired, "`wxUserInfo` not found by `code`", true}
	case errors.Is(err, session.ErrUntrusted):
		return &sessionFailure2017{gen.ErrUntrustedRawData, "untrusted raw data", true}
	case errors.As(err, &exchange):
		return &sessionFailure2017{gen.ErrSessionKeyExchangeFailed, "jscode failed to exchange session_key", true}
	case errors.As(err, &rawData):
		return &sessionFailure2017{"", text.First(512, rawData.Error()), true}
	case errors.Is(err, session.ErrUnavailable):
		return &sessionFailure2017{gen.ErrUnavailable, "session store unavailable", false}
	default:
		return nil
	}
}

func (f *sessionFailure2017) body() gen.SessionFailure {
	b := gen.SessionFailure{SessionMark: gen.SessionFailed, Error: gen.SessionError{Name: "Error", Message: f.message}}
	if f.reason != "" {
		b.Reason = new(f.reason)
	}
	return b
}
