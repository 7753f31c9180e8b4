// Package ports hands out TCP ports to programs that must be told which one to listen
// on, and to servers that come back at the same address.
package ports

import (
	"fmt"
	"net"
	"strconv"
	"syscall"
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

// Hold reserves a port, or any if it is 0, until release is called. It fails if
// something has the port already.
func Hold(port int) (address string, release func(), err error) {
	syscall.ForkLock.RLock()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(socket)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return "", nil, fmt.Errorf("reserve a port: %w", err)
	}
	release = func() { _ = syscall.Close(socket) }
	if port, err = bind(socket, port); err != nil {
		release()
		return "", nil, fmt.Errorf("reserve a port: %w", err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), release, nil
}

// bind returns the port of the socket, which does not listen. To Linux it is from then
// on no obstacle to a socket that has SO_REUSEADDR, too, and is bound to this very port;
// but the kernel does not choose the port for anything.
func bind(socket, port int) (int, error) {
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	name, err := syscall.Getsockname(socket)
	if err != nil {
		return 0, err
	}
	return name.(*syscall.SockaddrInet4).Port, nil
}
