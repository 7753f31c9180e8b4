package api

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"onestroke/api/connections"
	"onestroke/impl/telemetry"
)

// incoming is the body of a request while it arrives. It must arrive at least as
// fast as the largest body that the time for a whole request allows, after a start
// of a sixth of that time: 8.7 KB/s after 10 seconds, by default. So nobody can
// occupy the service with bodies that hardly move.
//
// It takes memory for the buffer that it is read into.
type incoming struct {
	io.ReadCloser
	info    *requestInfo
	memory  *memory
	buffer  int64 // bytes of memory taken
	control *http.ResponseController
	begun   time.Time
	whole   time.Duration // for a body of largest bytes
	largest int64         // bytes
	read    int64         // bytes
	ended   bool          // nothing more can be read
	asked   bool          // the client waits for 100 Continue, which the first Read sends
}

// receive replaces the body of a request. It returns nil if there is none.
func (s *server) receive(w http.ResponseWriter, r *http.Request, info *requestInfo) *incoming {
	if r.Body == http.NoBody {
		return nil
	}
	b := &incoming{
		ReadCloser: r.Body, info: info, memory: &s.memory,
		control: http.NewResponseController(w), begun: time.Now(), whole: s.ReadTimeout, largest: s.MaxBody,
		asked: r.Header.Get("Expect") != "",
	}
	if r.TransferEncoding != nil {
		w.Header().Set("Connection", "close") // package connections follows a connection up to here
	}
	if r.ProtoMajor == 1 {
		_ = b.control.EnableFullDuplex() // for readOn; without it the answer waits for the body
	}
	r.Body = b
	return b
}

// checkFraming refuses a request that a proxy may have taken for another one.
func (s *server) checkFraming(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if connections.Ambiguous(r) {
			w.Header().Set("Connection", "close")
			s.fail(w, r, errFraming)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Read reads into p, which is what is free in the buffer of the body.
func (b *incoming) Read(p []byte) (int, error) {
	if more := b.read + int64(len(p)) - b.buffer; more > 0 {
		if err := b.memory.take(b.info, more); err != nil {
			return 0, err
		}
		b.buffer += more
	}
	b.asked = false
	soon := b.begun.Add(b.whole/6 + time.Duration(float64(b.whole)*float64(b.read)/float64(b.largest)))
	last := b.begun.Add(b.whole)
	if soon.After(last) {
		soon = last
	}
	// The error is that the connection has no deadline: then it has no limit either.
	_ = b.control.SetReadDeadline(soon)
	defer b.info.Wait(telemetry.Body, time.Now())
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF): // net/http has set no deadline: one would end the context of the request
		b.ended = true
	default:
		b.ended = true
		_ = b.control.SetReadDeadline(last) // net/http reads on after the answer
	}
	return n, err
}

// maxReadOn is how much of a body is read after an answer, in bytes.
const maxReadOn = 2 << 20

// readOn reads the rest of a body after an answer that came before it. A client
// that sends everything before it reads would otherwise not see the answer: a
// connection that is closed with unread data is reset. HTTP/2 needs none of this.
func (b *incoming) readOn(r *http.Request) {
	if b == nil || b.ended || r.ProtoMajor != 1 {
		return
	}
	wait := b.whole / 2
	if b.asked { // it should send no body now, but may have stopped waiting for 100 Continue
		wait = b.whole / 30
	}
	_ = b.control.Flush() // an error shows when reading, too
	_ = b.control.SetReadDeadline(time.Now().Add(wait))
	_, _ = io.CopyN(io.Discard, b.ReadCloser, maxReadOn)
}

// places bounds how many requests are served at the same time. While its body
// arrives, which is up to the client, a request is not among them, but among as
// many whose bodies may arrive from the client's address.
type places struct {
	most int

	mu       sync.Mutex
	serving  int
	arriving map[string]int // by address
}

// place is that of one request. The zero value is that of one that is not limited.
type place struct {
	among    *places
	serving  bool
	arriving bool
	address  string
}

// serve takes a place among the requests that are served, in place of the one it has.
func (p *place) serve() error {
	if p.among == nil {
		return nil
	}
	p.among.mu.Lock()
	defer p.among.mu.Unlock()
	p.give()
	if p.among.serving >= p.among.most {
		return errTooMany
	}
	p.among.serving++
	p.serving = true
	return nil
}

// arrive takes a place among the requests whose bodies arrive.
func (p *place) arrive(address string) error {
	if p.among == nil {
		return nil
	}
	p.among.mu.Lock()
	defer p.among.mu.Unlock()
	p.give()
	if p.among.arriving[address] >= p.among.most {
		return errTooManyBodies
	}
	p.among.arriving[address]++
	p.arriving, p.address = true, address
	return nil
}

// leave gives the place back, if there is one.
func (p *place) leave() {
	p.among.mu.Lock()
	defer p.among.mu.Unlock()
	p.give()
}

// give gives the place back; the caller holds the lock.
func (p *place) give() {
	switch {
	case p.serving:
		p.serving = false
		p.among.serving--
	case p.arriving:
		p.arriving = false
		if p.among.arriving[p.address]--; p.among.arriving[p.address] == 0 {
			delete(p.among.arriving, p.address)
		}
	}
}
