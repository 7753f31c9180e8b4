package rediscache

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// ErrURL says that a URL is none of those that [Dial] takes. It quotes nothing
// of it, as there may be a password in it.
var ErrURL = errors.New("must be a redis:// or rediss:// URL, such as redis://user:password@host:6379/0")

// A Redis that is away is said to be at once: a connection is tried once, and
// each command is tried again anyway.
const (
	dialTimeout = time.Second
	dialRetries = 1
)

// topologyLife bounds how long a client of a cluster goes to a master that is dead
// after its replica was promoted; the cluster is asked this often while commands
// are sent.
const topologyLife = time.Second

// Dial returns a client for a URL as go-redis reads it, and what may be shown of
// it. It does not wait for an answer. With addr=host:port, once or more, the
// servers are those of a cluster; with master_name=name they are Sentinels, which
// are asked for the server of that name. The user and password of a URL are the
// server's own, or the Sentinels', and the server's are then username= and
// password=. rediss:// is TLS, by certificates that the system trusts. Reads are the
// master's, whatever the URL says: a replica may not have a session that was just opened,
// and still have one that was ended.
func Dial(text string) (client redis.UniversalClient, shown string, err error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, "", ErrURL
	}
	switch query := u.Query(); {
	case query.Has("master_name"):
		return dialSentinel(text)
	case query.Has("addr"):
		return dialCluster(text)
	default:
		return dialSingle(text)
	}
}

func dialSingle(text string) (redis.UniversalClient, string, error) {
	o, err := redis.ParseURL(text)
	if err != nil {
		return nil, "", ErrURL
	}
	o.DialTimeout, o.DialerRetries = cmp.Or(o.DialTimeout, dialTimeout), cmp.Or(o.DialerRetries, dialRetries)
	o.ReadTimeout, o.WriteTimeout = cmp.Or(o.ReadTimeout, dialTimeout), cmp.Or(o.WriteTimeout, dialTimeout)
	o.ContextTimeoutEnabled, o.MaintNotificationsConfig = true, quiet()
	return redis.NewClient(o), o.Addr, nil
}

func dialCluster(text string) (redis.UniversalClient, string, error) {
	o, err := redis.ParseClusterURL(text)
	if err != nil {
		return nil, "", ErrURL
	}
	o.DialTimeout, o.DialerRetries = cmp.Or(o.DialTimeout, dialTimeout), cmp.Or(o.DialerRetries, dialRetries)
	o.ReadTimeout, o.WriteTimeout = cmp.Or(o.ReadTimeout, dialTimeout), cmp.Or(o.WriteTimeout, dialTimeout)
	o.ContextTimeoutEnabled, o.MaintNotificationsConfig = true, quiet()
	o.ClusterStateReloadInterval = topologyLife
	o.ReadOnly, o.RouteByLatency, o.RouteRandomly = false, false, false
	eachByItsName(o.TLSConfig)
	return redis.NewClusterClient(o), "cluster of " + strings.Join(o.Addrs, ", "), nil
}

func dialSentinel(text string) (redis.UniversalClient, string, error) {
	o, err := redis.ParseFailoverURL(text)
	if err != nil || o.MasterName == "" {
		return nil, "", ErrURL
	}
	o.DialTimeout, o.DialerRetries = cmp.Or(o.DialTimeout, dialTimeout), cmp.Or(o.DialerRetries, dialRetries)
	o.ReadTimeout, o.WriteTimeout = cmp.Or(o.ReadTimeout, dialTimeout), cmp.Or(o.WriteTimeout, dialTimeout)
	o.ContextTimeoutEnabled = true
	o.ReplicaOnly, o.RouteByLatency, o.RouteRandomly = false, false, false
	eachByItsName(o.TLSConfig)
	return redis.NewFailoverClient(o), o.MasterName + " of the Sentinels " + strings.Join(o.SentinelAddrs, ", "), nil
}

// eachByItsName holds every server to its own name, and not all to the first one's.
func eachByItsName(c *tls.Config) {
	if c != nil {
		c.ServerName = ""
	}
}

func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
