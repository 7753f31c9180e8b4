//go:build ignore

package gen

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
)

// decode reads a JSON body and holds it against the contract in one pass, after
// its text has been found to be JSON that every reader understands alike
// (RFC 7493): UTF-8, no name twice, no half surrogate pair. The error is an
// [InvalidError].
func decode[T any](text []byte, read func(*T, *decoder)) (*T, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	d := decoder{text: text}
	value := new(T)
	read(value, &d)
	if err := d.invalid(); err != nil {
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
		found.report(missing)
	case !utf8.Valid(text):
		found.report(notUTF8)
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntax):
		found.report(duplicate)
		found[0].path = pathOf(syntax.JSONPointer)
	case errors.As(err, &syntax):
		found.report(violation{"json", fmt.Sprintf("must be JSON, and is not from byte %d on", syntax.ByteOffset)})
	default:
		found.report(violation{"json", fmt.Sprintf("must be one JSON value, and goes on from byte %d on", in.InputOffset())})
	}
	return found.invalid()
}

// pathOf returns where a JSON pointer (RFC 6901) leads.
func pathOf(pointer jsontext.Pointer) (path []step) {
	for token := range pointer.Tokens() {
		i, err := strconv.Atoi(token)
		path = append(path, step{order: i, name: token, element: err == nil})
	}
	slices.Reverse(path)
	return path
}

// decoder walks through a text that is known to be JSON.
type decoder struct {
	text []byte
	at   int // where the next value begins, white space apart
	findings
}

// members walks through an object: each step leads to the value of a member, by its
// index in the contract.
type members struct {
	rules *objectRules
	index int
	seen  uint64
	mark  int // how many findings there were before the member
	begun bool
}

// object enters an object. It has no member to walk to when it is something else.
func (d *decoder) object(rules *objectRules) members {
	if d.peek() != '{' {
		d.refuse("an object")
		return members{}
	}
	d.at++
	return members{rules: rules, index: -1}
}

// next leads to the next member that the contract knows, and says whether there is one.
func (m *members) next(d *decoder) bool {
	if m.rules == nil {
		return false
	}
	for {
		if m.index >= 0 {
			d.under(m.mark, m.rules.step(m.index, m.rules.members[m.index]))
			m.index = -1
		}
		if !d.more('}', &m.begun) {
			d.reportMissing(m.rules, m.seen)
			return false
		}
		m.mark = len(d.findings)
		name := unquote(d.quoted())
		d.peek() // to the colon
		d.at++
		if i := m.rules.index(name); i >= 0 {
			m.seen |= 1 << i
			m.index = i
			return true
		}
		d.report(m.rules.stranger(name)...)
		d.skip()
		d.under(m.mark, m.rules.step(-1, name))
	}
}

// elements reads an array of objects.
func elements[T any](d *decoder, rules *arrayRules, read func(*T, *decoder)) (all []T) {
	d.array(rules, func() {
		var value T
		read(&value, d)
		all = append(all, value)
	})
	return all
}

// integers reads an array of integers.
func (d *decoder) integers(rules *arrayRules, item *integerRules) []int32 {
	var all []int32
	if end := bytes.IndexByte(d.text[d.at:], ']'); end > 0 {
		all = make([]int32, 0, min(bytes.Count(d.text[d.at:d.at+end], []byte{','})+1, max(rules.maxItems, 1)))
	}
	d.array(rules, func() { all = append(all, d.integer(item)) })
	return all
}

// array calls read for each element, up to as many as there may be.
func (d *decoder) array(rules *arrayRules, read func()) {
	if d.peek() != '[' {
		d.refuse("an array")
		return
	}
	d.at++
	n := 0
	for begun := false; d.more(']', &begun); n++ {
		if rules.maxItems > 0 && n >= rules.maxItems {
			d.skip()
			continue
		}
		mark := len(d.findings)
		read()
		d.under(mark, step{order: n, element: true})
	}
	d.report(rules.check(n)...)
}

