package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"onestroke/gen"
)

// users use the service all the time. Each compares every answer with what it knows:
// its drawings are in no other hands.
type users struct {
	trial *trial
	all   []*user
	stop  chan struct{}
	busy  sync.WaitGroup

	mu         sync.Mutex
	names      map[string]string // of users, by the id that the service gave them
	requests   int
	failures   int       // that the fault may cause
	lastFailed time.Time // when the last of them was answered
	slowest    time.Duration
	violations []string
}

const (
	userCount = 5
	pause     = 10 * time.Millisecond // between two requests of a user
	mostLive  = 40                    // drawings of a user
	// patience is how long a user waits for an answer: longer than any request may take.
	patience = 30 * time.Second
	// longestWait is how long a request takes at most, as docs/running.md says, and
	// longestLogin how long a login does, which may wait until the claim of one that
	// was interrupted has run out.
	longestWait, longestLogin = 5 * time.Second, 12 * time.Second
	listed                    = 10 // violations that are shown
)

func newUsers(tr *trial) *users {
	us := &users{trial: tr, names: map[string]string{}}
	for i := range userCount {
		us.all = append(us.all, &user{users: us, name: fmt.Sprintf("%s %d", uuid.NewString()[:8], i), drawings: map[string]version{}})
	}
	return us
}

// start lets the users go on until [users.rest].
func (us *users) start() {
	us.stop = make(chan struct{})
	for _, u := range us.all {
		us.busy.Go(func() {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for {
				select {
				case <-us.stop:
					return
				case <-tick.C:
					u.step()
				}
			}
		})
	}
}

// rest returns when each user has the answer to its last request.
func (us *users) rest() {
	close(us.stop)
	us.busy.Wait()
	us.trial.transport.CloseIdleConnections()
}

func (us *users) violated(format string, args ...any) {
	us.mu.Lock()
	defer us.mu.Unlock()
	us.violations = append(us.violations, fmt.Sprintf(format, args...))
}

// user is one user. It sends one request after the other.
type user struct {
	users    *users
	name     string
	id       string // that the service gave it
	token    string
	code     string             // of a login whose answer is not known
	drawings map[string]version // what the service has, by id
	pending  *write             // its answer is not known, so it is sent again
	last     time.Time          // answered as it should be
	written  int
}

// version is a version of a drawing. The zero value is no drawing.
type version struct {
	title string
	tag   string
}

type write struct {
	method, id, title string
	header            http.Header
}

type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// unknown reports whether the request may have been done or not.
func (a answer) unknown() bool { return a.err != nil || a.status >= 500 }

func (a answer) String() string {
	if a.err != nil {
		return a.err.Error()
	}
	return fmt.Sprintf("%d %.300s", a.status, a.body)
}

func (u *user) step() {
	switch {
	case u.token == "" || u.code != "":
		u.logIn()
	case u.pending != nil:
		u.write(*u.pending)
	default:
		u.choose()
	}
}

func (u *user) choose() {
	live := u.live()
	any := func() string { return live[rand.IntN(len(live))] }
	switch n := rand.IntN(20); {
	case n == 0:
		u.logIn()
	case n < 3:
		u.whoAmI()
	case n < 5:
		u.list()
	case len(live) < 3 || n < 11 && len(live) < mostLive:
		u.written++
		u.write(write{http.MethodPut, uuid.NewString(), u.title(), http.Header{"If-None-Match": {"*"}}})
	case n < 14:
		u.get(any())
	case n < 17:
		id := any()
		u.written++
		u.write(write{http.MethodPut, id, u.title(), http.Header{"If-Match": {u.drawings[id].tag}}})
	default:
		u.write(write{http.MethodDelete, any(), "", nil})
	}
}

func (u *user) title() string { return fmt.Sprintf("%s: %d", u.name, u.written) }

func (u *user) live() (ids []string) {
	for id, v := range u.drawings {
		if v != (version{}) {
			ids = append(ids, id)
		}
	}
	return ids
}

// logIn logs in with a new code, or again with one whose answer is not known. The
// session before stays, if there is one.
func (u *user) logIn() {
	again := u.code != ""
	if !again {
		u.code = u.users.trial.weChat.code(u.name)
	}
	a := u.send(http.MethodPost, "/v1/session", map[string]string{"code": u.code}, nil, isLogin)
	switch {
	case a.unknown() && u.token != "" && u.users.trial.loginsFail:
		u.code = "" // the user goes on with the session that it has
	case a.unknown():
	case a.status == http.StatusUnauthorized && again:
		u.code = "" // WeChat has exchanged it, and the session was not stored
	case a.status != http.StatusCreated:
		u.violated("a login is answered with %v", a)
		u.code = ""
	default:
		var in gen.LoggedIn
		if err := json.Unmarshal(a.body, &in); err != nil {
			u.violated("a login: %v", err)
			return
		}
		u.token, u.code = in.Token, ""
		u.whoAmI()
	}
}

// whoAmI expects that the session is this user's and nobody else's.
func (u *user) whoAmI() {
	a := u.send(http.MethodGet, "/v1/session", nil, nil, isOther)
	if a.unknown() || u.loggedOut(a) {
		return
	}
	var s gen.Session
	if err := json.Unmarshal(a.body, &s); err != nil || a.status != http.StatusOK {
		u.violated("the session is answered with %v", a)
		return
	}
	us := u.users
	us.mu.Lock()
	owner, taken := us.names[s.User.ID]
	us.names[s.User.ID] = u.name
	us.mu.Unlock()
	if u.id == "" {
		u.id = s.User.ID
	}
	if u.id != s.User.ID || taken && owner != u.name {
		u.violated("the session of another user: %s and not %s", s.User.ID, u.id)
	}
	u.last = time.Now()
}

