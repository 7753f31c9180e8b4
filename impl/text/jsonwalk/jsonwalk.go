// Package jsonwalk reads JSON text that is known to be valid (RFC 8259): it only
// finds where values begin and end, so it takes less time than a parser, and its
// caller decides what each value means. Whether the text is valid is for
// [jsontext.Value.IsValid] to say, before.
package jsonwalk

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// Walker is at a place in a JSON text. What it returns is a part of the text, and
// not a copy.
type Walker struct {
	text []byte
	at   int // the next value begins here, or after white space
}

// New returns a walker at the start of the text.
func New(text []byte) Walker { return Walker{text: text} }

// Rest returns the text from here on.
func (w *Walker) Rest() []byte { return w.text[w.at:] }

// Peek passes over white space and returns the byte after it, which tells what the
// next value is; 0 at the end of the text.
func (w *Walker) Peek() byte {
	for ; w.at < len(w.text); w.at++ {
		if c := w.text[w.at]; c > ' ' {
			return c
		}
	}
	return 0
}

// Enter goes into the array or the object that begins here.
func (w *Walker) Enter() { w.at++ }

// More passes over what separates elements or members, or over the end of the array
// (']') or of the object ('}'). It reports whether there is another one, and the
// caller must then read it. What begun points to is false before the first call.
func (w *Walker) More(end byte, begun *bool) bool {
	switch c := w.Peek(); {
	case c == end || c == 0:
		w.at++
		return false
	case *begun: // the comma
		w.at++
		w.Peek()
	}
	*begun = true
	return true
}

// Name reads the name of a member, with quotes and escapes, and goes to its value.
func (w *Walker) Name() []byte {
	name := w.Quoted()
	w.Peek() // to the colon
	w.at++
	return name
}

// Quoted reads a string, with quotes and escapes: see [Unquote].
func (w *Walker) Quoted() []byte {
	text := w.text[w.at:]
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			w.at += i + 1
			return text[:i+1]
		}
	}
	w.at = len(w.text)
	return text
}

// Scalar reads a number, true, false or null.
func (w *Walker) Scalar() []byte {
	begin := w.at
	w.toEnd()
	return w.text[begin:w.at]
}

// Integer reads a number. Its value is known if it is a whole number in at most 18
// characters, without a fraction and an exponent; it cannot overflow then.
func (w *Walker) Integer() (number []byte, value int64, known bool) {
	begin := w.at
	negative := w.text[begin] == '-'
	if negative {
		w.at++
	}
	for ; w.at < len(w.text) && w.text[w.at]-'0' <= 9; w.at++ {
		value = value*10 + int64(w.text[w.at]-'0')
	}
	if negative {
		value = -value
	}
	digits := w.at
	w.toEnd()
	return w.text[begin:w.at], value, w.at == digits && digits-begin <= 18
}

// toEnd goes to the end of a number, true, false or null.
func (w *Walker) toEnd() {
	for w.at < len(w.text) {
		switch w.text[w.at] {
		case ',', ':', ']', '}', ' ', '\t', '\r', '\n':
			return
		}
		w.at++
	}
}

// Value reads any value.
func (w *Walker) Value() []byte {
	w.Peek()
	begin := w.at
	for depth := 0; w.at < len(w.text); {
		switch w.Peek() {
		case '{', '[':
			depth++
			w.at++
		case '}', ']':
			depth--
			w.at++
		case ',', ':':
			w.at++
			continue
		case '"':
			w.Quoted()
		default:
			w.toEnd()
		}
		if depth <= 0 {
			break
		}
	}
	return w.text[begin:w.at]
}

// Unquote returns what a string means. It is a part of quoted unless there are escapes.
func Unquote(quoted []byte) []byte {
	text := quoted[1 : len(quoted)-1]
	next := bytes.IndexByte(text, '\\')
	if next < 0 {
		return text
	}
	// JSON within a string has escaped quotes, and mostly no other escapes.
	unquoted := make([]byte, 0, len(text))
	for ; next >= 0; next = bytes.IndexByte(text, '\\') {
		escaped := text[next+1]
		if escaped != '"' && escaped != '\\' {
			unquoted, _ = jsontext.AppendUnquote(unquoted[:0], quoted) // it fails for invalid text only
			return unquoted
		}
		unquoted = append(append(unquoted, text[:next]...), escaped)
		text = text[next+2:]
	}
	return append(unquoted, text...)
}
