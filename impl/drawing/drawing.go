// Package drawing says what a drawing is: its parts, their limits, and when two
// drawings are equal. It knows neither HTTP nor a database.
//
// What belongs to one user's collection of drawings (revisions, preconditions,
// shares, quotas) is in package gallery.
package drawing

// Limits of one drawing. The contract states the same ones.
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

// Content is all that a client decides about a drawing. Two contents are the
// same drawing if all fields are equal after [Content.Normalize].
type Content struct {
	Properties
	Strokes []Stroke // in the order drawn; 0 to MaxStrokes
}

// Properties are what a drawing has besides its strokes. Stores write this
// struct as a whole, with the names in its tags, and two of them are compared
// with ==, so that a new field needs no code there. A new field is tagged
// omitzero.
type Properties struct {
	Title     string `json:"title"`              // 0 to MaxTitle characters
	OneStroke bool   `json:"oneStroke,omitzero"` // there is no second stroke
	Canvas    Canvas `json:"canvas"`
}

// Canvas is the coordinate space, as the viewBox of an SVG: a client that needs
// tenths of a pixel picks a canvas ten times as large.
type Canvas struct {
	Width      int    `json:"width"` // 1 to MaxSide, as is the height
	Height     int    `json:"height"`
	Background string `json:"background,omitzero"` // #RRGGBB, or empty for none
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
	Color string // #RRGGBB or #RRGGBBAA, with the letters as the client wrote them
	Width int    // 1 to MaxWidth, in canvas units
	X, Y  []int32
	T     []int32 // ms since the drawing began, never decreasing within a stroke; nil if not recorded
	P     []uint8 // pressure, which is seen as width; nil if not recorded
}

// IsSealed reports whether pictures show the seal of a drawing in one stroke.
func (c Content) IsSealed() bool { return c.OneStroke && len(c.Strokes) > 0 }

// Measures are what follows from the strokes of a drawing and what a list shows
// of them.
type Measures struct {
	StrokeCount int    `json:"strokeCount"`
	PointCount  int    `json:"pointCount"`
	DurationMs  int    `json:"durationMs"` // the latest t; 0 if no time was recorded
	Bounds      Bounds `json:"bounds"`
	Incomplete  bool   `json:"incomplete,omitzero"` // a program of 2017 drew more than the strokes show
}

// Bounds is the smallest rectangle that holds every point; zero if there is no
// point.
type Bounds struct {
	MinX int `json:"minX"`
	MinY int `json:"minY"`
	MaxX int `json:"maxX"`
	MaxY int `json:"maxY"`
}

// Measure computes the measures of a normalized content, which is complete.
func (c Content) Measure() (m Measures) {
	m.StrokeCount = len(c.Strokes)
	for _, s := range c.Strokes {
		if n := len(s.T); n > 0 {
			m.DurationMs = max(m.DurationMs, int(s.T[n-1]))
		}
		for i := range s.X {
			x, y := int(s.X[i]), int(s.Y[i])
			if m.PointCount == 0 {
				m.Bounds = Bounds{x, y, x, y}
			}
			m.Bounds.MinX, m.Bounds.MaxX = min(m.Bounds.MinX, x), max(m.Bounds.MaxX, x)
			m.Bounds.MinY, m.Bounds.MaxY = min(m.Bounds.MinY, y), max(m.Bounds.MaxY, y)
			m.PointCount++
		}
	}
	return m
}
