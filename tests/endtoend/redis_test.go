package endtoend

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"onestroke/tests/pki"
	"onestroke/tests/ports"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// The program runs with a real redis-server in each configuration; tests/stores runs a
// cluster.
func TestRedisWithPasswordsUsersAndTLS(t *testing.T) {
	if !stores.HaveRedisServer(t) {
		return
	}
	root, dir := pki.NewAuthority(t), t.TempDir()
	cert, key, authority := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "authority.pem")
	root.Issue(t).Write(t, cert, key)
	if err := os.WriteFile(authority, root.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(dir, "users.acl")
	if err := os.WriteFile(users, []byte(`user default off
user onestroke on >hunter2 ~onestroke:* +@all -@admin -@dangerous +info
user reader on >hunter2 ~onestroke:* +@read +@connection
user another on >hunter2 ~other:* +@all
user unmarked on >hunter2 ~onestroke:user:* ~onestroke:code:* ~onestroke:rate:* ~onestroke:note:* ~onestroke:check:* +@all -@admin -@dangerous +info
`), 0o600); err != nil {
		t.Fatal(err)
	}
	const advised = "ACL SETUSER <name> ~onestroke:* +@all -@admin -@dangerous +info"
	secure := []string{"--port", "0", "--tls-port", "PORT", "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", authority, "--tls-auth-clients", "no"}
	trusting := "SSL_CERT_FILE=" + authority

	for name, test := range map[string]struct {
		server []string
		env    []string
		url    string // of ADDRESS
		wrong  string // what --check advises; empty if it finds nothing
	}{
		"open":                     {server: nil, url: "redis://ADDRESS/3"},
		"password":                 {server: []string{"--requirepass", "hunter2"}, url: "redis://:hunter2@ADDRESS"},
		"password, not given":      {server: []string{"--requirepass", "hunter2"}, url: "redis://ADDRESS", wrong: "it needs a password"},
		"password, another":        {server: []string{"--requirepass", "hunter2"}, url: "redis://:hunter3@ADDRESS", wrong: "refuses the user or the password"},
		"user":                     {server: []string{"--aclfile", users}, url: "redis://onestroke:hunter2@ADDRESS"},
		"user, another":            {server: []string{"--aclfile", users}, url: "redis://nobody:hunter2@ADDRESS", wrong: "refuses the user or the password"},
		"user without commands":    {server: []string{"--aclfile", users}, url: "redis://reader:hunter2@ADDRESS", wrong: advised},
		"user of other keys":       {server: []string{"--aclfile", users}, url: "redis://another:hunter2@ADDRESS", wrong: advised},
		"user without the mark":    {server: []string{"--aclfile", users}, url: "redis://unmarked:hunter2@ADDRESS", wrong: advised},
		"TLS":                      {server: secure, env: []string{trusting}, url: "rediss://ADDRESS"},
		"TLS, user":                {server: append(secure, "--aclfile", users), env: []string{trusting}, url: "rediss://onestroke:hunter2@ADDRESS"},
		"TLS, not trusted":         {server: secure, url: "rediss://ADDRESS", wrong: "SSL_CERT_FILE"},
		"TLS, not asked for":       {server: secure, env: []string{trusting}, url: "redis://ADDRESS", wrong: "rediss://"},
		"TLS, where there is none": {server: nil, env: []string{trusting}, url: "rediss://ADDRESS", wrong: "does it speak TLS"},
		"a database that is not":   {server: []string{"--databases", "1"}, url: "redis://ADDRESS/7", wrong: "no such database"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startRedis(t, test.server...)
			env := append([]string{"REDIS_URL=" + strings.ReplaceAll(test.url, "ADDRESS", server.address)}, test.env...)
			code, output := service.Build(t).Run(t, append([]string{"DATA_DIR=" + t.TempDir()}, env...), "--check")
			if strings.Contains(output, "hunter2") {
				t.Errorf("the output has the password:\n%s", output)
			}
			if test.wrong != "" {
				if code != 1 || !strings.Contains(output, "wrong  Redis    "+server.address) || !strings.Contains(output, test.wrong) {
					t.Errorf("exit code %d:\n%s", code, output)
				}
				if test.wrong == advised {
					refuses(t, service.Build(t), append([]string{"DATA_DIR=" + t.TempDir()}, env...), "REDIS_URL", "hunter2")
				}
				return
			}
			if code != 0 || !strings.Contains(output, "ok     Redis    "+server.address) {
				t.Errorf("exit code %d:\n%s", code, output)
			}
			p := service.Build(t).Start(t, env...)
			eventually(t, func() bool { return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusOK })
			user := service.NewUser()
			p.LogIn(t, user).Do(t, http.MethodGet, "/v1/sessions", nil).Expect(t, http.StatusOK)
			p.LogIn2017(t, user).Do(t, http.MethodDelete, "/v1/sessions", nil).Expect(t, http.StatusNoContent)
		})
	}
}

