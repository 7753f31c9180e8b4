// Package gallery holds the rules of a user's drawings: revisions and
// preconditions, lists, shares, quotas, and how programs of 2017 see them.
//
// It knows neither HTTP nor a database. What it needs of a database is [Store].
package gallery

import (
	"errors"
	"fmt"
	"time"

	"onestroke/impl/drawing"
)

// MaxPage is how many drawings a page of a list holds at most.
const MaxPage = 100

// Summary is what a list shows of a drawing. The tags are the names in a [Record].
type Summary struct {
	ID                 drawing.ID `json:"id"`
	drawing.Properties `json:",inline"`
	drawing.Measures   `json:",inline"`
	Revision           int       `json:"revision"`  // 1 when created, one more with every change
	ETag               string    `json:"etag"`      // opaque, without quotes; changes when and only when the drawing does
	CreatedAt          time.Time `json:"createdAt"` // UTC, to the millisecond
	UpdatedAt          time.Time `json:"updatedAt"`
	Thumbnail          string    `json:"thumbnail"` // an SVG document, by [render.Thumbnail]; empty in a list without thumbnails
}

// Drawing is a stored drawing, whole.
type Drawing struct {
	Summary
	Strokes []drawing.Stroke
}

// Content is what the client decided about the drawing.
func (d Drawing) Content() drawing.Content {
	return drawing.Content{Properties: d.Properties, Strokes: d.Strokes}
}

// Exported is everything that is stored of a drawing.
type Exported struct {
	Drawing
	PaintID string // the id under which programs of 2017 know it
	Actions string // as a program of 2017 saved them; empty if none did, or if the strokes were changed since
}

var (
	// ErrNotFound: the user has no such drawing.
	ErrNotFound = errors.New("drawing not found")
	// ErrChanged: the precondition is false: the drawing was changed, created or
	// deleted meanwhile.
	ErrChanged = errors.New("drawing was changed or created in between")
	// ErrIncomplete: a program of 2017 drew more than the strokes show, and the
	// write would lose it without saying so. See [Precondition.OrIncomplete].
	ErrIncomplete = errors.New("drawing is shown incompletely")
	// ErrQuota: the owner has as many drawings as are allowed. Delete some.
	ErrQuota = errors.New("too many drawings")
	// ErrCursor: the cursor was not made by this service. Start again from the first page.
	ErrCursor = errors.New("malformed cursor")
	// ErrUnavailable: the drawing store cannot be reached. Says nothing about the drawing.
	ErrUnavailable = errors.New("drawing store unavailable")
	// ErrFull: the drawing store has no room for more, and is [ErrUnavailable] to
	// those who write. Reads and deletions work.
	ErrFull = errors.New("drawing store full")
)

// CorruptError says that what the store holds under ID cannot be read. The
// caller can do nothing about it; the id is for the log.
type CorruptError struct {
	ID  string
	Err error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("stored drawing %q is corrupt: %v", e.ID, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }
