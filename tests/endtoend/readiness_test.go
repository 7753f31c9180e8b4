package endtoend

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"onestroke/gen"
	"onestroke/tests/disk"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// A Redis that refuses writes is no reason to send users to another replica, which
// has the same Redis: what reads is served, what writes is 503.
func TestARedisThatRefusesWritesIsDegraded(t *testing.T) {
	t.Parallel()
	if !stores.HaveRedisServer(t) {
		return
	}
	type config map[string]string
	for name, trouble := range map[string]struct{ begin, end config }{
		"full":             {config{"maxmemory": "1"}, config{"maxmemory": "0"}},
		"without replicas": {config{"min-replicas-to-write": "1"}, config{"min-replicas-to-write": "0"}},
		"a replica":        {config{"replicaof": "127.0.0.1 1"}, config{"replicaof": "no one"}},
		"not saved":        {config{"save": "3600 1"}, config{"save": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			server := startRedis(t)
			client := redis.NewClient(&redis.Options{Addr: server.address})
			t.Cleanup(func() { _ = client.Close() })
			set := func(c config) {
				t.Helper()
				for parameter, value := range c {
					command := []any{"CONFIG", "SET", parameter, value}
					if host, port, ok := strings.Cut(value, " "); ok && parameter == "replicaof" { // cannot be set
						command = []any{"REPLICAOF", host, port}
					}
					if err := client.Do(t.Context(), command...).Err(); err != nil {
						t.Fatal(err)
					}
				}
			}
			p := service.Build(t).Start(t, "REDIS_URL=redis://"+server.address)
			caller, phone := p.LogIn(t, service.NewUser()), p.Phone(t, service.NewUser())
			isReady(t, p)

			set(trouble.begin)
			if name == "not saved" {
				failToSave(t, client)
			}
			isDegraded(t, p, "redis")
			caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
			caller.Do(t, http.MethodPut, path(newID()), oneStroke("kept"), creating()).Expect(t, http.StatusCreated)
			logIn := func() service.Answer {
				return p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": phone.Code})
			}
			logIn().ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
			if name == "full" { // it deletes
				caller.Do(t, http.MethodDelete, "/v1/session", nil).Expect(t, http.StatusNoContent)
			} else {
				caller.Do(t, http.MethodDelete, "/v1/session", nil).ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
			}

			set(trouble.end)
			isReady(t, p)
			logIn().Expect(t, http.StatusCreated)
		})
	}
}

func TestARedisWhoseUserMayNotRunScriptsIsDegraded(t *testing.T) {
	if !stores.HaveRedisServer(t) {
		return
	}
	server := startRedis(t)
	client := redis.NewClient(&redis.Options{Addr: server.address})
	t.Cleanup(func() { _ = client.Close() })
	p := service.Build(t).Start(t, "REDIS_URL=redis://"+server.address)
	caller := p.LogIn(t, service.NewUser())
	set := func(rule string) {
		t.Helper()
		if err := client.Do(t.Context(), "ACL", "SETUSER", "default", rule).Err(); err != nil {
			t.Fatal(err)
		}
	}
	set("-@scripting")
	isDegraded(t, p, "redis")
	caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	set("+@scripting")
	isReady(t, p)
}

// failToSave makes a snapshot fail: the program cannot write where it runs.
func failToSave(t *testing.T, client *redis.Client) {
	t.Helper()
	dir := client.ConfigGet(t.Context(), "dir").Val()["dir"]
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	_ = client.BgSave(t.Context()).Err() // refused, or fails later
	eventually(t, func() bool {
		return strings.Contains(client.Info(t.Context(), "persistence").Val(), "rdb_last_bgsave_status:err")
	})
}

// A full disk: reads and deletions go on, writes are 503, and all is well as soon as
// there is room.
func TestADiskThatIsFullIsDegraded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	disk.Small(t, dir, 80<<20)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	p := service.Build(t).Start(t, "DATA_DIR="+filepath.Join(dir, "data"), "REQUEST_RATE_PER_MINUTE=0", "DRAWING_QUOTA=0")
	user := service.NewUser()
	caller, then := p.LogIn(t, user), p.LogIn2017(t, user)
	isReady(t, p)

	actions := strings.Repeat("x", 400<<10)
	var saved []string
	for {
		id := newID()
		answer := then.Do(t, http.MethodPost, "/applet/session/paints/save", map[string]string{"id": id, "actions": actions})
		if answer.Status != http.StatusOK {
			answer.Expect(t, http.StatusServiceUnavailable)
			break
		}
		saved = append(saved, id)
	}
	isDegraded(t, p, "sqlite")
	for range 10 {
		answer := caller.Do(t, http.MethodPut, path(newID()), oneStroke("small"), creating())
		if answer.Status != http.StatusCreated {
			problem := answer.ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
			if !strings.Contains(problem.Detail, "no room for drawings") {
				t.Errorf("got %s", answer.Body)
			}
		}
	}
	caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	if got := paints(t, then); got[saved[0]] != actions {
		t.Error("a drawing is lost")
	}
	isDegraded(t, p, "sqlite")
	checked := func(code int, line string) {
		t.Helper()
		got, output := service.Build(t).Run(t, []string{"DATA_DIR=" + filepath.Join(dir, "data")}, "--check")
		if got != code || !strings.Contains(output, line) {
			t.Errorf("--check: exit code %d\n%s", got, output)
		}
	}
	checked(1, "the disk is full: make room")
	for _, id := range saved {
		then.Do(t, http.MethodPost, "/applet/session/paints/delete", map[string]string{"id": id}).ExpectPaintDone(t)
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	isReady(t, p)
	checked(0, "ok     SQLite")
	then.Do(t, http.MethodPost, "/applet/session/paints/save", map[string]string{"id": "again", "actions": actions}).ExpectPaintDone(t)
}

func readiness(t *testing.T, p *service.Process) (r gen.Readiness) {
	t.Helper()
	answer := p.Nobody().Do(t, http.MethodGet, "/readyz", nil)
	answer.Expect(t, http.StatusOK)
	answer.Decode(t, &r)
	return r
}

func isReady(t *testing.T, p *service.Process) {
	t.Helper()
	eventually(t, func() bool {
		r := readiness(t, p)
		return r.Status == gen.Ready && r.Errors == nil
	})
}

func isDegraded(t *testing.T, p *service.Process, store string) {
	t.Helper()
	eventually(t, func() bool { return readiness(t, p).Status == gen.Degraded })
	r := readiness(t, p)
	if r.Errors == nil || len(*r.Errors) != 1 || (*r.Errors)[0].Field != store || (*r.Errors)[0].Rule != "writable" {
		t.Errorf("got %+v, want %s named", r, store)
	}
}
