package ports_test

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"onestroke/tests/ports"
)

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
