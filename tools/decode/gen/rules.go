//go:build ignore

package gen

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

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
	var found findings
	seen := uint64(0)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		values, i := form[name], f.object.index(name)
		if i >= 0 {
			seen |= 1 << i
		}
		mark := len(found)
		switch {
		case len(values) > 1 && i >= 0: // a stranger is ignored, however often it comes
			found.report(duplicate)
		case !utf8.ValidString(name), !utf8.ValidString(values[0]):
			found.report(notUTF8)
		case i < 0:
			found.report(f.object.stranger(name)...)
		default:
			found.report(f.members[i].check(values[0])...)
		}
		found.under(mark, f.object.step(i, name))
	}
	found.reportMissing(f.object, seen)
	return found.invalid()
}

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
