// Package config reads the configuration from the environment. A variable that
// is empty counts as not set.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is the configuration. Each field is one variable, and has one row in
// the README.
type Config struct {
	Host     string `env:"HOST"      envDefault:"127.0.0.1"`       // a name or address to listen on; 0.0.0.0 for all
	Port     int    `env:"PORT"      envDefault:"5757"`            // 0 picks a free one
	BasePath string `env:"BASE_PATH" envDefault:"/applet/session"` // of the 2017 paths; no slash at the end

	RedisURL   string `env:"REDIS_URL"`                    // redis:// or rediss://; empty for the embedded Redis
	MongoDBURI string `env:"MONGODB_URI"`                  // mongodb:// or mongodb+srv://; empty for the embedded MongoDB
	DataDir    string `env:"DATA_DIR" envDefault:"./data"` // of the embedded MongoDB

	WeChatAppID      string        `env:"WECHAT_APP_ID"` // empty for the simulator
	WeChatAppSecret  string        `env:"WECHAT_APP_SECRET"`
	WeChatAPIURL     string        `env:"WECHAT_API_URL"` // empty for WeChat's, or the simulator's where that is on
	WeChatTimeout    time.Duration `env:"WECHAT_TIMEOUT" envDefault:"5s"`
	WeChatDataMaxAge time.Duration `env:"WECHAT_DATA_MAX_AGE" envDefault:"5m"` // of encrypted user data
	Simulator        Switch        `env:"SIMULATOR" envDefault:"auto"`

	SessionIdle   time.Duration `env:"SESSION_IDLE" envDefault:"2h"`      // a session unused for so long ends
	SessionMaxAge time.Duration `env:"SESSION_MAX_AGE" envDefault:"720h"` // a session this old ends

	DrawingQuota int `env:"DRAWING_QUOTA" envDefault:"10000"` // drawings one user may have; 0 for any number

	LoginRatePerMinute   int      `env:"LOGIN_RATE_PER_MINUTE" envDefault:"6000"`   // logins from one client address; 0 for no limit
	RequestRatePerMinute int      `env:"REQUEST_RATE_PER_MINUTE" envDefault:"6000"` // requests of one user; 0 for no limit
	TrustedProxies       Networks `env:"TRUSTED_PROXIES"`                           // whose X-Forwarded-For is believed, as 10.0.0.0/8,::1
	TrustCloudRun        bool     `env:"TRUST_CLOUD_RUN" envDefault:"false"`        // believe X-WX-OPENID, inside WeChat Cloud Run only

	CORSOrigins Origins `env:"CORS_ORIGINS"` // of web pages that may call /v1, as https://example.com,http://localhost:3000

	ShutdownTimeout time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"30s"` // for what is in flight
}

// Switch is on, off, or auto: on where it is needed and does no harm.
type Switch string

// Networks are IP networks. An address is a network of one.
type Networks []netip.Prefix

// UnmarshalText reads networks and addresses with commas between them.
func (n *Networks) UnmarshalText(text []byte) error {
	for _, part := range strings.Split(string(text), ",") {
		part = strings.TrimSpace(part)
		if address, err := netip.ParseAddr(part); err == nil {
			*n = append(*n, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(part)
		if err != nil {
			return err
		}
		*n = append(*n, network.Masked())
	}
	return nil
}

// Origins are origins of web pages, as a browser sends them in Origin.
type Origins []string

// UnmarshalText reads origins with commas between them.
func (o *Origins) UnmarshalText(text []byte) error {
	for _, part := range strings.Split(string(text), ",") {
		origin := strings.TrimSpace(part)
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || origin != u.Scheme+"://"+strings.ToLower(u.Host) || strings.Contains(origin, "*") {
			return fmt.Errorf("%q is no origin", origin)
		}
		*o = append(*o, origin)
	}
	return nil
}

// Error says what is wrong with one variable. It quotes no value that may hold
// a secret.
type Error struct{ Variable, Problem string }

func (e *Error) Error() string { return e.Variable + " " + e.Problem }

// Read returns the configuration that environ holds, or an [*Error]. environ
// has the form of os.Environ.
func Read(environ []string) (Config, error) {
	c, err := env.ParseAsWithOptions[Config](env.Options{Environment: set(environ)})
	if err != nil {
		return Config{}, parseError(err)
	}
	return c, c.check()
}

// SimulatorOn tells whether the service also plays WeChat.
func (c Config) SimulatorOn() bool {
	return c.Simulator == "on" || c.Simulator == "auto" && c.WeChatAppID == ""
}

var (
	basePath = regexp.MustCompile(`^(/[0-9A-Za-z._~-]+)+$`)
	appID    = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	secret   = regexp.MustCompile(`^[!-~]{1,128}$`)
)

func (c Config) check() error {
	switch {
	case strings.ContainsAny(c.Host, " /[]") || strings.Contains(c.Host, ":") && net.ParseIP(c.Host) == nil:
		return &Error{"HOST", "must be a host name or an IP address, without a port"}
	case c.Port < 0 || c.Port > 65535:
		return &Error{"PORT", "must be from 0 to 65535"}
	case !basePath.MatchString(c.BasePath) || strings.Contains(c.BasePath+"/", "/./") || strings.Contains(c.BasePath+"/", "/../"):
		return &Error{"BASE_PATH", "must be a path such as /applet/session, without a slash at the end"}
	case c.BasePath == "/v1" || strings.HasPrefix(c.BasePath, "/v1/") || strings.HasPrefix(c.BasePath+"/", "/simulator/") || strings.HasPrefix(c.BasePath+"/", "/docs/") || strings.HasPrefix(c.BasePath+"/", "/assets/"):
		return &Error{"BASE_PATH", "must not lie below /v1, /assets, /docs or /simulator"}
	case c.RedisURL != "" && !isURL(c.RedisURL, "redis", "rediss"):
		return &Error{"REDIS_URL", "must be a redis:// or rediss:// URL"}
	case c.MongoDBURI != "" && !strings.HasPrefix(c.MongoDBURI, "mongodb://") && !strings.HasPrefix(c.MongoDBURI, "mongodb+srv://"):
		return &Error{"MONGODB_URI", "must be a mongodb:// or mongodb+srv:// URI"}
	case c.WeChatAppID != "" && !appID.MatchString(c.WeChatAppID):
		return &Error{"WECHAT_APP_ID", "must be the id that WeChat's console shows, such as wx0123456789abcdef"}
	case c.WeChatAppID != "" && c.WeChatAppSecret == "":
		return &Error{"WECHAT_APP_SECRET", "is needed with WECHAT_APP_ID"}
	case c.WeChatAppID == "" && c.WeChatAppSecret != "":
		return &Error{"WECHAT_APP_ID", "is needed with WECHAT_APP_SECRET"}
	case c.WeChatAppSecret != "" && !secret.MatchString(c.WeChatAppSecret):
		return &Error{"WECHAT_APP_SECRET", "must be the secret that WeChat's console shows, without spaces"}
	case c.WeChatAPIURL != "" && !isURL(c.WeChatAPIURL, "http", "https"):
		return &Error{"WECHAT_API_URL", "must be an http:// or https:// URL"}
	case c.Simulator != "auto" && c.Simulator != "on" && c.Simulator != "off":
		return &Error{"SIMULATOR", "must be auto, on or off"}
	case c.WeChatAppID == "" && c.Simulator == "off":
		return &Error{"WECHAT_APP_ID", "is needed where SIMULATOR is off"}
	case c.SimulatorOn() && c.Simulator == "auto" && !isLoopback(c.Host):
		return &Error{"WECHAT_APP_ID", "is needed where HOST is no loopback address: anybody could log in as anybody at the simulator (SIMULATOR=on allows it)"}
	}
	for _, n := range []struct {
		variable string
		value    int
	}{
		{"DRAWING_QUOTA", c.DrawingQuota},
		{"LOGIN_RATE_PER_MINUTE", c.LoginRatePerMinute},
		{"REQUEST_RATE_PER_MINUTE", c.RequestRatePerMinute},
	} {
		if n.value < 0 || n.value > 1_000_000 {
			return &Error{n.variable, "must be from 0 to 1000000"}
		}
	}
	for _, d := range []struct {
		variable  string
		value     time.Duration
		low, high time.Duration
	}{
		{"WECHAT_TIMEOUT", c.WeChatTimeout, 100 * time.Millisecond, time.Minute},
		{"WECHAT_DATA_MAX_AGE", c.WeChatDataMaxAge, time.Second, 24 * time.Hour},
		{"SESSION_IDLE", c.SessionIdle, 2 * time.Minute, 365 * 24 * time.Hour},
		{"SESSION_MAX_AGE", c.SessionMaxAge, time.Minute, 365 * 24 * time.Hour},
		{"SHUTDOWN_TIMEOUT", c.ShutdownTimeout, 0, time.Hour},
	} {
		if d.value < d.low || d.value > d.high {
			return &Error{d.variable, fmt.Sprintf("must be from %s to %s", short(d.low), short(d.high))}
		}
	}
	return nil
}

// set keeps the variables that have a value.
func set(environ []string) map[string]string {
	vars := map[string]string{}
	for _, v := range environ {
		if name, value, ok := strings.Cut(v, "="); ok && strings.TrimSpace(value) != "" {
			vars[name] = strings.TrimSpace(value)
		}
	}
	return vars
}

// parseError names the first variable that has the wrong type, not its value.
func parseError(err error) error {
	var p env.ParseError
	if !errors.As(err, &p) {
		return fmt.Errorf("read the environment: %w", err)
	}
	field, ok := reflect.TypeFor[Config]().FieldByName(p.Name)
	if !ok {
		return fmt.Errorf("read the environment: a bad value for %s", p.Name)
	}
	problem := "must be " + map[string]string{
		"int": "a whole number", "bool": "true or false", "Duration": "a duration such as 5s, 2h or 1h30m",
		"Origins": "origins such as https://example.com,http://localhost:3000, without a path or a *", "Networks": "addresses and networks such as 127.0.0.1,10.0.0.0/8",
	}[p.Type.Name()]
	return &Error{field.Tag.Get("env"), problem}
}

func isURL(text string, schemes ...string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Fragment != "" {
		return false
	}
	for _, s := range schemes {
		if u.Scheme == s {
			return true
		}
	}
	return false
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// Address is where to listen.
func (c Config) Address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// short prints a duration without its zeros: 24h, not 24h0m0s.
func short(d time.Duration) string {
	text := strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
	if text == "" || text == "0" {
		return "0s"
	}
	return text
}
