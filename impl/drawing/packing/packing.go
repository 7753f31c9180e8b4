// Package packing turns strokes into the bytes in which they are stored, and back.
//
// Version 1 of the packed form: numbers are unsigned varints; a signed number is
// zigzag-coded first.
//
//	version              one byte: 1
//	colors               count, then each as its length and its text
//	strokes              count, then each as
//	  head               color index × 8 + has p × 4 + has t × 2 + eraser
//	  width, point count
//	  x, y               each as the signed distance from a predicted value: of
//	                     the first the last value of the stroke before, of the
//	                     second the first, and from then on the value before
//	                     plus the last step
//	  t, if any          the first a signed step from the last t of the stroke
//	                     before, the others unsigned, as t never decreases
//	  p, if any          signed steps from 0
//
// A hand moves evenly, so most distances take one byte. A point of the real
// drawings in the tests takes 3.5 bytes, its time included; plain steps take 4.0.
package packing

import (
	"encoding/binary"
	"errors"
	"fmt"

	"onestroke/impl/drawing"
)

const version = 1

const (
	headEraser = 1 << iota
	headTime
	headPressure
	headColor = iota // the color index is shifted by this
)

var errTruncated = errors.New("ends too early")

// Pack returns the strokes of a valid, normalized content in the form in which
// they are stored. Equal strokes give equal bytes, and different ones different
// bytes: drawings are compared by them.
func Pack(strokes []drawing.Stroke) []byte {
	points := 0
	colors := make([]string, 0, 4)
	index := make(map[string]int, 4)
	for _, s := range strokes {
		points += len(s.X)
		if _, known := index[s.Color]; !known {
			index[s.Color] = len(colors)
			colors = append(colors, s.Color)
		}
	}

	b := make([]byte, 0, 16+10*len(colors)+8*len(strokes)+4*points)
	b = append(b, version)
	b = appendCount(b, len(colors))
	for _, c := range colors {
		b = appendCount(b, len(c))
		b = append(b, c...)
	}
	b = appendCount(b, len(strokes))
	var last point
	for _, s := range strokes {
		b = appendStroke(b, s, index[s.Color], &last)
	}
	return b
}

// Unpack reverses [Pack], for this version and all before it. It returns an
// error for any other bytes, which take no more memory than the largest drawing.
func Unpack(packed []byte) ([]drawing.Stroke, error) {
	r := reader{rest: packed}
	if v := r.unsigned(0, 255); r.err == nil && v != version {
		return nil, fmt.Errorf("packed strokes: version %d is unknown", v)
	}
	colors := make([]string, r.count(0, drawing.MaxStrokes))
	for i := range colors {
		colors[i] = r.color()
	}
	strokes := make([]drawing.Stroke, r.count(min(1, len(colors)), drawing.MaxStrokes))
	var last point
	points := 0
	for i := range strokes {
		r.stroke(&strokes[i], colors, drawing.MaxPoints-points, &last)
		points += len(strokes[i].X)
	}
	if r.err == nil && len(r.rest) > 0 {
		r.err = fmt.Errorf("%d bytes too many", len(r.rest))
	}
	if r.err != nil {
		return nil, fmt.Errorf("packed strokes: %w", r.err)
	}
	return strokes, nil
}

// point is where a stroke ended, and when.
type point struct{ x, y, t int32 }

func appendCount(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }

func appendStroke(b []byte, s drawing.Stroke, color int, last *point) []byte {
	head := color << headColor
	if s.Tool == drawing.Eraser {
		head |= headEraser
	}
	if s.T != nil {
		head |= headTime
	}
	if s.P != nil {
		head |= headPressure
	}
	b = appendCount(b, head)
	b = appendCount(b, s.Width)
	b = appendCount(b, len(s.X))
	b = appendPath(b, s.X, &last.x)
	b = appendPath(b, s.Y, &last.y)
	if s.T != nil {
		b = appendTimes(b, s.T, &last.t)
	}
	pressure := int64(0)
	for _, p := range s.P {
		b = binary.AppendVarint(b, int64(p)-pressure)
		pressure = int64(p)
	}
	return b
}

