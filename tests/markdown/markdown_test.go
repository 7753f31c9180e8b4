// Package markdown_test checks the pages of the documentation: their commands
// run and print what the page shows, both languages have the same commands and
// tables, generated tables are fresh, and links and paths lead to something.
package markdown_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"onestroke/tests/root"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m, service.RemoveBinaries) }

// A reader pastes the blocks of a page into one shell, from the first to the
// last. Chinese pages have the same blocks.
func TestCommandsPrintTheShownOutput(t *testing.T) {
	for page := range translatedPages(t) {
		blocks := blocksOf(read(t, page))
		if len(blocks) == 0 {
			continue
		}
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			p := service.Build(t).Start(t)
			for i, printed := range runInOneShell(t, p.URL, blocks) {
				if !blocks[i].pattern().MatchString(printed) {
					t.Errorf("%s\nprints\n%s\nand not\n%s", blocks[i].commands, printed, blocks[i].output)
				}
			}
			if page == "README.md" {
				checkPicture(t, "boat.svg", ".github/boat.svg")
			}
		})
	}
}

// checkPicture compares the picture that the commands of a page saved in the
// root of the repository with the one that the page shows, and removes it.
func checkPicture(t *testing.T, saved, shown string) {
	t.Helper()
	if read(t, saved) != read(t, shown) {
		t.Errorf("%s is not what the commands save as %s", shown, saved)
	}
	if err := os.Remove(filepath.Join(root.Dir(), saved)); err != nil {
		t.Error(err)
	}
}

func TestBothLanguagesHaveTheSameCommands(t *testing.T) {
	for english, chinese := range translatedPages(t) {
		if en, zh := blocksOf(read(t, english)), blocksOf(read(t, chinese)); !slices.Equal(en, zh) {
			t.Errorf("%s has\n%q\nand %s\n%q", english, en, chinese, zh)
		}
	}
}

// Text in code font needs no translation.
func TestBothLanguagesHaveTheSameTables(t *testing.T) {
	for english, chinese := range translatedPages(t) {
		en, zh := tablesOf(read(t, english)), tablesOf(read(t, chinese))
		if len(en) != len(zh) {
			t.Errorf("%d tables in %s, %d in %s", len(en), english, len(zh), chinese)
			continue
		}
		for i := range en {
			if len(en[i]) != len(zh[i]) {
				t.Errorf("table %d has %d rows in %s, and %d in %s", i+1, len(en[i]), english, len(zh[i]), chinese)
				continue
			}
			for j := range en[i] {
				if !slices.Equal(codeIn(en[i][j]), codeIn(zh[i][j])) {
					t.Errorf("the row %s has\n%q\nin %s, and\n%q\nin %s", en[i][j][0], codeIn(en[i][j]), english, codeIn(zh[i][j]), chinese)
				}
			}
		}
	}
}

// The page of the commands has every target of the Makefile, and no page names
// another.
func TestTheTargetsOfTheMakefileAreDocumented(t *testing.T) {
	var targets []string
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):.*## `).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets = append(targets, "make "+m[1])
	}
	for _, page := range pages(t) {
		var named []string
		for _, m := range regexp.MustCompile("(?m)(?:`|^)(make [a-z-]+)").FindAllStringSubmatch(read(t, page), -1) {
			named = append(named, m[1])
			if !slices.Contains(targets, m[1]) {
				t.Errorf("%s names %s, which the Makefile does not have", page, m[1])
			}
		}
		if page == "docs/development.md" || page == "docs/development.zh-CN.md" {
			for _, target := range targets {
				if !slices.Contains(named, target) {
					t.Errorf("%s does not have %s", page, target)
				}
			}
		}
	}
}

// A link within the repository leads to a file and, after #, to a heading of it.
func TestLinksHaveATarget(t *testing.T) {
	link := regexp.MustCompile(`(?:\]\(|src=")([^)":# ]*)(#[^)" ]*)?[)"]`)
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(withoutCode(read(t, page)), -1) {
			target := path.Join(path.Dir(page), m[1])
			if m[1] == "" {
				target = page
			}
			info, err := os.Stat(filepath.Join(root.Dir(), target))
			switch {
			case err != nil:
				t.Errorf("%s: %v", page, err)
			case m[2] != "" && !info.IsDir() && !slices.Contains(anchorsOf(read(t, target)), m[2]):
				t.Errorf("%s links to %s of %s, which has no such heading", page, m[2], target)
			}
		}
	}
}

// The index of the decisions links to every one.
func TestEveryDecisionIsInTheIndex(t *testing.T) {
	const folder = "docs/decisions/"
	index := read(t, folder+"README.md")
	for _, page := range pages(t) {
		name, ok := strings.CutPrefix(page, folder)
		if ok && name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("%sREADME.md has no link to %s", folder, name)
		}
	}
}

func TestReadmeSaysHowManyModulesAreDownloaded(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", ".")
	list.Dir = root.Dir()
	printed, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(string(printed)) // one for each package
	slices.Sort(modules)
	n := len(slices.Compact(modules))
	for page, want := range map[string]string{
		"README.md":       fmt.Sprintf(" %d modules", n),
		"README.zh-CN.md": fmt.Sprintf(" %d 个依赖模块", n),
	} {
		if !strings.Contains(read(t, page), want) {
			t.Errorf("%s does not say%s", page, want)
		}
	}
}

