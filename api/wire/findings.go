package wire

import (
	"fmt"
	"slices"
	"strings"

	"onestroke/impl/text"
)

// InvalidError is a request that breaks rules of the contract. It has at most
// [MaxFindings] fields, in the order of the contract, and never quotes a value,
// which may be secret.
type InvalidError struct {
	Fields []FieldError
}

func (e *InvalidError) Error() string {
	return "invalid request: " + e.Fields[0].Field + " " + e.Fields[0].Detail
}

// FieldError is one broken rule.
type FieldError struct {
	Field  string // such as strokes[3].y, at most 256 characters; body is the whole body
	Rule   string // the keyword of JSON Schema, or a name of our own such as utf8
	Detail string // what the rule asks for, in words; at most 512 characters
}

// finding is a broken rule and its place: the steps to the value, the innermost
// first, because each level adds its own step after it has read the value.
type finding struct {
	violation
	path []step
}

// step goes from an object to a member, or from an array to an element.
type step struct {
	order   int    // in the contract, or in the array
	name    string // of the member
	element bool
}

// findings are all broken rules of a request, at most [MaxFindings].
type findings []finding

// MaxFindings is how many broken rules an error of this package has at most.
const MaxFindings = 20

// add records the rules that the value just read has broken.
func (f *findings) add(broken ...violation) {
	for _, v := range broken {
		if len(*f) < MaxFindings {
			*f = append(*f, finding{violation: v})
		}
	}
}

func (f *findings) addMissing(rules *ObjectRules, seen uint64) {
	if rules.Required&^seen == 0 {
		return
	}
	for i, name := range rules.Members {
		if (rules.Required&^seen)&(1<<i) != 0 {
			mark := len(*f)
			f.add(missing)
			f.under(mark, rules.step(i, name))
		}
	}
}

// under adds a step to the path of the findings since mark.
func (f *findings) under(mark int, s step) {
	for i := mark; i < len(*f); i++ {
		(*f)[i].path = append((*f)[i].path, s)
	}
}

// err returns the findings as an error, nil if there are none.
func (f *findings) err() error {
	if len(*f) == 0 {
		return nil
	}
	for i := range *f {
		slices.Reverse((*f)[i].path)
	}
	slices.SortStableFunc(*f, func(a, b finding) int {
		return slices.CompareFunc(a.path, b.path, func(a, b step) int {
			if a.order != b.order {
				return a.order - b.order
			}
			return strings.Compare(a.name, b.name)
		})
	})
	fields := make([]FieldError, len(*f))
	for i, found := range *f {
		fields[i] = found.field(fieldName(found.path))
	}
	return &InvalidError{Fields: fields}
}

// fieldName writes a path as the contract does: strokes[3].y. The empty path is
// the body.
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
		b.WriteString(text.First(64, s.name))
	}
	if b.Len() == 0 {
		return "body"
	}
	return text.First(256, b.String())
}
