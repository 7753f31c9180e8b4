//go:build !linux

package main

import "errors"

// apart needs Linux, as all that is measured here does.
func (b *bench) apart(...*program) (together func(), err error) {
	return nil, errors.New("it needs Linux")
}