// A path in code font that begins in the root of the repository is there; * is
// any name in it.
func TestNamedPathsExist(t *testing.T) {
	for _, page := range pages(t) {
		if path.Base(page) == "CHANGELOG.md" {
			continue // it also names what is gone
		}
		for _, m := range regexp.MustCompile("`([A-Za-z][A-Za-z0-9_.-]*/[A-Za-z0-9_.*/-]*|[a-z]+\\.go)`").FindAllStringSubmatch(read(t, page), -1) {
			top, _, _ := strings.Cut(m[1], "/")
			if !isTracked(top) {
				continue // not of this repository
			}
			found, err := filepath.Glob(filepath.Join(root.Dir(), m[1]))
			if err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
}

func TestGeneratedTablesAreFresh(t *testing.T) {
	dir := t.TempDir()
	const list = "impl/docs/operations.html" // the reference page's, which is written whole
	copies := map[string]string{list: filepath.Join(dir, "operations.html")}
	args := []string{
		"run", "./tables",
		filepath.Join(root.Dir(), "openapi.yaml"), filepath.Join(root.Dir(), "impl", "config", "variables.yaml"), copies[list],
	}
	for _, page := range pages(t) {
		if path.Dir(page) != "docs" {
			continue
		}
		copies[page] = filepath.Join(dir, path.Base(page))
		if err := os.WriteFile(copies[page], []byte(read(t, page)), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, copies[page])
	}
	generator := exec.Command("go", args...)
	generator.Dir = filepath.Join(root.Dir(), "tools")
	if text, err := generator.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for page, copied := range copies {
		fresh, err := os.ReadFile(copied)
		if err != nil {
			t.Fatal(err)
		}
		if string(fresh) != read(t, page) {
			t.Errorf("%s is stale; run: make generate", page)
		}
	}
}

// pages returns every Markdown page of the repository by its path from the root.
func pages(t *testing.T) []string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-co", "--exclude-standard", "*.md")
	list.Dir = root.Dir()
	text, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// translatedPages returns the Chinese page of each English page: of the README
// and of all pages directly in docs.
func translatedPages(t *testing.T) map[string]string {
	t.Helper()
	translated := map[string]string{}
	for _, page := range pages(t) {
		if name, ok := strings.CutSuffix(page, ".md"); ok && (page == "README.md" || path.Dir(page) == "docs") && path.Ext(name) != ".zh-CN" {
			translated[page] = name + ".zh-CN.md"
		}
	}
	if len(translated) < 2 {
		t.Fatalf("only %d pages are found", len(translated))
	}
	return translated
}

func isTracked(name string) bool {
	check := exec.Command("git", "ls-files", "--error-unmatch", "-co", "--exclude-standard", name)
	check.Dir = root.Dir()
	return check.Run() == nil
}

const endOfBlock = "-- end of block --"

// runInOneShell returns what each block prints, with the service at url in
// place of the one that make run starts.
func runInOneShell(t *testing.T, url string, blocks []block) []string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed: the commands of this page were not run")
	}
	var script strings.Builder
	script.WriteString("exec 2>&1; set -eo pipefail\n")
	for _, b := range blocks {
		commands := strings.ReplaceAll(b.commands, "http://127.0.0.1:5757", url)
		commands = strings.ReplaceAll(commands, "make run\n", "") // it runs already
		fmt.Fprintf(&script, "%secho; echo '%s'\n", commands, endOfBlock)
	}
	shell := exec.Command("bash", "-c", script.String())
	shell.Dir = root.Dir()
	shell.Env = append(os.Environ(), "URL="+url, "DATA=") // for make demo
	output, err := shell.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	printed := bytes.Split(overwritten.ReplaceAll(output, []byte("\n")), []byte(endOfBlock))
	texts := make([]string, len(blocks))
	for i := range texts {
		texts[i] = string(printed[i])
	}
	return texts
}

// block is a block of shell commands and the output shown below it, if any.
type block struct{ commands, output string }

// overwritten is where a progress bar goes back to the beginning of its line.
var overwritten = regexp.MustCompile(` *\r`)

var fence = regexp.MustCompile("(?ms)^```(sh|json|text)\n(.*?)^```$")

func blocksOf(text string) (blocks []block) {
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		if m[1] == "sh" {
			blocks = append(blocks, block{commands: m[2]})
		} else if len(blocks) > 0 {
			blocks[len(blocks)-1].output = m[2]
		}
	}
	return blocks
}

// pattern matches what the commands print: … stands for any text within a line.
func (b block) pattern() *regexp.Regexp {
	lines := strings.Split(strings.TrimSpace(b.output), "\n")
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*")
	}
	return regexp.MustCompile(`(?:^|\n)` + strings.Join(lines, `\n+`) + `(?:\n|$)`)
}

// tablesOf returns the cells of each table, without its head.
func tablesOf(text string) (tables [][][]string) {
	for _, m := range regexp.MustCompile(`(?m)^\|.*\n\|[-|]+\n((?:\|.*\n)+)`).FindAllStringSubmatch(text, -1) {
		var rows [][]string
		for line := range strings.Lines(m[1]) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
		tables = append(tables, rows)
	}
	return tables
}

// codeIn returns the texts in code font in a row, sorted, each once.
func codeIn(row []string) []string {
	code := regexp.MustCompile("`[^`]+`").FindAllString(strings.Join(row, " "), -1)
	slices.Sort(code)
	return slices.Compact(code)
}

// withoutCode removes blocks of code and code font.
func withoutCode(text string) string {
	text = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
	return regexp.MustCompile("`[^`\n]+`").ReplaceAllString(text, "")
}

// anchorsOf returns the anchors that GitHub gives the headings of a page.
func anchorsOf(text string) (anchors []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		anchors = append(anchors, "#"+strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsNumber(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return anchors
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root.Dir(), file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
