package config_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"onestroke/impl/config"
)

func TestEachFieldIsADocumentedVariable(t *testing.T) {
	var fields, explained []string
	for f := range reflect.TypeFor[config.Config]().Fields() {
		fields = append(fields, f.Tag.Get("env"))
	}
	for _, v := range config.Variables() {
		explained = append(explained, v.Name)
		if v.English == "" || v.Chinese == "" {
			t.Errorf("%s is not documented in both languages", v.Name)
		}
		if (v.Least == "") != (v.Most == "") {
			t.Errorf("%s has only one limit", v.Name)
		}
	}
	if !slices.Equal(fields, explained) {
		t.Errorf("the fields are\n%q\nand documented are\n%q", fields, explained)
	}
}

func TestANetworkOfIPv4MayBeWrittenAsIPv6(t *testing.T) {
	c, err := config.Read([]string{"TRUSTED_PROXIES=::ffff:10.1.2.3/104, ::ffff:192.0.2.1,2001:db8::1/64,10.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(c.TrustedProxies), "[10.0.0.0/8 192.0.2.1/32 2001:db8::/64 10.0.0.1/32]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAVariableThatIsNotSetHasItsDefault(t *testing.T) {
	for name, environ := range map[string][]string{
		"not set": nil,
		"empty":   {"PORT=", "SESSION_IDLE= ", "REDIS_URL_FILE="},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Read(environ)
			if err != nil {
				t.Fatal(err)
			}
			if c.Port != 5757 || c.Address() != "127.0.0.1:5757" || c.SessionIdle != 2*time.Hour || c.RedisURL != "" || !c.SimulatorOn() {
				t.Errorf("got %+v", c)
			}
		})
	}
}

// Most variables have several kinds of invalid values. The error names the variable,
// and does not quote a value that may be a secret.
func TestAnInvalidValueIsNamedAndNotQuoted(t *testing.T) {
	wrong := map[string][]string{
		"HOST":                        {"127.0.0.1:80", "a b", "[::1]"},
		"PORT":                        {"http", "65536", "-1", "1e3"},
		"TLS_CERT_FILE":               {"cert.pem"}, // without its key
		"TLS_KEY_FILE":                {"key.pem"},
		"BASE_PATH":                   {"applet", "/", "/a/", "/a/../b", "/a/./b", "//a", "/v1", "/v1/x", "/simulator/x", "/docs", "/{id}", "/a?b"},
		"REDIS_URL":                   {"127.0.0.1:6379", "http://:hunter2@localhost", "redis://", "unix:///tmp/redis", "redis://:hun%zzter2@localhost", "redis://:hunter2@localhost:65536"},
		"MONGODB_URI":                 {"localhost", "mongo://me:hunter2@localhost", "http://me:hunter2@localhost"},
		"DATA_DIR":                    {}, // is found out by using it
		"WECHAT_APP_ID":               {"wx 1", "wx/hunter2"},
		"WECHAT_APP_SECRET":           {"hunter2 hunter2", "hunter2é", "hunter2"}, // the last without an id
		"WECHAT_API_URL":              {"api.weixin.qq.com", "ftp://me:hunter2@api.weixin.qq.com", "https://me:hunter2@api.weixin.qq.com", "https://", "https://:443"},
		"WECHAT_TIMEOUT":              {"5", "1ms", "2m", "-5s", "soon"},
		"WECHAT_DATA_MAX_AGE":         {"old", "0s", "25h"},
		"SIMULATOR":                   {"yes", "ON", "1"},
		"CONTENT_CHECK":               {"on", "SHARED", "some"},
		"PUBLIC_URL":                  {"example.com", "ftp://example.com", "https://me:hunter2@example.com", "https://example.com/", "https://example.com?a", "https://:443", "https://example.com:65536"},
		"WECHAT_PUSH_TOKEN":           {"ab", "hunter2 hunter2", "hunter-2"},
		"WECHAT_PUSH_AES_KEY":         {"hunter2", strings.Repeat("-", 43), strings.Repeat("a", 43)}, // the last without a token
		"WECHAT_WITHOUT_TOKEN":        {"maybe", "2"},
		"WECHAT_CODE_PAGE":            {"/pages/shared/shared", "pages/shared/shared?a=b", "pages//shared"},
		"WECHAT_CODE_VERSION":         {"released", "Release"},
		"SEAL_KEY":                    {"hunter2", strings.Repeat("hunter2 ", 5)},
		"ADMIN_TOKEN":                 {"hunter2", strings.Repeat("hunter2 ", 5)},
		"SESSION_IDLE":                {"2", "1s", "8761h"},
		"SESSION_MAX_AGE":             {"30d", "-1h", "1s"},
		"DRAWING_QUOTA":               {"-1", "1000001", "many", "1.5"},
		"LOGIN_RATE_PER_MINUTE":       {"-1", "1000001", "many"},
		"SHARE_RATE_PER_MINUTE":       {"-1", "1000001", "many"},
		"REQUEST_RATE_PER_MINUTE":     {"-1", "1000001", "1.5"},
		"TRUSTED_PROXIES":             {"proxy", "10.0.0.0/33", "10.0.0.1,", "10.0.0.1 10.0.0.2"},
		"TRUST_CLOUD_RUN":             {"maybe", "2"},
		"CORS_ORIGINS":                {"example.com", "*", "https://example.com/", "https://*.example.com", "https://example.com,", "null", "https://example.com:65536", "https://example.com:443", "http://example.com:80", "https://例子.中国", "https://example.com:"},
		"READ_HEADER_TIMEOUT":         {"10", "0s", "11m"},
		"READ_TIMEOUT":                {"60", "0s", "2h"},
		"WRITE_TIMEOUT":               {"60", "-1s", "2h"},
		"IDLE_TIMEOUT":                {"2", "0s", "2h"},
		"MAX_HEADER_BYTES":            {"64K", "0", "65537"},
		"MAX_BODY_BYTES":              {"1MB", "0", "524289"},
		"MAX_IN_FLIGHT":               {"all", "0", "-1", "1000001"},
		"MAX_EXPORTS":                 {"all", "0", "-1", "10001"},
		"MAX_BODY_MEMORY":             {"64MiB", "-1", "1099511627777"},
		"LOG_LEVEL":                   {"verbose", "3", "INFO+4", "warn-1"},
		"SLOW_REQUEST":                {"soon", "-1s", "2h"},
		"ADMIN_HOST":                  {"127.0.0.1:80", "a b", "[::1]"},
		"ADMIN_PORT":                  {"http", "65536", "-1"},
		"OTEL_EXPORTER_OTLP_ENDPOINT": {"127.0.0.1:4318", "grpc://127.0.0.1:4317", "http://", "http://127.0.0.1:431800"},
		"OTEL_EXPORTER_OTLP_HEADERS":  {"hunter2", "a=hunter2,", "a b=hunter2", "=hunter2"},
		"SHUTDOWN_DELAY":              {"5", "-1s", "11m"},
		"SHUTDOWN_TIMEOUT":            {"soon", "2h", "-1s"},
	}
	for _, v := range config.Variables() {
		values, ok := wrong[v.Name]
		if !ok {
			t.Errorf("no invalid value of %s is tested", v.Name)
		}
		for _, value := range values {
			fails(t, v.Name, v.Name+"="+value)
		}
		if v.Secret {
			fails(t, v.Name+"_FILE", v.Name+"_FILE="+t.TempDir())
			fails(t, v.Name+"_FILE", v.Name+"_FILE=/dev/null")
			fails(t, v.Name+"_FILE", v.Name+"_FILE=/dev/null", v.Name+"=hunter2")
		}
	}
	// Rules about two variables.
	fails(t, "TLS_CERT_FILE", "TLS_KEY_FILE=key.pem")
	fails(t, "WECHAT_APP_SECRET", "WECHAT_APP_ID=wx1")
	fails(t, "WECHAT_APP_ID", "SIMULATOR=off")
	fails(t, "WECHAT_APP_ID", "HOST=0.0.0.0")
	fails(t, "WECHAT_APP_ID", "HOST=example.com")
}

// The service on one's own machine, with the simulator, has no certificate.
func TestAPublicURLNeedsNoHTTPS(t *testing.T) {
	for _, url := range []string{"https://example.com", "https://example.com/a", "http://127.0.0.1:8080"} {
		if c, err := config.Read([]string{"PUBLIC_URL=" + url}); err != nil || c.PublicURL != url {
			t.Errorf("got %q, %v", c.PublicURL, err)
		}
	}
	if _, err := config.Read([]string{"PUBLIC_URL=example.com"}); err == nil || !strings.Contains(err.Error(), "http:// or https://") {
		t.Errorf("the error does not say what is accepted: %v", err)
	}
}

func fails(t *testing.T, variable string, environ ...string) {
	t.Helper()
	_, err := config.Read(environ, "/v1", "/docs", "/simulator")
	wrong := (*config.Error)(nil)
	switch {
	case !errors.As(err, &wrong):
		t.Errorf("%q: %v", environ, err)
	case wrong.Variable != variable && !strings.Contains(wrong.Problem, variable):
		t.Errorf("%q: %v", environ, err)
	case strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n"):
		t.Errorf("%q: quoted, or more than one line: %v", environ, err)
	}
}

func TestASecretCanBeInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	for _, end := range []string{"", "\n", "\r\n"} {
		if err := os.WriteFile(file, []byte("redis://:hunter2@localhost"+end), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Read([]string{"REDIS_URL_FILE=" + file, "PORT_FILE=/nowhere"})
		if err != nil || c.RedisURL != "redis://:hunter2@localhost" {
			t.Errorf("got %q, %v", c.RedisURL, err)
		}
	}
}

func TestTheTableHasEveryVariable(t *testing.T) {
	var text bytes.Buffer
	if err := config.WriteTable(&text); err != nil {
		t.Fatal(err)
	}
	for _, v := range config.Variables() {
		if !strings.Contains("\n"+text.String(), "\n"+v.Name) {
			t.Errorf("%s is missing", v.Name)
		}
	}
	for line := range strings.Lines(text.String()) {
		if len([]rune(line)) > 81 {
			t.Errorf("longer than 80 columns: %s", line)
		}
	}
}
