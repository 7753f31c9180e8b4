//go:build !nosimulator

// Package wechatsim simulates WeChat in the process: it makes login codes as
// wx.login does, exchanges them as WeChat's server does, checks texts and pictures,
// and pushes messages. It is for development without an app id and for tests.
//
// Anyone who can connect to it can log in as any user: serve it on a loopback
// address only.
package wechatsim

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// CodeLife is how long a code can be exchanged.
	CodeLife = 5 * time.Minute
	// MaxCodes is how many codes are stored; one more replaces the oldest.
	MaxCodes = 100_000

	maxUser  = 64       // characters
	maxLogin = 64 << 10 // bytes of a login request
	maxDelay = 60_000   // ms
)

// Simulator serves /simulator/: WeChat's server at its own paths, the phone at
// login, what the test wants of WeChat at plan and push, and an explanation at the
// root. It is safe for concurrent use.
type Simulator struct {
	// Now is the clock. It can be replaced before the first request.
	Now func() time.Time
	// Push is where messages are pushed. It can be set before the first request.
	Push Push

	server    server
	appID     string
	appSecret string
	mux       *http.ServeMux
	codes     codes
}

// New returns a simulator of WeChat for one mini program.
func New(appID, appSecret string) *Simulator {
	s := &Simulator{
		Now:       time.Now,
		appID:     appID,
		appSecret: appSecret,
		mux:       http.NewServeMux(),
	}
	s.mux.HandleFunc("GET /simulator/{$}", explain)
	s.mux.HandleFunc("/simulator/sns/jscode2session", s.exchange)
	s.mux.HandleFunc("POST /simulator/login", s.logIn)
	s.routes()
	return s
}

// ServeHTTP answers requests for paths below /simulator/.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Exchanges returns how many requests tried to exchange code with the correct
// app id and secret, successful or not: 0 for an unknown code.
func (s *Simulator) Exchanges(code string) int { return s.codes.exchanges(code) }

// Calls returns how many calls of the server API came to a path.
func (s *Simulator) Calls(path string) int {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	return s.server.calls[path]
}

func explain(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, `This simulates WeChat, without a phone and without an app id.

POST /simulator/login               what wx.login and wx.getUserInfo return to a mini program
GET  /simulator/sns/jscode2session  what api.weixin.qq.com answers to the server
POST /simulator/cgi-bin/stable_token, /simulator/wxa/msg_sec_check,
     /simulator/wxa/media_check_async, /simulator/wxa/getwxacodeunlimit: as well
POST /simulator/plan                how the next calls of a path are answered
POST /simulator/push                pushes a message to /wechat/push
GET  /simulator/state               what was asked so far

    curl -s http://%[1]s/simulator/login -d '{"user":"小明"}'

A code is valid for 5 minutes and can be exchanged once. With "errcode",
"httpStatus", "delayMs" or "body" beside "user", its exchange fails in that way.

With CONTENT_CHECK=shared, a title or nickname that contains "risky" is refused, and
one that contains "review" needs a person. A picture passes unless it is planned
otherwise; "pushes" says how often its result is pushed:

    curl -s http://%[1]s/simulator/plan -d '{"path":"/wxa/media_check_async","suggest":"risky","label":20002,"pushes":2}'
    curl -s http://%[1]s/simulator/plan -d '{"path":"/wxa/msg_sec_check","errcode":-1}'
    curl -s http://%[1]s/simulator/push -d '{"event":"user_authorization_revoke","user":"小明","revokeInfo":"19"}'
`, r.Host)
}

// login is the body of a request to the phone: log user in, and return a code. The
// other members say how the exchange of the code is answered.
type login struct {
	User       string `json:"user"`       // nickname; the openid is made from it
	UnionID    string `json:"unionid"`    // given with the openid; none if empty
	ErrCode    int    `json:"errcode"`    // WeChat's
	HTTPStatus int    `json:"httpStatus"` // 200 to 599; with an HTML page unless Body is set
	DelayMS    int    `json:"delayMs"`    // before the answer, at most maxDelay
	Body       string `json:"body"`       // instead of WeChat's
}

// phone is what a mini program has after wx.login and wx.getUserInfo.
type phone struct {
	Code          string `json:"code"`
	RawData       string `json:"rawData"`
	Signature     string `json:"signature"`
	EncryptedData string `json:"encryptedData"`
	IV            string `json:"iv"`
}

func (s *Simulator) logIn(w http.ResponseWriter, r *http.Request) {
	asked, err := readLogin(http.MaxBytesReader(w, r.Body, maxLogin))
	if err != nil {
		status := http.StatusBadRequest
		var tooLong *http.MaxBytesError
		if errors.As(err, &tooLong) {
			status = http.StatusRequestEntityTooLarge
		}
		answerJSON(w, "application/json", status, errorAnswer{ErrMsg: err.Error()})
		return
	}
	key := newSessionKey()
	now := s.Now()
	given := newPhone(s.appID, asked.User, key, now)
	given.Code = s.codes.add(code{login: asked, sessionKey: key.text(), expires: now.Add(CodeLife)}, now)
	answerJSON(w, "application/json", http.StatusOK, given)
}

