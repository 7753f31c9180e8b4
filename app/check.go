package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"

	"onestroke/impl/config"
	"onestroke/impl/self"
	"onestroke/impl/sqlitestore"
)

// Check tries all that environ configures, part by part, and writes to stdout what
// is wrong or not advised, and what to do about it. It fails if anything is wrong.
func Check(ctx context.Context, environ []string, stdout io.Writer) error {
	redis.SetLogger(redisLog{slog.New(slog.DiscardHandler)})
	failed := false
	report := func(name, shown string, err error) {
		verdict := "ok"
		if err != nil {
			verdict = "wrong"
			if errors.As(err, new(warning)) {
				verdict = "warn"
			}
			failed = failed || verdict == "wrong"
			shown += "\n" + err.Error()
		}
		shown = strings.ReplaceAll(strings.TrimSpace(shown), "\n", "\n"+strings.Repeat(" ", 16))
		fmt.Fprintf(stdout, "%-6s %-8s %s\n", verdict, name, shown)
	}
	c, err := config.Read(environ, reserved...)
	report("Settings", "", err)
	if err != nil {
		return errors.New("the settings are wrong; nothing else was checked")
	}
	open := &opener{Config: c}
	defer func() { _ = open.close() }()
	for _, part := range []struct {
		name       string
		configured bool
		try        func() (shown string, err error)
	}{
		{"HTTPS", true, func() (string, error) {
			loaded, err := loadCertificate(c)
			switch {
			case err != nil:
				return "", err
			case loaded == nil:
				return "left to the proxy in front", nil
			}
			return loaded.String(), errors.Join(loaded.Doubts()...)
		}},
		{"Redis", c.RedisURL != "", func() (string, error) {
			store, shown, err := open.redis()
			if err == nil {
				err = store.Check(ctx)
			}
			return shown, err
		}},
		{"MongoDB", c.MongoDBURI != "", func() (string, error) {
			store, shown, err := open.mongoDB()
			if err == nil {
				err = store.Check(ctx)
			}
			return shown, err
		}},
		{"SQLite", usesSQLite(c), func() (string, error) {
			return "in " + c.DataDir, checkSQLite(ctx, c)
		}},
		{"WeChat", true, func() (string, error) {
			client, simulator, shown, err := open.weChat(self.URL(c.TLSCert != "", c.Address()), nil, nil)
			if err == nil && (simulator == nil || c.WeChatAPIURL != "") {
				err = client.Check(ctx)
			}
			return shown, err
		}},
		{"Content", c.Checks() != "off", func() (string, error) {
			client, simulator, _, err := open.weChat(self.URL(c.TLSCert != "", c.Address()), nil, nil)
			if err == nil && (simulator == nil || c.WeChatAPIURL != "") {
				err = errors.Join(client.CheckToken(ctx), checkContent(c))
			}
			return "CONTENT_CHECK is " + c.Checks(), err
		}},
		{"Push", c.PushToken != "", func() (string, error) { return "at /wechat/push", unsignedPush(c) }},
	} {
		if part.configured {
			shown, err := part.try()
			report(part.name, shown, err)
		}
	}
	if failed {
		return errors.New("at least one check failed")
	}
	return nil
}

// checkSQLite reads the file, and finds what of it was moved. That a service uses it
// already says that it may.
func checkSQLite(ctx context.Context, c config.Config) error {
	if err := sqlitestore.Check(ctx, c.DataDir); err != nil {
		return err
	}
	db, err := sqlitestore.Open(c.DataDir, sqlitestore.Options{})
	if errors.Is(err, sqlitestore.ErrInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(refuseMoved(ctx, c, db), db.Close())
}

// warning is about what works, and is not advised.
type warning struct{ error }

// unsignedPush returns a warning if WeChat signs no message that it pushes.
func unsignedPush(c config.Config) error {
	if c.PushToken == "" || c.PushAESKey != "" || c.SimulatorOn() {
		return nil
	}
	return warning{errors.New("WECHAT_PUSH_AES_KEY is not set: in plain mode the signature does not cover the message; choose safe mode in the console (mp.weixin.qq.com), Development settings, Message push, and set its EncodingAESKey")}
}

// checkContent finds what the check of what others see lacks in the settings.
func checkContent(c config.Config) (err error) {
	if c.PublicURL == "" {
		err = errors.New("PUBLIC_URL is not set: WeChat cannot fetch pictures to check them, and every shared drawing needs a person's review")
	}
	if c.PushToken == "" {
		err = errors.Join(err, errors.New("WECHAT_PUSH_TOKEN is not set: the results of picture checks do not arrive; set up message push in the console (mp.weixin.qq.com), Development settings, with the URL "+
			cmp.Or(c.PublicURL, "https://…")+"/wechat/push"))
	}
	return err
}

// Health asks the service that environ configures, on this machine, whether it is
// alive. It does not ask about its stores: a restart of the service would not
// bring them back.
func Health(ctx context.Context, environ []string) error {
	c, err := config.Read(environ, reserved...)
	if err != nil {
		return err
	}
	if c.Port == 0 {
		return &config.Error{Variable: "PORT", Problem: "must be set to that of the running service"}
	}
	return self.Alive(ctx, self.URL(c.TLSCert != "", c.Address()))
}
