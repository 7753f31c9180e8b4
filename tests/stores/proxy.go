package stores

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"onestroke/impl/embedded"
)

// Proxy is a way to a server that can be shut and opened again: to its clients,
// the server was stopped, and started again at the same address with its data.
type Proxy struct {
	URL string // to dial in place of the server's

	server string // the server's address
	mu     sync.Mutex
	gate   net.Listener // nil while down
	conns  map[net.Conn]struct{}
	relays sync.WaitGroup
}

// Proxy opens a way to the server for this test alone.
func (s Server) Proxy(t testing.TB) *Proxy {
	t.Helper()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{server: target.Host, conns: make(map[net.Conn]struct{})}
	target.Host = p.open(t, embedded.Loopback)
	p.URL = target.String()
	t.Cleanup(p.Down)
	return p
}

// Down cuts all connections and refuses new ones.
func (p *Proxy) Down() {
	p.mu.Lock()
	if p.gate != nil {
		_ = p.gate.Close()
		p.gate = nil
	}
	for conn := range p.conns {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.relays.Wait()
}

// Up lets connections through again.
func (p *Proxy) Up(t testing.TB) {
	t.Helper()
	target, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.open(t, target.Host)
}

func (p *Proxy) open(t testing.TB, address string) string {
	t.Helper()
	gate, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gate = gate
	p.relays.Go(func() { p.accept(gate) })
	return gate.Addr().String()
}

func (p *Proxy) accept(gate net.Listener) {
	for {
		client, err := gate.Accept()
		if err != nil {
			return // down
		}
		p.relays.Go(func() { p.relay(gate, client) })
	}
}

// relay passes bytes both ways until either side, or Down, ends it.
func (p *Proxy) relay(gate net.Listener, client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.admit(gate, client, server) {
		return
	}
	defer p.forget(client, server)

	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
	_, _ = io.Copy(server, client)
	_ = server.Close()
	back.Wait()
}

// admit makes Down cut the connections, unless it has been called by now.
func (p *Proxy) admit(gate net.Listener, conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gate != gate {
		return false
	}
	for _, conn := range conns {
		p.conns[conn] = struct{}{}
	}
	return true
}

func (p *Proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.conns, conn)
	}
}