// loggedOut reports whether the user must log in again.
func (u *user) loggedOut(a answer) bool {
	if a.status != http.StatusUnauthorized {
		return false
	}
	u.token = ""
	if !u.users.trial.endsSessions {
		u.violated("a session that has not ended is refused: %v", a)
	}
	return true
}

func (u *user) list() {
	a := u.send(http.MethodGet, "/v1/drawings?limit=100&thumbnail=none", nil, nil, isOther)
	if a.unknown() || u.loggedOut(a) {
		return
	}
	var page gen.DrawingList
	if err := json.Unmarshal(a.body, &page); err != nil || a.status != http.StatusOK {
		u.violated("a list is answered with %v", a)
		return
	}
	found := map[string]string{} // titles, which no two versions have in common
	for _, d := range page.Items {
		id := d.ID.String()
		if _, twice := found[id]; twice {
			u.violated("%s is listed twice", id)
		}
		found[id] = d.Title
		if known := u.drawings[id]; known == (version{}) {
			u.violated("%q is listed, which was deleted or is another user's", d.Title)
		}
	}
	for _, id := range u.live() {
		if found[id] != u.drawings[id].title {
			u.violated("%s is listed as %q and not as %q", id, found[id], u.drawings[id].title)
		}
	}
	u.last = time.Now()
}

func (u *user) get(id string) {
	a := u.send(http.MethodGet, "/v1/drawings/"+id, nil, nil, isOther)
	if a.unknown() || u.loggedOut(a) {
		return
	}
	var d gen.Drawing
	if err := json.Unmarshal(a.body, &d); err != nil || a.status != http.StatusOK {
		u.violated("%v is answered with %v", u.drawings[id], a)
		return
	}
	if got := (version{d.Title, a.header.Get("ETag")}); got != u.drawings[id] {
		u.violated("%s is %v and not %v", id, got, u.drawings[id])
	}
	u.last = time.Now()
}

func (u *user) write(w write) {
	var body any
	if w.method == http.MethodPut {
		body = gen.DrawingContent{
			Title: &w.title, Format: gen.Format1, Canvas: gen.Canvas{Width: 3750, Height: 6670},
			Strokes: []gen.Stroke{{Tool: gen.Pen, Color: "#666666", Width: 50, X: []int32{100, int32(u.written % 3000)}, Y: []int32{200, 220}}},
		}
	}
	a := u.send(w.method, "/v1/drawings/"+w.id, body, w.header, isOther)
	switch {
	case a.unknown():
		u.pending = &w
		return
	case u.loggedOut(a):
		u.pending = &w
		return
	case w.method == http.MethodDelete && a.status == http.StatusNoContent:
		u.drawings[w.id] = version{}
	case w.method == http.MethodPut && (a.status == http.StatusCreated || a.status == http.StatusOK):
		u.drawings[w.id] = version{w.title, a.header.Get("ETag")}
	default:
		u.violated("%s of %q, with an unknown answer before: %t, is answered with %v", w.method, w.title, u.pending != nil, a)
	}
	u.pending, u.last = nil, time.Now()
}

// kind is what a request is to the rules of a trial.
type kind int

const (
	isOther kind = iota
	isLogin
)

func (u *user) send(method, path string, body any, header http.Header, k kind) answer {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			panic(err) // a body of this file
		}
		sent = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, u.users.trial.service.URL+path, sent)
	if err != nil {
		panic(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if k != isLogin {
		r.Header.Set("Authorization", "Bearer "+u.token)
	}
	begun := time.Now()
	a := u.users.trial.do(r)
	u.users.record(r, k, a, time.Since(begun))
	return a
}

// record counts a request, and an answer that the fault must not cause.
func (us *users) record(r *http.Request, k kind, a answer, took time.Duration) {
	us.mu.Lock()
	us.requests++
	us.slowest = max(us.slowest, took)
	if a.unknown() {
		us.failures++
		us.lastFailed = time.Now()
	}
	us.mu.Unlock()
	longest := longestWait
	if k == isLogin {
		longest = longestLogin
	}
	if took > longest {
		us.violated("%s %s takes %s", r.Method, r.URL.Path, took.Round(time.Millisecond))
	}
	if a.unknown() && !us.trial.mayFail(k, a) {
		us.violated("%s %s fails after %s: %v", r.Method, r.URL.Path, took.Round(time.Millisecond), a)
	}
}

// check compares what each replica has with what the users know.
func (us *users) check() {
	for _, u := range us.all {
		u.whoAmI()
		u.list()
		for id := range u.drawings {
			if u.drawings[id] != (version{}) {
				u.get(id)
			} else if a := u.send(http.MethodGet, "/v1/drawings/"+id, nil, nil, isOther); a.status != http.StatusNotFound {
				u.violated("a drawing that was deleted: %v", a)
			}
		}
	}
	for i, u := range us.all {
		other := us.all[(i+1)%len(us.all)]
		if live := other.live(); len(live) > 0 {
			if a := u.send(http.MethodGet, "/v1/drawings/"+slices.Min(live), nil, nil, isOther); a.status != http.StatusNotFound {
				u.violated("a drawing of another user: %v", a)
			}
		}
	}
}

func (u *user) violated(format string, args ...any) {
	u.users.violated("%s: "+format, append([]any{u.name}, args...)...)
}
