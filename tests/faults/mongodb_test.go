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
	{name: "MongoDB away when the service starts", servers: true, cuts: true, happens: func(tr *trial) {
		tr.mongodb.kill()
		tr.kill()
		tr.launch()
		tr.lasts(aWhile)
		tr.mongodb.start()
	}},
}
