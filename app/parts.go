package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"onestroke/impl/certificate"
	"onestroke/impl/config"
	"onestroke/impl/embedded"
	"onestroke/impl/gallery"
	"onestroke/impl/mongostore"
	"onestroke/impl/rediscache"
	"onestroke/impl/self"
	"onestroke/impl/session"
	"onestroke/impl/wechat"
	"onestroke/impl/wechatsim"
)

// Parts are what the service is wired from. A test replaces them, or makes its own.
type Parts struct {
	Sessions  SessionStore
	Drawings  DrawingStore
	Exchanger session.Exchanger
	Simulator http.Handler     // answers below /simulator/; nil if it is off
	Now       func() time.Time // the clock of the rules; time.Now if nil

	shown shownParts
	close func() error
}

// Open opens the parts as c configures them. It does not wait for a server to
// answer. url is that of this service. [Parts.Close] closes them.
func Open(c config.Config, url string) (p Parts, err error) {
	open := &opener{Config: c}
	p.close = open.close
	defer func() {
		if err != nil {
			err = errors.Join(err, open.close())
		}
	}()
	if p.Sessions, p.shown.redis, err = open.redis(); err != nil {
		return p, err
	}
	if p.Drawings, p.shown.mongoDB, err = open.mongoDB(); err != nil {
		return p, err
	}
	p.Exchanger, p.Simulator, p.shown.weChat, err = open.weChat(url)
	return p, err
}

// Close closes what [Open] opened.
func (p Parts) Close() error { return p.close() }

// SessionStore stores sessions, login attempts and buckets.
type SessionStore interface {
	session.Store
	session.Buckets
	Ping(context.Context) error
}

// DrawingStore stores drawings.
type DrawingStore interface {
	gallery.Store
	Prepare(context.Context) error
	Ping(context.Context) error
}

// opener opens parts as they are configured, and closes what it opened.
type opener struct {
	config.Config
	closers []func() error
}

// add remembers how to close a part.
func (o *opener) add(close func() error) { o.closers = append(o.closers, close) }

// close closes parts in the reverse of the order in which they were opened.
func (o *opener) close() (err error) {
	for i := len(o.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, o.closers[i]())
	}
	return err
}

// redis connects to REDIS_URL, or to a Redis in this process. It does not wait
// for an answer. shown is what a log may show of it.
func (o *opener) redis() (store *rediscache.Store, shown string, err error) {
	url := o.RedisURL
	if url == "" {
		server, err := embedded.Redis(embedded.Loopback)
		if err != nil {
			return nil, "", err
		}
		o.add(server.Close)
		url, shown = server.URL, "embedded, its sessions end with this process"
	}
	client, address, err := rediscache.Dial(url)
	if err != nil {
		return nil, "", &config.Error{Variable: "REDIS_URL", Problem: err.Error()}
	}
	o.add(client.Close)
	return rediscache.New(client), cmp.Or(shown, address), nil
}

// mongoDB connects to MONGODB_URI, or to a MongoDB in this process. It does not
// wait for an answer. shown is what a log may show of it.
func (o *opener) mongoDB() (store *mongostore.Store, shown string, err error) {
	uri := o.MongoDBURI
	if uri == "" {
		server, err := embedded.MongoDB(embedded.Loopback, o.DataDir)
		if err != nil {
			return nil, "", err
		}
		o.add(server.Close)
		uri, shown = server.URL, "embedded, in "+o.DataDir
	}
	store, address, err := mongostore.Dial(uri)
	if err != nil {
		return nil, "", &config.Error{Variable: "MONGODB_URI", Problem: err.Error()}
	}
	o.add(store.Close)
	return store, cmp.Or(shown, address), nil
}

// weChat returns the client that exchanges login codes, and the simulator if it is
// on. url is that of this service. shown is what a log may show of it.
func (o *opener) weChat(url string) (client *wechat.Client, simulator http.Handler, shown string, err error) {
	w := wechat.Options{
		AppID: o.WeChatAppID, AppSecret: o.WeChatAppSecret, BaseURL: o.WeChatAPIURL,
		Timeout: o.WeChatTimeout, MaxDataAge: o.WeChatDataMaxAge,
	}
	shown = cmp.Or(w.BaseURL, wechat.DefaultBaseURL)
	if o.SimulatorOn() {
		if !wechatsim.Included {
			return nil, nil, "", &config.Error{Variable: "WECHAT_APP_ID", Problem: "is needed: this build has no simulator"}
		}
		if w.AppID == "" {
			w.AppID, w.AppSecret = "wx5757575757575757", "simulated"
		}
		simulator = wechatsim.New(w.AppID, w.AppSecret)
		if w.BaseURL == "" {
			w.BaseURL, w.Transport, shown = url+"/simulator", self.Transport(), "simulated, at /simulator"
		}
	}
	return wechat.New(w), simulator, shown, nil
}

// loadCertificate returns the certificate of HTTPS, or nil if the service speaks HTTP.
func loadCertificate(c config.Config) (*certificate.Certificate, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	loaded, err := certificate.Load(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, &config.Error{Variable: "TLS_CERT_FILE, TLS_KEY_FILE", Problem: fmt.Sprintf("cannot be used: %v", err)}
	}
	return loaded, nil
}
