package ports_test

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"onestroke/tests/ports"
)

// A server at a reserved address stops and comes back, and connections are refused
// meanwhile.
func TestAServerComesBackAtAReservedAddress(t *testing.T) {
	address := ports.Reserve(t)
	for range 3 {
		if conn, err := net.Dial("tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("connected to %v: %v", conn, err)
		}
		server, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Close(), server.Close()
	}
}
