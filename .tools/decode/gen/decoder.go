//go:build ignore

package gen

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// InvalidError says where a request departs from the contract: 20 findings at
// most, in the contract's order. It never quotes a value, which may be a secret.
type InvalidError struct {
	Fields []FieldError
}

func (e *InvalidError) Error() string {
	return "invalid request: " + e.Fields[0].Field + " " + e.Fields[0].Detail
}

// Operation is what the contract says of one method of a path.
type Operation struct {
	ID         string
	Secured    bool // somebody must be logged in
	Parameters []Parameter
	Consumes   []string // the body's media types; none where there is no body
	Form       *Form    // the body, where it may be a form
	Produces   []string // the media types of success
}

// Parameter is a parameter of an operation, as the contract describes it.
type Parameter struct {
	Name     string // as the contract spells it
	In       string // path, query or header
	Required bool
	rules    interface{ checkText(text string) []violation }
}

// Check holds the values that a request has for the parameter against the contract.
func (p *Parameter) Check(values []string) (fields []FieldError) {
	switch {
	case len(values) == 0 && !p.Required:
		return nil
	case len(values) == 0:
		return []FieldError{missing.field(p.Name)}
	case len(values) > 1:
		return []FieldError{duplicate.field(p.Name)}
	}
	for _, v := range p.rules.checkText(values[0]) {
		fields = append(fields, v.field(p.Name))
	}
	return fields
}

// Form is a body in application/x-www-form-urlencoded, as the contract describes
// it: an object whose members are all strings.
type Form struct {
	object  *objectRules
	members []*stringRules // as object.members
}

// Check holds a form against the contract. The error is an [InvalidError].
func (f *Form) Check(form url.Values) error {
	var d decoder
	seen := uint64(0)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		values, i := form[name], f.object.index(name)
		if i >= 0 {
			seen |= 1 << i
		}
		mark := len(d.findings)
		switch {
		case len(values) > 1:
			d.report(duplicate)
		case !utf8.ValidString(name), !utf8.ValidString(values[0]):
			d.report(notUTF8)
		case i < 0:
			d.report(f.object.stranger(name)...)
		default:
			d.report(f.members[i].check(values[0])...)
		}
		d.under(mark, f.object.step(i, name))
	}
	d.reportMissing(f.object, seen)
	return d.invalid()
}

// decoder reads and checks a JSON text in one pass. The text is known to be
// valid JSON: encoding/json looks at all of it before it calls UnmarshalJSON.
type decoder struct {
	text     []byte
	at       int // where the next value begins, white space apart
	findings []finding
}

// finding is a broken rule and where it is: the steps to the value, the innermost
// first, because each level adds its own when it has read the value.
type finding struct {
	violation
	path []step
}

// step leads from an object to its member or from an array to its element.
type step struct {
	order   int    // in the contract or in the array
	name    string // of a member
	element bool
}

const maxFindings = 20 // as many as the contract lists

// objectRules is what the contract says of an object.
type objectRules struct {
	members  []string // at most 64
	required uint64   // a bit for each of members
	open     bool     // other members are ignored
}

// index finds a member by its name, exactly. It is negative for a stranger.
func (r *objectRules) index(name string) int { return slices.Index(r.members, name) }

func (r *objectRules) step(i int, name string) step {
	if i < 0 {
		i = len(r.members)
	}
	return step{order: i, name: name}
}

// stranger says what is wrong with a name that is none of the members. A name that
// differs by case only is wrong even where others are ignored: whoever reads
// without looking at case, as encoding/json does, would take it for the member.
func (r *objectRules) stranger(name string) []violation {
	for _, known := range r.members {
		if strings.EqualFold(name, known) {
			return []violation{{"additionalProperties", "is not a member; " + known + " is"}}
		}
	}
	if r.open {
		return nil
	}
	return []violation{{"additionalProperties", "is not a member"}}
}

