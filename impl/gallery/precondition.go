package gallery

import "slices"

// Precondition says what must be true of a drawing for [Service.Put] to write
// it, or [Service.Delete] to remove it. The zero value is never true.
type Precondition struct {
	absent, present bool
	etags           []string
	incomplete      bool
}

// IfAbsent is true if there is no such drawing: If-None-Match: *.
func IfAbsent() Precondition { return Precondition{absent: true} }

// IfPresent is true if there is one, whatever its etag: If-Match: *.
func IfPresent() Precondition { return Precondition{present: true} }

// IfMatch is true if there is one that has one of the etags, given without
// quotes: If-Match: "a", "b".
func IfMatch(etags ...string) Precondition { return Precondition{etags: etags} }

// OrIncomplete returns a precondition that is also true of a drawing that is
// incomplete: what a program of 2017 drew and the strokes do not show may be lost.
func (p Precondition) OrIncomplete() Precondition {
	p.incomplete = true
	return p
}

// Allows reports whether an existing drawing with this etag may be changed.
func (p Precondition) Allows(etag string) bool { return p.present || p.names(etag) }

func (p Precondition) names(etag string) bool {
	return etag != "" && slices.Contains(p.etags, etag)
}
