package endtoend

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"onestroke/gen"
	"onestroke/impl/wechatsim"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestFiftyFirstRequestsOnThreeReplicasExchangeTheirCodeOnce(t *testing.T) {
	onEveryServer(t, func(t *testing.T, redis, mongodb stores.Server) {
		r := startProcesses(t, 3, redis, mongodb)
		phone := r.Phone(t, service.NewUser())
		atOnce(func(i int) {
			caller := r.processes[i%3].With(phone.Headers())
			if i%2 == 0 {
				caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
				return
			}
			caller.Do(t, http.MethodGet, "/applet/session/paints/list", nil).ExpectPaints(t)
		})
		for _, p := range r.processes {
			// An answer was lost: the same again. Then the code is the credential.
			p.With(phone.Headers()).Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
			code := p.With(header("X-WX-Code", phone.Code))
			if seen := sessions(t, code); len(seen) != 1 || !seen[0].Current {
				t.Errorf("the sessions are %+v", seen)
			}
			for _, other := range []service.Phone{
				{Code: phone.Code, RawData: phone.RawData, Signature: strings.Repeat("0", 40)},
				{Code: phone.Code, RawData: phone.RawData + " ", Signature: phone.Signature},
			} {
				p.With(other.Headers()).Do(t, http.MethodGet, "/v1/session", nil).
					ExpectProblem(t, http.StatusUnauthorized, gen.ErrSessionKeyExchangeFailed)
			}
		}
		r.expectOneExchange(t, phone)
	})
}

func TestFiftyLoginsOnThreeReplicasGetOneToken(t *testing.T) {
	r := startProcesses(t, 3, stores.Redis(t)[0], stores.MongoDB(t)[0])
	for way, body := range map[string]func(service.Phone) map[string]any{
		"code alone": func(p service.Phone) map[string]any { return map[string]any{"code": p.Code} },
		"signed": func(p service.Phone) map[string]any {
			return map[string]any{"code": p.Code, "rawData": p.RawData, "signature": p.Signature}
		},
		"encrypted": func(p service.Phone) map[string]any {
			return map[string]any{"code": p.Code, "encryptedData": p.EncryptedData, "iv": p.IV}
		},
	} {
		t.Run(way, func(t *testing.T) {
			phone := r.Phone(t, service.NewUser())
			var tokens sync.Map
			logIn := func(p *service.Process) {
				answer := p.Nobody().Do(t, http.MethodPost, "/v1/session", body(phone))
				answer.Expect(t, http.StatusCreated)
				var login gen.LoggedIn
				answer.Decode(t, &login)
				tokens.Store(login.Token, p)
			}
			atOnce(func(i int) { logIn(r.processes[i%3]) })
			for _, p := range r.processes {
				logIn(p) // an answer was lost
			}
			different := 0
			for token := range tokens.Range {
				different++
				for _, p := range r.processes {
					caller := p.With(header("Authorization", "Bearer "+token.(string)))
					if seen := sessions(t, caller); len(seen) != 1 {
						t.Errorf("the sessions are %+v", seen)
					}
				}
			}
			if different != 1 {
				t.Errorf("%d tokens", different)
			}
			r.expectOneExchange(t, phone)
		})
	}
}

// replicas are processes of the program with the same stores and WeChat.
type replicas struct {
	service.Service // the one that simulates WeChat
	simulator       *wechatsim.Simulator
	processes       []*service.Process
}

func startProcesses(t *testing.T, n int, redis, mongodb stores.Server) replicas {
	t.Helper()
	appID, secret := "wx"+newID()[:8], "simulated"
	r := replicas{simulator: wechatsim.New(appID, secret)}
	weChat := httptest.NewServer(r.simulator)
	t.Cleanup(weChat.Close)
	program, database := service.Build(t), service.InDatabase(t, mongodb.URL, service.NewDatabase())
	for range n {
		r.processes = append(r.processes, program.Start(t,
			"REDIS_URL="+redis.URL, "MONGODB_URI="+database,
			"WECHAT_APP_ID="+appID, "WECHAT_APP_SECRET="+secret, "WECHAT_API_URL="+weChat.URL+"/simulator"))
	}
	r.Service = r.processes[0].Service
	r.URL = weChat.URL
	return r
}

func (r replicas) expectOneExchange(t *testing.T, p service.Phone) {
	t.Helper()
	if n := r.simulator.Exchanges(p.Code); n != 1 {
		t.Errorf("the code was exchanged %d times", n)
	}
}

// atOnce calls f with 0 to 49 concurrently.
func atOnce(f func(i int)) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range 50 {
		all.Go(func() { <-begin; f(i) })
	}
	close(begin)
	all.Wait()
}
