package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"onestroke/impl/text/jsonwalk"
)

// Decode reads a JSON body and checks it against the contract in one pass. The
// function read is the generated DecodeJSON method of T.
//
// The text must be I-JSON (RFC 7493), which every reader understands in the same
// way: UTF-8, no member name twice, no half of a surrogate pair. The error is an
// [InvalidError].
func Decode[T any](text []byte, read func(*T, *Decoder)) (*T, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	d := Decoder{in: jsonwalk.New(text)}
	value := new(T)
	read(value, &d)
	if err := d.err(); err != nil {
		return nil, err
	}
	return value, nil
}

func checkText(text []byte) error {
	if jsontext.Value(text).IsValid() {
		return nil
	}
	var found findings
	in := jsontext.NewDecoder(bytes.NewReader(text))
	_, err := in.ReadValue()
	syntax := (*jsontext.SyntacticError)(nil)
	switch {
	case errors.Is(err, io.EOF): // before any value
		found.add(missing)
	case !utf8.Valid(text):
		found.add(notUTF8)
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntax):
		found.add(duplicate)
		found[0].path = pathOf(syntax.JSONPointer)
	case errors.As(err, &syntax) && jsontext.Value(text).IsValid(jsontext.AllowInvalidUTF8(true)):
		found.add(halfPair)
		found[0].path = pathOf(syntax.JSONPointer)
	case errors.As(err, &syntax):
		found.add(violation{"json", fmt.Sprintf("must be JSON, and is not from byte %d on", syntax.ByteOffset)})
	default:
		found.add(violation{"json", fmt.Sprintf("must be one JSON value, and goes on from byte %d on", in.InputOffset())})
	}
	return found.err()
}

// pathOf returns the path that a JSON pointer (RFC 6901) describes.
func pathOf(pointer jsontext.Pointer) (path []step) {
	for token := range pointer.Tokens() {
		i, err := strconv.Atoi(token)
		path = append(path, step{order: i, name: token, element: err == nil})
	}
	slices.Reverse(path)
	return path
}

// Decoder walks through the text of a JSON body, which has been found to be valid
// JSON. Its methods read one value each, at the place that has been reached. A
// value that breaks a rule is recorded as a finding and passed over, so that one
// answer can name everything that is invalid.
type Decoder struct {
	in jsonwalk.Walker
	findings
}

// Members walks through the members of an object:
//
//	for m := d.Object(&canvasRules); m.Next(d); {
//		switch m.Index {
//		case 0: // width
//			v.Width = int32(d.Integer(&canvasWidthRules))
//		}
//	}
type Members struct {
	Index int // of the member in [ObjectRules.Members]

	rules *ObjectRules
	seen  uint64
	mark  int // how many findings there were before the member
	begun bool
}

// Object enters an object. It has no members if the value is something else.
func (d *Decoder) Object(rules *ObjectRules) Members {
	if d.in.Peek() != '{' {
		d.refuse("an object")
		return Members{}
	}
	d.in.Enter()
	return Members{rules: rules, Index: -1}
}

// Next goes to the value of the next member that the contract knows, and reports
// whether there is one.
func (m *Members) Next(d *Decoder) bool {
	if m.rules == nil {
		return false
	}
	for {
		if m.Index >= 0 {
			d.under(m.mark, m.rules.step(m.Index, m.rules.Members[m.Index]))
			m.Index = -1
		}
		if !d.in.More('}', &m.begun) {
			d.addMissing(m.rules, m.seen)
			return false
		}
		m.mark = len(d.findings)
		name := string(jsonwalk.Unquote(d.in.Name()))
		if i := m.rules.index(name); i >= 0 {
			m.seen |= 1 << i
			m.Index = i
			return true
		}
		d.add(m.rules.checkUnknown(name)...)
		d.in.Value()
		d.under(m.mark, m.rules.step(-1, name))
	}
}

// Ignore passes over the value of a read-only member, whatever it is.
func (d *Decoder) Ignore() {
	d.in.Value()
}

// Null passes over a null, and reports whether there was one. The value of a
// member that may be null is read only if there was not.
func (d *Decoder) Null() bool {
	if d.in.Peek() != 'n' {
		return false
	}
	d.in.Value()
	return true
}

// Objects reads an array of objects.
func Objects[T any](d *Decoder, rules *ArrayRules, read func(*T, *Decoder)) (all []T) {
	d.array(rules, func() {
		var value T
		read(&value, d)
		all = append(all, value)
	})
	return all
}

// Values reads an array of anything else.
func Values[T any](d *Decoder, rules *ArrayRules, read func() T) (all []T) {
	d.array(rules, func() { all = append(all, read()) })
	return all
}

