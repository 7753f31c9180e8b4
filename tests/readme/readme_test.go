// Package readme_test holds the READMEs to what they say: their commands run
// and print what is written below them, and their tables are complete.
package readme_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"onestroke/tests/service"
	"onestroke/tests/stores"
)

const (
	english = "README.md"
	chinese = "README.zh-CN.md"
)

func TestMain(m *testing.M) { stores.Main(m, service.RemoveBinaries) }

// A newcomer pastes the blocks into one shell, from the first to the last.
func TestCommandsPrintWhatTheREADMEShows(t *testing.T) {
	p := service.Build(t).Start(t)
	var script strings.Builder
	script.WriteString("exec 2>&1; set -eo pipefail\n")
	blocks := blocksOf(read(t, english))
	for _, b := range blocks {
		commands := strings.ReplaceAll(b.commands, "http://127.0.0.1:5757", p.URL)
		commands = strings.ReplaceAll(commands, "make run\n", "") // it runs already
		fmt.Fprintf(&script, "%secho; echo '%s'\n", commands, endOfBlock)
	}
	shell := exec.Command("bash", "-c", script.String())
	shell.Dir = service.Root()
	shell.Env = append(os.Environ(), "URL="+p.URL, "DATA=") // for make demo
	output, err := shell.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	printed := strings.Split(string(output), endOfBlock)
	for i, b := range blocks {
		if !b.pattern().MatchString(overwritten.ReplaceAllString(printed[i], "\n")) {
			t.Errorf("%s\nprints\n%s\nand not\n%s", b.commands, printed[i], b.output)
		}
	}
}

func TestBothLanguagesHaveTheSameCommands(t *testing.T) {
	if en, zh := blocksOf(read(t, english)), blocksOf(read(t, chinese)); !slices.Equal(en, zh) {
		t.Errorf("%s has\n%q\nand %s\n%q", english, en, chinese, zh)
	}
}

// What stands in code font needs no translation.
func TestBothLanguagesHaveTheSameTables(t *testing.T) {
	en, zh := tablesOf(read(t, english)), tablesOf(read(t, chinese))
	if len(en) != len(zh) {
		t.Fatalf("%d tables in %s, %d in %s", len(en), english, len(zh), chinese)
	}
	for i := range en {
		if !slices.Equal(firstColumn(en[i]), firstColumn(zh[i])) {
			t.Errorf("table %d names\n%q\nin %s, and\n%q\nin %s", i+1, firstColumn(en[i]), english, firstColumn(zh[i]), chinese)
			continue
		}
		for j := range en[i] {
			if !slices.Equal(codeIn(en[i][j]), codeIn(zh[i][j])) {
				t.Errorf("the row %s has\n%q\nin %s, and\n%q\nin %s", en[i][j][0], codeIn(en[i][j]), english, codeIn(zh[i][j]), chinese)
			}
		}
	}
}

func TestEveryTargetIsNamedAndThere(t *testing.T) {
	makefile := read(t, "Makefile")
	var targets []string
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):.*## `).FindAllStringSubmatch(makefile, -1) {
		targets = append(targets, "make "+m[1])
	}
	slices.Sort(targets)
	for _, file := range []string{english, chinese} {
		var named []string
		for _, m := range regexp.MustCompile("(?m)(?:`|^)(make [a-z-]+)").FindAllStringSubmatch(read(t, file), -1) {
			named = append(named, m[1])
		}
		slices.Sort(named)
		if named = slices.Compact(named); !slices.Equal(named, targets) {
			t.Errorf("%s names\n%q\nthe Makefile has\n%q", file, named, targets)
		}
	}
}

func TestFilesThatAreLinkedAreThere(t *testing.T) {
	for _, file := range []string{english, chinese} {
		for _, m := range regexp.MustCompile(`\]\(([^):]+)\)`).FindAllStringSubmatch(read(t, file), -1) {
			if _, err := os.Stat(filepath.Join(service.Root(), m[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// The generator ran after the last change of what the tables are made of.
func TestTablesAreFresh(t *testing.T) {
	dir := t.TempDir()
	args := []string{
		"run", "./readme",
		filepath.Join(service.Root(), "openapi.yaml"), filepath.Join(service.Root(), "impl", "config", "variables.yaml"),
	}
	for _, file := range []string{english, chinese} {
		copied := filepath.Join(dir, file)
		if err := os.WriteFile(copied, []byte(read(t, file)), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, copied)
	}
	generator := exec.Command("go", args...)
	generator.Dir = filepath.Join(service.Root(), "tools")
	if text, err := generator.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, file := range []string{english, chinese} {
		fresh, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if string(fresh) != read(t, file) {
			t.Errorf("%s is stale; run: make generate", file)
		}
	}
}

const endOfBlock = "-- end of block --"

// block is a block of shell commands and the output shown below it, if any.
type block struct{ commands, output string }

// overwritten is where a progress bar goes back to the beginning of its line.
var overwritten = regexp.MustCompile(` *\r`)

var fence = regexp.MustCompile("(?ms)^```(sh|json|text)\n(.*?)^```$")

func blocksOf(text string) (blocks []block) {
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		if m[1] == "sh" {
			blocks = append(blocks, block{commands: m[2]})
		} else {
			blocks[len(blocks)-1].output = m[2]
		}
	}
	return blocks
}

// pattern matches what the commands print: … stands for anything within a line.
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
				cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "、", ", ")
			}
			rows = append(rows, cells)
		}
		tables = append(tables, rows)
	}
	return tables
}

func firstColumn(table [][]string) (names []string) {
	for _, row := range table {
		names = append(names, row[0])
	}
	return names
}

// codeIn returns what stands in code font in a row, sorted, each once.
func codeIn(row []string) []string {
	code := regexp.MustCompile("`[^`]+`").FindAllString(strings.Join(row, " "), -1)
	slices.Sort(code)
	return slices.Compact(code)
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(service.Root(), file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