// uuid reads a string that its pattern holds to be a UUID.
func (d *decoder) uuid(rules *stringRules) (id uuid.UUID) {
	mark := len(d.findings)
	s := d.string(rules)
	if len(d.findings) > mark {
		return id
	}
	id, err := uuid.Parse(s)
	if err != nil {
		d.report(violation{"format", "must be a uuid"})
	}
	return id
}

func (d *decoder) string(rules *stringRules) string {
	if d.peek() != '"' {
		d.refuse("a string")
		return ""
	}
	s := unquote(d.quoted())
	d.report(rules.check(s)...)
	return s
}

// integer reads a number that is whole, however it is written: 100, 1e2 and
// 100.0 are the same to JSON.
func (d *decoder) integer(rules *integerRules) int32 {
	first := d.peek()
	if first != '-' && (first < '0' || first > '9') {
		d.refuse("an integer")
		return 0
	}
	begin, at, n := d.at, d.at, int64(0)
	if first == '-' {
		at++
	}
	for ; at < len(d.text) && d.text[at]-'0' <= 9; at++ {
		n = n*10 + int64(d.text[at]-'0')
	}
	if first == '-' {
		n = -n
	}
	d.at = at
	d.skipScalar()
	if d.at == at && at-begin <= 10 && rules.enum == nil && int64(rules.minimum) <= n && n <= int64(rules.maximum) {
		return int32(n)
	}
	return d.unusual(d.text[begin:d.at], rules)
}

// unusual reads a number that is written with a fraction or an exponent, or
// breaks a rule.
func (d *decoder) unusual(number []byte, rules *integerRules) int32 {
	// A number out of range comes back as an infinity, which breaks a rule.
	n, _ := strconv.ParseFloat(string(number), 64)
	if n != math.Trunc(n) {
		d.report(wrongType("an integer"))
		return 0
	}
	if broken := rules.check(n); broken != nil {
		d.report(broken...)
		return 0
	}
	return int32(n)
}

// refuse passes over a value of another type than the contract's.
func (d *decoder) refuse(want string) {
	if d.peek() == 'n' {
		d.report(notNull)
	} else {
		d.report(wrongType(want))
	}
	d.skip()
}

// peek passes over white space and returns the byte after it.
func (d *decoder) peek() byte {
	for ; d.at < len(d.text); d.at++ {
		if c := d.text[d.at]; c > ' ' {
			return c
		}
	}
	return 0
}

// more passes over what separates members and elements, or over the end.
func (d *decoder) more(end byte, begun *bool) bool {
	switch c := d.peek(); {
	case c == end || c == 0:
		d.at++
		return false
	case *begun: // the comma
		d.at++
		d.peek()
	}
	*begun = true
	return true
}

// quoted passes over a string and returns it as it is written.
func (d *decoder) quoted() []byte {
	begin := d.at
	for d.at++; d.at < len(d.text); d.at++ {
		switch d.text[d.at] {
		case '\\':
			d.at++
		case '"':
			d.at++
			return d.text[begin:d.at]
		}
	}
	return d.text[begin:]
}

// skip passes over a value.
func (d *decoder) skip() {
	for depth := 0; d.at < len(d.text); {
		switch d.peek() {
		case '{', '[':
			depth++
			d.at++
		case '}', ']':
			depth--
			d.at++
		case ',', ':':
			d.at++
			continue
		case '"':
			d.quoted()
		default:
			d.skipScalar()
		}
		if depth <= 0 {
			return
		}
	}
}

// skipScalar passes over the rest of a number, true, false or null.
func (d *decoder) skipScalar() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ',', ':', ']', '}', ' ', '\t', '\r', '\n':
			return
		}
		d.at++
	}
}

// unquote returns what a string says.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	s, _ := jsontext.AppendUnquote(nil, quoted) // checkText has found it valid
	return string(s)
}
