//go:build !nosimulator

package wechatsim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// TokenLife is how long an access token holds. In the last five minutes another
	// one is given out, and both hold.
	TokenLife    = 2 * time.Hour
	tokenOverlap = 5 * time.Minute
	// seenFor is how long after their login users can be checked.
	seenFor = 2 * time.Hour

	maxCheckedText = 2_500 // characters
	maxCall        = 1 << 20
)

// plan says how the next calls of a path are answered.
type plan struct {
	Path       string `json:"path"`       // such as /wxa/msg_sec_check
	Times      int    `json:"times"`      // how many calls; 1 if 0
	ErrCode    int    `json:"errcode"`    // WeChat's
	ErrMsg     string `json:"errmsg"`     // with errcode
	HTTPStatus int    `json:"httpStatus"` // 200 to 599; with an HTML page unless Body is set
	DelayMS    int    `json:"delayMs"`    // before the answer, at most maxDelay
	Body       string `json:"body"`       // instead of WeChat's

	Suggest string `json:"suggest"` // of a check: pass, review or risky
	Label   int    `json:"label"`
	Pushes  *int   `json:"pushes"` // how often the result of a picture is pushed; 1 if absent
	NoFetch bool   `json:"noFetch"`
}

// picture is a picture that was handed in.
type picture struct {
	Trace  string `json:"trace"`
	URL    string `json:"url"`
	OpenID string `json:"openid"`
	Status int    `json:"status"` // of the answer to its fetch; 0 until then
	Type   string `json:"type"`   // of the answer
	Bytes  int    `json:"bytes"`
}

// server is the state of WeChat's server API.
type server struct {
	mu       sync.Mutex
	plans    []plan
	tokens   []issued
	seen     map[string]time.Time
	pictures []picture
	calls    map[string]int // by path
}

type issued struct {
	token  string
	issued time.Time
}

func (s *Simulator) routes() {
	s.mux.HandleFunc("POST /simulator/cgi-bin/stable_token", s.planned("/cgi-bin/stable_token", s.stableToken))
	s.mux.HandleFunc("POST /simulator/wxa/msg_sec_check", s.planned("/wxa/msg_sec_check", s.withToken(s.checkText)))
	s.mux.HandleFunc("POST /simulator/wxa/media_check_async", s.planned("/wxa/media_check_async", s.withToken(s.checkPicture)))
	s.mux.HandleFunc("POST /simulator/wxa/getwxacodeunlimit", s.planned("/wxa/getwxacodeunlimit", s.withToken(s.makeCode)))
	s.mux.HandleFunc("POST /simulator/plan", s.addPlan)
	s.mux.HandleFunc("GET /simulator/state", s.showState)
	s.mux.HandleFunc("POST /simulator/push", s.pushNow)
}

// addPlan takes a plan for the next calls of a path.
func (s *Simulator) addPlan(w http.ResponseWriter, r *http.Request) {
	var p plan
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxLogin))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&p)
	if err != nil || p.Path == "" {
		err = errors.New("the body must be a plan with a path")
	} else {
		err = checkAnswer(p.HTTPStatus, p.DelayMS)
	}
	if err != nil {
		answerJSON(w, "application/json", http.StatusBadRequest, errorAnswer{ErrMsg: err.Error()})
		return
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	p.Times = max(p.Times, 1)
	s.server.plans = append(s.server.plans, p)
	w.WriteHeader(http.StatusNoContent)
}

// showState shows what WeChat was asked so far: the calls by path, the pictures, and
// the tokens that it gave out.
func (s *Simulator) showState(w http.ResponseWriter, _ *http.Request) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	var tokens []string
	for _, t := range s.server.tokens {
		tokens = append(tokens, t.token)
	}
	answerJSON(w, "application/json", http.StatusOK, map[string]any{
		"calls": s.server.calls, "pictures": slices.Clone(s.server.pictures), "tokens": tokens,
	})
}

