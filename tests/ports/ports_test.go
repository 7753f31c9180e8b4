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

func TestAReservedPortIsNobodyElses(t *testing.T) {
	address := ports.Reserve(t)
	reserved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if _, release, err := ports.Hold(reserved.Port); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("reserved twice: %v", err)
		release()
	}
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	dialer := net.Dialer{LocalAddr: reserved}
	if conn, err := dialer.Dial("tcp", server.Addr().String()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a connection from there: %v", err)
		conn.Close()
	}
}
