package stores

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"

	"onestroke/tests/ports"
)

// ReplicaSet is a MongoDB that clients take for the primary of a replica set, and
// that fails as one fails. It takes each write with a transaction number once, and
// repeats its answer when the write is sent again, as MongoDB does.
//
// It stands before a local MongoDB. See the driver specifications on server
// discovery and on retryable writes.
type ReplicaSet struct {
	// Fault says of every command of a client what goes wrong; nothing does if nil.
	Fault func(command string) Fault
	// WireVersion is the newest version of the protocol that it speaks: that of
	// MongoDB 7.0 if zero.
	WireVersion int32
	// NoPrimary says that its one member is a secondary.
	NoPrimary bool

	address, server string

	mu       sync.Mutex
	answered map[string][]byte // to writes, by session and transaction number
}

// Fault is what goes wrong with one command. None does for the zero value.
type Fault struct {
	// Code is what the command is answered with instead of being done. Of one that
	// is done, it says why the write is not known to be on a majority.
	Code int
	// Done says that the command is done first. Without a code its answer is lost.
	Done bool
}

// Start starts the replica set for this test alone, and returns its URI.
func (r *ReplicaSet) Start(t testing.TB) (uri string) {
	t.Helper()
	server, err := StartMongoDB()
	if err != nil {
		t.Fatal(err)
	}
	listener := listen(t, ports.Reserve(t))
	r.address, r.server, r.answered = listener.Addr().String(), server.address(), map[string][]byte{}
	go r.serve(listener)
	t.Cleanup(func() {
		if err := errors.Join(listener.Close(), server.Stop()); err != nil {
			t.Error(err)
		}
	})
	return "mongodb://" + r.address + "/?replicaSet=test"
}

func (r *ReplicaSet) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return // closed
		}
		go func() {
			defer client.Close()
			if server, err := net.Dial("tcp", r.server); err == nil {
				defer server.Close()
				_ = r.relay(client, server) // until one of the three hangs up
			}
		}()
	}
}

var errLost = errors.New("the answer is lost")

func (r *ReplicaSet) relay(client, server io.ReadWriter) error {
	for {
		message, err := readMessage(client)
		if err != nil {
			return err
		}
		reply, err := r.answer(message, server)
		if err != nil {
			return err
		}
		if _, err := client.Write(reply); err != nil {
			return err
		}
	}
}

func (r *ReplicaSet) answer(message []byte, server io.ReadWriter) ([]byte, error) {
	_, id, _, code, rest, _ := wiremessage.ReadHeader(message)
	if code == wiremessage.OpQuery { //nolint:staticcheck // deprecated, and still the first message of a driver
		return queryReply(id, r.hello()), nil
	}
	_, rest, _ = wiremessage.ReadMsgFlags(rest)
	_, rest, _ = wiremessage.ReadMsgSectionType(rest)
	command, _, ok := wiremessage.ReadMsgSectionSingleDocument(rest)
	if !ok {
		return nil, fmt.Errorf("not a command: %x", message)
	}
	first, err := command.IndexErr(0)
	if err != nil {
		return nil, err
	}
	switch name := first.Key(); name {
	case "hello", "isMaster", "ismaster":
		return messageReply(id, r.hello()), nil
	case "endSessions", "killCursors", "dropDatabase":
		return ask(server, message)
	default:
		var f Fault
		if r.Fault != nil {
			f = r.Fault(name)
		}
		return r.failing(f, id, transaction(command), message, server)
	}
}

// failing answers a command with a fault.
func (r *ReplicaSet) failing(f Fault, id int32, transaction string, message []byte, server io.ReadWriter) ([]byte, error) {
	if f.Code != 0 && !f.Done {
		return messageReply(id, failed(f.Code, transaction != "")), nil
	}
	reply, err := r.once(id, transaction, message, server)
	switch {
	case err != nil:
		return nil, err
	case f.Code != 0 && transaction != "":
		return messageReply(id, unconfirmed(reply, f.Code)), nil
	case f.Done:
		return nil, errLost
	default:
		return reply, nil
	}
}

// once asks the server, unless it is a write that has been answered.
func (r *ReplicaSet) once(id int32, transaction string, message []byte, server io.ReadWriter) ([]byte, error) {
	r.mu.Lock()
	reply, known := r.answered[transaction]
	r.mu.Unlock()
	if known {
		reply = slices.Clone(reply)
		binary.LittleEndian.PutUint32(reply[8:], uint32(id)) // what it answers
		return reply, nil
	}
	reply, err := ask(server, message)
	if err == nil && transaction != "" {
		r.mu.Lock()
		r.answered[transaction] = reply
		r.mu.Unlock()
	}
	return reply, err
}

