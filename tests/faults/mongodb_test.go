package faults

import "time"

var ofMongoDB = []fault{
	{name: "MongoDB killed", servers: true, happens: func(tr *trial) {
		tr.mongodb.kill()
		tr.lasts(aWhile)
		tr.mongodb.start()
	}},
	{name: "MongoDB frozen for 5 s", servers: true, happens: func(tr *trial) {
		thaw := tr.mongodb.freeze()
		tr.lasts(5 * time.Second)
		thaw()
	}},
	{name: "MongoDB slow", servers: true, happens: func(tr *trial) {
		end := tr.mongodb.toxic("latency", "downstream", `{"latency":300,"jitter":200}`)
		tr.lasts(aWhile)
		end()
	}},
	// The answers are lost, and so it is not known whether a write was done.
	{name: "MongoDB cut off amid its answers", servers: true, happens: func(tr *trial) {
		for range 10 {
			end := tr.mongodb.toxic("reset_peer", "downstream", `{"timeout":0}`)
			tr.lasts(aWhile / 20)
			end()
			tr.lasts(aWhile / 20)
		}
	}},
	{name: "MongoDB away when the service starts", servers: true, cuts: true, happens: func(tr *trial) {
		tr.mongodb.kill()
		tr.kill()
		tr.launch()
		tr.lasts(aWhile)
		tr.mongodb.start()
	}},
}
