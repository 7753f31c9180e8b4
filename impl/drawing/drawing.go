// Package drawing holds the rules of a drawing: what it consists of, its
// limits, its revisions, and the packed form in which it is stored.
//
// It knows neither HTTP nor MongoDB. What it needs of a database is [Store].
package drawing

import (
	"errors"
	"fmt"
	"time"
)

// Limits of one drawing. The contract states those a schema can say.
const (
	Format          = 1         // the only format there is
	MaxTitle        = 80        // characters
	MaxSide         = 65_535    // canvas width and height, coordinates either way
	MaxStrokes      = 1_000     // a drawing
	MaxStrokePoints = 5_000     // a stroke
	MaxPoints       = 20_000    // a drawing
	MaxWidth        = 65_535    // of a stroke, in canvas units
	MaxTime         = 1<<31 - 1 // ms since the drawing began
)

// Limits of one paint, and of one page of a list.
const (
	MaxPaintID = 128       // characters
	MaxActions = 512 << 10 // bytes
	MaxPage    = 100
)

// Content is what the client says a drawing is. Two contents are the same
// drawing when every field is equal after [Content.Normalize].
type Content struct {
	Title   string // 0 to MaxTitle characters
	Canvas  Canvas
	Strokes []Stroke // in the order drawn; 1 to MaxStrokes, 0 only where [FromActions] found none
}

// Canvas is the coordinate space, as an SVG viewBox: a client that wants
// tenths of a pixel picks a canvas ten times as large.
type Canvas struct {
	Width, Height int    // 1 to MaxSide
	Background    string // #RRGGBB, or empty for none
}

// Tool is what a stroke is drawn with.
type Tool string

const (
	Pen    Tool = "pen"
	Eraser Tool = "eraser"
)

// Stroke is one touch of the canvas, from finger down to finger up, in columns
// of equal length.
type Stroke struct {
	Tool  Tool
	Color string // #RRGGBB or #RRGGBBAA, kept as written
	Width int    // 1 to MaxWidth, in canvas units
	X, Y  []int32
	T     []int32 // ms since the drawing began, never decreasing within a stroke; nil when not recorded
	P     []uint8 // pressure; nil when not recorded
}

// Bounds is the smallest rectangle that holds every point; zero when there is
// none.
type Bounds struct{ MinX, MinY, MaxX, MaxY int }

// Summary is what a list says of a drawing.
type Summary struct {
	ID          string // UUID, lower case
	Title       string
	Canvas      Canvas
	StrokeCount int
	PointCount  int
	DurationMs  int // the latest t; 0 when no time was recorded
	Bounds      Bounds
	Revision    int       // 1 when created, one more with every change
	ETag        string    // opaque, without quotes; changes when and only when the drawing does
	CreatedAt   time.Time // UTC, to the millisecond
	UpdatedAt   time.Time
	Thumbnail   string // an SVG document, by [Thumbnail]; empty where a list was asked to leave it out
}

// Drawing is a stored drawing, whole.
type Drawing struct {
	Summary
	Strokes []Stroke
}

// Paint is a drawing as programs of 2017 know it: an id of the client's making,
// and the JSON text of the canvas calls that draw it, which comes back byte for
// byte until the drawing is changed through [Service.Put].
type Paint struct{ ID, Actions string }

// Exported is everything that is kept of a drawing.
type Exported struct {
	Drawing
	PaintID string // as a program of 2017 knows it
	Actions string // as a program of 2017 saved it; empty when none did, or the drawing was changed since
}

var (
	// ErrNotFound: the caller has no such drawing.
	ErrNotFound = errors.New("drawing not found")
	// ErrChanged: the precondition does not hold; somebody else wrote in between.
	ErrChanged = errors.New("drawing was changed or created in between")
	// ErrQuota: the owner has as many drawings as are allowed. Delete some.
	ErrQuota = errors.New("too many drawings")
	// ErrCursor: the cursor was not made here. Start again from the first page.
	ErrCursor = errors.New("malformed cursor")
	// ErrUnavailable: the drawing store cannot be reached. Says nothing about the drawing.
	ErrUnavailable = errors.New("drawing store unavailable")
)

// InvalidError says what in a content breaks which rule, as the contract's
// validation does: the field by path, such as strokes[3].y, and the rule by
// its JSON Schema keyword. Two rules have none: equalLength, that the columns
// of a stroke are equally long, and maxPoints, the points of a whole drawing.
type InvalidError struct{ Field, Rule, Detail string }

func (e *InvalidError) Error() string { return e.Field + ": " + e.Detail }

// InvalidErrors is everything found wrong with an input, at most
// [MaxFindings], in the order of its fields.
type InvalidErrors []*InvalidError

func (e InvalidErrors) Error() string {
	if len(e) == 1 {
		return e[0].Error()
	}
	return fmt.Sprintf("%s, and %d more", e[0].Error(), len(e)-1)
}

// CorruptError says that what the store holds under ID cannot be read. It is
// nothing the caller could mend; the id is for the log.
type CorruptError struct {
	ID  string
	Err error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("stored drawing %q is corrupt: %v", e.ID, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }
