// Package config reads the configuration from environment variables. An empty
// variable counts as not set.
package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is the configuration. Each field is one variable; variables.yaml has its
// meaning and its default.
type Config struct {
	Host     string `env:"HOST"`
	Port     int    `env:"PORT"`
	TLSCert  string `env:"TLS_CERT_FILE"` // empty for HTTP
	TLSKey   string `env:"TLS_KEY_FILE"`
	BasePath string `env:"BASE_PATH"`

	RedisURL   string `env:"REDIS_URL"`   // empty for SQLite
	MongoDBURI string `env:"MONGODB_URI"` // empty for SQLite
	DataDir    string `env:"DATA_DIR"`

	WeChatAppID      string        `env:"WECHAT_APP_ID"` // empty for the simulator
	WeChatAppSecret  string        `env:"WECHAT_APP_SECRET"`
	WeChatAPIURL     string        `env:"WECHAT_API_URL"` // empty for WeChat's, or for the simulator's if it is on
	WeChatTimeout    time.Duration `env:"WECHAT_TIMEOUT"`
	WeChatDataMaxAge time.Duration `env:"WECHAT_DATA_MAX_AGE"`
	Simulator        Switch        `env:"SIMULATOR"`

	ContentCheck string `env:"CONTENT_CHECK"` // auto, off, shared or all; see [Config.Checks]
	PublicURL    string `env:"PUBLIC_URL"`    // without a slash at the end; empty: not known
	PushToken    string `env:"WECHAT_PUSH_TOKEN"`
	PushAESKey   string `env:"WECHAT_PUSH_AES_KEY"` // empty: plain mode
	WithoutToken bool   `env:"WECHAT_WITHOUT_TOKEN"`
	CodePage     string `env:"WECHAT_CODE_PAGE"`    // without a leading slash
	CodeVersion  string `env:"WECHAT_CODE_VERSION"` // release, trial or develop
	SealKey      string `env:"SEAL_KEY"`            // empty: made from WeChatAppSecret
	AdminToken   string `env:"ADMIN_TOKEN"`         // empty: operators can do nothing

	SessionIdle   time.Duration `env:"SESSION_IDLE"`
	SessionMaxAge time.Duration `env:"SESSION_MAX_AGE"`

	DrawingQuota         int      `env:"DRAWING_QUOTA"`           // 0 for no limit
	LoginRatePerMinute   int      `env:"LOGIN_RATE_PER_MINUTE"`   // 0 for no limit
	RequestRatePerMinute int      `env:"REQUEST_RATE_PER_MINUTE"` // 0 for no limit
	ShareRatePerMinute   int      `env:"SHARE_RATE_PER_MINUTE"`   // 0 for no limit
	TrustedProxies       Networks `env:"TRUSTED_PROXIES"`
	TrustCloudRun        bool     `env:"TRUST_CLOUD_RUN"`
	CORSOrigins          Origins  `env:"CORS_ORIGINS"`

	ReadHeaderTimeout time.Duration `env:"READ_HEADER_TIMEOUT"`
	ReadTimeout       time.Duration `env:"READ_TIMEOUT"`
	WriteTimeout      time.Duration `env:"WRITE_TIMEOUT"`
	IdleTimeout       time.Duration `env:"IDLE_TIMEOUT"`
	MaxHeaderBytes    int           `env:"MAX_HEADER_BYTES"`
	MaxBodyBytes      int           `env:"MAX_BODY_BYTES"`
	MaxInFlight       int           `env:"MAX_IN_FLIGHT"`
	MaxExports        int           `env:"MAX_EXPORTS"`
	MaxBodyMemory     int64         `env:"MAX_BODY_MEMORY"` // 0: by the memory limit

	LogLevel    Level         `env:"LOG_LEVEL"`
	SlowRequest time.Duration `env:"SLOW_REQUEST"` // 0: no request is slow

	AdminHost    string `env:"ADMIN_HOST"`
	AdminPort    int    `env:"ADMIN_PORT"`                  // 0: off
	OTLPEndpoint string `env:"OTEL_EXPORTER_OTLP_ENDPOINT"` // empty: no traces
	OTLPHeaders  string `env:"OTEL_EXPORTER_OTLP_HEADERS"`

	ShutdownDelay   time.Duration `env:"SHUTDOWN_DELAY"`
	ShutdownTimeout time.Duration `env:"SHUTDOWN_TIMEOUT"`
}

// Error is an invalid variable. It does not quote values of secrets.
type Error struct{ Variable, Problem string }

func (e *Error) Error() string { return e.Variable + " " + e.Problem }