func readLogin(body io.Reader) (login, error) {
	var l login
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		var otherType *json.UnmarshalTypeError
		if errors.As(err, &otherType) {
			return login{}, fmt.Errorf("%s: has the wrong JSON type", cmp.Or(otherType.Field, "body"))
		}
		return login{}, fmt.Errorf("body: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return login{}, errors.New("body: must be one JSON value")
	}
	characters := utf8.RuneCountInString(l.User)
	switch {
	case characters == 0:
		return login{}, errors.New("user: is missing")
	case characters > maxUser:
		return login{}, fmt.Errorf("user: must have at most %d characters", maxUser)
	}
	return l, checkAnswer(l.HTTPStatus, l.DelayMS)
}

// checkAnswer says what is wrong with how an answer was asked for.
func checkAnswer(httpStatus, delayMS int) error {
	switch {
	case httpStatus != 0 && (httpStatus < 200 || httpStatus > 599):
		return errors.New("httpStatus: must be from 200 to 599")
	case delayMS < 0 || delayMS > maxDelay:
		return fmt.Errorf("delayMs: must be from 0 to %d", maxDelay)
	}
	return nil
}

// granted and errorAnswer are the two forms of WeChat's answer. A success has no
// errcode.
type granted struct {
	SessionKey string `json:"session_key"`
	OpenID     string `json:"openid"`
	UnionID    string `json:"unionid,omitempty"`
}

type errorAnswer struct {
	ErrCode int    `json:"errcode,omitempty"`
	ErrMsg  string `json:"errmsg"`
}

func (s *Simulator) exchange(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		answerErrCode(w, 43001)
		return
	}
	query := r.URL.Query()
	if errcode := s.check(query.Get("appid"), query.Get("secret"), query.Get("js_code"), query.Get("grant_type")); errcode != 0 {
		answerErrCode(w, errcode)
		return
	}
	presented, errcode := s.codes.exchange(query.Get("js_code"), s.Now())
	if errcode != 0 {
		answerErrCode(w, errcode)
		return
	}
	asked := presented.login
	if asked.DelayMS > 0 {
		select {
		case <-time.After(time.Duration(asked.DelayMS) * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
	status := cmp.Or(asked.HTTPStatus, http.StatusOK)
	switch {
	case asked.Body != "":
		answerText(w, "text/plain", status, asked.Body)
	case asked.ErrCode != 0:
		answerJSON(w, "text/plain", status, newErrorAnswer(asked.ErrCode))
	case status != http.StatusOK:
		answerText(w, "text/html", status, fmt.Sprintf("<html><body><h1>%d %s</h1></body></html>\n", status, http.StatusText(status)))
	default:
		s.server.saw(openID(s.appID, asked.User), s.Now())
		answerJSON(w, "text/plain", status, granted{SessionKey: presented.sessionKey, OpenID: openID(s.appID, asked.User), UnionID: asked.UnionID})
	}
}

// check returns the errcode for missing or invalid parameters, or 0.
func (s *Simulator) check(appID, secret, code, grantType string) int {
	switch {
	case appID == "":
		return 41002
	case secret == "":
		return 41004
	case code == "":
		return 41008
	case grantType != "authorization_code":
		return 40002
	case appID != s.appID:
		return 40013
	case secret != s.appSecret:
		return 40125
	}
	return 0
}

// messages are WeChat's texts for its errcodes.
var messages = map[int]string{
	-1:    "system error",
	40001: "invalid credential, access_token is invalid or not latest",
	40002: "invalid grant_type",
	40003: "invalid openid",
	40013: "invalid appid",
	40029: "invalid code",
	40097: "invalid args",
	40125: "invalid appsecret",
	40129: "invalid scene",
	40163: "code been used",
	40169: "invalid length for scene, or the data is not json string",
	40226: "code blocked",
	40164: "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist",
	41002: "appid missing",
	41004: "appsecret missing",
	41008: "missing code",
	41030: "invalid page",
	42001: "access_token expired",
	43001: "require GET method",
	43104: "appid does not match the openid",
	45009: "reach max api daily quota limit",
	47001: "data format error",
	61010: "code is expired",
	45011: "api minute-quota reach limit  mustslower  retry next minute",
}

func newErrorAnswer(errcode int) errorAnswer {
	message := cmp.Or(messages[errcode], "simulated error")
	return errorAnswer{ErrCode: errcode, ErrMsg: message + ", rid: " + newRequestID()}
}

// answerErrCode answers as WeChat does: with HTTP 200 and text/plain.
func answerErrCode(w http.ResponseWriter, errcode int) {
	answerJSON(w, "text/plain", http.StatusOK, newErrorAnswer(errcode))
}

func answerJSON(w http.ResponseWriter, contentType string, status int, value any) {
	answerText(w, contentType, status, encodeJSON(value))
}

func answerText(w http.ResponseWriter, contentType string, status int, text string) {
	w.Header().Set("Content-Type", contentType+"; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// encodeJSON does not escape <, > and &. WeChat does not, either, and the signature
// is of the bytes.
func encodeJSON(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // strings and integers: cannot fail
	return strings.TrimSuffix(text.String(), "\n")
}
