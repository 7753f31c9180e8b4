package faults

import (
	"os"
	"syscall"
)

var ofService = []fault{
	{name: "the service killed amid writes", cuts: true, happens: killedService},
	{name: "the service killed amid writes, with servers", servers: true, cuts: true, happens: killedService},
	{name: "the folder of the data lost, and found again", happens: func(tr *trial) {
		if err := os.Rename(tr.data, tr.data+".away"); err != nil {
			tr.t.Fatal(err)
		}
		tr.lasts(aWhile)
		if err := os.Rename(tr.data+".away", tr.data); err != nil {
			tr.t.Fatal(err)
		}
	}},
}

func killedService(tr *trial) {
	for range 3 {
		tr.kill()
		tr.startService()
		tr.lasts(aWhile / 3)
	}
}

// kill ends the service as a crash does.
func (tr *trial) kill() {
	tr.process.Signal(tr.t, syscall.SIGKILL)
	tr.process.Wait(tr.t)
}
