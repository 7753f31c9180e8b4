package endtoend

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"onestroke/impl/config"
	"onestroke/tests/pki"
	"onestroke/tests/root"
	"onestroke/tests/service"
)

func TestHelpDescribesEachVariable(t *testing.T) {
	t.Parallel()
	code, output := service.Build(t).Run(t, nil, "--help")
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, v := range config.Variables() {
		if !strings.Contains(output, "\n"+v.Name) {
			t.Errorf("%s is missing", v.Name)
		}
	}
	for _, flag := range []string{"--check", "--health", "--version", "--help"} {
		if !strings.Contains(output, flag) {
			t.Errorf("%s is missing", flag)
		}
	}
}

func TestVersionNamesProgramCommitAndContract(t *testing.T) {
	contract, err := os.ReadFile(filepath.Join(root.Dir(), "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	number := regexp.MustCompile(`(?m)^  version: (.*)$`).FindSubmatch(contract)[1]
	code, output := service.Build(t).Run(t, nil, "--version")
	if !regexp.MustCompile(`^onestroke \S+, commit \S+, contract `+string(number)+`, go\S+\n$`).MatchString(output) || code != 0 {
		t.Errorf("exit code %d: %s", code, output)
	}
}

func TestAnUnknownArgumentGetsAnErrorOfOneLine(t *testing.T) {
	for _, args := range [][]string{{"--hlep"}, {"serve"}, {"--check", "--health"}, {"--version=2"}, {"help"}, {""}} {
		code, output := service.Build(t).Run(t, nil, args...)
		if code != 2 || strings.Count(output, "\n") != 1 || !strings.Contains(output, "--help") {
			t.Errorf("%q: exit code %d: %s", args, code, output)
		}
	}
}

func TestHealthReportsWhetherTheServiceIsAlive(t *testing.T) {
	program := service.Build(t)
	authority, dir := pki.NewAuthority(t), t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	authority.Issue(t).Write(t, cert, key)
	for name, env := range map[string][]string{
		"HTTP":          nil,
		"HTTPS":         {"TLS_CERT_FILE=" + cert, "TLS_KEY_FILE=" + key},
		"all addresses": {"HOST=0.0.0.0", "SIMULATOR=on"},
		"by name":       {"HOST=localhost"},
		"Redis is away": {"REDIS_URL=redis://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := program.Start(t, env...)
			asked := append([]string{"PORT=" + p.URL[strings.LastIndex(p.URL, ":")+1:]}, env...)
			if code, output := program.Run(t, asked, "--health"); code != 0 || output != "" {
				t.Errorf("alive: exit code %d: %s", code, output)
			}
			p.Signal(t, syscall.SIGKILL)
			p.Wait(t)
			if code, output := program.Run(t, asked, "--health"); code != 1 || strings.Count(output, "\n") != 1 {
				t.Errorf("dead: exit code %d: %s", code, output)
			}
		})
	}
	if code, output := program.Run(t, []string{"PORT=0"}, "--health"); code != 1 || !strings.Contains(output, "PORT") {
		t.Errorf("exit code %d: %s", code, output)
	}
}

func TestCheckReportsWhatIsWrongAndWhatToDo(t *testing.T) {
	const secret = "hunter2"
	weChat := func(answer, token string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/cgi-bin/stable_token" {
				var asked struct{ Secret, AppID string }
				if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Secret != secret || asked.AppID != "wx1" {
					t.Error("the request for a token is not as WeChat requires it")
				}
				_, _ = w.Write([]byte(token))
				return
			}
			if r.URL.Query().Get("secret") != secret || r.URL.Query().Get("appid") != "wx1" {
				t.Error("the request is not as WeChat requires it")
			}
			_, _ = w.Write([]byte(answer))
		}))
		t.Cleanup(server.Close)
		return "WECHAT_API_URL=" + server.URL
	}
	const token = `{"access_token":"t","expires_in":7200}`
	wechat := func(answer string) string { return weChat(answer, token) }
	complete := func(answer, token string) []string {
		return []string{
			"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=" + secret, weChat(answer, token), "PUBLIC_URL=https://example.com", "WECHAT_PUSH_TOKEN=AAAAA",
		}
	}
	authority, dir := pki.NewAuthority(t).Intermediate(t), t.TempDir()
	cert, whole, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "fullchain.pem"), filepath.Join(dir, "key.pem")
	pair := authority.Issue(t)
	pair.Write(t, cert, key)
	pair.Write(t, whole, key, authority.PEM)

	for name, test := range map[string]struct {
		env  []string
		want []string // in the order of the output
	}{
		"everything works": {
			append(complete(`{"errcode":40029}`, token), "TLS_CERT_FILE="+whole, "TLS_KEY_FILE="+key),
			[]string{"ok     HTTPS    localhost, 127.0.0.1, until 2", "ok     SQLite ", "ok     WeChat ", "ok     Content  CONTENT_CHECK is shared"},
		},
		"nothing is checked": {
			[]string{"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=" + secret, wechat(`{"errcode":40029}`), "CONTENT_CHECK=off"},
			[]string{"ok     SQLite ", "ok     WeChat "},
		},
		"no way to check pictures": {
			[]string{"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=" + secret, wechat(`{"errcode":40029}`)},
			[]string{"ok     WeChat ", "wrong  Content", "PUBLIC_URL is not set", "WECHAT_PUSH_TOKEN is not set", "/wechat/push"},
		},
		"an address that is not on the allow list": {
			complete(`{"errcode":40029}`, `{"errcode":40164,"errmsg":"invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist hunter2"}`),
			[]string{"ok     WeChat ", "wrong  Content", "IP白名单", "203.0.113.7"},
		},
		"messages that are not signed": {
			complete(`{"errcode":40029}`, token),
			[]string{"ok     Content", "warn   Push     at /wechat/push", "WECHAT_PUSH_AES_KEY is not set", "safe mode"},
		},
		"messages that are signed": {
			append(complete(`{"errcode":40029}`, token), "WECHAT_PUSH_AES_KEY="+strings.Repeat("a", 43)),
			[]string{"ok     Content", "ok     Push     at /wechat/push"},
		},
		"a quota that is used up": {
			complete(`{"errcode":40029}`, `{"errcode":45009,"errmsg":"reach max api daily quota limit hunter2"}`),
			[]string{"ok     WeChat ", "wrong  Content", "quota"},
		},
		"nothing is set":     {nil, []string{"ok     HTTPS", "ok     SQLite   in ", "ok     WeChat   simulated"}},
		"an invalid setting": {[]string{"PORT=many"}, []string{"wrong  Settings PORT must be a whole number"}},
		"a wrong app id": {
			[]string{"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=" + secret, wechat(`{"errcode":40013,"errmsg":"invalid appid hunter2"}`)},
			[]string{"wrong  WeChat", "WECHAT_APP_ID"},
		},
		"a wrong app secret": {
			[]string{"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=" + secret, wechat(`{"errcode":40125,"errmsg":"invalid appsecret hunter2"}`)},
			[]string{"wrong  WeChat", "WECHAT_APP_SECRET"},
		},
		"a refused address": {
			[]string{"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=" + secret, wechat(`{"errcode":40164,"errmsg":"invalid ip 203.0.113.7 hunter2"}`)},
			[]string{"wrong  WeChat", "refuses", "IP allow list", "203.0.113.7"},
		},
		"an errcode that is not known": {
			[]string{"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=" + secret, wechat(`{"errcode":12345,"errmsg":"hunter2"}`)},
			[]string{"wrong  WeChat", "refuses", "errcode 12345"},
		},
		"a busy WeChat": {
			[]string{"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=" + secret, wechat(`{"errcode":-1}`)},
			[]string{"wrong  WeChat", "busy"},
		},
		"not WeChat": {
			[]string{"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=" + secret, wechat(`<html>hunter2`)},
			[]string{"wrong  WeChat", "not from WeChat"},
		},
		"a server that accepts any code": {
			[]string{"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=" + secret, wechat(`{"openid":"o","session_key":"AAAAAAAAAAAAAAAAAAAAAA=="}`)},
			[]string{"wrong  WeChat", "not WeChat"},
		},
		"none can be reached": {
			[]string{
				"REDIS_URL=redis://me:hunter2@127.0.0.1:1", "MONGODB_URI=mongodb://me:hunter2@127.0.0.1:1",
				"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=" + secret, "WECHAT_API_URL=http://127.0.0.1:1",
			},
			[]string{"wrong  Redis    127.0.0.1:1", "cannot be reached", "REDIS_URL", "wrong  MongoDB  127.0.0.1:1", "cannot be reached", "MONGODB_URI", "wrong  WeChat", "cannot be reached", "HTTPS_PROXY"},
		},
		"no chain":            {[]string{"TLS_CERT_FILE=" + cert, "TLS_KEY_FILE=" + key}, []string{"wrong  HTTPS", "fullchain.pem"}},
		"no such certificate": {[]string{"TLS_CERT_FILE=/nowhere", "TLS_KEY_FILE=" + key}, []string{"wrong  HTTPS    TLS_CERT_FILE"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, output := service.Build(t).Run(t, append([]string{"DATA_DIR=" + t.TempDir()}, test.env...), "--check")
			if isWrong := strings.Contains(strings.Join(test.want, ""), "wrong"); (code == 1) != isWrong || code > 1 {
				t.Errorf("exit code %d", code)
			}
			rest := output
			for _, want := range test.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Errorf("%q is missing, or not in this order, in\n%s", want, output)
				}
				rest = after
			}
			if strings.Contains(output, secret) {
				t.Errorf("it wrote the secret:\n%s", output)
			}
		})
	}
}

// On a terminal, the program writes text and not JSON.
func TestOutputOnATerminalIsForPeople(t *testing.T) {
	program := exec.Command(service.Build(t).Path())
	program.Env = []string{"PORT=0", "DATA_DIR=" + t.TempDir()}
	terminal, err := pty.Start(program)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	seen := ""
	for lines := bufio.NewScanner(terminal); lines.Scan(); { // until the program has ended
		seen += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "Try: ") {
			if err := program.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := program.Wait(); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"onestroke serves http://127.0.0.1:", "WeChat   simulated", "SQLite   /", "Try: open http://127.0.0.1:", "level=INFO msg=stopping"} {
		if !strings.Contains(seen, want) {
			t.Errorf("%q is not in\n%s", want, seen)
		}
	}
}
