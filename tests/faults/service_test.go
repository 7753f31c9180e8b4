package faults

import (
	"os"
	"path/filepath"
	"syscall"

	"onestroke/tests/disk"
	"onestroke/tests/nginx"
	"onestroke/tests/ports"
	"onestroke/tests/service"
)

var ofService = []fault{
	{name: "the service killed amid writes", cuts: true, happens: killedService},
	{name: "the service killed amid writes, with servers", servers: true, cuts: true, happens: killedService},
	restartsBehindNginx(),
	{name: "the disk full", prepare: smallDisk, happens: func(tr *trial) {
		ballast := filepath.Join(tr.data, "ballast")
		full := os.WriteFile(ballast, make([]byte, smallDiskSize), 0o600)
		if full == nil {
			tr.t.Fatal("the disk is not full")
		}
		tr.lasts(aWhile)
		if err := os.Remove(ballast); err != nil {
			tr.t.Fatal(err)
		}
	}},
	{name: "the folder of the data lost, and found again", happens: func(tr *trial) {
		if err := os.Rename(tr.data, tr.data+".away"); err != nil {
			tr.t.Fatal(err)
		}
		tr.lasts(aWhile)
		if err := os.Rename(tr.data+".away", tr.data); err != nil {
			tr.t.Fatal(err)
		}
	}},
	// Nobody reads what the service writes: a pipe takes 64 KiB of it.
	{name: "stdout and stderr blocked", env: []string{"LOG_LEVEL=info"}, nothingFails: true, prepare: blockOutput, happens: func(tr *trial) {
		tr.lasts(2 * aWhile)
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

const smallDiskSize = 80 << 20

// smallDisk mounts a small disk where the data are.
func smallDisk(tr *trial) { disk.Small(tr.t, tr.data, smallDiskSize) }

func blockOutput(tr *trial) {
	r, w, err := os.Pipe()
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	tr.stdout = w
}

// restartsBehindNginx restarts two replicas, one after the other, as a new version is
// rolled out.
func restartsBehindNginx() fault {
	var second *service.Process
	var environ []string
	return fault{
		name: "one replica after the other restarted behind nginx", servers: true, needs: []string{"nginx", "openssl"}, nothingFails: true,
		prepare: func(tr *trial) {
			first, other := ports.ReservePort(tr.t), ports.ReservePort(tr.t)
			tr.environ = append(tr.environ, "PORT="+first)
			environ = append(tr.environ[:len(tr.environ):len(tr.environ)], "PORT="+other, "ADMIN_PORT=0",
				"REDIS_URL="+tr.redisURL, "MONGODB_URI=mongodb://"+tr.mongodb.line.Listen+"/drawings?directConnection=true")
			second = service.Build(tr.t).Start(tr.t, environ...)
			ready(tr.t, second)
			n := nginx.Start(tr.t, "127.0.0.1:"+first, "127.0.0.1:"+other)
			tr.transport = nginx.Trusting(tr.t, n.TLS)
			tr.service = service.Behind(tr.t, n.URL, tr.transport)
		},
		happens: func(tr *trial) {
			for range 2 {
				tr.process.Signal(tr.t, syscall.SIGTERM)
				tr.process.Wait(tr.t)
				tr.startService()
				second.Signal(tr.t, syscall.SIGTERM)
				second.Wait(tr.t)
				second = service.Build(tr.t).Start(tr.t, environ...)
				ready(tr.t, second)
			}
		},
	}
}