// Read returns the configuration in environ, which has the form of os.Environ, or
// an [*Error]. BASE_PATH must not be one of the reserved paths, or below one.
func Read(environ []string, reserved ...string) (Config, error) {
	values := make(map[string]string)
	for _, v := range Variables() {
		values[v.Name] = v.Default
	}
	given := set(environ)
	if err := readFiles(given); err != nil {
		return Config{}, err
	}
	maps.Copy(values, given)
	c, err := env.ParseAsWithOptions[Config](env.Options{Environment: values})
	if err != nil {
		return Config{}, parseError(err)
	}
	if err := c.check(); err != nil {
		return c, err
	}
	return c, c.checkBasePath(reserved)
}

// SimulatorOn reports whether the service simulates WeChat.
func (c Config) SimulatorOn() bool {
	return c.Simulator == "on" || c.Simulator == "auto" && c.WeChatAppID == ""
}

// Checks returns what is checked before others see it: off, shared or all.
func (c Config) Checks() string {
	switch {
	case c.ContentCheck != "auto":
		return c.ContentCheck
	case c.SimulatorOn():
		return "off"
	default:
		return "shared"
	}
}

// Address is the address to listen on.
func (c Config) Address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// AdminAddress is the address of metrics and profiles.
func (c Config) AdminAddress() string {
	return net.JoinHostPort(c.AdminHost, strconv.Itoa(c.AdminPort))
}

var (
	basePath = regexp.MustCompile(`^(/[0-9A-Za-z._~-]+)+$`)
	appID    = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	secret   = regexp.MustCompile(`^[!-~]{1,128}$`)

	pushToken  = regexp.MustCompile(`^[0-9A-Za-z]{3,32}$`) // as WeChat's console asks
	pushAESKey = regexp.MustCompile(`^[0-9A-Za-z]{43}$`)
	headers    = regexp.MustCompile(`^[0-9A-Za-z._~-]+=[^,\s]+(,[0-9A-Za-z._~-]+=[^,\s]+)*$`)
	codePage   = regexp.MustCompile(`^[0-9A-Za-z_-]+(/[0-9A-Za-z_-]+)*$`)
	longSecret = regexp.MustCompile(`^[!-~]{32,256}$`)
)

func (c Config) check() error {
	switch {
	case !isHost(c.Host):
		return &Error{"HOST", "must be a host name or an IP address, without a port"}
	case !isHost(c.AdminHost):
		return &Error{"ADMIN_HOST", "must be a host name or an IP address, without a port"}
	case c.OTLPEndpoint != "" && !isURL(c.OTLPEndpoint, "http", "https"):
		return &Error{"OTEL_EXPORTER_OTLP_ENDPOINT", "must be an http:// or https:// URL"}
	case c.OTLPHeaders != "" && !headers.MatchString(c.OTLPHeaders):
		return &Error{"OTEL_EXPORTER_OTLP_HEADERS", "must be headers such as api-key=secret,tenant=one"}
	case c.TLSCert == "" && c.TLSKey != "":
		return &Error{"TLS_CERT_FILE", "is required with TLS_KEY_FILE"}
	case c.TLSCert != "" && c.TLSKey == "":
		return &Error{"TLS_KEY_FILE", "is required with TLS_CERT_FILE"}
	case !basePath.MatchString(c.BasePath) || strings.Contains(c.BasePath+"/", "/./") || strings.Contains(c.BasePath+"/", "/../"):
		return &Error{"BASE_PATH", "must be a path such as /applet/session, without a slash at the end"}
	case c.RedisURL != "" && !isURL(c.RedisURL, "redis", "rediss"):
		return &Error{"REDIS_URL", "must be a redis:// or rediss:// URL"}
	case c.MongoDBURI != "" && !strings.HasPrefix(c.MongoDBURI, "mongodb://") && !strings.HasPrefix(c.MongoDBURI, "mongodb+srv://"):
		return &Error{"MONGODB_URI", "must be a mongodb:// or mongodb+srv:// URI"}
	case c.WeChatAppID != "" && !appID.MatchString(c.WeChatAppID):
		return &Error{"WECHAT_APP_ID", "must be the app id from WeChat's console, such as wx0123456789abcdef"}
	case c.WeChatAppID != "" && c.WeChatAppSecret == "":
		return &Error{"WECHAT_APP_SECRET", "is required with WECHAT_APP_ID"}
	case c.WeChatAppID == "" && c.WeChatAppSecret != "":
		return &Error{"WECHAT_APP_ID", "is required with WECHAT_APP_SECRET"}
	case c.WeChatAppSecret != "" && !secret.MatchString(c.WeChatAppSecret):
		return &Error{"WECHAT_APP_SECRET", "must be the app secret from WeChat's console, without spaces"}
	case c.WeChatAPIURL != "" && (!isURL(c.WeChatAPIURL, "http", "https") || strings.ContainsAny(c.WeChatAPIURL, "@?")):
		return &Error{"WECHAT_API_URL", "must be an http:// or https:// URL, without a user or a query"}
	case c.Simulator != "auto" && c.Simulator != "on" && c.Simulator != "off":
		return &Error{"SIMULATOR", "must be auto, on or off"}
	case c.WeChatAppID == "" && c.Simulator == "off":
		return &Error{"WECHAT_APP_ID", "is required if SIMULATOR is off"}
	case c.ContentCheck != "auto" && c.ContentCheck != "off" && c.ContentCheck != "shared" && c.ContentCheck != "all":
		return &Error{"CONTENT_CHECK", "must be auto, off, shared or all"}
	case c.PublicURL != "" && (!isURL(c.PublicURL, "http", "https") || strings.ContainsAny(c.PublicURL, "@?") || strings.HasSuffix(c.PublicURL, "/")):
		return &Error{"PUBLIC_URL", "must be an http:// or https:// URL such as https://example.com, without a user, a query or a slash at the end"}
	case c.PushToken != "" && !pushToken.MatchString(c.PushToken):
		return &Error{"WECHAT_PUSH_TOKEN", "must have 3 to 32 letters and digits, as in WeChat's console"}
	case c.PushAESKey != "" && !pushAESKey.MatchString(c.PushAESKey):
		return &Error{"WECHAT_PUSH_AES_KEY", "must be the EncodingAESKey from WeChat's console, 43 letters and digits"}
	case c.PushAESKey != "" && c.PushToken == "":
		return &Error{"WECHAT_PUSH_TOKEN", "is required with WECHAT_PUSH_AES_KEY"}
	case !codePage.MatchString(c.CodePage):
		return &Error{"WECHAT_CODE_PAGE", "must be a page of the mini program such as pages/shared/shared, without a slash at its beginning"}
	case c.CodeVersion != "release" && c.CodeVersion != "trial" && c.CodeVersion != "develop":
		return &Error{"WECHAT_CODE_VERSION", "must be release, trial or develop"}
	case c.SealKey != "" && !longSecret.MatchString(c.SealKey):
		return &Error{"SEAL_KEY", "must have 32 to 256 characters, without spaces"}
	case c.AdminToken != "" && !longSecret.MatchString(c.AdminToken):
		return &Error{"ADMIN_TOKEN", "must have 32 to 256 characters, without spaces"}
	case c.SimulatorOn() && c.Simulator == "auto" && !isLoopback(c.Host):
		return &Error{"WECHAT_APP_ID", "is required if HOST is not a loopback address: with the simulator, anyone can log in as any user (SIMULATOR=on allows it)"}
	}
	fields := reflect.ValueOf(c)
	for _, v := range Variables() {
		if err := v.check(fields.FieldByIndex(field(v.Name).Index)); err != nil {
			return err
		}
	}
	return nil
}

