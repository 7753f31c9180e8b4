package faults

// What toxiproxy does to the lines between the service and its stores; the names are
// those of its toxics.
var ofNetwork = []fault{
	lineThat("the line to Redis slow", toRedis, "latency", `{"latency":300,"jitter":200}`),
	lineThat("the line to Redis swallows everything", toRedis, "timeout", `{"timeout":0}`),
	lineThat("the line to Redis in small pieces", toRedis, "slicer", `{"average_size":8,"size_variation":4,"delay":100}`),
	lineThat("the line to MongoDB slow", toMongoDB, "latency", `{"latency":300,"jitter":200}`),
	lineThat("the line to MongoDB swallows everything", toMongoDB, "timeout", `{"timeout":0}`),
	lineThat("the line to MongoDB narrow", toMongoDB, "bandwidth", `{"rate":8}`),
	cutLine("the line to Redis cut amid answers", toRedis),
	cutLine("the line to MongoDB cut amid answers", toMongoDB),
}

func toRedis(tr *trial) *server   { return tr.redis }
func toMongoDB(tr *trial) *server { return tr.mongodb }

func lineThat(name string, to func(*trial) *server, toxic, attributes string) fault {
	return fault{name: name, servers: true, happens: func(tr *trial) {
		end := to(tr).toxic(toxic, "downstream", attributes)
		tr.lasts(aWhile)
		end()
	}}
}

// cutLine resets connections whose answer is under way: it is not known whether a write
// was done.
func cutLine(name string, to func(*trial) *server) fault {
	return fault{name: name, servers: true, happens: func(tr *trial) {
		for range 10 {
			end := to(tr).toxic("reset_peer", "downstream", `{"timeout":0}`)
			tr.lasts(aWhile / 20)
			end()
			tr.lasts(aWhile / 20)
		}
	}}
}
