// Package brand tests that what has the colors of the brand by hand has those of brand.json.
package brand

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The pages of the service are no part of the clients' build, so their colors are
// compared here. A page may have colors of its own; only those in common must be equal.
// The lines of the page of operators are frames of fields, which need more contrast.
func TestThePagesHaveTheColorsOfTheBrand(t *testing.T) {
	text, err := os.ReadFile("../../clients/brand/brand.json")
	if err != nil {
		t.Fatal(err)
	}
	var brand struct {
		Colors struct{ Light, Dark map[string]string }
	}
	if err := json.Unmarshal(text, &brand); err != nil {
		t.Fatal(err)
	}
	for path, own := range map[string]string{"../../impl/adminpage/admin.css": "line", "../../impl/docs/docs.css": ""} {
		style, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		light, dark, isThere := strings.Cut(string(style), "@media (prefers-color-scheme: dark)")
		if !isThere {
			t.Fatalf("%s has no dark colors", path)
		}
		for _, mode := range []struct {
			name, style string
			colors      map[string]string
		}{{"light", light, brand.Colors.Light}, {"dark", dark, brand.Colors.Dark}} {
			used := variables(mode.style)
			for _, name := range []string{"ground", "surface", "ink", "muted"} {
				if used[name] == "" {
					t.Errorf("%s, %s: no --%s", path, mode.name, name)
				}
			}
			for name, color := range mode.colors {
				if got := used[name]; got != "" && got != color && name != own {
					t.Errorf("%s, %s: --%s is %s, in brand.json %s", path, mode.name, name, got, color)
				}
			}
		}
	}
}

var variable = regexp.MustCompile(`--([a-z]+): (#[0-9a-f]{6});`)

func variables(style string) map[string]string {
	all := map[string]string{}
	for _, found := range variable.FindAllStringSubmatch(style, -1) {
		all[found[1]] = found[2]
	}
	return all
}
