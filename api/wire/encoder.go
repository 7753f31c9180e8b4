package wire

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendName appends the name of a member, with a comma before it unless it is
// the first one. The name is given as "name":, in quotes and with the colon.
func AppendName(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(b, name...)
}

// AppendString appends a string. Bytes that are not UTF-8 are replaced by U+FFFD.
func AppendString[T ~string](b []byte, s T) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error is about the bytes that are replaced
	return b
}

// AppendInteger appends an integer.
func AppendInteger[T ~int | ~int32 | ~int64](b []byte, n T) []byte {
	return strconv.AppendInt(b, int64(n), 10)
}

// AppendTime appends a time in the form of RFC 3339, to the nanosecond.
func AppendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// AppendObjects appends an array of objects. The function appendJSON is the
// generated AppendJSON method of T.
func AppendObjects[T any](b []byte, all []T, appendJSON func(*T, []byte) []byte) []byte {
	b = append(b, '[')
	for i := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(&all[i], b)
	}
	return append(b, ']')
}

// AppendIntegers appends an array of integers.
func AppendIntegers[T ~int | ~int32 | ~int64](b []byte, all []T) []byte {
	b = append(b, '[')
	for i, n := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return append(b, ']')
}

// AppendValues appends an array of anything else.
func AppendValues[T any](b []byte, all []T, appendItem func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, item := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendItem(b, item)
	}
	return append(b, ']')
}
