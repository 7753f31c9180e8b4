package main

import (
	"bufio"
	"net"
	"sync"

	"github.com/FerretDB/wire"
)

// turns relays connections to a server, and lets one write at a time reach it.
type turns struct {
	server string // host and port
	write  sync.Mutex
}

func (t *turns) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return // closed
		}
		go func() {
			defer client.Close()
			if server, err := net.Dial("tcp", t.server); err == nil {
				defer server.Close()
				_ = t.relay(client, server) // until one of the two hangs up
			}
		}()
	}
}

func (t *turns) relay(client, server net.Conn) error {
	fromClient, toClient := bufio.NewReader(client), bufio.NewWriter(client)
	fromServer, toServer := bufio.NewReader(server), bufio.NewWriter(server)
	for {
		header, request, err := wire.ReadMessage(fromClient)
		if err != nil {
			return err
		}
		if err := findByID(header, request); err != nil {
			return err
		}
		header, reply, err := t.answer(header, request, fromServer, toServer)
		if err != nil {
			return err
		}
		if reply == nil {
			continue
		}
		if err := send(toClient, header, reply); err != nil {
			return err
		}
	}
}

// answer asks the server. There is no reply to a client that wants none.
func (t *turns) answer(header *wire.MsgHeader, request wire.MsgBody, from *bufio.Reader, to *bufio.Writer) (*wire.MsgHeader, wire.MsgBody, error) {
	if isWrite(request) {
		t.write.Lock()
		defer t.write.Unlock()
	}
	if err := send(to, header, request); err != nil {
		return nil, nil, err
	}
	if message, ok := request.(*wire.OpMsg); ok && message.Flags.FlagSet(wire.OpMsgMoreToCome) {
		return nil, nil, nil
	}
	return wire.ReadMessage(from)
}

// isWrite reports whether a request finds documents to change, or could add one
// while another request does.
func isWrite(request wire.MsgBody) bool {
	message, ok := request.(*wire.OpMsg)
	if !ok {
		return false
	}
	command, err := message.RawSection0().Decode()
	if err != nil {
		return false // the server says what is wrong with it
	}
	switch command.Command() {
	case "insert", "update", "delete", "findAndModify":
		return true
	default:
		return false
	}
}

func send(to *bufio.Writer, header *wire.MsgHeader, message wire.MsgBody) error {
	if err := wire.WriteMessage(to, header, message); err != nil {
		return err
	}
	return to.Flush()
}