func TestTheNewMasterIsFoundThroughSentinels(t *testing.T) {
	t.Parallel()
	if !stores.HaveRedisServer(t) {
		return
	}
	const password = "hunter2"
	guarded := []string{"--requirepass", password, "--masterauth", password}
	master := startRedis(t, guarded...)
	replica := startRedis(t, append(guarded, "--replicaof", "127.0.0.1", master.port)...)
	var sentinels []redisServer
	for range 3 {
		conf := filepath.Join(t.TempDir(), "sentinel.conf")
		text := fmt.Sprintf("sentinel monitor drawings 127.0.0.1 %s 2\nsentinel auth-pass drawings %s\n"+
			"sentinel down-after-milliseconds drawings 1000\nsentinel failover-timeout drawings 5000\n", master.port, password)
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sentinels = append(sentinels, startRedis(t, conf, "--sentinel"))
	}
	url := fmt.Sprintf("redis://%s?master_name=drawings&password=%s&addr=%s&addr=%s", sentinels[0].address, password, sentinels[1].address, sentinels[2].address)
	program := service.Build(t)
	if code, output := program.Run(t, []string{"REDIS_URL=" + strings.Replace(url, "=drawings", "=paintings", 1), "DATA_DIR=" + t.TempDir()}, "--check"); code != 1 || !strings.Contains(output, "master_name") {
		t.Errorf("another name: exit code %d:\n%s", code, output)
	}
	p := program.Start(t, "REDIS_URL="+url)
	eventually(t, func() bool { return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusOK })
	caller := p.LogIn(t, service.NewUser())
	ctx := context.Background()
	at := func(s redisServer) *redis.Client {
		client := redis.NewClient(&redis.Options{Addr: s.address, Password: password})
		t.Cleanup(func() { _ = client.Close() })
		return client
	}
	if n := at(master).Wait(ctx, 1, 0).Val(); n != 1 {
		t.Fatalf("%d replicas have the session", n)
	}
	eventually(t, func() bool { // each sentinel knows the replica and the other sentinels
		return at(replica).DBSize(ctx).Val() > 0 && strings.Contains(
			redis.NewSentinelClient(&redis.Options{Addr: sentinels[0].address}).CkQuorum(ctx, "drawings").String(), "OK 3 usable")
	})
	master.stop()
	eventually(t, func() bool {
		return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusServiceUnavailable
	})
	eventually(t, func() bool { return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusOK })
	caller.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	p.LogIn(t, service.NewUser()).Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
	if strings.Contains(p.Output(), password) {
		t.Error("the output has the password")
	}
}

// redisServer is a redis-server process.
type redisServer struct {
	address, port string
	stop          func()
}

// startRedis starts redis-server on a free port, which also replaces PORT in its
// arguments, and returns when it accepts connections.
func startRedis(t *testing.T, args ...string) redisServer {
	t.Helper()
	address := ports.Reserve(t)
	_, port, _ := net.SplitHostPort(address)
	all := []string{"--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", t.TempDir()}
	if len(args) > 0 && !strings.HasPrefix(args[0], "--") { // a file
		all, args = append([]string{args[0]}, all...), args[1:]
	}
	for _, arg := range args {
		all = append(all, strings.ReplaceAll(arg, "PORT", port))
	}
	server := exec.Command("redis-server", all...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	stop := func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}
	t.Cleanup(stop)
	eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return redisServer{address, port, stop}
}