func appendPath(b []byte, column []int32, last *int32) []byte {
	step := int64(0)
	for i, v := range column {
		moved := int64(v) - int64(*last)
		b = binary.AppendVarint(b, moved-step)
		*last = v
		if i > 0 {
			step = moved
		}
	}
	return b
}

func appendTimes(b []byte, t []int32, last *int32) []byte {
	b = binary.AppendVarint(b, int64(t[0])-int64(*last))
	for i := 1; i < len(t); i++ {
		b = binary.AppendUvarint(b, uint64(t[i]-t[i-1]))
	}
	*last = t[len(t)-1]
	return b
}

// reader takes packed numbers off rest. After its first error it yields only
// the least valid values, so that loops end by themselves.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) stroke(s *drawing.Stroke, colors []string, room int, last *point) {
	head := r.unsigned(0, int64(len(colors))<<headColor-1)
	if r.err != nil {
		return
	}
	s.Tool = drawing.Pen
	if head&headEraser != 0 {
		s.Tool = drawing.Eraser
	}
	s.Color = colors[head>>headColor]
	s.Width = int(r.unsigned(1, drawing.MaxWidth))
	n := r.count(1, min(room, drawing.MaxStrokePoints))
	s.X = r.path(n, &last.x)
	s.Y = r.path(n, &last.y)
	if head&headTime != 0 {
		s.T = r.times(n, &last.t)
	}
	if head&headPressure != 0 {
		s.P = r.pressures(n)
	}
}

func (r *reader) path(n int, last *int32) []int32 {
	column := make([]int32, n)
	step := int64(0)
	for i := range column {
		v := r.signed(int64(*last)+step, -drawing.MaxSide, drawing.MaxSide)
		if i > 0 {
			step = v - int64(*last)
		}
		*last = int32(v)
		column[i] = *last
	}
	return column
}

func (r *reader) times(n int, last *int32) []int32 {
	t := make([]int32, n)
	for i := range t {
		if i == 0 {
			*last = int32(r.signed(int64(*last), 0, drawing.MaxTime))
		} else {
			*last += int32(r.unsigned(0, drawing.MaxTime-int64(*last)))
		}
		t[i] = *last
	}
	return t
}

func (r *reader) pressures(n int) []uint8 {
	p := make([]uint8, n)
	last := int64(0)
	for i := range p {
		last = r.signed(last, 0, 255)
		p[i] = uint8(last)
	}
	return p
}

func (r *reader) color() string {
	n := int(r.unsigned(0, int64(len("#RRGGBBAA"))))
	if n > len(r.rest) {
		r.fail(errTruncated)
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	if !drawing.IsColor(text) {
		r.fail(errors.New("not a color"))
	}
	return text
}

// count reads how many things follow, each of which takes at least one byte:
// a count that the rest cannot hold is refused before memory is set aside.
func (r *reader) count(low, limit int) int {
	n := int(r.unsigned(int64(low), int64(limit)))
	if r.err != nil || n > len(r.rest) {
		r.fail(errTruncated)
		return 0
	}
	return n
}

func (r *reader) unsigned(low, high int64) int64 {
	v, n := binary.Uvarint(r.rest)
	if v > uint64(high) {
		v = uint64(high) + 1
	}
	return r.number(int64(v), n, low, high)
}

func (r *reader) signed(expected, low, high int64) int64 {
	off, n := binary.Varint(r.rest)
	if off > 1<<32 || off < -1<<32 { // expected+off could overflow
		return r.number(high+1, n, low, high)
	}
	return r.number(expected+off, n, low, high)
}

// number passes v, which took n bytes, if it is there and within its range.
func (r *reader) number(v int64, n int, low, high int64) int64 {
	switch {
	case r.err != nil:
	case n == 0:
		r.fail(errTruncated)
	case n < 0 || v < low || v > high:
		r.fail(errors.New("number out of range"))
	default:
		r.rest = r.rest[n:]
		return v
	}
	return low
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}