func (r *ReplicaSet) hello() bson.D {
	return bson.D{
		{Key: "helloOk", Value: true},
		{Key: "ismaster", Value: !r.NoPrimary},
		{Key: "isWritablePrimary", Value: !r.NoPrimary},
		{Key: "secondary", Value: r.NoPrimary},
		{Key: "setName", Value: "test"},
		{Key: "setVersion", Value: 1},
		{Key: "hosts", Value: bson.A{r.address}},
		{Key: "me", Value: r.address},
		{Key: "maxBsonObjectSize", Value: 16 << 20},
		{Key: "maxMessageSizeBytes", Value: 48_000_000},
		{Key: "maxWriteBatchSize", Value: 100_000},
		{Key: "localTime", Value: time.Now()},
		{Key: "logicalSessionTimeoutMinutes", Value: 30},
		{Key: "minWireVersion", Value: 0},
		{Key: "maxWireVersion", Value: cmp.Or(r.WireVersion, 21)},
		{Key: "readOnly", Value: false},
		{Key: "ok", Value: 1.0},
	}
}

// repeatable are the codes after which a driver sends a write again.
var repeatable = map[int]string{
	91:    "ShutdownInProgress",
	189:   "PrimarySteppedDown",
	10107: "NotWritablePrimary",
	11600: "InterruptedAtShutdown",
	11602: "InterruptedDueToReplStateChange",
	13436: "NotPrimaryOrSecondary",
}

func failed(code int, write bool) bson.D {
	answer := bson.D{
		{Key: "ok", Value: 0.0},
		{Key: "errmsg", Value: "injected"},
		{Key: "code", Value: code},
		{Key: "codeName", Value: repeatable[code]},
	}
	if _, ok := repeatable[code]; ok && write {
		answer = append(answer, bson.E{Key: "errorLabels", Value: bson.A{"RetryableWriteError"}})
	}
	return answer
}

// unconfirmed adds to the answer to a write that it may be rolled back.
func unconfirmed(reply []byte, code int) bson.D {
	var answer bson.D
	const header = 16 + 4 + 1 // with the flags and the kind of the section
	if err := bson.Unmarshal(reply[header:], &answer); err != nil {
		return failed(code, false)
	}
	return append(answer, bson.E{Key: "writeConcernError", Value: bson.D{{Key: "code", Value: code}, {Key: "errmsg", Value: "injected"}}})
}

// transaction names a write that a driver may send again; it is empty for others.
func transaction(command bsoncore.Document) string {
	number, err := command.LookupErr("txnNumber")
	if err != nil {
		return ""
	}
	session, err := command.LookupErr("lsid")
	if err != nil {
		return ""
	}
	return string(session.Data) + string(number.Data)
}

func ask(server io.ReadWriter, message []byte) ([]byte, error) {
	if _, err := server.Write(message); err != nil {
		return nil, err
	}
	return readMessage(server)
}

func readMessage(from io.Reader) ([]byte, error) {
	const most = 48_000_000 // as drivers are told
	message := make([]byte, 4)
	if _, err := io.ReadFull(from, message); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(message)
	if length < 16 || length > most {
		return nil, fmt.Errorf("a message of %d bytes", length)
	}
	message = append(message, make([]byte, length-4)...)
	_, err := io.ReadFull(from, message[4:])
	return message, err
}

func messageReply(to int32, answer bson.D) []byte {
	at, reply := wiremessage.AppendHeaderStart(nil, wiremessage.NextRequestID(), to, wiremessage.OpMsg)
	reply = wiremessage.AppendMsgFlags(reply, 0)
	reply = wiremessage.AppendMsgSectionType(reply, wiremessage.SingleDocument)
	return finished(reply, at, answer)
}

func queryReply(to int32, answer bson.D) []byte {
	at, reply := wiremessage.AppendHeaderStart(nil, wiremessage.NextRequestID(), to, wiremessage.OpReply)
	reply = wiremessage.AppendReplyFlags(reply, 0)
	reply = wiremessage.AppendReplyCursorID(reply, 0)
	reply = wiremessage.AppendReplyStartingFrom(reply, 0)
	reply = wiremessage.AppendReplyNumberReturned(reply, 1)
	return finished(reply, at, answer)
}

func finished(reply []byte, at int32, answer bson.D) []byte {
	document, err := bson.Marshal(answer)
	if err != nil {
		panic(err) // what this file makes can be marshalled
	}
	reply = append(reply, document...)
	return bsoncore.UpdateLength(reply, at, int32(len(reply)))
}
