package paint2017

import (
	"iter"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"onestroke/impl/text/jsonwalk"
)

// call is one recorded call. Values of other types are ignored.
type call struct {
	method         string
	arguments      arguments
	canvas, stroke []byte // members that are not of 2017
}

// arguments are valid until the next call is read.
type arguments struct {
	text    string    // the first, where it is a string
	numbers []float64 // all, those of an array in its place; NaN for what is none
	steps   []step    // those that are calls themselves
}

// step is a call within a path. What is no number is NaN.
type step struct {
	kind    *stepKind  // nil: unknown
	numbers [6]float64 // no step has more
	count   int        // how many there are
}

// isWhole reports whether the step is known and has the numbers that it needs.
func (s *step) isWhole() bool {
	if s.kind == nil || s.count < s.kind.numbers {
		return false
	}
	for _, number := range s.numbers[:s.kind.numbers] {
		if math.IsNaN(number) {
			return false
		}
	}
	return true
}

// readCalls plays recorded calls. It plays none, and returns false, if the text is no
// JSON array.
func readCalls(actions []byte, play func(call)) bool {
	text := jsontext.Value(actions)
	if !text.IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) || text.Kind() != jsontext.KindBeginArray {
		return false
	}
	in := callReader{Walker: jsonwalk.New(actions)}
	for range in.elements() {
		play(in.call())
	}
	return true
}

// callReader reads the next value as a given type, and skips a value of another
// type.
type callReader struct {
	jsonwalk.Walker
	numbers []float64
	steps   []step
}

func (r *callReader) call() (c call) {
	for name := range r.members() {
		switch string(name) {
		case "method":
			c.method = string(r.text())
		case "data":
			c.arguments = r.arguments()
		case "canvas":
			c.canvas = r.Value()
		case "stroke":
			c.stroke = r.Value()
		default:
			r.Value()
		}
	}
	return c
}

func (r *callReader) arguments() (a arguments) {
	r.numbers, r.steps = r.numbers[:0], r.steps[:0]
	for begin := range r.elements() {
		switch begin {
		case '{':
			r.steps = append(r.steps, r.step())
		case '[':
			for range r.elements() {
				r.numbers = append(r.numbers, r.number())
			}
		case '"':
			if text := string(r.text()); len(r.numbers)+len(r.steps) == 0 {
				a.text = text
			}
			r.numbers = append(r.numbers, math.NaN())
		default:
			r.numbers = append(r.numbers, r.number())
		}
	}
	a.numbers, a.steps = r.numbers, r.steps
	return a
}

func (r *callReader) step() (s step) {
	for name := range r.members() {
		switch string(name) {
		case "method":
			s.kind = steps[string(r.text())]
		case "data":
			s.count = 0
			for range r.elements() {
				if n := r.number(); s.count < len(s.numbers) {
					s.numbers[s.count] = n
					s.count++
				}
			}
		default:
			r.Value()
		}
	}
	return s
}

// elements yields the first byte of each element of an array. The caller must read
// it.
func (r *callReader) elements() iter.Seq[byte] {
	return func(yield func(begin byte) bool) {
		if r.Peek() != '[' {
			r.Value()
			return
		}
		r.Enter()
		for begun := false; r.More(']', &begun); {
			if !yield(r.Peek()) {
				return
			}
		}
	}
}

// members yields the name of each member of an object. The caller must read its
// value.
func (r *callReader) members() iter.Seq[[]byte] {
	return func(yield func(name []byte) bool) {
		if r.Peek() != '{' {
			r.Value()
			return
		}
		r.Enter()
		for begun := false; r.More('}', &begun); {
			if !yield(jsonwalk.Unquote(r.Name())) {
				return
			}
		}
	}
}

func (r *callReader) text() []byte {
	if r.Peek() != '"' {
		r.Value()
		return nil
	}
	return jsonwalk.Unquote(r.Quoted())
}

// number reads a number, or a boolean as 0 or 1.
func (r *callReader) number() float64 {
	switch c := r.Peek(); {
	case c == 't':
		r.Scalar()
		return 1
	case c == 'f':
		r.Scalar()
		return 0
	case c != '-' && (c < '0' || c > '9'):
		r.Value()
		return math.NaN()
	}
	number, value, known := r.Integer()
	if known {
		return float64(value)
	}
	n, err := strconv.ParseFloat(string(number), 64)
	if err != nil { // too large
		return math.NaN()
	}
	return n
}
