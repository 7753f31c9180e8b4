// Package text has the one operation on text that several packages need.
package text

// First returns the first n characters (Unicode code points) of s, or s where it
// has no more than that.
func First(n int, s string) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}
