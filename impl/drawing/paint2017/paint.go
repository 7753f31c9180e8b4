// Package paint2017 knows drawings as programs of 2017 do: a paint has an id that
// the client makes up, and actions, the JSON text of the canvas calls that draw
// it.
package paint2017

import (
	"unicode/utf8"

	"github.com/google/uuid"

	"onestroke/impl/drawing"
)

// Limits of one paint.
const (
	MaxID      = 1024      // characters
	MaxActions = 512 << 10 // bytes
)

// Paint is a drawing as programs of 2017 know it.
type Paint struct{ ID, Actions string }

// Validate returns an [drawing.InvalidErrors] for an id that is empty, longer
// than [MaxID] or not UTF-8, and for actions longer than [MaxActions].
func (p Paint) Validate() error {
	var f drawing.Findings
	switch n := utf8.RuneCountInString(p.ID); {
	case n == 0:
		f.Add("id", "minLength", "is empty")
	case n > MaxID:
		f.Add("id", "maxLength", "has %d characters, the limit is %d", n, MaxID)
	case !utf8.ValidString(p.ID):
		f.Add("id", "format", "is not UTF-8")
	}
	if len(p.Actions) > MaxActions {
		f.Add("actions", "maxLength", "has %d bytes, the limit is %d", len(p.Actions), MaxActions)
	}
	return f.Err()
}

// namespace turns the id of a paint into a UUID (RFC 9562, version 5). It must
// never change: drawings are stored under the results.
var namespace = uuid.MustParse("4d0a3f5c-8d7b-4c0e-9a51-0c6f6a2b7e11")

// DrawingID returns the ID of the drawing that programs of 2017 know by the id of
// a paint. An id that is a UUID in lower case is that drawing's ID, so that those
// programs can change and delete drawings of newer programs. Any other id gives a
// UUID of version 5.
func DrawingID(paintID string) drawing.ID {
	if id, err := drawing.ParseID(paintID); err == nil && id.String() == paintID {
		return id
	}
	return drawing.ID(uuid.NewSHA1(namespace, []byte(paintID)))
}
