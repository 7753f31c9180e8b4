// Package embedded runs Redis and MongoDB inside this process, for a machine
// that has neither: a first look, a laptop, a test.
//
// Both speak their real wire protocol over TCP, so that the same clients talk
// to them as to the servers they stand in for. Neither asks for a password:
// listen on loopback unless the network is closed. Neither opens a connection
// of its own.
//
// The build tag noembed leaves both out; they then return an error that names
// the variable to set instead.
package embedded

// Loopback is the address to listen on where nobody needs to know the port.
const Loopback = "127.0.0.1:0"

// Server is a running server.
type Server struct {
	// URL is what a client library dials: redis://127.0.0.1:40001 or
	// mongodb://127.0.0.1:40002/.
	URL string

	stop func() error
}

// Close stops the server and releases what it holds. Close its clients first: a
// MongoDB gives those still connected three seconds to leave. Call it once.
func (s *Server) Close() error { return s.stop() }
