package mongostore

import (
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/event"

	"onestroke/impl/telemetry"
)

// connections counts the connections of a client, for which the driver has events
// only.
type connections struct{ open, inUse, waiting atomic.Int64 }

func (c *connections) monitor() *event.PoolMonitor {
	return &event.PoolMonitor{Event: func(e *event.PoolEvent) {
		switch e.Type {
		case event.ConnectionCreated:
			c.open.Add(1)
		case event.ConnectionClosed:
			c.open.Add(-1)
		case event.ConnectionCheckOutStarted:
			c.waiting.Add(1)
		case event.ConnectionCheckOutFailed:
			c.waiting.Add(-1)
		case event.ConnectionCheckedOut:
			c.waiting.Add(-1)
			c.inUse.Add(1)
		case event.ConnectionCheckedIn:
			c.inUse.Add(-1)
		}
	}}
}

// Pool is the state of the connections that [Dial] made.
func (s *Store) Pool() telemetry.Pool {
	open, inUse := int(s.connections.open.Load()), int(s.connections.inUse.Load())
	return telemetry.Pool{
		Idle: max(0, open-inUse), InUse: inUse,
		Waiting: int(s.connections.waiting.Load() + s.drawings.turns.waiting.Load()),
	}
}
