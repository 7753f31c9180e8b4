package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"onestroke/tests/root"
)

// The script walk, in this folder, runs the commands of the guide.

var pages = map[string]string{"README.md": "README.zh-CN.md", "scaling.md": "scaling.zh-CN.md"}

func TestBothLanguagesSayTheSame(t *testing.T) {
	for english, chinese := range pages {
		for what, pattern := range map[string]string{
			"commands": "(?ms)^```.*?^```$", "more commands": `(?m)^    .*$`, "numbers": `[0-9][0-9,.]*[0-9]`,
		} {
			find := regexp.MustCompile(pattern)
			en, zh := find.FindAllString(read(t, english), -1), find.FindAllString(read(t, chinese), -1)
			if what == "numbers" { // numbers of users are words in Chinese, and the order can differ
				en = find.FindAllString(regexp.MustCompile(`[0-9]+ (thousand|million)`).ReplaceAllString(read(t, english), ""), -1)
				slices.Sort(en)
				slices.Sort(zh)
			}
			if !slices.Equal(en, zh) {
				t.Errorf("%s has the %s\n%q\nand %s\n%q", english, what, en, chinese, zh)
			}
		}
		rows := func(page string) []string {
			var first []string
			for _, row := range regexp.MustCompile(`(?m)^\|[^|]*\|`).FindAllString(read(t, page), -1) {
				first = append(first, strings.Join(regexp.MustCompile("`[^`]+`").FindAllString(row, -1), " "))
			}
			return first
		}
		if en, zh := rows(english), rows(chinese); !slices.Equal(en, zh) {
			t.Errorf("the tables of %s begin with\n%q\nand those of %s\n%q", english, en, chinese, zh)
		}
	}
}

func TestLinksAndPathsOfThePagesExist(t *testing.T) {
	for english, chinese := range pages {
		for _, page := range []string{english, chinese} {
			text := read(t, page)
			for _, link := range regexp.MustCompile(`\]\(([^):#]+)\)`).FindAllStringSubmatch(text, -1) {
				if _, err := os.Stat(file(link[1])); err != nil {
					t.Errorf("%s: %v", page, err)
				}
			}
			for _, path := range regexp.MustCompile("(?:[ `])((?:deploy|tests)/[a-z./-]*[a-z])").FindAllStringSubmatch(text, -1) {
				if _, err := os.Stat(filepath.Join(root.Dir(), path[1])); err != nil {
					t.Errorf("%s: %v", page, err)
				}
			}
		}
	}
}

// A backup that cannot be copied, as there is none or no room for it, replaces nothing.
func TestARestoreLosesNothing(t *testing.T) {
	if !have(t, "bash") {
		return
	}
	block := regexp.MustCompile("(?s)```sh\n(systemctl stop onestroke\n[^`]*cp -p [^`]*)```").FindStringSubmatch(read(t, "README.md"))
	if block == nil {
		t.Fatal("no commands restore a backup")
	}
	for _, c := range []struct{ name, backup, want string }{
		{"a backup", "saved", "saved"},
		{"none", "", "in use"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := t.TempDir()
			database := filepath.Join(data, "onestroke.db")
			write(t, database, "in use")
			if err := os.Mkdir(filepath.Join(data, "backups"), 0o700); err != nil {
				t.Fatal(err)
			}
			if c.backup != "" {
				write(t, filepath.Join(data, "backups", "2026-01-01T04-00-00Z.db"), "older")
				write(t, filepath.Join(data, "backups", "2026-01-02T04-00-00Z.db"), c.backup)
			}
			// As in a shell of an operator, a command that fails does not stop the next ones.
			run(t, "bash", "-c", "systemctl() { :; }\n"+strings.ReplaceAll(block[1], "/var/lib/onestroke", data))
			if got, err := os.ReadFile(database); err != nil || string(got) != c.want {
				t.Errorf("the database is %q: %v", got, err)
			}
		})
	}
}
