package gallery

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"onestroke/impl/drawing"
)

// A cursor is the position of the last item of a page: eight bytes of
// milliseconds, then the ID, in base64url. A changed cursor leads to another
// place in the caller's own list, and nowhere else.
const (
	cursorTime    = 8
	cursorSize    = cursorTime + len(drawing.ID{})
	maxCursorTime = 1<<48 - 1 // ms, the year 10889
)

func (s Summary) position() Position { return Position{s.CreatedAt, s.ID} }

func (p Position) cursor() string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, cursorSize), uint64(p.CreatedAt.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(append(b, p.ID[:]...))
}

// parseCursor returns the zero position for an empty cursor.
func parseCursor(cursor string) (Position, error) {
	if cursor == "" {
		return Position{}, nil
	}
	if len(cursor) != base64.RawURLEncoding.EncodedLen(cursorSize) {
		return Position{}, ErrCursor
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) != cursorSize {
		return Position{}, ErrCursor // shorter if there was a line break, which base64 ignores
	}
	ms := binary.BigEndian.Uint64(b)
	if ms > maxCursorTime {
		return Position{}, ErrCursor
	}
	return Position{time.UnixMilli(int64(ms)).UTC(), drawing.ID(b[cursorTime:])}, nil
}
