package paint2017

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// call is one recorded call. Values of other types are ignored.
type call struct {
	method         string
	arguments      arguments
	canvas, stroke jsontext.Value // members that are not of 2017
}

// arguments are valid until the next call is read.
type arguments struct {
	text    string    // the first, where it is a string
	numbers []float64 // all, those of an array in its place; NaN for what is none
	steps   []step    // those that are calls themselves
}

// step is a call within a path. What is no number is NaN.
type step struct {
	method  string
	numbers [6]float64 // no step has more
	count   int        // how many there are
}

// has reports whether the first n numbers are there.
func (s step) has(n int) bool {
	if s.count < n {
		return false
	}
	for _, number := range s.numbers[:n] {
		if math.IsNaN(number) {
			return false
		}
	}
	return true
}

// readCalls plays recorded calls while it reads them, in one pass. An error means
// that the text is no JSON array; some calls may have been played before.
func readCalls(actions []byte, play func(call)) error {
	in := callReader{Decoder: jsontext.NewDecoder(bytes.NewBuffer(actions),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	if in.PeekKind() != '[' && in.err == nil {
		return errors.New("no array")
	}
	for range in.elements() {
		if c := in.call(); in.err == nil {
			play(c)
		}
	}
	if _, err := in.ReadToken(); in.err == nil && !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return in.err
}

// callReader reads the next value as a given type, and skips a value of another
// type. After its first error it returns zero values only, so that loops end.
type callReader struct {
	*jsontext.Decoder
	err     error
	buffer  []byte
	numbers []float64
	steps   []step
}

func (r *callReader) call() (c call) {
	for name := range r.members() {
		switch string(name) {
		case "method":
			c.method = r.text()
		case "data":
			c.arguments = r.arguments()
		case "canvas":
			c.canvas = bytes.Clone(r.value())
		case "stroke":
			c.stroke = bytes.Clone(r.value())
		default:
			r.value()
		}
	}
	return c
}

func (r *callReader) arguments() (a arguments) {
	r.numbers, r.steps = r.numbers[:0], r.steps[:0]
	for kind := range r.elements() {
		switch kind {
		case '{':
			r.steps = append(r.steps, r.step())
		case '[':
			for range r.elements() {
				r.numbers = append(r.numbers, r.number())
			}
		case '"':
			if text := r.text(); len(r.numbers)+len(r.steps) == 0 {
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
			s.method = r.text()
		case "data":
			s.count = 0
			for range r.elements() {
				if n := r.number(); s.count < len(s.numbers) {
					s.numbers[s.count] = n
					s.count++
				}
			}
		default:
			r.value()
		}
	}
	return s
}

// elements yields the kind of each element of an array. The caller must read it.
func (r *callReader) elements() iter.Seq[jsontext.Kind] {
	return func(yield func(jsontext.Kind) bool) {
		if r.PeekKind() != '[' {
			r.value()
			return
		}
		r.token()
		for kind := r.PeekKind(); kind != ']' && r.err == nil; kind = r.PeekKind() {
			if !yield(kind) {
				return
			}
		}
		r.token()
	}
}

// members yields the name of each member of an object. The caller must read its
// value; the name is valid until then.
func (r *callReader) members() iter.Seq[[]byte] {
	return func(yield func(name []byte) bool) {
		if r.PeekKind() != '{' {
			r.value()
			return
		}
		r.token()
		for r.PeekKind() != '}' && r.err == nil {
			if !yield(r.unquoted()) {
				return
			}
		}
		r.token()
	}
}

func (r *callReader) text() string {
	if r.PeekKind() != '"' {
		r.value()
		return ""
	}
	return string(r.unquoted())
}

func (r *callReader) unquoted() []byte {
	r.buffer, _ = jsontext.AppendUnquote(r.buffer[:0], r.value()) // it fails for invalid UTF-8 only, which is replaced
	return r.buffer
}

// number reads a number, or a boolean as 0 or 1.
func (r *callReader) number() float64 {
	switch r.PeekKind() {
	case 't':
		r.value()
		return 1
	case 'f':
		r.value()
		return 0
	}
	n, err := strconv.ParseFloat(string(r.value()), 64)
	if err != nil { // something else, or too large
		return math.NaN()
	}
	return n
}

// value is valid until the next one is read.
func (r *callReader) value() jsontext.Value {
	value, err := r.ReadValue()
	r.fail(err)
	return value
}

// token reads the begin or the end of an array or an object.
func (r *callReader) token() {
	_, err := r.ReadToken()
	r.fail(err)
}

func (r *callReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}
