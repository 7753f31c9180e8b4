package api

import (
	"net/netip"
	"sync"

	"onestroke/api/wire"
)

// memory bounds how many bytes of memory the bodies of requests and the large
// answers take: all of them, and half of it those of one address, so that nobody
// takes it all with bodies that arrive slowly or answers that nobody reads. A request
// that is alone may take more, so that none is refused for ever.
type memory struct {
	most    int64 // bytes; 0 is no limit
	proxies []netip.Prefix

	mu    sync.Mutex
	taken int64
	by    map[string]int64 // address
}

// taken is what one request has taken. The zero value is nothing.
type taken struct {
	bytes   int64
	address string // whose they are
}

// take takes bytes for a request, or returns a [wire.NoMemoryError].
func (m *memory) take(info *requestInfo, bytes int64) error {
	t := &info.taken
	if t.address == "" {
		t.address = clientAddress(info, m.proxies)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	alone, aloneThere := m.taken == t.bytes, m.by[t.address] == t.bytes
	if m.most > 0 && (!alone && m.taken+bytes > m.most || !aloneThere && m.by[t.address]+bytes > m.most/2) {
		return wire.NoMemoryError{}
	}
	m.taken += bytes
	m.by[t.address] += bytes
	t.bytes += bytes
	return nil
}

// size is how many bytes are taken.
func (m *memory) size() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.taken
}

// release gives back what a request has taken.
func (m *memory) release(info *requestInfo) {
	t := &info.taken
	if t.bytes == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken -= t.bytes
	if m.by[t.address] -= t.bytes; m.by[t.address] == 0 {
		delete(m.by, t.address)
	}
	t.bytes = 0
}
