//go:build !linux

package ports

import (
	"fmt"
	"net"
	"strconv"
)

// Hold finds a port that is free, or looks whether one is. Other systems than Linux let
// nobody listen where another socket is bound, so that the port cannot be reserved.
func Hold(port int) (address string, release func(), err error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return "", nil, fmt.Errorf("reserve a port: %w", err)
	}
	return l.Addr().String(), func() {}, l.Close()
}