// stringRules is what the contract says of a string. Zero is no rule.
type stringRules struct {
	minLength, maxLength int // characters
	pattern              *regexp.Regexp
	enum                 []string
}

func (r *stringRules) check(s string) (broken []violation) {
	if r.enum != nil && !slices.Contains(r.enum, s) {
		return []violation{{"enum", "must be " + strings.Join(r.enum, " or ")}}
	}
	// No text has more characters than bytes, nor fewer than a fourth of them.
	if r.maxLength > 0 && len(s) > r.maxLength && utf8.RuneCountInString(s) > r.maxLength {
		broken = append(broken, violation{"maxLength", fmt.Sprintf("must have at most %d characters", r.maxLength)})
	}
	if r.minLength > 0 && len(s) < r.minLength*utf8.UTFMax && utf8.RuneCountInString(s) < r.minLength {
		broken = append(broken, violation{"minLength", fmt.Sprintf("must have at least %d characters", r.minLength)})
	}
	if r.pattern != nil && !r.pattern.MatchString(s) {
		broken = append(broken, violation{"pattern", "must match " + r.pattern.String()})
	}
	return broken
}

func (r *stringRules) checkText(text string) []violation { return r.check(text) }

// integerRules is what the contract says of an integer of 32 bits.
type integerRules struct {
	minimum, maximum int32
	enum             []int32
}

func (r *integerRules) check(n float64) (broken []violation) {
	if r.enum != nil && !slices.ContainsFunc(r.enum, func(allowed int32) bool { return n == float64(allowed) }) {
		allowed := strings.Trim(strings.ReplaceAll(fmt.Sprint(r.enum), " ", " or "), "[]")
		return []violation{{"enum", "must be " + allowed}}
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		broken = append(broken, violation{"format", "must fit into 32 bits"})
	}
	if n < float64(r.minimum) {
		broken = append(broken, violation{"minimum", fmt.Sprintf("must be at least %d", r.minimum)})
	}
	if n > float64(r.maximum) {
		broken = append(broken, violation{"maximum", fmt.Sprintf("must be at most %d", r.maximum)})
	}
	return broken
}

func (r *integerRules) checkText(text string) []violation {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return []violation{wrongType("an integer")}
	}
	return r.check(float64(n))
}

// booleanRules is what the contract says of a boolean: it is one.
type booleanRules struct{}

func (booleanRules) checkText(text string) []violation {
	if text != "true" && text != "false" {
		return []violation{wrongType("a boolean")}
	}
	return nil
}

// arrayRules is what the contract says of an array. Zero is no rule.
type arrayRules struct {
	minItems, maxItems int
}

func (r *arrayRules) check(n int) []violation {
	switch {
	case n < r.minItems:
		return []violation{{"minItems", fmt.Sprintf("must have at least %d values", r.minItems)}}
	case r.maxItems > 0 && n > r.maxItems:
		return []violation{{"maxItems", fmt.Sprintf("must have at most %d values", r.maxItems)}}
	}
	return nil
}

// violation is a broken rule, by its name in JSON Schema, and what it asks for.
type violation struct {
	rule, detail string
}

var (
	missing   = violation{"required", "is missing"}
	duplicate = violation{"duplicate", "must be there once only"}
	notNull   = violation{"type", "must not be null"}
	notUTF8   = violation{"utf8", "must be UTF-8"}
)

func wrongType(want string) violation { return violation{"type", "must be " + want} }

func (v violation) field(name string) FieldError {
	return FieldError{Field: name, Rule: v.rule, Detail: firstCharacters(v.detail, 512)}
}

