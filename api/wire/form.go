package wire

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseForm reads application/x-www-form-urlencoded, a body or a query, as browsers
// do (the URL standard of WHATWG, section 5.1): every text is readable. A percent
// sign without two hexadecimal digits is itself, and so is a semicolon.
func ParseForm(text string) url.Values {
	return ParseNamed(text, func(string) bool { return true })
}

// ParseNamed is [ParseForm] without the values whose names are not wanted: there may be
// thousands of them, and then most of the time goes into a place for each.
func ParseNamed(text string, wanted func(name string) bool) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if name = percentDecode(name); !wanted(name) {
			continue
		}
		values[name] = append(values[name], percentDecode(value))
	}
	return values
}

func percentDecode(text string) string {
	text = strings.ReplaceAll(text, "+", " ")
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if c, ok := escaped(text[i:]); ok {
			decoded = append(decoded, c)
			i += 2
		} else {
			decoded = append(decoded, text[i])
		}
	}
	return string(decoded)
}

// escaped returns the byte that text begins with as %41, if it does.
func escaped(text string) (c byte, ok bool) {
	if len(text) < 3 || text[0] != '%' {
		return 0, false
	}
	n, err := strconv.ParseUint(text[1:3], 16, 8)
	return byte(n), err == nil
}

// DecodeForm reads a body in application/x-www-form-urlencoded and checks it
// against the contract. The function read is the generated DecodeForm method of
// T. The error is an [InvalidError].
func DecodeForm[T any](text []byte, read func(*T, *Form)) (*T, error) {
	values := ParseForm(string(text))
	f := Form{values: values, names: slices.Sorted(maps.Keys(values)), Index: -1}
	value := new(T)
	read(value, &f)
	if err := f.err(); err != nil {
		return nil, err
	}
	return value, nil
}

// Form walks through the members of a form, as [Members] does through those of an
// object. They are all strings.
type Form struct {
	Index int // of the member in [ObjectRules.Members]

	values url.Values
	names  []string // not yet read
	name   string   // of the member that has been reached
	seen   uint64
	mark   int // how many findings there were before the member
	findings
}

// Next goes to the next member that the contract knows, and reports whether there
// is one.
func (f *Form) Next(rules *ObjectRules) bool {
	for {
		if f.Index >= 0 {
			f.under(f.mark, rules.step(f.Index, f.name))
			f.Index = -1
		}
		if len(f.names) == 0 {
			f.addMissing(rules, f.seen)
			return false
		}
		f.name, f.names = f.names[0], f.names[1:]
		f.mark = len(f.findings)
		values, i := f.values[f.name], rules.index(f.name)
		if i >= 0 {
			f.seen |= 1 << i
		}
		switch {
		case len(values) > 1 && i >= 0: // an unknown member may be repeated
			f.add(duplicate)
		case !utf8.ValidString(f.name), !utf8.ValidString(values[0]):
			f.add(notUTF8)
		case i < 0:
			f.add(rules.checkUnknown(f.name)...)
		default:
			f.Index = i
			return true
		}
		f.under(f.mark, rules.step(i, f.name))
	}
}

// String returns the value of the member.
func (f *Form) String(rules *StringRules) string {
	value := f.values[f.name][0]
	f.add(rules.check(value)...)
	return value
}
