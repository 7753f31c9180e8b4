package api

import (
	"errors"
	"net/http"
	"net/url"

	"onestroke/impl/session"
)

// The session headers of 2017, as Go writes names of headers.
const (
	headerCode      = "X-Wx-Code"
	headerRawData   = "X-Wx-Rawdata"
	headerSignature = "X-Wx-Signature"
)

func isSessionHeader2017(canonical string) bool {
	return canonical == headerCode || canonical == headerRawData || canonical == headerSignature
}

// login2017 reads the session headers of 2017; ok reports whether there are any.
// A program of 2017 sends the code with every request, and rawData and its
// signature with the first one only, which logs it in.
func login2017(h http.Header) (login session.Login, ok bool, err error) {
	login.Code = h.Get(headerCode)
	if login.Code == "" {
		return login, false, nil
	}
	// As encodeURIComponent makes it: + is no space.
	login.RawData, err = url.PathUnescape(h.Get(headerRawData))
	if err != nil {
		return login, false, &session.RawDataError{Err: errors.New("rawData is not percent-encoded")}
	}
	login.Signature, login.Label = h.Get(headerSignature), sessionLabel(h)
	return login, true, nil
}
