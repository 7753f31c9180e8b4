package api

import (
	"context"
	"slices"
	"strings"

	"onestroke/api/wire"
	"onestroke/gen"
	"onestroke/impl/gallery"
)

// entityTag writes a strong entity tag (RFC 9110, section 8.8.3).
func entityTag(tag string) string { return `"` + tag + `"` }

// revalidate returns the entity tag of an answer, and whether If-None-Match names it,
// so that the answer is 304. It compares weakly, as the header demands: a proxy that
// compresses an answer weakens its tag. The tag of a 304 is that of the copy which the
// client has, compressed or not.
func revalidate(ctx context.Context, tag string, ifNoneMatch *string) (etag string, current bool) {
	if ifNoneMatch == nil {
		return entityTag(tag), false
	}
	tags := parseEntityTags(*ifNoneMatch)
	names := func(tag string) bool { return slices.Contains(tags.strong, tag) || slices.Contains(tags.weak, tag) }
	if compressed := tag + wire.GzipTag; names(compressed) && infoOf(ctx).acceptsGzip() {
		return entityTag(compressed), true
	}
	return entityTag(tag), tags.any || names(tag)
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

// ifMatch compares strongly, as the header demands: weak tags match nothing. The tag of
// a compressed answer names the drawing, too.
func ifMatch(header string) gallery.Precondition {
	tags := parseEntityTags(header)
	if tags.any {
		return gallery.IfPresent()
	}
	for i, tag := range tags.strong {
		tags.strong[i] = strings.TrimSuffix(tag, wire.GzipTag)
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