// newDecoder returns a decoder of valid JSON, or an [InvalidError] where it is
// not UTF-8 or escapes half a surrogate pair, for which UTF-8 has no bytes
// (RFC 7493). encoding/json minds neither.
func newDecoder(text []byte) (decoder, error) {
	d := decoder{text: text}
	switch {
	case !utf8.Valid(text):
		d.report(notUTF8)
	case bytes.Contains(text, []byte(`\ud`)), bytes.Contains(text, []byte(`\uD`)):
		_, err := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true)).ReadValue()
		if half := (*jsontext.SyntacticError)(nil); errors.As(err, &half) {
			d.report(violation{"json", fmt.Sprintf("must be JSON, and is not from byte %d on", half.ByteOffset)})
		}
	}
	return d, d.invalid()
}

// members walks through an object: each step leads to the value of a member, by its
// index in the contract.
type members struct {
	rules  *objectRules
	index  int
	seen   uint64
	others map[string]bool // names that are ignored
	mark   int             // how many findings there were before the member
	begun  bool
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
		switch i := m.rules.index(name); {
		case i < 0:
			m.ignore(d, name)
			d.under(m.mark, m.rules.step(i, name))
		case m.seen&(1<<i) != 0:
			d.report(duplicate)
			d.skip()
			d.under(m.mark, m.rules.step(i, name))
		default:
			m.seen |= 1 << i
			m.index = i
			return true
		}
	}
}

// ignore passes over a member that the contract does not know. Where it allows
// that, there must still be no name twice, in the member and beside it: readers
// differ in what they make of that (RFC 7493).
func (m *members) ignore(d *decoder, name string) {
	d.report(m.rules.stranger(name)...)
	d.peek()
	begin := d.at
	d.skip()
	if !m.rules.open {
		return
	}
	if m.others[name] {
		d.report(duplicate)
	}
	if m.others == nil {
		m.others = map[string]bool{}
	}
	m.others[name] = true
	if _, err := jsontext.NewDecoder(bytes.NewBuffer(d.text[begin:d.at])).ReadValue(); err != nil {
		d.report(duplicate)
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
	s, _ := jsontext.AppendUnquote(nil, quoted) // newDecoder has found it valid
	return string(s)
}

// report adds what the value before has broken.
func (d *decoder) report(broken ...violation) {
	for _, v := range broken {
		if len(d.findings) < maxFindings {
			d.findings = append(d.findings, finding{violation: v})
		}
	}
}

func (d *decoder) reportMissing(rules *objectRules, seen uint64) {
	if rules.required&^seen == 0 {
		return
	}
	for i, name := range rules.members {
		if (rules.required&^seen)&(1<<i) != 0 {
			mark := len(d.findings)
			d.report(missing)
			d.under(mark, rules.step(i, name))
		}
	}
}

// under places the findings since mark under a step.
func (d *decoder) under(mark int, s step) {
	for i := mark; i < len(d.findings); i++ {
		d.findings[i].path = append(d.findings[i].path, s)
	}
}

// invalid returns the findings as an error, nil where there are none.
func (d *decoder) invalid() error {
	if len(d.findings) == 0 {
		return nil
	}
	for i := range d.findings {
		slices.Reverse(d.findings[i].path)
	}
	slices.SortStableFunc(d.findings, func(a, b finding) int {
		return slices.CompareFunc(a.path, b.path, func(a, b step) int {
			if a.order != b.order {
				return a.order - b.order
			}
			return strings.Compare(a.name, b.name)
		})
	})
	fields := make([]FieldError, len(d.findings))
	for i, f := range d.findings {
		fields[i] = f.field(fieldName(f.path))
	}
	return &InvalidError{Fields: fields}
}

// fieldName spells a path as the contract does: strokes[3].y. No path at all is the body.
func fieldName(path []step) string {
	var b strings.Builder
	for _, s := range path {
		switch {
		case s.element:
			fmt.Fprintf(&b, "[%d]", s.order)
			continue
		case b.Len() > 0:
			b.WriteByte('.')
		}
		b.WriteString(firstCharacters(s.name, 64))
	}
	if b.Len() == 0 {
		return "body"
	}
	return firstCharacters(b.String(), 256)
}

func firstCharacters(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i]
		}
	}
	return text
}
