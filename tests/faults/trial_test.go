package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"onestroke/gen"
	"onestroke/tests/ports"
	"onestroke/tests/service"
)

// A fault is one case. What holds for each case is in [fault.run].
type fault struct {
	name    string
	servers bool         // Redis and MongoDB, not SQLite
	needs   []string     // programs or files, besides Redis
	env     []string     // of the service
	prepare func(*trial) // what is special, before the service starts; may be nil
	happens func(*trial) // returns when the fault has ended

	endsSessions bool // users may have to log in again
	cuts         bool // the service itself ends, so requests get no answer
	loginsFail   bool // logins may fail, and nothing else
	nothingFails bool
}

// trial is a fault while it is tried: a service with its stores, used by users.
type trial struct {
	fault
	t         *testing.T
	process   *service.Process
	environ   []string
	admin     string          // URL of the metrics
	service   service.Service // where users reach it
	transport *http.Transport
	data      string   // folder of SQLite's file
	stdout    *os.File // nil if the test reads it
	redis     *server
	redisURL  string
	mongodb   *server
	weChat    *weChat
	users     *users
}

const (
	warmUp = time.Second
	// mostRecovery is how long after the end of the fault a request may fail.
	mostRecovery = 5 * time.Second
	calm         = 2 * time.Second // without a failure: it has recovered
	giveUp       = 20 * time.Second
	// slack is how many goroutines or descriptors may be more than before: connections
	// of a pool that came later.
	slack = 10
)

// run tries a fault. After it, in each case:
//
//   - every write that was answered is there, once, and no other is;
//   - no drawing that was deleted has come back;
//   - no user saw a drawing or the session of another;
//   - every answer was a documented one, and failed only as the fault may let it fail;
//   - no request took longer than five seconds, and no login longer than twelve;
//   - nothing fails later than five seconds after the end of the fault, and each user is
//     served again;
//   - the service has as many goroutines and descriptors as before.
func (f fault) run(t *testing.T) {
	row := result{name: f.name}
	defer func() { results = append(results, row.of(t)) }()
	if f.servers {
		f.needs = append(f.needs, "redis-server")
	}
	for _, program := range f.needs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s, which this fault needs, is not on this machine: %v", program, err)
		}
	}
	tr := f.start(t)
	us := tr.users
	us.start()
	tr.lasts(warmUp)
	us.rest()
	before := tr.resources()
	us.start()
	f.happens(tr)
	ended := time.Now()
	tr.recovers(ended)
	us.rest()
	for _, u := range us.all {
		if u.last.Before(ended) {
			t.Errorf("%s has not been served since the end of the fault", u.name)
		}
	}

	us.check()
	row.requests, row.failures, row.slowest = us.requests, us.failures, us.slowest
	row.recovered = max(0, us.lastFailed.Sub(ended))
	if row.recovered > mostRecovery {
		t.Errorf("a request failed %s after the end of the fault", row.recovered)
	}
	if f.nothingFails && us.failures > 0 {
		t.Errorf("%d requests failed", us.failures)
	}
	for i, v := range us.violations {
		if i == listed {
			t.Errorf("and %d more", len(us.violations)-listed)
			break
		}
		t.Error(v)
	}
	tr.releases(before)
}

func (f fault) start(t *testing.T) *trial {
	tr := &trial{fault: f, t: t, weChat: startWeChat(t), data: t.TempDir()}
	adminPort := ports.ReservePort(t)
	tr.admin = "http://127.0.0.1:" + adminPort
	tr.environ = append([]string{
		"PORT=" + ports.ReservePort(t), "ADMIN_PORT=" + adminPort, "DATA_DIR=" + tr.data, "LOG_LEVEL=warn",
		"WECHAT_APP_ID=" + appID, "WECHAT_APP_SECRET=" + appSecret, "WECHAT_API_URL=" + tr.weChat.url + "/simulator", "CONTENT_CHECK=off",
		"REQUEST_RATE_PER_MINUTE=1000000", "LOGIN_RATE_PER_MINUTE=1000000",
	}, f.env...)
	if f.servers {
		tr.redis, tr.mongodb = startRedis(t), startMongoDB(t)
		tr.redisURL = "redis://" + tr.redis.line.Listen
	}
	if f.prepare != nil {
		f.prepare(tr)
	}
	if f.servers {
		tr.environ = append(tr.environ, "REDIS_URL="+tr.redisURL, "MONGODB_URI=mongodb://"+tr.mongodb.line.Listen+"/drawings?directConnection=true")
	}
	tr.startService()
	if tr.transport == nil {
		tr.transport = new(http.Transport)
		tr.service = service.Behind(t, tr.process.URL, tr.transport)
	}
	tr.transport.MaxIdleConnsPerHost, tr.transport.ResponseHeaderTimeout = userCount, patience
	tr.users = newUsers(tr)
	return tr
}