// planned answers a call as it was planned, or as answer does.
func (s *Simulator) planned(path string, answer func(http.ResponseWriter, *http.Request, plan)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := s.server.next(path)
		// Read before the wait: only then a client that goes away ends it.
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCall))
		if err != nil {
			answerErrCode(w, 47001)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(text))
		if p.DelayMS > 0 {
			select {
			case <-time.After(time.Duration(p.DelayMS) * time.Millisecond):
			case <-r.Context().Done():
				return
			}
		}
		status := cmp.Or(p.HTTPStatus, http.StatusOK)
		switch {
		case p.Body != "":
			answerText(w, "application/json", status, p.Body)
		case p.ErrCode != 0:
			failed := newErrorAnswer(p.ErrCode)
			if p.ErrMsg != "" {
				failed.ErrMsg = p.ErrMsg
			}
			answerJSON(w, "application/json", status, failed)
		case status != http.StatusOK:
			answerText(w, "text/html", status, fmt.Sprintf("<html><body><h1>%d %s</h1></body></html>\n", status, http.StatusText(status)))
		default:
			answer(w, r, p)
		}
	}
}

// next counts a call and returns what was planned for it.
func (v *server) next(path string) plan {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.calls == nil {
		v.calls = map[string]int{}
	}
	v.calls[path]++
	for i := range v.plans {
		p := &v.plans[i]
		if p.Path != path || p.Times == 0 {
			continue
		}
		p.Times--
		return *p
	}
	return plan{}
}

func (s *Simulator) stableToken(w http.ResponseWriter, r *http.Request, _ plan) {
	var asked struct {
		GrantType    string `json:"grant_type"`
		AppID        string `json:"appid"`
		Secret       string `json:"secret"`
		ForceRefresh bool   `json:"force_refresh"`
	}
	if json.NewDecoder(r.Body).Decode(&asked) != nil {
		answerErrCode(w, 47001)
		return
	}
	switch {
	case asked.GrantType != "client_credential":
		answerErrCode(w, 40002)
	case asked.AppID != s.appID:
		answerErrCode(w, 40013)
	case asked.Secret != s.appSecret:
		answerErrCode(w, 40125)
	default:
		token, left := s.server.token(s.Now(), asked.ForceRefresh)
		answerJSON(w, "application/json", http.StatusOK, map[string]any{"access_token": token, "expires_in": int(left.Seconds())})
	}
}

// token returns the token that holds now, or the next one near its end.
func (v *server) token(now time.Time, fresh bool) (string, time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if fresh {
		v.tokens = nil
	}
	n := len(v.tokens)
	if n == 0 || now.Sub(v.tokens[n-1].issued) >= TokenLife-tokenOverlap {
		v.tokens = append(v.tokens, issued{newToken(), now})
		n++
	}
	last := v.tokens[n-1]
	return last.token, TokenLife - now.Sub(last.issued)
}

// withToken answers calls with a token that holds.
func (s *Simulator) withToken(answer func(http.ResponseWriter, *http.Request, plan)) func(http.ResponseWriter, *http.Request, plan) {
	return func(w http.ResponseWriter, r *http.Request, p plan) {
		token := r.URL.Query().Get("access_token")
		if errcode := s.server.checkToken(token, s.Now()); errcode != 0 {
			answerErrCode(w, errcode)
			return
		}
		answer(w, r, p)
	}
}

func (v *server) checkToken(token string, now time.Time) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, t := range v.tokens {
		switch {
		case t.token != token:
		case now.Sub(t.issued) >= TokenLife:
			return 42001
		default:
			return 0
		}
	}
	return 40001
}

// saw remembers that a user used the program.
func (v *server) saw(openID string, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.seen == nil {
		v.seen = map[string]time.Time{}
	}
	v.seen[openID] = now
}

