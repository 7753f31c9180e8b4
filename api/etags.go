package api

import (
	"slices"
	"strings"

	"onestroke/gen"
	"onestroke/impl/gallery"
)

// entityTag writes a strong entity tag (RFC 9110, section 8.8.3).
func entityTag(tag string) string { return `"` + tag + `"` }

// isCurrent reports whether If-None-Match names the tag. It compares weakly, as
// the header demands: a proxy that compresses an answer weakens its tag.
func isCurrent(tag string, ifNoneMatch *string) bool {
	if ifNoneMatch == nil {
		return false
	}
	tags := parseEntityTags(*ifNoneMatch)
	return tags.any || slices.Contains(tags.strong, tag) || slices.Contains(tags.weak, tag)
}

// preconditionOf reads If-None-Match and If-Match of a PUT. Both together are
// never true.
func preconditionOf(p gen.PutDrawingParams) (gallery.Precondition, error) {
	switch {
	case p.IfNoneMatch != nil && p.IfMatch != nil:
		return gallery.Precondition{}, gallery.ErrChanged
	case p.IfNoneMatch != nil:
		return gallery.IfAbsent(), nil
	case p.IfMatch == nil:
		return gallery.Precondition{}, errPreconditionRequired
	}
	return ifMatch(*p.IfMatch), nil
}

// ifMatch compares strongly, as the header demands: weak tags match nothing.
func ifMatch(header string) gallery.Precondition {
	tags := parseEntityTags(header)
	if tags.any {
		return gallery.IfPresent()
	}
	return gallery.IfMatch(tags.strong...)
}

// entityTags is the value of If-Match or If-None-Match (RFC 9110, section 13.1),
// without the quotes.
type entityTags struct {
	any          bool // *
	strong, weak []string
}

// parseEntityTags reads a value that matches the contract's pattern.
func parseEntityTags(header string) (tags entityTags) {
	if header == "*" {
		return entityTags{any: true}
	}
	for {
		prefix, rest, ok := strings.Cut(header, `"`)
		if !ok {
			return tags
		}
		var tag string
		tag, header, _ = strings.Cut(rest, `"`)
		if strings.HasSuffix(prefix, "W/") {
			tags.weak = append(tags.weak, tag)
		} else {
			tags.strong = append(tags.strong, tag)
		}
	}
}
