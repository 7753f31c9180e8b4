package drawing

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxFindings bounds what one answer says about a bad input.
const MaxFindings = 20

// isColor tells whether text is #RRGGBB or #RRGGBBAA.
func isColor(text string) bool {
	return isOpaque(text) || len(text) == len("#RRGGBBAA") && isHashAndHex(text)
}

// isOpaque tells whether text is #RRGGBB.
func isOpaque(text string) bool { return len(text) == len("#RRGGBB") && isHashAndHex(text) }

func isHashAndHex(text string) bool {
	digits, ok := strings.CutPrefix(text, "#")
	_, err := strconv.ParseUint(digits, 16, 32) // which takes no sign
	return ok && err == nil
}

// Normalize returns the content as it is kept: within each stroke, a t that
// steps backwards is lifted to the one before, as real phones do send such. The
// caller's slices are not changed; those that need no change are shared.
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

// Validate holds the content against every limit of this package. It returns
// nil or an [InvalidErrors].
func (c Content) Validate() error {
	var f findings
	if !utf8.ValidString(c.Title) {
		f.add("title", "format", "is not UTF-8")
	}
	if n := utf8.RuneCountInString(c.Title); n > MaxTitle {
		f.add("title", "maxLength", "has %d characters, the limit is %d", n, MaxTitle)
	}
	f.canvas(c.Canvas)
	f.countOf("strokes", "strokes", len(c.Strokes), MaxStrokes)

	points := 0
	for i, s := range c.Strokes {
		if f.full() {
			break
		}
		f.stroke(fmt.Sprintf("strokes[%d]", i), s)
		points += len(s.X)
	}
	if points > MaxPoints {
		f.add("strokes", "maxPoints", "have more than %d points in all", MaxPoints)
	}
	return f.err()
}

// findings gathers what is wrong, up to [MaxFindings].
type findings []*InvalidError

func (f *findings) add(field, rule, detail string, args ...any) {
	if !f.full() {
		*f = append(*f, &InvalidError{field, rule, fmt.Sprintf(detail, args...)})
	}
}

func (f *findings) full() bool { return len(*f) == MaxFindings }

func (f *findings) err() error {
	if len(*f) == 0 {
		return nil
	}
	return InvalidErrors(*f)
}

func (f *findings) inRange(field string, v, low, high int) {
	switch {
	case v < low:
		f.add(field, "minimum", "is %d, the least is %d", v, low)
	case v > high:
		f.add(field, "maximum", "is %d, the most is %d", v, high)
	}
}

func (f *findings) countOf(field, what string, n, limit int) {
	switch {
	case n == 0:
		f.add(field, "minItems", "has no %s", what)
	case n > limit:
		f.add(field, "maxItems", "has %d %s, the limit is %d", n, what, limit)
	}
}

func (f *findings) canvas(c Canvas) {
	f.inRange("canvas.width", c.Width, 1, MaxSide)
	f.inRange("canvas.height", c.Height, 1, MaxSide)
	if c.Background != "" && !isOpaque(c.Background) {
		f.add("canvas.background", "pattern", "is not #RRGGBB")
	}
}

func (f *findings) stroke(field string, s Stroke) {
	if s.Tool != Pen && s.Tool != Eraser {
		f.add(field+".tool", "enum", "is neither %s nor %s", Pen, Eraser)
	}
	if !isColor(s.Color) {
		f.add(field+".color", "pattern", "is neither #RRGGBB nor #RRGGBBAA")
	}
	f.inRange(field+".width", s.Width, 1, MaxWidth)
	f.countOf(field+".x", "points", len(s.X), MaxStrokePoints)
	f.sameLength(field+".y", len(s.Y), len(s.X))
	if s.T != nil {
		f.sameLength(field+".t", len(s.T), len(s.X))
	}
	if s.P != nil {
		f.sameLength(field+".p", len(s.P), len(s.X))
	}
	f.column(field+".x", s.X, -MaxSide, MaxSide)
	f.column(field+".y", s.Y, -MaxSide, MaxSide)
	f.column(field+".t", s.T, 0, MaxTime)
}

func (f *findings) sameLength(field string, n, x int) {
	if n != x {
		f.add(field, "equalLength", "has %d values where x has %d", n, x)
	}
}

func (f *findings) column(field string, values []int32, low, high int) {
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
