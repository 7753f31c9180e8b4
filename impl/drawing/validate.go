package drawing

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// MaxFindings bounds how many errors one answer reports about an input.
const MaxFindings = 20

// InvalidError says what in a content breaks which rule, as the contract's
// validation does: the field by path, such as strokes[3].y, and the rule by
// its JSON Schema keyword. Three rules have no keyword: equalLength, that the
// columns of a stroke are equally long, maxPoints, the points of a whole
// drawing, and oneStroke, that a drawing of one stroke has no second.
type InvalidError struct{ Field, Rule, Detail string }

func (e *InvalidError) Error() string { return e.Field + ": " + e.Detail }

// InvalidErrors is everything invalid in an input, at most [MaxFindings], in the
// order of its fields.
type InvalidErrors []*InvalidError

func (e InvalidErrors) Error() string {
	if len(e) == 1 {
		return e[0].Error()
	}
	return fmt.Sprintf("%s, and %d more", e[0].Error(), len(e)-1)
}

// Normalize returns the content as it is stored: within each stroke, a t that
// steps backwards becomes the one before it, since real phones do send such. The
// caller's slices are not changed; the result uses those that need no change.
func (c Content) Normalize() Content {
	copied := false
	for i, s := range c.Strokes {
		if slices.IsSorted(s.T) {
			continue
		}
		if !copied {
			c.Strokes, copied = slices.Clone(c.Strokes), true
		}
		c.Strokes[i].T = lift(s.T)
	}
	return c
}

func lift(t []int32) []int32 {
	lifted := slices.Clone(t)
	for i := 1; i < len(lifted); i++ {
		lifted[i] = max(lifted[i], lifted[i-1])
	}
	return lifted
}

// Validate checks the content against every limit of this package. It returns
// nil or an [InvalidErrors].
func (c Content) Validate() error {
	var f Findings
	f.properties(c.Properties)
	f.atMost("strokes", "strokes", len(c.Strokes), MaxStrokes)
	if c.OneStroke && len(c.Strokes) > 1 {
		f.Add("strokes", "oneStroke", "must be one stroke, as oneStroke is true")
	}
	points := 0
	for i, s := range c.Strokes {
		if f.full() {
			break
		}
		f.stroke(fmt.Sprintf("strokes[%d].", i), s)
		points += len(s.X)
	}
	if points > MaxPoints {
		f.Add("strokes", "maxPoints", "have more than %d points in all", MaxPoints)
	}
	return f.Err()
}

// Validate checks a canvas alone, as [Content.Validate] does.
func (c Canvas) Validate() error {
	var f Findings
	f.canvas("", c)
	return f.Err()
}

// Validate checks a stroke alone, as [Content.Validate] does.
func (s Stroke) Validate() error {
	var f Findings
	f.stroke("", s)
	return f.Err()
}

// Findings collects errors, up to [MaxFindings].
type Findings []*InvalidError

// Add formats the detail with [fmt.Sprintf].
func (f *Findings) Add(field, rule, detail string, args ...any) {
	if !f.full() {
		*f = append(*f, &InvalidError{field, rule, fmt.Sprintf(detail, args...)})
	}
}

func (f *Findings) full() bool { return len(*f) == MaxFindings }

// Err returns nil or an [InvalidErrors].
func (f *Findings) Err() error {
	if len(*f) == 0 {
		return nil
	}
	return InvalidErrors(*f)
}

func (f *Findings) inRange(field string, v, low, high int) {
	switch {
	case v < low:
		f.Add(field, "minimum", "is %d, the least is %d", v, low)
	case v > high:
		f.Add(field, "maximum", "is %d, the most is %d", v, high)
	}
}

func (f *Findings) atMost(field, what string, n, limit int) {
	if n > limit {
		f.Add(field, "maxItems", "has %d %s, the limit is %d", n, what, limit)
	}
}

func (f *Findings) properties(p Properties) {
	if !utf8.ValidString(p.Title) {
		f.Add("title", "format", "is not UTF-8")
	}
	if n := utf8.RuneCountInString(p.Title); n > MaxTitle {
		f.Add("title", "maxLength", "has %d characters, the limit is %d", n, MaxTitle)
	}
	f.canvas("canvas.", p.Canvas)
}

func (f *Findings) canvas(path string, c Canvas) {
	f.inRange(path+"width", c.Width, 1, MaxSide)
	f.inRange(path+"height", c.Height, 1, MaxSide)
	if c.Background != "" && !isOpaque(c.Background) {
		f.Add(path+"background", "pattern", "is not #RRGGBB")
	}
}

func (f *Findings) stroke(path string, s Stroke) {
	if s.Tool != Pen && s.Tool != Eraser {
		f.Add(path+"tool", "enum", "is neither %s nor %s", Pen, Eraser)
	}
	if !IsColor(s.Color) {
		f.Add(path+"color", "pattern", "is neither #RRGGBB nor #RRGGBBAA")
	}
	f.inRange(path+"width", s.Width, 1, MaxWidth)
	if len(s.X) == 0 {
		f.Add(path+"x", "minItems", "has no points")
	}
	f.atMost(path+"x", "points", len(s.X), MaxStrokePoints)
	f.sameLength(path+"y", len(s.Y), len(s.X))
	if s.T != nil {
		f.sameLength(path+"t", len(s.T), len(s.X))
	}
	if s.P != nil {
		f.sameLength(path+"p", len(s.P), len(s.X))
	}
	f.column(path+"x", s.X, -MaxSide, MaxSide)
	f.column(path+"y", s.Y, -MaxSide, MaxSide)
	f.column(path+"t", s.T, 0, MaxTime)
}

func (f *Findings) sameLength(field string, n, x int) {
	if n != x {
		f.Add(field, "equalLength", "has %d values where x has %d", n, x)
	}
}

func (f *Findings) column(field string, values []int32, low, high int) {
	for i, v := range values {
		if int(v) >= low && int(v) <= high {
			continue
		}
		if f.full() {
			return
		}
		f.inRange(fmt.Sprintf("%s[%d]", field, i), int(v), low, high)
	}
}