// startService starts the service and returns when it is ready.
func (tr *trial) startService() {
	tr.t.Helper()
	if program := service.Build(tr.t); tr.stdout != nil {
		tr.process = program.StartWriting(tr.t, tr.stdout, tr.stdout, tr.environ...)
	} else {
		tr.process = program.Start(tr.t, tr.environ...)
	}
	ready(tr.t, tr.process)
}

func ready(t *testing.T, p *service.Process) {
	t.Helper()
	eventually(t, "the service is ready", func() bool {
		answer, err := http.Get(p.URL + "/readyz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

// launch starts the service without waiting for it.
func (tr *trial) launch() { tr.process = service.Build(tr.t).Launch(tr.t, tr.environ...) }

// lasts lets the users go on for a time.
func (tr *trial) lasts(d time.Duration) {
	select {
	case <-time.After(d):
	case <-tr.t.Context().Done():
	}
}

// recovers returns when nothing has failed for a while.
func (tr *trial) recovers(ended time.Time) {
	us := tr.users
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for time.Since(ended) < giveUp {
		<-tick.C
		us.mu.Lock()
		last := us.lastFailed
		us.mu.Unlock()
		if time.Since(ended) > calm && time.Since(last) > calm {
			return
		}
	}
	tr.t.Errorf("requests fail %s after the end of the fault", giveUp)
}

// do sends a request of a user. The answer is compared with the contract.
func (tr *trial) do(r *http.Request) answer {
	response, err := tr.service.HTTP.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body, err}
}

// mayFail reports whether the fault may be the reason of this answer.
func (tr *trial) mayFail(k kind, a answer) bool {
	if a.err != nil {
		return tr.cuts && !errors.Is(a.err, context.DeadlineExceeded) // as the transport says of one that takes too long
	}
	var problem gen.Problem
	decode(tr.t, a.body, &problem)
	switch {
	case k == isLogin && problem.Code == gen.ErrSessionKeyExchangeFailed:
		return tr.loginsFail && a.status != http.StatusInternalServerError
	case tr.loginsFail && k != isLogin:
		return false
	default:
		return problem.Code == gen.ErrUnavailable && a.status == http.StatusServiceUnavailable
	}
}

// resources are what a process may leak.
type resources struct{ goroutines, descriptors int }

func (tr *trial) resources() (r resources) {
	tr.t.Helper()
	answer, err := http.Get(tr.admin + "/metrics")
	if err != nil {
		tr.t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch n, _ := strconv.ParseFloat(value, 64); name {
		case "go_goroutines":
			r.goroutines = int(n)
		case "process_open_fds":
			r.descriptors = int(n)
		}
	}
	if r.goroutines == 0 || r.descriptors == 0 {
		tr.t.Fatal("the metrics have no goroutines or no descriptors")
	}
	return r
}

// releases expects that the service soon needs no more than before.
func (tr *trial) releases(before resources) {
	tr.t.Helper()
	tr.transport.CloseIdleConnections()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(giveUp); ; <-tick.C {
		now := tr.resources()
		if now.goroutines <= before.goroutines+slack && now.descriptors <= before.descriptors+slack {
			return
		}
		if time.Now().After(deadline) {
			tr.t.Errorf("%+v became %+v", before, now)
			return
		}
	}
}

func decode(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Errorf("%v in %.300s", err, text)
	}
}

// result is a row of the table at the end.
type result struct {
	name               string
	requests, failures int
	slowest, recovered time.Duration
	verdict            string
}

func (r result) of(t *testing.T) result {
	r.verdict = "holds"
	switch {
	case t.Skipped():
		r.verdict = "not tried"
	case t.Failed():
		r.verdict = "FAILS"
	}
	return r
}

var results []result

// table writes the results in the form of Markdown.
func table(w io.Writer) {
	fmt.Fprintln(w, "| fault | requests | failed | longest wait | last failure after its end | |\n|---|---|---|---|---|---|")
	for _, r := range results {
		fmt.Fprintf(w, "| %s | %d | %d | %s | %s | %s |\n", r.name, r.requests, r.failures, r.slowest.Round(time.Millisecond), r.recovered.Round(time.Millisecond), r.verdict)
	}
}
