package drawing

import (
	"errors"

	"github.com/google/uuid"
)

// ID names a drawing among those of its owner. It is a UUID of any version
// (RFC 9562) that the client chooses.
type ID uuid.UUID

// ErrID says that a text is not the ID of a drawing.
var ErrID = errors.New("not a UUID")

// ParseID reads the usual form of a UUID, 36 characters in either case.
func ParseID(text string) (ID, error) {
	if len(text) != 36 {
		return ID{}, ErrID
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return ID{}, ErrID
	}
	return ID(id), nil
}

// String returns the usual form in lower case.
func (id ID) String() string { return uuid.UUID(id).String() }
