package mongostore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

// What is wrong with a URI. They quote nothing of it, as there may be a password
// in it.
var (
	ErrURI    = errors.New("must be a mongodb:// or mongodb+srv:// URI, such as mongodb://user:password@host:27017/onestroke")
	ErrOption = errors.New("cannot be used: an option in it is wrong")
	ErrDNS    = errors.New("cannot be looked up: the DNS does not say where its servers are")
)

// DefaultDatabase is where drawings are kept when a URI names none.
const DefaultDatabase = "onestroke"

// How long to look for a server before it is said to be away, how long an operation
// may take with the wait for its turn while MongoDB is busy, and how long it waits
// for the answer. A URI may say otherwise. The driver looks twice a second:
// once more after a connection broke will do, and an election takes longer than
// anybody should wait.
const (
	selectionTimeout = time.Second
	operationTimeout = 10 * time.Second
	answerTimeout    = 3 * time.Second
)

// Dial returns a store in the database that uri names, and what may be shown of
// uri. It does not wait for an answer. Whatever the driver understands may stand
// in uri. The monitor is told of each command; it may be nil.
func Dial(uri string, monitor *event.CommandMonitor) (store *Store, shown string, err error) {
	parsed, err := connstring.Parse(uri)
	if errors.As(err, new(*net.DNSError)) { // of mongodb+srv://
		return nil, "", ErrDNS
	}
	if err != nil {
		return nil, "", ErrURI
	}
	o := options.Client().ApplyURI(uri).SetAppName("onestroke")
	if parsed.ServerSelectionTimeout == 0 {
		o.SetServerSelectionTimeout(selectionTimeout)
	}
	timeout := cmp.Or(parsed.Timeout, operationTimeout)
	o.SetTimeout(timeout)
	var connections connections
	client, err := mongo.Connect(o.SetMonitor(monitor).SetPoolMonitor(connections.monitor()))
	if err != nil {
		return nil, "", ErrOption
	}
	database := cmp.Or(parsed.Database, DefaultDatabase)
	store = New(client, database)
	store.connections = &connections
	atOnce := uint64(defaultConnections)
	if parsed.MaxPoolSizeSet && parsed.MaxPoolSize > 0 {
		atOnce = parsed.MaxPoolSize
	}
	*store.drawings.turns = *newTurns(atOnce, timeout, cmp.Or(parsed.Timeout, answerTimeout))
	return store, fmt.Sprintf("%s, database %s", strings.Join(parsed.Hosts, ", "), database), nil
}

// Close disconnects from the database.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return s.client.Disconnect(ctx)
}
