// Package faults tries what can go wrong around the service while users use it: the
// service and its stores are processes, and each fault says what may fail. Run it with
// make faults; FAULT=regular expression selects some. docs/faults.md says what must hold.
package faults

import (
	"os"
	"testing"

	"github.com/rs/zerolog"

	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxiproxy writes a line for each byte that it holds
	stores.Main(m, service.RemoveBinaries, func() error { table(os.Stdout); return nil })
}

func TestFaults(t *testing.T) {
	for _, group := range [][]fault{ofRedis, ofMongoDB, ofNetwork, ofWeChat, ofService} {
		for _, f := range group {
			t.Run(f.name, f.run)
		}
	}
}
