// Readme writes the tables of operations and of error codes into the READMEs,
// from the contract, each between two marks:
//
//	go run ./readme openapi.yaml README.md README.zh-CN.md
package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// contract is the part of openapi.yaml that the tables are made of. The
// description of an error code in English begins with the status.
type contract struct {
	Paths      yaml.Node // methods by path; a map would lose their order
	Components struct {
		Schemas struct {
			ErrorCode struct {
				Enum    []string
				English map[string]string `yaml:"x-enumDescriptions"`
				Chinese map[string]string `yaml:"x-enumDescriptions-zh"`
			} `yaml:"ErrorCode"`
		}
	}
}

type operation struct {
	ID      string `yaml:"operationId"`
	English string `yaml:"summary"`
	Chinese string `yaml:"x-summary-zh"`
}

// table is a table in both languages, and what it is called in its marks.
type table struct{ name, english, chinese string }

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "readme:", err)
		os.Exit(1)
	}
}

func run(contractFile, englishFile, chineseFile string) error {
	text, err := os.ReadFile(contractFile)
	if err != nil {
		return err
	}
	var c contract
	if err := yaml.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("%s: %w", contractFile, err)
	}
	for _, made := range []func(contract) (table, error){operations, errorCodes} {
		t, err := made(c)
		if err != nil {
			return fmt.Errorf("%s: %w", contractFile, err)
		}
		if err := insert(englishFile, t.name, t.english); err != nil {
			return err
		}
		if err := insert(chineseFile, t.name, t.chinese); err != nil {
			return err
		}
	}
	return nil
}

func operations(c contract) (table, error) {
	t := table{
		name:    "operations",
		english: "| operation | method and path | what it does |\n|---|---|---|\n",
		chinese: "| 操作 | 方法与路径 | 作用 |\n|---|---|---|\n",
	}
	paths := c.Paths.Content // a key, its value, the next key
	for i := 0; i < len(paths); i += 2 {
		methods := paths[i+1].Content
		for j := 0; j < len(methods); j += 2 {
			var o operation
			if err := methods[j+1].Decode(&o); err != nil {
				return t, err
			}
			place := strings.ToUpper(methods[j].Value) + " " + paths[i].Value
			if o.ID == "" || o.English == "" || o.Chinese == "" {
				return t, fmt.Errorf("%s is not summed up in both languages", place)
			}
			t.english += fmt.Sprintf("| `%s` | `%s` | %s |\n", o.ID, place, o.English)
			t.chinese += fmt.Sprintf("| `%s` | `%s` | %s |\n", o.ID, place, o.Chinese)
		}
	}
	return t, nil
}

var (
	described = regexp.MustCompile(`^([0-9][0-9, or]*)\. (.+)$`)
	status    = regexp.MustCompile(`[0-9]{3}`)
)

func errorCodes(c contract) (table, error) {
	t := table{
		name:    "error codes",
		english: "| code | status | what to do |\n|---|---|---|\n",
		chinese: "| code | 状态码 | 该怎么做 |\n|---|---|---|\n",
	}
	codes := c.Components.Schemas.ErrorCode
	for _, code := range codes.Enum {
		m := described.FindStringSubmatch(strings.TrimSpace(codes.English[code]))
		zh := strings.TrimSpace(codes.Chinese[code])
		if m == nil || zh == "" {
			return t, fmt.Errorf("%s is not described in both languages", code)
		}
		statuses := strings.Join(status.FindAllString(m[1], -1), ", ")
		t.english += fmt.Sprintf("| `%s` | %s | %s |\n", code, statuses, m[2])
		t.chinese += fmt.Sprintf("| `%s` | %s | %s |\n", code, statuses, zh)
	}
	return t, nil
}

// insert replaces what is between the marks of a table in a file.
func insert(file, name, rows string) error {
	begin := "<!-- " + name + ", from openapi.yaml: make generate -->\n"
	end := "<!-- end of " + name + " -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(text, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("%s lacks the marks %q and %q", file, begin, end)
	}
	return os.WriteFile(file, []byte(string(before)+begin+rows+end+string(after)), 0o644)
}
