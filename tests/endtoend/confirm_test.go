package endtoend

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
)

// slow is a request to save a drawing whose body has not arrived yet, while the service
// has already found out who sends it.
type slow struct {
	conn   net.Conn
	answer *bufio.Reader
	body   []byte
}

func putSlow(t *testing.T, s service.Service, c service.Caller, id string) slow {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	body, err := json.Marshal(oneStroke("late"))
	if err != nil {
		t.Fatal(err)
	}
	p := slow{conn, bufio.NewReader(conn), body}
	_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n"+
		"Content-Type: application/json\r\nIf-None-Match: *\r\nAuthorization: %s\r\n\r\n", path(id), len(p.body), c.Header.Get("Authorization"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} { // it begins to read the body
		if line, err := p.answer.ReadString('\n'); err != nil || line != want {
			t.Fatalf("got %q, %v", line, err)
		}
	}
	return p
}

func (p slow) end(t *testing.T) (status int) {
	t.Helper()
	if _, err := p.conn.Write(p.body); err != nil {
		t.Fatal(err)
	}
	status, _ = answerOn(t, p.answer)
	return status
}

func TestABodyThatArrivesAfterItsSessionHasEndedIsNotStored(t *testing.T) {
	t.Parallel()
	s := startService(t, service.Options{})
	for _, end := range []string{"/v1/account", "/v1/session"} {
		user := service.NewUser()
		caller, id := s.LogIn(t, user), newID()
		late := putSlow(t, s.Service, caller, id)
		caller.Do(t, http.MethodDelete, end, nil).Expect(t, http.StatusNoContent)
		if status := late.end(t); status != http.StatusUnauthorized {
			t.Errorf("after DELETE %s the answer is %d", end, status)
		}
		s.LogIn(t, user).Do(t, http.MethodGet, path(id), nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
	}
}

// Requests that were let in before the sessions ended store nothing after it. A drawing
// with many strokes takes a while from there to the store.
func TestWhatIsStoredWhileAnAccountIsDeletedIsDeletedToo(t *testing.T) {
	t.Parallel()
	s := startService(t, service.Options{RequestsPerMinute: 100_000})
	for range 8 {
		user := service.NewUser()
		caller := s.LogIn(t, user)
		var writers sync.WaitGroup
		begun := make(chan struct{}, 4)
		for range cap(begun) {
			writers.Go(func() {
				for status := 0; status != http.StatusUnauthorized; {
					status = caller.Do(t, http.MethodPut, path(newID()), covered(100), header("If-None-Match", "*")).Status
					select {
					case begun <- struct{}{}:
					default:
					}
				}
			})
		}
		<-begun
		caller.Do(t, http.MethodDelete, "/v1/account", nil).Expect(t, http.StatusNoContent)
		writers.Wait()
		if left := list(t, s.LogIn(t, user)); len(left) != 0 {
			t.Errorf("%d drawings are left", len(left))
		}
	}
}

func TestABodyThatArrivesAfterItsUserWasSuspendedIsNotStored(t *testing.T) {
	t.Parallel()
	s := startService(t, service.Options{})
	caller, id := s.LogIn(t, service.NewUser()), newID()
	late := putSlow(t, s.Service, caller, id)
	deskOf(s.Service).suspend(t, me(t, caller).User.ID, true)
	if status := late.end(t); status != http.StatusForbidden {
		t.Errorf("the answer is %d", status)
	}
	caller.Do(t, http.MethodGet, path(id), nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
}

// A share that ends while it is checked had a token, which opens nothing any more.
func TestAShareThatEndsWhileItIsCheckedHasAToken(t *testing.T) {
	t.Parallel()
	c := startChecked(t, service.Options{})
	author := c.LogIn(t, service.NewUser())
	id := create(t, author, "猫")
	const check = "/wxa/msg_sec_check"
	before := calls(t, c.Service, check)
	c.plan(t, map[string]any{"path": check, "delayMs": 60_000})
	token := make(chan string)
	go func() { token <- share(t, author, id, http.StatusCreated) }()
	eventually(t, func() bool { return calls(t, c.Service, check) > before })
	author.Do(t, http.MethodDelete, path(id)+"/share", nil).Expect(t, http.StatusNoContent)
	if given := <-token; len(given) != 22 {
		t.Errorf("the token is %q", given)
	} else {
		opensNothing(t, c.Service, given)
	}
}
