package api

import (
	"cmp"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// elements returns the elements of a header that is a list. Its lines are one
// list, and empty elements do not count (RFC 9110, sections 5.3 and 5.6.1). A comma
// between quotes is part of an element.
func elements(lines []string) (all []string) {
	quoted := false
	for _, line := range lines {
		for element := range strings.FieldsFuncSeq(line, func(c rune) bool {
			if c == '"' {
				quoted = !quoted
			}
			return c == ',' && !quoted
		}) {
			if element = strings.Trim(element, " \t"); element != "" {
				all = append(all, element)
			}
		}
		quoted = false
	}
	return all
}

// joinLists writes the lists of entity tags as the contract describes them: on one
// line, without empty elements. An empty If-None-Match forbids nothing, as if it
// was not sent. An empty If-Match stays, and is invalid: without it a DELETE would
// have no precondition.
func joinLists(h http.Header) {
	for _, name := range []string{"If-Match", "If-None-Match"} {
		lines := h[name]
		if len(lines) == 0 {
			continue
		}
		list := strings.Join(elements(lines), ",") // never longer than what was sent
		if list == "" && name == "If-None-Match" {
			h.Del(name)
			continue
		}
		h[name] = []string{list}
	}
}

// mediaRange is an element of Accept.
type mediaRange struct {
	pattern string  // such as image/png, image/* or */*
	quality float64 // 0 excludes what the pattern fits
	place   int     // in the list
}

// mostRanges is how many elements of Accept are read. Browsers send ten at most, and the
// header has room for 16,000. A longer one prefers nothing (RFC 9110, section 12.4.1).
const mostRanges = 100

// mediaRanges reads Accept. Parameters other than q do not matter: no media type
// of the contract has any. What cannot be read is left out. Old JDKs send * for */*.
func mediaRanges(accept []string) (all []mediaRange) {
	listed := elements(accept)
	if len(listed) > mostRanges {
		return nil
	}
	for place, element := range listed {
		pattern, parameters, _ := strings.Cut(element, ";")
		pattern = strings.ToLower(strings.TrimSpace(pattern))
		if pattern == "*" {
			pattern = "*/*"
		}
		quality, ok := qualityOf(parameters)
		if _, _, err := mime.ParseMediaType(pattern); err != nil || !ok || strings.Count(pattern, "/") != 1 {
			continue
		}
		all = append(all, mediaRange{pattern, quality, place})
	}
	return all
}

func qualityOf(parameters string) (quality float64, ok bool) {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			quality, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return quality, err == nil && 0 <= quality && quality <= 1
		}
	}
	return 1, true
}

// acceptsGzip reports whether Accept-Encoding accepts gzip, and prefers nothing else
// that the service has (RFC 9110, section 12.5.3).
func acceptsGzip(acceptEncoding []string) bool {
	var gzip, identity, other float64 // other: of what is not named
	var named bool
	for _, element := range elements(acceptEncoding) {
		coding, parameters, _ := strings.Cut(element, ";")
		quality, ok := qualityOf(parameters)
		if !ok {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			gzip, named = max(gzip, quality), true
		case "identity":
			identity = quality
		case "*":
			other = quality
		}
	}
	if !named {
		gzip = other
	}
	return gzip > 0 && gzip >= identity
}

// precision is how exactly the range fits a media type; 0 if it does not fit.
func (m mediaRange) precision(mediaType string) int {
	kind, _, _ := strings.Cut(mediaType, "/")
	switch m.pattern {
	case mediaType:
		return 3
	case kind + "/*":
		return 2
	case "*/*":
		return 1
	default:
		return 0
	}
}

// acceptable returns the media type that Accept prefers (RFC 9110, section 12.5.1):
// the most exact range decides about the quality of each one. Of the same quality,
// it is the one that Accept names more exactly, then the one that it names first;
// with byQuality, and if no range can be read, the first of produces. It is empty if
// the ranges fit none.
func acceptable(accept, produces []string, byQuality bool) string {
	ranges := mediaRanges(accept)
	if len(ranges) == 0 {
		return produces[0]
	}
	picked, best := "", mediaRange{}
	for _, mediaType := range produces {
		decides := slices.MaxFunc(ranges, func(a, b mediaRange) int {
			return cmp.Or(cmp.Compare(a.precision(mediaType), b.precision(mediaType)), cmp.Compare(b.place, a.place))
		})
		if decides.precision(mediaType) == 0 || decides.quality == 0 {
			continue
		}
		better := cmp.Compare(decides.quality, best.quality)
		if better == 0 && !byQuality {
			better = cmp.Or(cmp.Compare(decides.precision(mediaType), best.precision(picked)), cmp.Compare(best.place, decides.place))
		}
		if picked == "" || better > 0 {
			picked, best = mediaType, decides
		}
	}
	return picked
}
