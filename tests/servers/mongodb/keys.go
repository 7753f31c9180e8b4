package main

import (
	"strings"

	"github.com/FerretDB/wire"
	"github.com/FerretDB/wire/wirebson"
)

// findByID makes a request find its document by _id alone, where it gives the owner
// beside it: MongoDB then reads one document, FerretDB all of them. The _id of a
// drawing begins with its owner, so both requests mean the same document.
func findByID(header *wire.MsgHeader, request wire.MsgBody) error {
	message, ok := request.(*wire.OpMsg)
	if !ok || message.Flags.FlagSet(wire.OpMsgChecksumPresent) {
		return nil
	}
	for _, section := range message.Sections() {
		filter := "filter" // of find
		if section.Kind == 1 {
			filter = "q" // of each update and delete
		}
		documents := section.Documents()
		for i, document := range documents {
			shorter, err := withoutOwner(document, filter)
			if err != nil {
				return err
			}
			header.MessageLength -= int32(len(document) - len(shorter))
			documents[i] = shorter
		}
	}
	return nil
}

func withoutOwner(raw wirebson.RawDocument, filter string) (wirebson.RawDocument, error) {
	document, err := raw.Decode()
	if err != nil {
		return nil, err
	}
	by, ok := document.Get(filter).(wirebson.AnyDocument)
	if !ok {
		return raw, nil
	}
	fields, err := by.Decode()
	if err != nil {
		return nil, err
	}
	id, _ := fields.Get("_id").(string)
	owner, hasOwner := fields.Get("owner").(string)
	if !hasOwner || !strings.HasPrefix(id, owner+"/") {
		return raw, nil
	}
	fields.Remove("owner")
	if err := document.Replace(filter, fields); err != nil {
		return nil, err
	}
	return document.Encode()
}
