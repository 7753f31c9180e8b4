// Package ports hands out TCP ports to programs that must be told which one to listen
// on, and to servers that come back at the same address.
package ports

import (
	"net"
	"testing"
)

// Reserve returns an address of the loopback interface, host:port, for this test alone,
// until the test ends: nothing else gets the port, neither to listen on nor for a
// connection. Nothing listens there at first, so that connections are refused. A program
// can listen there, again and again, if it sets SO_REUSEADDR, as Go, Redis and nginx do.
func Reserve(t testing.TB) (address string) {
	t.Helper()
	address, release, err := Hold(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return address
}

// ReservePort is [Reserve], and returns the port alone.
func ReservePort(t testing.TB) string {
	t.Helper()
	_, port, _ := net.SplitHostPort(Reserve(t))
	return port
}