// checkUser returns the errcode for users who cannot be checked now.
func (v *server) checkUser(openID string, now time.Time) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch at, known := v.seen[openID]; {
	case !known:
		return 40003
	case now.Sub(at) > seenFor:
		return 61010
	default:
		return 0
	}
}

// checkText finds a text risky if it contains "risky", followed by a label or not,
// and sends it to review if it contains "review".
func (s *Simulator) checkText(w http.ResponseWriter, r *http.Request, p plan) {
	var asked struct {
		Content, Title, Nickname, Signature string
		Version, Scene                      int
		OpenID                              string
	}
	if json.NewDecoder(r.Body).Decode(&asked) != nil {
		answerErrCode(w, 47001)
		return
	}
	switch errcode := s.server.checkUser(asked.OpenID, s.Now()); {
	case asked.Version != 2 || asked.Scene < 1 || asked.Scene > 4 || asked.Content == "" || utf8.RuneCountInString(asked.Content) > maxCheckedText:
		answerErrCode(w, 40097)
	case errcode != 0:
		answerErrCode(w, errcode)
	default:
		suggest, label := judge(asked.Content + "\n" + asked.Title + "\n" + asked.Nickname)
		suggest, label = cmp.Or(p.Suggest, suggest), cmp.Or(p.Label, label)
		answerJSON(w, "application/json", http.StatusOK, map[string]any{
			"errcode": 0, "errmsg": "ok", "trace_id": newRequestID(), "result": map[string]any{"suggest": suggest, "label": label},
			"detail": []any{map[string]any{"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}},
		})
	}
}

// judge returns the judgement on a text.
func judge(text string) (suggest string, label int) {
	if _, after, found := strings.Cut(text, "risky"); found {
		if _, err := fmt.Sscanf(after, "%d", &label); err != nil {
			label = 20001
		}
		return "risky", label
	}
	if strings.Contains(text, "review") {
		return "review", 21000
	}
	return "pass", 100
}

// checkPicture takes a picture. Soon after the answer it fetches it, and pushes the
// result.
func (s *Simulator) checkPicture(w http.ResponseWriter, r *http.Request, p plan) {
	var asked struct {
		MediaURL  string `json:"media_url"`
		MediaType int    `json:"media_type"`
		Version   int    `json:"version"`
		Scene     int    `json:"scene"`
		OpenID    string `json:"openid"`
	}
	if json.NewDecoder(r.Body).Decode(&asked) != nil {
		answerErrCode(w, 47001)
		return
	}
	switch errcode := s.server.checkUser(asked.OpenID, s.Now()); {
	case asked.Version != 2 || asked.MediaType != 2 || asked.Scene < 1 || asked.Scene > 4 || !strings.HasPrefix(asked.MediaURL, "http"):
		answerErrCode(w, 40097)
		return
	case errcode != 0:
		answerErrCode(w, errcode)
		return
	}
	taken := picture{Trace: newRequestID(), URL: asked.MediaURL, OpenID: asked.OpenID}
	s.server.mu.Lock()
	s.server.pictures = append(s.server.pictures, taken)
	s.server.mu.Unlock()
	go s.look(taken, p)
	answerJSON(w, "application/json", http.StatusOK, map[string]any{"errcode": 0, "errmsg": "ok", "trace_id": taken.Trace})
}

// look fetches a picture and pushes the result as often as planned.
func (s *Simulator) look(taken picture, p plan) {
	if !p.NoFetch {
		taken.fetch()
		s.server.mu.Lock()
		for i := range s.server.pictures {
			if s.server.pictures[i].Trace == taken.Trace {
				s.server.pictures[i] = taken
			}
		}
		s.server.mu.Unlock()
	}
	pushes := 1
	if p.Pushes != nil {
		pushes = *p.Pushes
	}
	message := s.mediaCheck(taken.Trace, cmp.Or(p.Suggest, "pass"), cmp.Or(p.Label, 100))
	for range pushes {
		_, _ = s.push(message)
	}
}