// Integers reads an array of integers. It is [Values] with one allocation: a
// drawing has thousands of coordinates.
func Integers[T int32 | int64](d *Decoder, rules *ArrayRules, item *IntegerRules) []T {
	var all []T
	if d.in.Peek() == '[' { // of anything else the next ] may be far, and is looked for each time
		text, _, _ := bytes.Cut(d.in.Rest(), []byte{']'})
		all = make([]T, 0, min(bytes.Count(text, []byte{','})+1, max(rules.MaxItems, 1)))
	}
	d.array(rules, func() { all = append(all, T(d.Integer(item))) })
	return all
}

// array calls read for each element. Elements beyond the highest allowed number
// are passed over.
func (d *Decoder) array(rules *ArrayRules, read func()) {
	if d.in.Peek() != '[' {
		d.refuse("an array")
		return
	}
	d.in.Enter()
	n := 0
	for begun := false; d.in.More(']', &begun); n++ {
		if rules.MaxItems > 0 && n >= rules.MaxItems {
			d.in.Value()
			continue
		}
		mark := len(d.findings)
		read()
		d.under(mark, step{order: n, element: true})
	}
	d.add(rules.check(n)...)
}

// UUID reads a string whose pattern allows UUIDs only.
func (d *Decoder) UUID(rules *StringRules) (id uuid.UUID) {
	mark := len(d.findings)
	s := d.String(rules)
	if len(d.findings) > mark {
		return id
	}
	id, err := uuid.Parse(s)
	if err != nil {
		d.add(violation{"format", "must be a uuid"})
	}
	return id
}

// String reads a string.
func (d *Decoder) String(rules *StringRules) string {
	if d.in.Peek() != '"' {
		d.refuse("a string")
		return ""
	}
	s := string(jsonwalk.Unquote(d.in.Quoted()))
	d.add(rules.check(s)...)
	return s
}

// JavaScriptText reads a value as String(value || "") in JavaScript does: a number
// or true becomes text; null, false and 0 are the empty text. Arrays, objects and
// numbers beyond the range of JavaScript are refused, since their text does not say
// what was sent.
func (d *Decoder) JavaScriptText(rules *StringRules) string {
	text := ""
	switch d.in.Peek() {
	case '"', '[', '{':
		return d.String(rules)
	case 'n', 'f':
		d.in.Value()
	case 't':
		d.in.Value()
		text = "true"
	default:
		number := jsontext.Value(d.in.Scalar()).Clone()
		n, err := strconv.ParseFloat(string(number), 64)
		switch {
		case err != nil:
			d.add(wrongType("a string"))
			return ""
		case n != 0:
			_ = number.Canonicalize() // RFC 8785: as in ECMAScript; it cannot fail for a number
			text = string(number)
		}
	}
	d.add(rules.check(text)...)
	return text
}

// Boolean reads true or false.
func (d *Decoder) Boolean() bool {
	switch d.in.Peek() {
	case 't', 'f':
		return d.in.Scalar()[0] == 't'
	default:
		d.refuse("a boolean")
		return false
	}
}

// Integer reads a whole number. JSON allows several notations of it: 100, 1e2 and
// 100.0 are the same number.
func (d *Decoder) Integer(rules *IntegerRules) int64 {
	first := d.in.Peek()
	if first != '-' && (first < '0' || first > '9') {
		d.refuse("an integer")
		return 0
	}
	number, n, known := d.in.Integer()
	if known && rules.Enum == nil && rules.Minimum <= n && n <= rules.Maximum {
		return n
	}
	return d.otherInteger(string(number), rules)
}

// otherInteger reads a number that is long, has a fraction or an exponent, or
// breaks a rule.
func (d *Decoder) otherInteger(number string, rules *IntegerRules) int64 {
	n, err := strconv.ParseInt(number, 10, 64)
	inRange := err == nil
	if err != nil {
		// A number that is too large for a float comes back as an infinity.
		float, _ := strconv.ParseFloat(number, 64)
		if float != math.Trunc(float) {
			d.add(wrongType("an integer"))
			return 0
		}
		// Below 2^53 a float holds every integer; above, another integer could be
		// read than the one that was sent.
		switch inRange = math.Abs(float) <= 1<<53; {
		case inRange:
			n = int64(float)
		case float > 0:
			n = math.MaxInt64
		default:
			n = math.MinInt64
		}
	}
	if broken := rules.check(n, inRange); broken != nil {
		d.add(broken...)
		return 0
	}
	return n
}

// refuse passes over a value of another type than the contract's.
func (d *Decoder) refuse(want string) {
	if d.in.Peek() == 'n' {
		d.add(notNull)
	} else {
		d.add(wrongType(want))
	}
	d.in.Value()
}
