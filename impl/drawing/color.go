package drawing

import (
	"image/color"
	"strconv"
	"strings"
)

// IsColor reports whether text is #RRGGBB or #RRGGBBAA.
func IsColor(text string) bool {
	return isOpaque(text) || len(text) == len("#RRGGBBAA") && isHashAndHex(text)
}

// isOpaque reports whether text is #RRGGBB.
func isOpaque(text string) bool { return len(text) == len("#RRGGBB") && isHashAndHex(text) }

func isHashAndHex(text string) bool {
	digits, ok := strings.CutPrefix(text, "#")
	_, err := strconv.ParseUint(digits, 16, 32) // which takes no sign
	return ok && err == nil
}

// ColorOn is the color that the stroke leaves on a canvas. The eraser leaves the
// background.
func (s Stroke) ColorOn(c Canvas) color.NRGBA {
	if s.Tool == Eraser {
		return c.BackgroundColor()
	}
	return parseColor(s.Color)
}

// BackgroundColor is white if the canvas names no background.
func (c Canvas) BackgroundColor() color.NRGBA {
	if c.Background == "" {
		return color.NRGBA{0xff, 0xff, 0xff, 0xff}
	}
	return parseColor(c.Background)
}

// parseColor reads #RRGGBB or #RRGGBBAA. Any other text is black.
func parseColor(text string) color.NRGBA {
	digits := strings.TrimPrefix(text, "#")
	if len(digits) == 6 {
		digits += "ff"
	}
	v, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || len(digits) != 8 {
		return color.NRGBA{A: 0xff}
	}
	return color.NRGBA{uint8(v >> 24), uint8(v >> 16), uint8(v >> 8), uint8(v)}
}
