// Readme writes tables into the READMEs, each between two marks: operations and
// error codes from the contract, and the variables of the configuration.
//
//	go run ./readme openapi.yaml variables.yaml README.md README.zh-CN.md
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

// variable is one variable of the configuration.
type variable struct{ Name, Default, Least, Most, English, Chinese string }

// table is a table in both languages, and what its marks say: what it is, and
// of what it is made.
type table struct{ name, source, english, chinese string }

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "readme:", err)
		os.Exit(1)
	}
}

func run(contractFile, variablesFile, englishFile, chineseFile string) error {
	var c contract
	if err := decode(contractFile, &c); err != nil {
		return err
	}
	var v []variable
	if err := decode(variablesFile, &v); err != nil {
		return err
	}
	for _, made := range []func() (table, error){
		func() (table, error) { return operations(c) },
		func() (table, error) { return errorCodes(c) },
		func() (table, error) { return variables(v) },
	} {
		t, err := made()
		if err != nil {
			return err
		}
		if err := insert(englishFile, t, t.english); err != nil {
			return err
		}
		if err := insert(chineseFile, t, t.chinese); err != nil {
			return err
		}
	}
	return nil
}

func decode(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

func operations(c contract) (table, error) {
	t := table{
		name: "operations", source: "openapi.yaml",
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
		name: "error codes", source: "openapi.yaml",
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

func variables(all []variable) (table, error) {
	t := table{
		name: "variables", source: "impl/config/variables.yaml",
		english: "| variable | default | meaning |\n|---|---|---|\n",
		chinese: "| 变量 | 默认值 | 含义 |\n|---|---|---|\n",
	}
	for _, v := range all {
		if v.Name == "" || v.English == "" || v.Chinese == "" {
			return t, fmt.Errorf("the variable %s is not described in both languages", v.Name)
		}
		if v.Default != "" {
			v.Default = "`" + v.Default + "` "
		}
		if v.Least != "" {
			v.English += fmt.Sprintf(" From `%s` to `%s`.", v.Least, v.Most)
			v.Chinese += fmt.Sprintf("`%s` 到 `%s`。", v.Least, v.Most)
		}
		t.english += fmt.Sprintf("| `%s` | %s| %s |\n", v.Name, v.Default, v.English)
		t.chinese += fmt.Sprintf("| `%s` | %s| %s |\n", v.Name, v.Default, v.Chinese)
	}
	return t, nil
}

// insert replaces what is between the marks of a table in a file.
func insert(file string, t table, rows string) error {
	begin := "<!-- " + t.name + ", from " + t.source + ": make generate -->\n"
	end := "<!-- end of " + t.name + " -->\n"
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
