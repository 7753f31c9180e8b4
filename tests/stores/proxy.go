package stores

import (
	"cmp"
	"context"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/tests/ports"
)

// Proxy is a way to a server that can be shut and opened again: to its clients,
// the server was stopped, and started again at the same address with its data.
type Proxy struct {
	URL string // to dial in place of the server's

	gates []*gate // one for each address that the server is made of
}

// Proxy opens a way to the server for this test alone. A cluster tells its
// clients where its masters are, and so the way leads to a cluster of its own. Of
// a replica set it leads to the primary, and a URL of Sentinels has none.
func (s Server) Proxy(t testing.TB) *Proxy {
	t.Helper()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	query := target.Query()
	switch {
	case query.Has("master_name"):
		t.Skip("Sentinels lead their clients past a proxy")
	case s.Name == clusterName || query.Has("addr"):
		return proxyCluster(t)
	case strings.HasPrefix(target.Scheme, "mongodb"):
		target.Scheme, target.Host = "mongodb", primary(t, s.URL, target.Host)
		query.Del("replicaSet")
		query.Set("directConnection", "true")
		target.Path, target.RawQuery = cmp.Or(target.Path, "/"), query.Encode()
	}
	g := openGate(t, listen(t, ports.Reserve(t)), target.Host)
	target.Host = g.address
	return &Proxy{URL: target.String(), gates: []*gate{g}}
}

// primary returns the address of the server that takes the writes; one that is no
// member of a replica set is at host.
func primary(t testing.TB, uri, host string) string {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(context.Background())
	var hello struct{ Primary string }
	if err := client.Database("admin").RunCommand(t.Context(), bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		t.Fatal(err)
	}
	return cmp.Or(hello.Primary, host)
}

// Down cuts all connections and refuses new ones.
func (p *Proxy) Down() {
	for _, g := range p.gates {
		g.shut()
	}
}

// Up lets connections through again.
func (p *Proxy) Up(t testing.TB) {
	t.Helper()
	for _, g := range p.gates {
		g.open(listen(t, g.address))
	}
}

// Freeze keeps all connections, and passes nothing on them or on new ones.
func (p *Proxy) Freeze() {
	for _, g := range p.gates {
		g.freeze()
	}
}

// Thaw passes what waited since Freeze, and all that follows.
func (p *Proxy) Thaw() {
	for _, g := range p.gates {
		g.thaw()
	}
}

// Slow passes each piece after a time.
func (p *Proxy) Slow(by time.Duration) {
	for _, g := range p.gates {
		g.mu.Lock()
		g.delay = by
		g.mu.Unlock()
	}
}

func proxyCluster(t testing.TB) *Proxy {
	t.Helper()
	var listeners []net.Listener
	var announced []string
	for range masters {
		l := listen(t, ports.Reserve(t))
		_, port, _ := net.SplitHostPort(l.Addr().String())
		listeners, announced = append(listeners, l), append(announced, port)
	}
	c, err := startCluster(announced...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
	p := &Proxy{URL: c.url()}
	for i, n := range c.nodes {
		g := openGate(t, listeners[i], n.address)
		p.gates = append(p.gates, g)
		p.URL = strings.Replace(p.URL, n.address, g.address, 1)
	}
	return p
}

// gate relays connections to one address, while it is open.
type gate struct {
	address string // where clients come
	server  string // where they are led

	mu       sync.Mutex
	listener net.Listener // nil while shut
	conns    map[net.Conn]struct{}
	relays   sync.WaitGroup
	frozen   chan struct{} // closed unless it is frozen
	delay    time.Duration
}

// openGate opens a gate where listener is, until the test ends.
func openGate(t testing.TB, listener net.Listener, server string) *gate {
	g := &gate{address: listener.Addr().String(), server: server, conns: make(map[net.Conn]struct{}), frozen: make(chan struct{})}
	close(g.frozen)
	g.open(listener)
	t.Cleanup(g.shut)
	return g
}

func listen(t testing.TB, address string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func (g *gate) open(listener net.Listener) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listener = listener
	g.relays.Go(func() { g.accept(listener) })
}

func (g *gate) shut() {
	g.thaw()
	g.mu.Lock()
	if g.listener != nil {
		_ = g.listener.Close()
		g.listener = nil
	}
	for conn := range g.conns {
		_ = conn.Close()
	}
	g.mu.Unlock()
	g.relays.Wait()
}

func (g *gate) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return // shut
		}
		g.relays.Go(func() { g.relay(listener, client) })
	}
}

// relay passes bytes both ways until either side, or shut, ends it.
func (g *gate) relay(listener net.Listener, client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", g.server)
	if err != nil {
		return
	}
	defer server.Close()
	if !g.admit(listener, client, server) {
		return
	}
	defer g.forget(client, server)

	var back sync.WaitGroup
	back.Go(func() {
		g.pass(client, server)
		_ = client.Close()
	})
	g.pass(server, client)
	_ = server.Close()
	back.Wait()
}

// pass passes bytes until either side ends.
func (g *gate) pass(to io.Writer, from io.Reader) {
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		g.mu.Lock()
		frozen, delay := g.frozen, g.delay
		g.mu.Unlock()
		<-frozen
		if delay > 0 {
			<-time.After(delay)
		}
		if _, failed := to.Write(piece[:n]); failed != nil || err != nil {
			return
		}
	}
}

func (g *gate) freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isThawed() {
		g.frozen = make(chan struct{})
	}
}

func (g *gate) thaw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.isThawed() {
		close(g.frozen)
	}
}

// isThawed reports whether bytes pass; the caller holds the lock.
func (g *gate) isThawed() bool {
	select {
	case <-g.frozen:
		return true
	default:
		return false
	}
}

// admit makes shut cut the connections, unless it has been called by now.
func (g *gate) admit(listener net.Listener, conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != listener {
		return false
	}
	for _, conn := range conns {
		g.conns[conn] = struct{}{}
	}
	return true
}

func (g *gate) forget(conns ...net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, conn := range conns {
		delete(g.conns, conn)
	}
}
