package drawing

import (
	"encoding/base64"
	"encoding/binary"
	"time"
	"unicode/utf8"
)

// A cursor is the position of the last item of a page: eight bytes of
// milliseconds, then the id, in base64url. A changed one leads elsewhere in the
// caller's own list, and nowhere else.
const (
	cursorTime    = 8
	maxCursorID   = 128       // bytes
	maxCursorTime = 1<<48 - 1 // ms, the year 10889
	maxCursor     = ((cursorTime+maxCursorID)*8 + 5) / 6
)

func (p Position) cursor() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.CreatedAt.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(append(b, p.ID...))
}

// parseCursor returns the zero position for an empty cursor.
func parseCursor(cursor string) (Position, error) {
	if cursor == "" {
		return Position{}, nil
	}
	if len(cursor) > maxCursor {
		return Position{}, ErrCursor
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) <= cursorTime || !utf8.Valid(b[cursorTime:]) {
		return Position{}, ErrCursor
	}
	ms := binary.BigEndian.Uint64(b)
	p := Position{time.UnixMilli(int64(ms)).UTC(), string(b[cursorTime:])}
	if ms > maxCursorTime || p.cursor() != cursor {
		return Position{}, ErrCursor // base64 reads over line breaks and stray bits
	}
	return p, nil
}