// checkBasePath compares BASE_PATH with the paths at which something else is.
func (c Config) checkBasePath(reserved []string) error {
	for _, path := range reserved {
		if strings.HasPrefix(c.BasePath+"/", path+"/") {
			return &Error{"BASE_PATH", "must not be one of these paths, or below one: " + strings.Join(reserved, ", ")}
		}
	}
	return nil
}

// field returns the field of a variable.
func field(variable string) reflect.StructField {
	for f := range reflect.TypeFor[Config]().Fields() {
		if f.Tag.Get("env") == variable {
			return f
		}
	}
	panic("no field for " + variable)
}

// set returns the variables that have a value.
func set(environ []string) map[string]string {
	vars := map[string]string{}
	for _, v := range environ {
		if name, value, ok := strings.Cut(v, "="); ok && strings.TrimSpace(value) != "" {
			vars[name] = strings.TrimSpace(value)
		}
	}
	return vars
}

// readFiles reads the secrets that are in files.
func readFiles(values map[string]string) error {
	for _, v := range Variables() {
		variable := v.Name + "_FILE"
		name, ok := values[variable]
		if !v.Secret || !ok {
			continue
		}
		if _, twice := values[v.Name]; twice {
			return &Error{variable, "must not be set together with " + v.Name}
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return &Error{variable, "cannot be read: " + err.Error()}
		}
		value := strings.TrimSpace(string(text))
		if value == "" {
			return &Error{variable, "names an empty file"}
		}
		values[v.Name] = value
	}
	return nil
}

// parseError names the first variable that has the wrong type, without its value.
func parseError(err error) error {
	var p env.ParseError
	if !errors.As(err, &p) {
		return fmt.Errorf("read the environment: %w", err)
	}
	field, ok := reflect.TypeFor[Config]().FieldByName(p.Name)
	if !ok {
		return fmt.Errorf("read the environment: invalid value for %s", p.Name)
	}
	problem := "must be " + map[string]string{
		"int": "a whole number", "int64": "a whole number", "Level": "debug, info, warn or error", "bool": "true or false", "Duration": "a duration such as 5s, 2h or 1h30m",
		"Origins": "origins as browsers send them, such as https://example.com,http://localhost:3000: without a path, a *, or the port 443 of https, and in ASCII", "Networks": "addresses and networks such as 127.0.0.1,10.0.0.0/8",
	}[p.Type.Name()]
	return &Error{field.Tag.Get("env"), problem}
}
