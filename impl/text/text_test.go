package text_test

import (
	"testing"

	"onestroke/impl/text"
)

func TestFirstCountsCharactersAndNotBytes(t *testing.T) {
	for _, c := range []struct {
		n       int
		s, want string
	}{
		{0, "", ""},
		{0, "a", ""},
		{2, "ab", "ab"},
		{2, "abc", "ab"},
		{2, "一笔到底", "一笔"},
		{1, "🎨🎨", "🎨"},
		{3, "a\xffbc", "a\xffb"},
	} {
		if got := text.First(c.n, c.s); got != c.want {
			t.Errorf("the first %d of %q are %q, not %q", c.n, c.s, got, c.want)
		}
	}
}
