package wire

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"onestroke/impl/text"
)

// ObjectRules are the rules of an object.
type ObjectRules struct {
	Members  []string // at most 64
	Required uint64   // one bit for each of Members
	Open     bool     // other members are ignored
}

// index finds a member by its exact name; it is negative for an unknown name.
func (r *ObjectRules) index(name string) int { return slices.Index(r.Members, name) }

func (r *ObjectRules) step(i int, name string) step {
	if i < 0 {
		i = len(r.Members)
	}
	return step{order: i, name: name}
}

// checkUnknown checks a name that is not among the members. Names are compared
// exactly.
func (r *ObjectRules) checkUnknown(name string) []violation {
	if r.Open {
		return nil
	}
	for _, known := range r.Members {
		if strings.EqualFold(name, known) {
			return []violation{{"additionalProperties", "is not a member; " + known + " is"}}
		}
	}
	return []violation{{"additionalProperties", "is not a member: leave it out"}}
}

// StringRules are the rules of a string. The zero value of a field is no rule.
type StringRules struct {
	MinLength, MaxLength int // characters
	Pattern              *regexp.Regexp
	Enum                 []string
}

func (r *StringRules) check(s string) (broken []violation) {
	if r.Enum != nil && !slices.Contains(r.Enum, s) {
		return []violation{{"enum", "must be " + strings.Join(r.Enum, " or ")}}
	}
	// Characters are counted only if the number of bytes does not decide: a text
	// has at most as many characters as bytes, and at least a quarter of that.
	if r.MaxLength > 0 && len(s) > r.MaxLength && utf8.RuneCountInString(s) > r.MaxLength {
		broken = append(broken, violation{"maxLength", fmt.Sprintf("must have at most %d characters", r.MaxLength)})
	}
	if r.MinLength > 0 && len(s) < r.MinLength*utf8.UTFMax && utf8.RuneCountInString(s) < r.MinLength {
		broken = append(broken, violation{"minLength", fmt.Sprintf("must have at least %d characters", r.MinLength)})
	}
	if r.Pattern != nil && !r.Pattern.MatchString(s) {
		broken = append(broken, violation{"pattern", "must match " + r.Pattern.String()})
	}
	return broken
}

func (r *StringRules) checkParameter(value string) []violation { return r.check(value) }

// IntegerRules are the rules of an integer.
type IntegerRules struct {
	Bits             int // 32 or 64
	Minimum, Maximum int64
	Enum             []int64
}

// check checks a number. One that is not in the range of 64 bits is given as the
// end of that range, with inRange false.
func (r *IntegerRules) check(n int64, inRange bool) (broken []violation) {
	if r.Enum != nil && (!inRange || !slices.Contains(r.Enum, n)) {
		allowed := strings.Trim(strings.ReplaceAll(fmt.Sprint(r.Enum), " ", " or "), "[]")
		return []violation{{"enum", "must be " + allowed}}
	}
	if !inRange || r.Bits == 32 && (n < math.MinInt32 || n > math.MaxInt32) {
		broken = append(broken, violation{"format", fmt.Sprintf("must fit into %d bits", r.Bits)})
	}
	if n < r.Minimum {
		broken = append(broken, violation{"minimum", fmt.Sprintf("must be at least %d", r.Minimum)})
	}
	if n > r.Maximum {
		broken = append(broken, violation{"maximum", fmt.Sprintf("must be at most %d", r.Maximum)})
	}
	return broken
}

func (r *IntegerRules) checkParameter(value string) []violation {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return []violation{wrongType("an integer")}
	}
	return r.check(n, true)
}

// BooleanRules are the rules of a boolean, which has none but its type.
type BooleanRules struct{}

func (*BooleanRules) checkParameter(value string) []violation {
	if value != "true" && value != "false" {
		return []violation{wrongType("a boolean")}
	}
	return nil
}

// ArrayRules are the rules of an array. The zero value of a field is no rule.
type ArrayRules struct {
	MinItems, MaxItems int
}

func (r *ArrayRules) check(n int) []violation {
	switch {
	case n < r.MinItems:
		return []violation{{"minItems", fmt.Sprintf("must have at least %d values", r.MinItems)}}
	case r.MaxItems > 0 && n > r.MaxItems:
		return []violation{{"maxItems", fmt.Sprintf("must have at most %d values", r.MaxItems)}}
	}
	return nil
}

// violation is a broken rule: its name in JSON Schema, and what it asks for.
type violation struct {
	rule, detail string
}

var (
	missing   = violation{"required", "is missing"}
	duplicate = violation{"duplicate", "must be there once only"}
	notNull   = violation{"type", "must not be null"}
	notUTF8   = violation{"utf8", "must be UTF-8"}
	halfPair  = violation{"surrogate", "has half of a surrogate pair: a character was cut in two"}
)

func wrongType(want string) violation { return violation{"type", "must be " + want} }

func (v violation) field(name string) FieldError {
	return FieldError{Field: name, Rule: v.rule, Detail: text.First(512, v.detail)}
}
