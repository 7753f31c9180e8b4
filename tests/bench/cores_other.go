//go:build !linux

package main

import "errors"

// apart does nothing: the measurements need Linux.
func (b *bench) apart(...*program) (together func(), err error) {
	return nil, errors.New("it needs Linux")
}
