//go:build ignore

package gen

import (
	"fmt"
	"slices"
	"strings"
)

// InvalidError says where a request departs from the contract: 20 findings at
// most, in the contract's order. It never quotes a value, which may be a secret.
type InvalidError struct {
	Fields []FieldError
}

func (e *InvalidError) Error() string {
	return "invalid request: " + e.Fields[0].Field + " " + e.Fields[0].Detail
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

// findings are what is wrong with a request, [maxFindings] at most.
type findings []finding

const maxFindings = 20 // as many as the contract lists

// report adds what the value before has broken.
func (f *findings) report(broken ...violation) {
	for _, v := range broken {
		if len(*f) < maxFindings {
			*f = append(*f, finding{violation: v})
		}
	}
}

func (f *findings) reportMissing(rules *objectRules, seen uint64) {
	if rules.required&^seen == 0 {
		return
	}
	for i, name := range rules.members {
		if (rules.required&^seen)&(1<<i) != 0 {
			mark := len(*f)
			f.report(missing)
			f.under(mark, rules.step(i, name))
		}
	}
}

// under places the findings since mark under a step.
func (f *findings) under(mark int, s step) {
	for i := mark; i < len(*f); i++ {
		(*f)[i].path = append((*f)[i].path, s)
	}
}

// invalid returns the findings as an error, nil where there are none.
func (f *findings) invalid() error {
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
